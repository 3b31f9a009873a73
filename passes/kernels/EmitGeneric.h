// The vector emitter: a linalg op on memrefs of static shape becomes loops over vectors. It is called with a range of
// the op's work units, so that one function serves tasks and bands alike.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace nncc {

/// What the emitter must know of the instruction set.
struct VectorIsa {
  int64_t bytes = 64;     // of a vector register
  int64_t registers = 32; // vector registers
  bool maskWords = true;  // masked loads and stores of elements of 4 and 8 bytes
  bool maskBytes = true;  // and of 1 and 2 bytes
};

/// The instruction set of the module that holds `op`.
VectorIsa getVectorIsa(mlir::Operation *op);

/// Number of work units of `op`: blocks of its outer parallel loops. A reduction without parallel loops has one.
int64_t getGenericUnits(mlir::linalg::LinalgOp op);

/// Emits units [lo, hi) of `op` at the builder's insertion point; `op` stays. Fails, with a diagnostic, when the shape
/// or a stride is dynamic.
mlir::LogicalResult emitGeneric(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op, mlir::Value lo, mlir::Value hi);

} // namespace nncc
