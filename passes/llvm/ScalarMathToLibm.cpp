// Scalar functions without an LLVM intrinsic (erf, tanh of a double ...) become calls of C99's libm. Vectors of them
// are expanded into arithmetic by the stage before; upstream's pass would take those apart, too.
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/llvm/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_SCALARMATHTOLIBM
#include "passes/llvm/Passes.h.inc"
namespace {
struct ScalarMathToLibmPass : impl::ScalarMathToLibmBase<ScalarMathToLibmPass> {
  void runOnOperation() override {
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, vector::VectorDialect>();
    target.addDynamicallyLegalDialect<math::MathDialect>([](Operation *op) {
      return isa<VectorType>(op->getResult(0).getType()) ||
             !isa<math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp, math::AtanOp, math::Atan2Op, math::AtanhOp,
                  math::CbrtOp, math::CoshOp, math::ErfOp, math::ErfcOp, math::ExpM1Op, math::Log1pOp, math::SinhOp,
                  math::TanOp, math::TanhOp>(op);
    });
    RewritePatternSet patterns(&getContext());
    populateMathToLibmConversionPatterns(patterns);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace nncc
