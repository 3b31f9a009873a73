// Constants as bytes: weights are resources, often over a mapped file, so that they are read by memcpy wherever they
// lie.
#pragma once
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cstring>
#include <optional>

namespace nncc::graph {

// The elements of a constant in row-major order: one for all of them if `isSplat`.
struct Weights {
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes;
  bool isSplat;

  // None for a value that is no constant or whose elements are no whole bytes.
  static std::optional<Weights> of(mlir::Value value);
  size_t width() const { return type.getElementTypeBitWidth() / 8; }
  const char *at(int64_t i) const { return bytes.data() + (isSplat ? 0 : i * width()); }
  template <class T> T load(int64_t i) const {
    T x;
    std::memcpy(&x, at(i), sizeof x);
    return x;
  }
};

// A constant whose bytes `fill` writes: a resource, or a dense attribute where folders are to see it.
mlir::Value createWeights(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type,
                          llvm::function_ref<void(llvm::MutableArrayRef<char>)> fill);

// Row-major order of the source's elements with the dimensions `perm`, as in nn.transpose.
void transposeBytes(const Weights &from, llvm::ArrayRef<int64_t> perm, llvm::MutableArrayRef<char> to);

} // namespace nncc::graph
