// Ops that move elements: views where row-major order allows it, linalg.generic where it does not.
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "passes/lower/Lower.h"
#include "runtime/nncc.h"
using namespace mlir;
using namespace nncc;

namespace {
// reshape => expand_shape or collapse_shape, or through one dimension where neither fits.
struct LowerReshape : OpConversionPattern<nn::ReshapeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ReshapeOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    auto to = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    RankedTensorType from = typeOf(a.getX());
    if (!to.hasStaticShape() || !from.hasStaticShape())
      return op.emitError("not supported: a dimension that is free");
    b.replaceOp(op, reshape(b, op.getLoc(), a.getX(), from, to));
    return success();
  }
  static Value reshape(OpBuilder &b, Location loc, Value x, RankedTensorType from, RankedTensorType to) {
    if (from == to)
      return x;
    if (from.getRank() != to.getRank() && from.getNumElements())
      if (auto groups = getReassociationIndicesForReshape(from, to)) {
        if (from.getRank() > to.getRank())
          return tensor::CollapseShapeOp::create(b, loc, to, x, *groups);
        return tensor::ExpandShapeOp::create(b, loc, to, x, *groups);
      }
    auto flat = RankedTensorType::get({from.getNumElements()}, from.getElementType());
    auto all = [](int64_t rank) {
      SmallVector<ReassociationIndices> groups;
      if (rank)
        groups.emplace_back(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
      return groups;
    };
    if (from.getRank() == 0)
      x = tensor::ExpandShapeOp::create(b, loc, flat, x, SmallVector<ReassociationIndices>());
    else if (from.getRank() > 1)
      x = tensor::CollapseShapeOp::create(b, loc, flat, x, all(from.getRank()));
    if (to.getRank() == 0)
      return tensor::CollapseShapeOp::create(b, loc, to, x, SmallVector<ReassociationIndices>());
    if (to.getRank() == 1)
      return x;
    return tensor::ExpandShapeOp::create(b, loc, to, x, all(to.getRank()));
  }
};

// A copy through an index map: result[i] = x[map(i)].
Value buildCopy(OpBuilder &b, Location loc, Type result, Value x, AffineMap map) {
  return lower::buildMap(b, loc, cast<RankedTensorType>(result), x, map, false, false,
                         [](OpBuilder &, Location, ValueRange args) { return args[0]; });
}

struct LowerTranspose : OpConversionPattern<nn::TransposeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::TransposeOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    AffineMap map = inversePermutation(AffineMap::getPermutationMap(op.getPerm(), b.getContext()));
    b.replaceOp(op, buildCopy(b, op.getLoc(), getTypeConverter()->convertType(op.getType()), a.getX(), map));
    return success();
  }
};

struct LowerBroadcast : OpConversionPattern<nn::BroadcastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::BroadcastOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    AffineMap map = lower::broadcastMap(typeOf(a.getX()).getShape(), type.getShape(), b.getContext());
    b.replaceOp(op, buildCopy(b, op.getLoc(), type, a.getX(), map));
    return success();
  }
};

struct LowerSlice : OpConversionPattern<nn::SliceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::SliceOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<tensor::ExtractSliceOp>(
        op, cast<RankedTensorType>(getTypeConverter()->convertType(op.getType())), a.getX(), ValueRange(), ValueRange(),
        ValueRange(), op.getStarts(), op.getSizes(), op.getSteps());
    return success();
  }
};

struct LowerConcat : OpConversionPattern<nn::ConcatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ConcatOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<tensor::ConcatOp>(op, getTypeConverter()->convertType(op.getType()), op.getAxis(), a.getXs());
    return success();
  }
};

// pad(x, v) => x inserted into a tensor filled with v.
struct LowerPad : OpConversionPattern<nn::PadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::PadOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Value value = tensor::ExtractOp::create(b, loc, a.getValue(), ValueRange());
    Value frame = linalg::FillOp::create(b, loc, value, lower::emptyOf(b, loc, type)).getResult(0);
    SmallVector<int64_t> ones(type.getRank(), 1);
    b.replaceOpWithNewOp<tensor::InsertSliceOp>(op, a.getX(), frame, ValueRange(), ValueRange(), ValueRange(),
                                                op.getLow(), typeOf(a.getX()).getShape(), ones);
    return success();
  }
};

struct LowerIota : OpConversionPattern<nn::IotaOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::IotaOp op, OpAdaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    auto body = [&](OpBuilder &nested, Location loc, ValueRange) -> Value {
      Value index = linalg::IndexOp::create(nested, loc, op.getAxis());
      Type element = type.getElementType();
      if (!isa<FloatType>(element))
        return arith::IndexCastOp::create(nested, loc, element, index);
      Value integer = arith::IndexCastOp::create(nested, loc, nested.getI64Type(), index);
      return arith::SIToFPOp::create(nested, loc, element, integer);
    };
    b.replaceOp(op, lower::buildMap(b, op.getLoc(), type, {}, {}, {}, false, body));
    return success();
  }
};

// trap => status = status ? status : NNCC_E_BRANCH.
struct LowerTrap : OpConversionPattern<nn::TrapOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::TrapOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value code = arith::ConstantIntOp::create(b, loc, NNCC_E_BRANCH, 32);
    Value none = arith::ConstantIntOp::create(b, loc, 0, 32), old = memref::LoadOp::create(b, loc, a.getStatus());
    Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, old, none);
    Value kept = arith::SelectOp::create(b, loc, isFirst, code, old);
    b.replaceOpWithNewOp<memref::StoreOp>(op, kept, a.getStatus(), ValueRange());
    return success();
  }
};
} // namespace

void lower::populateMovementPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerReshape, LowerTranspose, LowerBroadcast, LowerSlice, LowerConcat, LowerPad, LowerIota, LowerTrap>(
      types, patterns.getContext());
}
