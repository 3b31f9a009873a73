// Constants as bytes: weights are resources, often over a mapped file, so that they are read by memcpy wherever they
// lie.
#pragma once
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <optional>

namespace nncc::graph {

// The elements of a constant in row-major order: one for all of them if `isSplat`.
struct Weights {
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes;
  bool isSplat;

  // None for a value that is no constant, or one of bools that a dense attribute packs: resources have a byte for each.
  static std::optional<Weights> of(mlir::Value value);
  size_t width() const { return llvm::divideCeil(type.getElementTypeBitWidth(), 8); }
  const char *at(int64_t i) const { return bytes.data() + (isSplat ? 0 : i * width()); }
  template <class T> T load(int64_t i) const {
    T x;
    std::memcpy(&x, at(i), sizeof x);
    return x;
  }
};

// Bytes of the elements of `type` with a static shape.
int64_t sizeOf(mlir::RankedTensorType type);

// A constant whose bytes `fill` writes: a resource of this name, or a dense attribute where folders are to see it.
// Names that are taken make the search for a free one long.
mlir::Value createWeights(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type, llvm::StringRef name,
                          llvm::function_ref<void(llvm::MutableArrayRef<char>)> fill);

// Row-major order of the source's elements with the dimensions `perm`, as in nn.transpose.
void transposeBytes(const Weights &from, llvm::ArrayRef<int64_t> perm, llvm::MutableArrayRef<char> to);

} // namespace nncc::graph
