/* model.c: the generic call. Programs that do not know their model at compile time go through nncc_run, which checks
 * all that can be checked about a call; NAME_run itself trusts its caller. */
#include "runtime/nncc.h"
#include <stdlib.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

const char *nncc_strerror(int status) {
  switch (status) {
  case NNCC_OK:
    return "success";
  case NNCC_E_INDEX:
    return "an index is out of range";
  case NNCC_E_SHAPE:
    return "a shape operand contradicts the compiled shape";
  case NNCC_E_BRANCH:
    return "a branch was taken that cannot work for the compiled shapes";
  case NNCC_E_ARGUMENT:
    return "an argument does not fit the model";
  case NNCC_E_CPU:
    return "this CPU lacks what the model was compiled for";
  case NNCC_E_RESOURCE:
    return "memory or threads could not be had";
  }
  return "unknown status";
}

uint64_t nncc_arena_bytes(const nncc_model *model, uint32_t workers) {
  return model->arena_bytes + (workers > 1 ? (workers - 1) * model->worker_bytes : 0);
}

#if defined(__x86_64__)
enum { AMX_BF16_TILE_INT8 = 1 << 22 | 1 << 24 | 1 << 25 }; /* compilers differ in the names of these bits */

typedef struct registers {
  unsigned a, b, c, d;
} registers;

static registers cpuid(unsigned leaf, unsigned sub) {
  registers r = {0, 0, 0, 0};
  __get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d);
  return r;
}

static int all(unsigned value, unsigned bits) { return (value & bits) == bits; }

/* The NNCC_CPU_* bits of this CPU, as far as the system saves its registers. */
static uint32_t cpu_features(void) {
  registers l1 = cpuid(1, 0), l7 = cpuid(7, 0), l7s1 = cpuid(7, 1), ext = cpuid(0x80000001u, 0);
  unsigned saved = 0, high = 0;
  if (all(l1.c, bit_OSXSAVE))
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  uint32_t f = 0;
  if (!all(l1.c, bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT) ||
      !all(ext.c, bit_LAHF_LM))
    return f;
  f |= NNCC_CPU_X86_64_V2;
  if (!all(l1.c, bit_FMA | bit_MOVBE | bit_AVX | bit_F16C) || !all(l7.b, bit_BMI | bit_AVX2 | bit_BMI2) ||
      !all(ext.c, bit_LZCNT) || !all(saved, 0x6))
    return f;
  f |= NNCC_CPU_X86_64_V3;
  if (all(l7s1.a, bit_AVXVNNI))
    f |= NNCC_CPU_AVX_VNNI;
  if (!all(l7.b, bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL) || !all(saved, 0xe6))
    return f;
  f |= NNCC_CPU_X86_64_V4;
  if (all(l7.c, bit_AVX512VNNI))
    f |= NNCC_CPU_AVX512_VNNI;
  if (all(l7s1.a, bit_AVX512BF16))
    f |= NNCC_CPU_AVX512_BF16;
  if (all(l7.d, bit_AVX512FP16))
    f |= NNCC_CPU_AVX512_FP16;
  if (all(l7.c, bit_AVX512VBMI | bit_AVX512VBMI2 | bit_AVX512BITALG | bit_AVX512VPOPCNTDQ | bit_GFNI) &&
      all(l7.b, bit_AVX512IFMA))
    f |= NNCC_CPU_AVX512_BYTES;
  if (all(l7.d, AMX_BF16_TILE_INT8) && all(saved, 0x60000))
    f |= NNCC_CPU_AMX;
  return f;
}
#else
static uint32_t cpu_features(void) { return 0; }
#endif

int nncc_supported(const nncc_model *model) { return (model->features & ~cpu_features()) == 0; }

static size_t type_bytes(uint32_t type) {
  switch (type) {
  case NNCC_UINT8:
  case NNCC_INT8:
  case NNCC_BOOL:
    return 1;
  case NNCC_UINT16:
  case NNCC_INT16:
  case NNCC_FLOAT16:
  case NNCC_BFLOAT16:
    return 2;
  case NNCC_FLOAT:
  case NNCC_INT32:
  case NNCC_UINT32:
    return 4;
  case NNCC_INT64:
  case NNCC_DOUBLE:
  case NNCC_UINT64:
    return 8;
  }
  return 0;
}

static int aligned(const void *data, uint64_t align) { return align && (uintptr_t)data % align == 0; }

static int fits(const nncc_tensor *t, const nncc_buffer *b) {
  size_t element = type_bytes(t->type);
  if (b->type != t->type || b->rank != t->rank || b->bytes != t->bytes || (t->rank && !b->shape) || !element)
    return 0;
  for (uint32_t i = 0; i < t->rank; i++)
    if (b->shape[i] != t->shape[i])
      return 0;
  return b->bytes == 0 || (b->data && aligned(b->data, element));
}

