/* nncc.h: what programs that embed a compiled model need: types, status codes, the descriptor of a model, and the small
 * runtime library libnncc (generic call, thread pool). C99 and C++17. A program that calls NAME_run alone needs no
 * libnncc. */
#ifndef NNCC_H
#define NNCC_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define NNCC_ABI 1u

typedef enum nncc_status {
  NNCC_OK = 0,
  NNCC_E_INDEX = 1,    /* an index was out of range */
  NNCC_E_SHAPE = 2,    /* a shape operand contradicts the compiled shape */
  NNCC_E_BRANCH = 3,   /* a branch was taken that cannot work for the compiled shapes */
  NNCC_E_ARGUMENT = 4, /* nncc_run: count, type, dimensions, bytes, alignment or overlap */
  NNCC_E_CPU = 5,      /* nncc_run: this CPU lacks what the object was compiled for */
  NNCC_E_RESOURCE = 6  /* memory or threads could not be had */
} nncc_status;
const char *nncc_strerror(int status);

/* Element types, numbered as ONNX's TensorProto.DataType. */
typedef enum nncc_type {
  NNCC_FLOAT = 1,
  NNCC_UINT8 = 2,
  NNCC_INT8 = 3,
  NNCC_UINT16 = 4,
  NNCC_INT16 = 5,
  NNCC_INT32 = 6,
  NNCC_INT64 = 7,
  NNCC_BOOL = 9,
  NNCC_FLOAT16 = 10,
  NNCC_DOUBLE = 11,
  NNCC_UINT32 = 12,
  NNCC_UINT64 = 13,
  NNCC_BFLOAT16 = 16
} nncc_type;

/* ---- Threads. A task never waits for another; worker < workers, and no two tasks of one worker overlap. ---- */
typedef void nncc_task(void *ctx, uint32_t task, uint32_t worker);
typedef struct nncc_exec {
  size_t size; /* sizeof(nncc_exec) */
  void *user;
  uint32_t workers;
  void (*parallel_for)(void *user, uint32_t tasks, nncc_task *task, void *ctx); /* returns when all have run */
  void (*begin)(void *user);                                                    /* optional: brackets a run */
  void (*end)(void *user);
  void (*node)(void *user, uint32_t node, int enter); /* optional: brackets each step */
} nncc_exec;

/* ---- The descriptor of a model. A later version only appends fields: `size` says which are there. ---- */
typedef struct nncc_tensor {
  const char *name;
  uint32_t type; /* nncc_type */
  uint32_t rank;
  const int64_t *shape;       /* rank extents; -1 for a free dimension */
  const char *const *symbols; /* rank names of free dimensions or NULL; NULL when there are none */
  uint64_t bytes;             /* 0 when a dimension is free */
  int32_t in_place;           /* outputs: the input whose buffer it may be, else -1 */
} nncc_tensor;

typedef struct nncc_node {
  const char *name;    /* of the ONNX node, several joined by '+' where they were fused; above 4096 nodes
                          neighbours are one, "a+...+b" */
  double flops, bytes; /* per run */
} nncc_node;

typedef struct nncc_model {
  uint32_t abi;  /* NNCC_ABI */
  uint32_t size; /* sizeof(nncc_model) */
  const char *name;
  uint32_t inputs, outputs;
  const nncc_tensor *input, *output;
  uint64_t arena_bytes;   /* for one worker */
  uint64_t arena_align;   /* at least 64 */
  uint64_t worker_bytes;  /* more for each further worker */
  uint64_t weights_bytes; /* of the packed file that the caller maps; 0: embedded */
  uint64_t weights_hash;  /* XXH3-64 of that file */
  uint32_t nodes;
  uint32_t features; /* NNCC_CPU_* that the code needs */
  const nncc_node *node;
  const char *cpu; /* the level or CPU that it was compiled for */
  /* weights: NULL when embedded. exec: NULL means the calling thread alone. Returns an nncc_status. */
  int (*entry)(const void *const *inputs, void *const *outputs, const void *weights, void *arena,
               const nncc_exec *exec);
} nncc_model;

/* nncc_model.features: the x86-64 level, and what -mcpu or -mattr asked for beyond it. 0 on any other target. */
#define NNCC_CPU_X86_64_V2 0x1u
#define NNCC_CPU_X86_64_V3 0x2u
#define NNCC_CPU_X86_64_V4 0x4u
#define NNCC_CPU_AVX_VNNI 0x10u
#define NNCC_CPU_AVX512_VNNI 0x20u
#define NNCC_CPU_AVX512_BF16 0x40u
#define NNCC_CPU_AVX512_FP16 0x80u
#define NNCC_CPU_AVX512_BYTES 0x100u /* VBMI, VBMI2, BITALG, VPOPCNTDQ, IFMA and GFNI together */
#define NNCC_CPU_AMX 0x200u          /* TILE, INT8 and BF16; the process needs Linux's permission, too */
#define NNCC_CPU_OTHER 0x80000000u   /* something that libnncc cannot ask for: nncc_supported says 0 */

/* ---- libnncc ---- */
/* Arena bytes for `workers` workers. */
uint64_t nncc_arena_bytes(const nncc_model *model, uint32_t workers);
/* 1 when this CPU has what the model's code needs. */
int nncc_supported(const nncc_model *model);
/* A caller's buffer, with what the caller believes it to be. */
typedef struct nncc_buffer {
  void *data;
  size_t bytes;
  uint32_t type; /* nncc_type; not read for weights, nor rank and shape */
  uint32_t rank;
  const int64_t *shape;
} nncc_buffer;
/* Checks everything that can be checked, then calls the model's entry. Sizes are exact, the arena may be larger.
 * weights: NULL for a model that embeds them. exec: NULL, or how to run tasks. */
int nncc_run(const nncc_model *model, const nncc_buffer *inputs, uint32_t n_inputs, const nncc_buffer *outputs,
             uint32_t n_outputs, const nncc_buffer *weights, void *arena, size_t arena_bytes, const nncc_exec *exec);

/* A pool of `workers` workers, the calling thread among them; 0: one for each CPU that the process may use. NULL when
 * threads or memory lack. It serves one run at a time: a second one meanwhile gets its caller's thread alone. */
typedef struct nncc_pool nncc_pool;
nncc_pool *nncc_pool_create(uint32_t workers);
const nncc_exec *nncc_pool_exec(nncc_pool *pool);
void nncc_pool_destroy(nncc_pool *pool); /* after its last run; NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
