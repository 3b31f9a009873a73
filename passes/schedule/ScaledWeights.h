// Weights that a model scales at run time: a constant, multiplied by factors. Passes that rearrange constants take the
// constant out, and build the product again on its other arrangement.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace nncc {

struct ScaledWeights {
  /// The constant, and the product of which it is an operand; null where the weights are the constant alone.
  mlir::Value constant;
  mlir::linalg::GenericOp product;

  /// None for weights that are neither.
  static std::optional<ScaledWeights> of(mlir::Value weights);
  /// Whether factors depend on dimension `d` of the weights.
  bool varyAlong(unsigned d) const;
  /// The product with `constant` in the place of the one there was. Where the weights had dimension d, it has dimension
  /// place[d]; -1 for dimensions along which no factor varies. The constant itself without a product.
  mlir::Value on(mlir::OpBuilder &b, mlir::Value constant, llvm::ArrayRef<int64_t> place) const;
  /// The same for an arrangement in which each dimension is where it was.
  mlir::Value on(mlir::OpBuilder &b, mlir::Value constant) const;
  /// Erases the product if nothing uses it any more.
  void eraseUnused();
};

} // namespace nncc
