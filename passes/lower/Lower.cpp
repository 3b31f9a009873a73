// The type converter, the builders that all families share, and what lies at the borders: constants, the entry's
// memrefs, scalars of control flow.
#include "passes/lower/Lower.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
using namespace mlir;
using namespace nncc;
using namespace nncc::lower;

lower::TypeConverter::TypeConverter() {
  auto element = [](Type e) {
    return e.isInteger(1) ? Type(IntegerType::get(e.getContext(), 8)) : nn::computationType(e);
  };
  addConversion([](Type t) { return t; });
  addConversion([=](RankedTensorType t) { return Type(t.clone(element(t.getElementType()))); });
  addConversion([=](MemRefType t) { return Type(t.clone(element(t.getElementType()))); });
}

bool lower::isUnsigned(Value v) { return nn::isUnsignedOrBool(typeOf(v).getElementType()); }

Value lower::emptyOf(OpBuilder &b, Location loc, Type type) {
  auto shaped = cast<RankedTensorType>(type);
  return tensor::EmptyOp::create(b, loc, shaped.getShape(), shaped.getElementType());
}

Value lower::filled(OpBuilder &b, Location loc, Type type, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, loc, value);
  return linalg::FillOp::create(b, loc, scalar, emptyOf(b, loc, type)).getResult(0);
}

AffineMap lower::broadcastMap(ArrayRef<int64_t> shape, ArrayRef<int64_t> result, MLIRContext *context) {
  SmallVector<AffineExpr> exprs;
  size_t skip = result.size() - shape.size();
  for (auto [d, extent] : llvm::enumerate(shape))
    exprs.push_back(extent == 1 && result[skip + d] != 1 ? getAffineConstantExpr(0, context)
                                                         : getAffineDimExpr(skip + d, context));
  return AffineMap::get(result.size(), 0, exprs, context);
}

Value lower::buildMap(OpBuilder &b, Location loc, RankedTensorType result, ValueRange inputs, ArrayRef<AffineMap> maps,
                      ArrayRef<bool> isBool, bool resultIsBool,
                      function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(b.getMultiDimIdentityMap(result.getRank()));
  SmallVector<utils::IteratorType> parallel(result.getRank(), utils::IteratorType::parallel);
  auto build = [&](OpBuilder &nested, Location loc, ValueRange args) {
    SmallVector<Value> values;
    for (auto [arg, boolean] : llvm::zip(args, isBool)) {
      if (boolean) { // any byte but 0 is true
        Value zero = arith::ConstantIntOp::create(nested, loc, 0, 8);
        values.push_back(arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::ne, arg, zero));
      } else {
        values.push_back(arg);
      }
    }
    Value v = body(nested, loc, values);
    if (resultIsBool)
      v = arith::ExtUIOp::create(nested, loc, nested.getI8Type(), v);
    linalg::YieldOp::create(nested, loc, v);
  };
  return linalg::GenericOp::create(b, loc, TypeRange(result), inputs, emptyOf(b, loc, result), allMaps, parallel, build)
      .getResult(0);
}

//===-- Borders -------------------------------------------------------------------------------------------------===//

namespace {
// A constant of si64 is one of i64 with the same bytes, of i1 one of i8.
struct LowerConstant : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(arith::ConstantOp op, OpAdaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    if (!type)
      return b.notifyMatchFailure(op, "no tensor");
    TypedAttr value;
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue())) {
      value = DenseResourceElementsAttr::get(type, resource.getRawHandle()); // a byte for each bool, as in the model
    } else {
      auto dense = cast<DenseElementsAttr>(op.getValue());
      unsigned width = type.getElementTypeBitWidth();
      if (dense.getElementType().isInteger(1))
        value = dense.mapValues(type.getElementType(), [&](const APInt &x) { return x.zext(width); });
      else if (isa<IntegerType>(type.getElementType()))
        value = dense.bitcast(type.getElementType());
      else
        return b.notifyMatchFailure(op, "nothing to convert");
    }
    b.replaceOpWithNewOp<arith::ConstantOp>(op, value);
    return success();
  }
};

struct LowerToTensor : OpConversionPattern<bufferization::ToTensorOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(bufferization::ToTensorOp op, OpAdaptor a,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<bufferization::ToTensorOp>(op, getTypeConverter()->convertType(op.getType()), a.getBuffer(),
                                                    op.getRestrict(), op.getWritable());
    return success();
  }
};

struct LowerMaterialize : OpConversionPattern<bufferization::MaterializeInDestinationOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(bufferization::MaterializeInDestinationOp op, OpAdaptor a,
                                ConversionPatternRewriter &b) const override {
    Type result = op.getResult() ? getTypeConverter()->convertType(op.getResult().getType()) : Type();
    b.replaceOpWithNewOp<bufferization::MaterializeInDestinationOp>(
        op, result ? TypeRange(result) : TypeRange(), a.getSource(), a.getDest(), op.getRestrict(), op.getWritable());
    return success();
  }
};

// from_scalar(x) => tensor.from_elements(x as the element type).
struct LowerFromScalar : OpConversionPattern<nn::FromScalarOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::FromScalarOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Value v = a.getValue();
    if (v.getType().isIndex())
      v = arith::IndexCastOp::create(b, op.getLoc(), type.getElementType(), v);
    else
      v = arith::ExtUIOp::create(b, op.getLoc(), type.getElementType(), v);
    b.replaceOpWithNewOp<tensor::FromElementsOp>(op, type, v);
    return success();
  }
};

struct LowerToScalar : OpConversionPattern<nn::ToScalarOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ToScalarOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    SmallVector<Value> indices(cast<RankedTensorType>(a.getX().getType()).getRank(), zero);
    Value v = tensor::ExtractOp::create(b, loc, a.getX(), indices);
    if (!op.getType().isIndex())
      v = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, arith::ConstantIntOp::create(b, loc, 0, 8));
    else if (cast<RankedTensorType>(op.getX().getType()).getElementType().isUnsignedInteger())
      v = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v);
    else
      v = arith::IndexCastOp::create(b, loc, b.getIndexType(), v);
    b.replaceOp(op, v);
    return success();
  }
};

// The rows of a loop: ops that move elements whatever their type.
template <class Op> struct LowerRow : OpConversionPattern<Op> {
  using OpConversionPattern<Op>::OpConversionPattern;
  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor a, ConversionPatternRewriter &b) const override {
    Operation *lowered = b.cloneWithoutRegions(*op.getOperation());
    lowered->setOperands(a.getOperands());
    lowered->getResult(0).setType(this->getTypeConverter()->convertType(op.getType()));
    b.replaceOp(op, lowered);
    return success();
  }
};
} // namespace

void lower::populateBoundaryPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerConstant, LowerToTensor, LowerMaterialize, LowerFromScalar, LowerToScalar,
               LowerRow<tensor::EmptyOp>, LowerRow<tensor::ExtractSliceOp>, LowerRow<tensor::InsertSliceOp>>(
      types, patterns.getContext());
}
