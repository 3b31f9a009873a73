// Operators whose shape operands are known only at run time, where the model declares what they come to: the values
// are used as they are, and NNCC_E_SHAPE is reported where they contradict.
#pragma once
#include "compiler/import/Node.h"

namespace nncc {

/// Slice with starts, ends, axes and steps as operands.
llvm::LogicalResult sliceAtRunTime(Node &node, mlir::RankedTensorType declared);
/// Range with start, limit and delta as operands.
llvm::LogicalResult rangeAtRunTime(Node &node, mlir::RankedTensorType declared);
/// CumSum along an axis that is an operand: the sums along each axis, of which one is chosen.
llvm::LogicalResult cumSumAtRunTime(Node &node, llvm::function_ref<mlir::Value(int64_t axis)> build);

} // namespace nncc
