// Ops with data-dependent addresses or an order, and the checks that guard them, become kernel ops one to one. A
// scatter's destination is its x: bufferisation copies that where it is still needed.
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

using lower::isUnsigned;

namespace {
template <class Op, class Kernel> struct LowerAlongAxis : OpConversionPattern<Op> {
  using OpConversionPattern<Op>::OpConversionPattern;
  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor a, ConversionPatternRewriter &b) const override {
    Type type = this->getTypeConverter()->convertType(op.getType());
    b.replaceOpWithNewOp<Kernel>(op, type, a.getX(), a.getIndices(), lower::emptyOf(b, op.getLoc(), type),
                                 op.getAxis());
    return success();
  }
};

struct LowerGatherND : OpConversionPattern<nn::GatherNDOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::GatherNDOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    b.replaceOpWithNewOp<kernel::GatherNDOp>(op, type, a.getX(), a.getIndices(), lower::emptyOf(b, op.getLoc(), type),
                                             op.getBatchDims());
    return success();
  }
};

struct LowerScatterElements : OpConversionPattern<nn::ScatterElementsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ScatterElementsOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<kernel::ScatterElementsOp>(op, a.getX().getType(), a.getIndices(), a.getUpdates(), a.getX(),
                                                    op.getKind(), op.getAxis(), isUnsigned(op.getX()));
    return success();
  }
};

struct LowerScatterND : OpConversionPattern<nn::ScatterNDOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ScatterNDOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<kernel::ScatterNDOp>(op, a.getX().getType(), a.getIndices(), a.getUpdates(), a.getX(),
                                              op.getKind(), isUnsigned(op.getX()));
    return success();
  }
};

struct LowerCumSum : OpConversionPattern<nn::CumSumOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::CumSumOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Type type = a.getX().getType();
    b.replaceOpWithNewOp<kernel::CumSumOp>(op, type, a.getX(), lower::emptyOf(b, op.getLoc(), type), op.getAxis(),
                                           op.getExclusive(), op.getReverse());
    return success();
  }
};

struct LowerTopK : OpConversionPattern<nn::TopKOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::TopKOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(op->getResultTypes(), types)))
      return failure();
    SmallVector<Value> inits;
    for (Type type : types)
      inits.push_back(lower::emptyOf(b, op.getLoc(), type));
    b.replaceOpWithNewOp<kernel::TopKOp>(op, types, a.getX(), inits, op.getAxis(), op.getSmallest(),
                                         isUnsigned(op.getX()));
    return success();
  }
};

struct LowerCheckIndex : OpConversionPattern<nn::CheckIndexOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::CheckIndexOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<kernel::CheckIndexOp>(op, TypeRange(), a.getIndices(), a.getStatus(), op.getExtents());
    return success();
  }
};

struct LowerCheckValue : OpConversionPattern<nn::CheckValueOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::CheckValueOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<kernel::CheckValueOp>(op, TypeRange(), a.getValue(), a.getStatus(), op.getExpected());
    return success();
  }
};
} // namespace

void lower::populateIndexedPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerAlongAxis<nn::GatherOp, kernel::GatherOp>,
               LowerAlongAxis<nn::GatherElementsOp, kernel::GatherElementsOp>, LowerGatherND, LowerScatterElements,
               LowerScatterND, LowerCumSum, LowerTopK, LowerCheckIndex, LowerCheckValue>(types, patterns.getContext());
}
