// The vector emitter: a linalg op on memrefs of static shape becomes loops over vectors. It is called with a range of
// the op's work units, so that one function serves tasks and bands alike.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace nncc {

/// Number of work units of `op`: blocks of its outer parallel loops. A reduction without parallel loops has one.
int64_t getGenericUnits(mlir::linalg::LinalgOp op);

/// Emits units [lo, hi) of `op` at the builder's insertion point; `op` stays. Fails, with a diagnostic, when the shape
/// or a stride is dynamic.
mlir::LogicalResult emitGeneric(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op, mlir::Value lo, mlir::Value hi);

} // namespace nncc
