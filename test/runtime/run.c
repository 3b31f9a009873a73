// nncc_run: a call that fits reaches the entry with the caller's pointers, each call that does not is refused.
// RUN: %cc -std=c11 -O1 %s %libnncc -o %t
// RUN: %t
#include "runtime/nncc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(c) ((c) ? (void)0 : (printf("%s:%d: %s is false\n", __FILE__, __LINE__, #c), exit(1)))

static const int64_t shape_a[] = {2, 3}, shape_b[] = {4};
static const nncc_tensor inputs[] = {{"a", NNCC_FLOAT, 2, shape_a, NULL, 24, -1},
                                     {"b", NNCC_INT64, 1, shape_b, NULL, 32, -1},
                                     {"n", NNCC_BOOL, 0, NULL, NULL, 1, -1}};
static const nncc_tensor outputs[] = {{"c", NNCC_FLOAT, 2, shape_a, NULL, 24, 0},
                                      {"d", NNCC_INT64, 1, shape_b, NULL, 32, -1}};
static const void *seen_inputs[3];
static void *seen_outputs[2], *seen_arena;
static const void *seen_weights;
static const nncc_exec *seen_exec;
static int calls, result;

static int entry(const void *const *in, void *const *out, const void *weights, void *arena, const nncc_exec *exec) {
  memcpy(seen_inputs, in, sizeof seen_inputs);
  memcpy(seen_outputs, out, sizeof seen_outputs);
  seen_weights = weights;
  seen_arena = arena;
  seen_exec = exec;
  calls++;
  return result;
}

static const nncc_model good = {NNCC_ABI, sizeof(nncc_model), "m",  3, 2, inputs, outputs, 512, 64, 128, 0, 0, 0, 0,
                                NULL,     "generic",          entry};

static _Alignas(64) unsigned char memory[4096], arena[1024];

// What a call passes; each test changes one thing.
typedef struct call {
  nncc_model model;
  nncc_buffer in[3], out[2], weights;
  uint32_t n_in, n_out;
  int has_weights;
  unsigned char *arena;
  size_t arena_bytes;
  const nncc_exec *exec;
} call;

static call fitting(void) {
  call c = {.model = good, .n_in = 3, .n_out = 2, .arena = arena, .arena_bytes = 512};
  c.in[0] = (nncc_buffer){memory, 24, NNCC_FLOAT, 2, shape_a};
  c.in[1] = (nncc_buffer){memory + 64, 32, NNCC_INT64, 1, shape_b};
  c.in[2] = (nncc_buffer){memory + 129, 1, NNCC_BOOL, 0, NULL};
  c.out[0] = (nncc_buffer){memory + 256, 24, NNCC_FLOAT, 2, shape_a};
  c.out[1] = (nncc_buffer){memory + 320, 32, NNCC_INT64, 1, shape_b};
  c.weights = (nncc_buffer){memory + 1024, 64, 0, 0, NULL};
  return c;
}

static int run(const call *c) {
  return nncc_run(&c->model, c->in, c->n_in, c->out, c->n_out, c->has_weights ? &c->weights : NULL, c->arena,
                  c->arena_bytes, c->exec);
}

#define EXPECT(status, ...)                                                                                            \
  do {                                                                                                                 \
    call c = fitting();                                                                                                \
    __VA_ARGS__;                                                                                                       \
    int before = calls;                                                                                                \
    CHECK(run(&c) == (status));                                                                                        \
    CHECK(calls == before + ((status) == NNCC_OK));                                                                    \
  } while (0)
#define REFUSED(...) EXPECT(NNCC_E_ARGUMENT, __VA_ARGS__)
#define ACCEPTED(...) EXPECT(NNCC_OK, __VA_ARGS__)

