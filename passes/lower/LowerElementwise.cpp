// The one lowering of every elementwise op: its formula as the body of a linalg.generic.
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
struct LowerElementwise : OpInterfaceConversionPattern<nn::ElementwiseInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;
  LogicalResult matchAndRewrite(nn::ElementwiseInterface op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &b) const override {
    auto original = cast<RankedTensorType>(op->getResult(0).getType());
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(original));
    if (!type.hasStaticShape())
      return op.emitError("not supported: a dimension that is free");
    SmallVector<AffineMap> maps;
    SmallVector<bool> isBool;
    for (Value v : op->getOperands()) {
      auto operand = cast<RankedTensorType>(v.getType());
      maps.push_back(lower::broadcastMap(operand.getShape(), type.getShape(), b.getContext()));
      isBool.push_back(operand.getElementType().isInteger(1));
    }
    auto body = [&](OpBuilder &nested, Location loc, ValueRange args) { return op.buildFormula(nested, loc, args); };
    b.replaceOp(op, lower::buildMap(b, op.getLoc(), type, operands, maps, isBool,
                                    original.getElementType().isInteger(1), body));
    return success();
  }
};
} // namespace

void lower::populateElementwisePatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerElementwise>(types, patterns.getContext());
}
