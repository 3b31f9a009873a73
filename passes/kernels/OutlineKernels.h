// What calls of outlined kernels share: the function of an op, the scratch memory of the worker, and the cut into
// tasks.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/kernels/Emitter.h"
#include "passes/kernels/Work.h"

namespace nncc {

class KernelOutliner {
public:
  /// `scratchOffset`: where in the arena the scratch memory of worker 0 begins; `scratchPerWorker`: its bytes.
  KernelOutliner(mlir::ModuleOp module, int64_t scratchOffset, int64_t scratchPerWorker)
      : module(module), symbols(module), scratchOffset(scratchOffset), scratchPerWorker(scratchPerWorker) {}

  /// A kernel, what it is called with but for scratch memory and ranges, and how much scratch memory it wants.
  struct Kernel {
    mlir::func::FuncOp function;
    llvm::SmallVector<mlir::Value> operands;
    int64_t scratchBytes;
  };
  /// Makes the function of `op`, whose operands calls give as `operands`; `op` stays.
  Kernel outline(mlir::OpBuilder &b, mlir::Operation *op, const Work &work, mlir::ValueRange operands);
  /// Calls a kernel on a range of each dimension of its units.
  void call(mlir::OpBuilder &b, mlir::Location loc, const Kernel &kernel, mlir::Value scratch,
            llvm::ArrayRef<KernelSite::Range> ranges);
  /// Bytes [from, from + bytes) of the scratch memory of the worker that runs this, as memref<?xi8>.
  mlir::Value scratch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value arena, int64_t from, int64_t bytes);

private:
  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  int64_t scratchOffset, scratchPerWorker;
};

using TaskBody = llvm::function_ref<void(mlir::OpBuilder &b, llvm::ArrayRef<KernelSite::Range> ranges)>;
/// Runs `body` for each task on its part of `units`: at once where there is but one, else in `scf.forall`.
void forEachTask(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> units, llvm::ArrayRef<int64_t> tasks,
                 TaskBody body);

/// Emits the calls of a chain in bands; `op` stays.
void callBands(kernel::BandsOp op, mlir::OpBuilder &b, KernelOutliner &outliner, llvm::ArrayRef<int64_t> tasks,
               mlir::Value arena);

} // namespace nncc