static int overlap(const void *a, uint64_t a_bytes, const void *b, uint64_t b_bytes) {
  uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
  return a_bytes && b_bytes && (x < y ? y - x < a_bytes : x - y < b_bytes);
}

/* Whether [data, data + bytes) overlaps one of n buffers, the one at `except` aside when it is the very same. */
static int overlaps_any(const void *data, uint64_t bytes, const nncc_buffer *buffers, uint32_t n, int64_t except) {
  for (uint32_t i = 0; i < n; i++)
    if (overlap(data, bytes, buffers[i].data, buffers[i].bytes) &&
        !(i == except && buffers[i].data == data && buffers[i].bytes == bytes))
      return 1;
  return 0;
}

static int disjoint(const nncc_model *model, const nncc_buffer *inputs, const nncc_buffer *outputs,
                    const nncc_buffer *weights, const void *arena, uint64_t arena_bytes) {
  uint32_t n_in = model->inputs, n_out = model->outputs;
  for (uint32_t i = 0; i < n_in; i++)
    if (overlaps_any(inputs[i].data, inputs[i].bytes, inputs, i, -1))
      return 0;
  for (uint32_t i = 0; i < n_out; i++)
    if (overlaps_any(outputs[i].data, outputs[i].bytes, outputs, i, -1) ||
        overlaps_any(outputs[i].data, outputs[i].bytes, inputs, n_in, model->output[i].in_place))
      return 0;
  if (overlaps_any(arena, arena_bytes, inputs, n_in, -1) || overlaps_any(arena, arena_bytes, outputs, n_out, -1))
    return 0;
  return !weights || (!overlaps_any(weights->data, weights->bytes, inputs, n_in, -1) &&
                      !overlaps_any(weights->data, weights->bytes, outputs, n_out, -1) &&
                      !overlap(weights->data, weights->bytes, arena, arena_bytes));
}

/* The pointers in the entry's form; those of most models fit the stack. */
static int call(const nncc_model *model, const nncc_buffer *inputs, const nncc_buffer *outputs,
                const nncc_buffer *weights, void *arena, const nncc_exec *exec) {
  void *few[64], **pointers = few;
  size_t n = (size_t)model->inputs + model->outputs;
  if (n > sizeof few / sizeof *few && !(pointers = malloc(n * sizeof *pointers)))
    return NNCC_E_RESOURCE;
  for (uint32_t i = 0; i < model->inputs; i++)
    pointers[i] = inputs[i].data;
  for (uint32_t i = 0; i < model->outputs; i++)
    pointers[model->inputs + i] = outputs[i].data;
  int status = model->entry((const void *const *)pointers, pointers + model->inputs, weights ? weights->data : NULL,
                            arena, exec);
  if (pointers != few)
    free(pointers);
  return status;
}

int nncc_run(const nncc_model *model, const nncc_buffer *inputs, uint32_t n_inputs, const nncc_buffer *outputs,
             uint32_t n_outputs, const nncc_buffer *weights, void *arena, size_t arena_bytes, const nncc_exec *exec) {
  if (!model || model->abi != NNCC_ABI || model->size < sizeof *model || n_inputs != model->inputs ||
      n_outputs != model->outputs || (n_inputs && !inputs) || (n_outputs && !outputs))
    return NNCC_E_ARGUMENT;
  if (!nncc_supported(model))
    return NNCC_E_CPU;
  if (exec && (exec->size < sizeof *exec || !exec->workers || !exec->parallel_for))
    return NNCC_E_ARGUMENT;
  for (uint32_t i = 0; i < n_inputs; i++)
    if (!fits(&model->input[i], &inputs[i]))
      return NNCC_E_ARGUMENT;
  for (uint32_t i = 0; i < n_outputs; i++)
    if (!fits(&model->output[i], &outputs[i]))
      return NNCC_E_ARGUMENT;
  if (model->weights_bytes
          ? !weights || weights->bytes != model->weights_bytes || !weights->data || !aligned(weights->data, 64)
          : weights != NULL)
    return NNCC_E_ARGUMENT;
  uint64_t needed = nncc_arena_bytes(model, exec ? exec->workers : 1);
  if (arena_bytes < needed || (needed && (!arena || !aligned(arena, model->arena_align))))
    return NNCC_E_ARGUMENT;
  if (!disjoint(model, inputs, outputs, weights, arena, needed))
    return NNCC_E_ARGUMENT;
  return call(model, inputs, outputs, weights, arena, exec);
}
