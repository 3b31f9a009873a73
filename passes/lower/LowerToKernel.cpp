// The pass that takes nn to kernel and linalg in one full conversion: what has no way down is an error at its node.
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "passes/lower/Lower.h"
#include "passes/lower/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_LOWERTOKERNEL
#include "passes/lower/Passes.h.inc"
namespace {

struct LowerToKernelPass : impl::LowerToKernelBase<LowerToKernelPass> {
  void runOnOperation() override {
    lower::TypeConverter types;
    ConversionTarget target(getContext());
    RewritePatternSet patterns(&getContext());
    target.addIllegalDialect<nn::NNDialect>();
    // Epilogue regions hold values of computation types already.
    target.addLegalOp<nn::YieldOp>();
    target.markUnknownOpDynamicallyLegal([&](Operation *op) { return types.isLegal(op); });
    target.addDynamicallyLegalOp<func::FuncOp>(
        [&](func::FuncOp f) { return types.isSignatureLegal(f.getFunctionType()); });
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
    scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns, target);
    lower::populateBoundaryPatterns(types, patterns);
    lower::populateElementwisePatterns(types, patterns);
    lower::populateContractionPatterns(types, patterns);
    lower::populateReductionPatterns(types, patterns);
    lower::populateMovementPatterns(types, patterns);
    lower::populateAttentionPatterns(types, patterns);
    lower::populateRecurrentPatterns(types, patterns);
    lower::populateIndexedPatterns(types, patterns);
    lower::populateTransposedPatterns(types, patterns);
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    dropEmptyWork();
  }

  // What computes no elements, or copies none, is left out: later stages see only buffers that hold something.
  void dropEmptyWork() {
    auto isEmpty = [](Type type) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      return tensor && tensor.hasStaticShape() && tensor.getNumElements() == 0;
    };
    getOperation().walk([&](Operation *op) {
      if (auto work = dyn_cast<DestinationStyleOpInterface>(op);
          work && op->getNumResults() && llvm::all_of(op->getResultTypes(), isEmpty)) {
        op->replaceAllUsesWith(work.getDpsInits());
        op->erase();
      } else if (auto copy = dyn_cast<bufferization::MaterializeInDestinationOp>(op);
                 copy && !op->getNumResults() && isEmpty(copy.getSource().getType()))
        op->erase();
    });
  }
};
} // namespace
} // namespace nncc
