// Attention: the kernel reads queries, keys and values where they lie.
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
struct LowerAttention : OpConversionPattern<nn::AttentionOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::AttentionOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type type = getTypeConverter()->convertType(op.getType());
    Value mask = a.getMask();
    int64_t keys = cast<RankedTensorType>(op.getK().getType()).getDimSize(op.getKHeadsFirst() ? 2 : 1);
    if (keys == 0) { // a sum of nothing, where the kernel would divide by one
      TypedAttr zero = b.getZeroAttr(cast<RankedTensorType>(type).getElementType());
      b.replaceOp(op, lower::filled(b, loc, type, zero));
      return success();
    }
    if (mask) { // [..., Sq or 1, Sk] of rank 4
      auto maskType = cast<RankedTensorType>(mask.getType());
      SmallVector<int64_t> shape(4 - maskType.getRank(), 1);
      llvm::append_range(shape, maskType.getShape());
      shape.back() = keys;
      if (ArrayRef<int64_t>(shape) != maskType.getShape())
        mask = nn::BroadcastOp::create(b, loc, maskType.clone(shape), mask);
    }
    b.replaceOpWithNewOp<kernel::AttentionOp>(
        op, type, a.getQ(), a.getK(), a.getV(), mask, lower::emptyOf(b, loc, type), op.getScale(), op.getCausal(),
        op.getQHeadsFirst(), op.getKHeadsFirst(), op.getVHeadsFirst(), op.getResultHeadsFirst());
    return success();
  }
};
} // namespace

void lower::populateAttentionPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerAttention>(types, patterns.getContext());
}