static void accepted(void) {
  ACCEPTED();
  CHECK(seen_inputs[0] == memory && seen_inputs[1] == memory + 64 && seen_inputs[2] == memory + 129);
  CHECK(seen_outputs[0] == memory + 256 && seen_outputs[1] == memory + 320);
  CHECK(seen_arena == arena && !seen_weights && !seen_exec);
  ACCEPTED(c.arena_bytes = 1024);
  ACCEPTED(c.out[0].data = c.in[0].data); // in place, as the descriptor allows
  ACCEPTED(c.model.weights_bytes = 64; c.has_weights = 1);
  CHECK(seen_weights == memory + 1024);
  ACCEPTED(c.in[0].data = memory + 4); // the element's alignment is enough
  result = NNCC_E_INDEX;
  call c = fitting();
  CHECK(run(&c) == NNCC_E_INDEX);
  result = NNCC_OK;
}

static void counts_and_types(void) {
  REFUSED(c.n_in = 2);
  REFUSED(c.n_out = 1);
  REFUSED(c.in[0].type = NNCC_INT32);
  REFUSED(c.in[0].rank = 1);
  REFUSED(c.in[0].bytes = 20);
  REFUSED(c.in[0].bytes = 28);
  REFUSED(static const int64_t other[] = {3, 2}; c.in[0].shape = other);
  REFUSED(c.in[0].shape = NULL);
  REFUSED(c.in[0].data = NULL);
  REFUSED(c.out[1].type = NNCC_UINT64);
  REFUSED(c.out[1].bytes = 16);
  REFUSED(c.out[1].data = NULL);
  REFUSED(c.model.abi = NNCC_ABI + 1);
  REFUSED(c.model.size = sizeof(nncc_model) - 1);
  CHECK(nncc_run(NULL, NULL, 0, NULL, 0, NULL, NULL, 0, NULL) == NNCC_E_ARGUMENT);
  CHECK(nncc_run(&good, NULL, 3, NULL, 2, NULL, arena, sizeof arena, NULL) == NNCC_E_ARGUMENT);
}

static void alignment(void) {
  REFUSED(c.in[0].data = memory + 2);
  REFUSED(c.in[1].data = memory + 68);
  REFUSED(c.out[1].data = memory + 324);
  REFUSED(c.arena = arena + 32);
  REFUSED(c.arena = NULL);
  REFUSED(c.arena_bytes = 511);
}

static void overlaps(void) {
  REFUSED(c.in[1].data = memory + 16);                         // two inputs
  REFUSED(c.out[1].data = memory + 272);                       // two outputs
  REFUSED(c.out[0].data = memory + 4);                         // in place, but not the same buffer
  REFUSED(c.out[1].data = c.in[1].data);                       // in place where the descriptor does not say so
  REFUSED(c.out[0].data = c.in[1].data);                       // in place of another input
  REFUSED(c.in[0].data = arena + 508);                         // an input in the arena
  REFUSED(c.out[0].data = arena);                              // an output in the arena
  ACCEPTED(c.arena_bytes = 1024; c.out[0].data = arena + 512); // past what the model uses of it
}

static void weights(void) {
  REFUSED(c.has_weights = 1);
  REFUSED(c.model.weights_bytes = 64);
  REFUSED(c.model.weights_bytes = 128; c.has_weights = 1);
  REFUSED(c.model.weights_bytes = 64; c.has_weights = 1; c.weights.data = memory + 1032);
  REFUSED(c.model.weights_bytes = 64; c.has_weights = 1; c.weights.data = NULL);
  REFUSED(c.model.weights_bytes = 64; c.has_weights = 1; c.weights.data = memory);
  REFUSED(c.model.weights_bytes = 64; c.has_weights = 1; c.weights.data = memory + 256);
  REFUSED(c.model.weights_bytes = 64; c.has_weights = 1; c.weights.data = arena + 64);
}

static void executors(void) {
  nncc_pool *pool = nncc_pool_create(3);
  CHECK(pool);
  nncc_exec exec = *nncc_pool_exec(pool);
  CHECK(nncc_arena_bytes(&good, 0) == 512 && nncc_arena_bytes(&good, 1) == 512 && nncc_arena_bytes(&good, 3) == 768);
  REFUSED(c.exec = &exec);
  REFUSED(c.exec = &exec; c.arena_bytes = 767);
  ACCEPTED(c.exec = &exec; c.arena_bytes = 768);
  CHECK(seen_exec == &exec);
  REFUSED(exec.size = 8; c.exec = &exec; c.arena_bytes = 768);
  exec = *nncc_pool_exec(pool);
  REFUSED(exec.workers = 0; c.exec = &exec; c.arena_bytes = 768);
  exec = *nncc_pool_exec(pool);
  REFUSED(exec.parallel_for = NULL; c.exec = &exec; c.arena_bytes = 768);
  nncc_pool_destroy(pool);
}

