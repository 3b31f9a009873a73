// A model that copies one input of each element type to the output of the same name.
#include "runtime/nncc.h"
#include <string.h>

static const int64_t shape[] = {3};
#define TENSOR(name, type, bytes) {name, type, 1, shape, NULL, 3 * bytes, -1}
static const nncc_tensor tensors[] = {
    TENSOR("f32", NNCC_FLOAT, 4),     TENSOR("f64", NNCC_DOUBLE, 8), TENSOR("f16", NNCC_FLOAT16, 2),
    TENSOR("bf16", NNCC_BFLOAT16, 2), TENSOR("bool", NNCC_BOOL, 1),  TENSOR("u8", NNCC_UINT8, 1),
    TENSOR("i8", NNCC_INT8, 1),       TENSOR("u16", NNCC_UINT16, 2), TENSOR("i16", NNCC_INT16, 2),
    TENSOR("u32", NNCC_UINT32, 4),    TENSOR("i32", NNCC_INT32, 4),  TENSOR("u64", NNCC_UINT64, 8),
    TENSOR("i64", NNCC_INT64, 8)};
enum { COUNT = sizeof tensors / sizeof *tensors };

static int entry(const void *const *inputs, void *const *outputs, const void *weights, void *arena,
                 const nncc_exec *exec) {
  (void)weights, (void)arena, (void)exec;
  for (int i = 0; i < COUNT; i++)
    memcpy(outputs[i], inputs[i], tensors[i].bytes);
  return NNCC_OK;
}

const nncc_model *copy_model(void);
const nncc_model *copy_model(void) {
  static const nncc_model model = {
      NNCC_ABI, sizeof(nncc_model), "copy", COUNT, COUNT, tensors, tensors, 64, 64, 0, 0, 0, 0, 0,
      NULL,     "generic",          entry};
  return &model;
}
