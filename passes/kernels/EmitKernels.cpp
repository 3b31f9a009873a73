// The op of each outlined function becomes loops over registers. The emitters themselves are one file per family.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/kernels/EmitGeneric.h"
#include "passes/kernels/Emitter.h"
#include "passes/kernels/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_EMITKERNELS
#include "passes/kernels/Passes.h.inc"
namespace {

LogicalResult emit(const KernelSite &site) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(site.op)
      .Case([&](kernel::GemmOp op) { return emitGemm(op, site); })
      .Case([&](kernel::BatchMatmulOp op) { return emitBatchMatmul(op, site); })
      .Case([&](kernel::ConvOp op) { return emitConv(op, site); })
      .Case([&](kernel::DepthwiseOp op) { return emitDepthwise(op, site); })
      .Case([&](kernel::PoolOp op) { return emitPool(op, site); })
      .Case([&](kernel::PoolIndexOp op) { return emitPoolIndex(op, site); })
      .Case([&](kernel::PackOp op) { return emitPack(op, site); })
      .Case([&](kernel::AttentionOp op) { return emitAttention(op, site); })
      .Case([&](kernel::RecurrentOp op) { return emitRecurrent(op, site); })
      .Case([&](kernel::GatherOp op) { return emitGather(op, site); })
      .Case([&](kernel::GatherElementsOp op) { return emitGatherElements(op, site); })
      .Case([&](kernel::GatherNDOp op) { return emitGatherND(op, site); })
      .Case([&](kernel::ScatterElementsOp op) { return emitScatterElements(op, site); })
      .Case([&](kernel::ScatterNDOp op) { return emitScatterND(op, site); })
      .Case([&](kernel::CumSumOp op) { return emitCumSum(op, site); })
      .Case([&](kernel::TopKOp op) { return emitTopK(op, site); })
      .Case([&](kernel::CheckIndexOp op) { return emitCheckIndex(op, site); })
      .Case([&](kernel::CheckValueOp op) { return emitCheckValue(op, site); })
      .Case([&](linalg::LinalgOp op) {
        OpBuilder b(op);
        return emitGeneric(b, op, site.units[0].from, site.units[0].to);
      })
      .Default([](Operation *op) { return op->emitError("expected an op with an emitter"); });
}

struct EmitKernelsPass : impl::EmitKernelsBase<EmitKernelsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto units = function->getAttrOfType<IntegerAttr>("kernel.units");
    if (!units)
      return;
    KernelSite site = {function.getBody().front().getTerminator()->getPrevNode(), {}, {}}; // constants stand before it
    unsigned argument = function.getNumArguments() - 2 * unsigned(units.getInt());
    if (function->hasAttr("kernel.scratch"))
      site.scratch = function.getArgument(argument - 1);
    for (; argument < function.getNumArguments(); argument += 2)
      site.units.push_back({function.getArgument(argument), function.getArgument(argument + 1)});
    if (failed(emit(site)))
      return signalPassFailure();
    site.op->erase();
    function->removeAttr("kernel.units");
    function->removeAttr("kernel.scratch");
  }
};

} // namespace
} // namespace nncc
