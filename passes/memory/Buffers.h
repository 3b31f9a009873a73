// What the passes on buffers ask about them: which buffer a view looks into, who touches it, in which order, and
// whether two operands of an op may be one buffer.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nncc {

/// The function that holds the model: the only one with a body at this stage; null in an empty module.
mlir::func::FuncOp entryFunction(mlir::ModuleOp module);

/// Numbers the operations of a function in pre-order, so that an op and all that is nested in it form an interval.
class ProgramOrder {
public:
  explicit ProgramOrder(mlir::Operation *root) : root(root) { renumber(); }
  int64_t first(mlir::Operation *op) const { return numbers.at(op).first; }
  int64_t last(mlir::Operation *op) const { return numbers.at(op).second; }
  /// Numbers an op that was made, or moved within its block; not what is nested in it.
  void placed(mlir::Operation *op);

private:
  void renumber();
  mlir::Operation *root;
  llvm::DenseMap<mlir::Operation *, std::pair<int64_t, int64_t>> numbers;
};

/// The buffer that `op`'s result is a view of; null where `op` is no view.
mlir::Value viewSource(mlir::Operation *op);
/// The buffer behind all views.
mlir::Value rootBuffer(mlir::Value buffer);

/// The views passed from a buffer to where it is used.
using ViewPath = llvm::ArrayRef<mlir::Operation *>;
/// Calls `touch` for every use of `buffer` and of its views that is not itself a view. A view for whose path `enter`
/// says no is left out with all that is behind it.
void forEachTouch(
    mlir::Value buffer, llvm::function_ref<void(mlir::OpOperand &use, ViewPath path)> touch,
    llvm::function_ref<bool(ViewPath path)> enter = [](ViewPath) { return true; });

bool mayRead(mlir::Operation *op, mlir::Value buffer);
bool mayWrite(mlir::Operation *op, mlir::Value buffer);

/// Whether `op` reads `in` only at the index at which it then writes `out`, so that both may be the same buffer.
/// Buffers that its region captures are not looked at.
bool allowsInPlace(mlir::Operation *op, mlir::Value in, mlir::Value out);

/// The elements of a row lie side by side. Emitters rely on it but for the ops that take any strides.
bool hasUnitStride(mlir::MemRefType type);

/// Bytes of a buffer of static shape; none where the product overflows.
std::optional<int64_t> staticBytes(mlir::MemRefType type);
} // namespace nncc