static void cpu(void) {
  EXPECT(NNCC_E_CPU, c.model.features = NNCC_CPU_OTHER);
  CHECK(nncc_supported(&good));
#if defined(__x86_64__)
  static const struct {
    uint32_t bit;
    const char *name;
  } features[] = {{NNCC_CPU_X86_64_V2, "x86-64-v2"},     {NNCC_CPU_X86_64_V3, "x86-64-v3"},
                  {NNCC_CPU_X86_64_V4, "x86-64-v4"},     {NNCC_CPU_AVX_VNNI, "avxvnni"},
                  {NNCC_CPU_AVX512_VNNI, "avx512vnni"},  {NNCC_CPU_AVX512_BF16, "avx512bf16"},
                  {NNCC_CPU_AVX512_BYTES, "avx512vbmi2"}};
  int known[] = {__builtin_cpu_supports("x86-64-v2"),  __builtin_cpu_supports("x86-64-v3"),
                 __builtin_cpu_supports("x86-64-v4"),  __builtin_cpu_supports("avxvnni"),
                 __builtin_cpu_supports("avx512vnni"), __builtin_cpu_supports("avx512bf16"),
                 __builtin_cpu_supports("avx512vbmi2")};
  for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
    nncc_model m = good;
    m.features = features[i].bit;
    if (nncc_supported(&m) != (known[i] != 0)) {
      printf("%s: nncc_supported differs from the compiler's answer %d\n", features[i].name, known[i]);
      exit(1);
    }
  }
#else
  EXPECT(NNCC_E_CPU, c.model.features = NNCC_CPU_X86_64_V2);
#endif
}

// More buffers than nncc_run keeps on the stack, some of them empty.
static int many_entry(const void *const *in, void *const *out, const void *weights, void *arena_, const nncc_exec *e) {
  (void)weights, (void)arena_, (void)e;
  for (int i = 0; i < 100; i++) {
    CHECK(in[i] == (i % 2 ? memory + 4 * i : NULL));
    CHECK(out[i] == memory + 2048 + 4 * i);
  }
  return NNCC_OK;
}

static void many(void) {
  static const int64_t empty[] = {0}, one[] = {1};
  nncc_tensor in[100], out[100];
  nncc_buffer bin[100], bout[100];
  for (int i = 0; i < 100; i++) {
    in[i] = (nncc_tensor){"x", NNCC_FLOAT, 1, i % 2 ? one : empty, NULL, i % 2 ? 4 : 0, -1};
    out[i] = (nncc_tensor){"y", NNCC_FLOAT, 1, one, NULL, 4, -1};
    bin[i] = (nncc_buffer){i % 2 ? memory + 4 * i : NULL, in[i].bytes, NNCC_FLOAT, 1, in[i].shape};
    bout[i] = (nncc_buffer){memory + 2048 + 4 * i, 4, NNCC_FLOAT, 1, one};
  }
  nncc_model m = good;
  m.inputs = m.outputs = 100;
  m.input = in;
  m.output = out;
  m.entry = many_entry;
  CHECK(nncc_run(&m, bin, 100, bout, 100, NULL, arena, sizeof arena, NULL) == NNCC_OK);
}

int main(void) {
  accepted();
  counts_and_types();
  alignment();
  overlaps();
  weights();
  executors();
  cpu();
  many();
  for (int status = NNCC_OK; status <= NNCC_E_RESOURCE; status++)
    CHECK(strcmp(nncc_strerror(status), "unknown status") != 0);
  CHECK(strcmp(nncc_strerror(NNCC_E_RESOURCE + 1), "unknown status") == 0);
  CHECK(strcmp(nncc_strerror(-1), "unknown status") == 0);
  return 0;
}
