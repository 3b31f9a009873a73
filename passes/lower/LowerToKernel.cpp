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
      signalPassFailure();
  }
};
} // namespace
} // namespace nncc
