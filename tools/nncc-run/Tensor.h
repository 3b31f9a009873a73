// Tensors as nncc-run sees them: a type, a shape, bytes. Reads .pb (TensorProto) and .npy files, writes .npy.
#pragma once
#include "compiler/emit/ModelInfo.h"
#include "runtime/nncc.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace nncc::run {
using nncc::elementBytes;

struct Tensor {
  std::string name; // empty when the file does not say
  uint32_t type = 0;
  llvm::SmallVector<int64_t, 6> shape;
  std::vector<uint8_t> data;
};

/// numpy's name of an element type.
llvm::StringRef typeName(uint32_t type);
bool isFloat(uint32_t type);
/// "float32[1,3,224,224]".
std::string describe(uint32_t type, llvm::ArrayRef<int64_t> shape);
std::string describe(const nncc_tensor &tensor);
/// Whether the product of the extents and the element's bytes is exactly `bytes`; no product wraps.
bool hasBytes(uint32_t type, llvm::ArrayRef<int64_t> shape, uint64_t bytes);
/// Element `index` as a double; exact for all types but 64-bit integers.
double element(uint32_t type, const uint8_t *data, uint64_t index);
/// Element `index` as text that tells equal from different values.
std::string elementText(uint32_t type, const uint8_t *data, uint64_t index);

/// By suffix: .pb or .npy.
llvm::Expected<Tensor> readTensor(llvm::StringRef path);
llvm::Expected<Tensor> parseProto(llvm::StringRef path, llvm::StringRef contents);
llvm::Expected<Tensor> parseNpy(llvm::StringRef path, llvm::StringRef contents);
llvm::Error writeNpy(llvm::StringRef path, const nncc_tensor &tensor, const uint8_t *data);

} // namespace nncc::run
