// Reductions and pools. A reduction is a linalg.generic; softmax and norms are expanded into reductions and elementwise
// ops, which the schedule fuses again.
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
// The element with which a reduction begins.
TypedAttr neutral(OpBuilder &b, nn::ReduceKind kind, Type element) {
  Type signless = nn::computationType(element);
  bool isLeast = kind == nn::ReduceKind::max; // the maximum begins with the least value
  if (kind == nn::ReduceKind::sum || kind == nn::ReduceKind::prod) {
    int64_t start = kind == nn::ReduceKind::prod;
    return isa<FloatType>(signless) ? TypedAttr(b.getFloatAttr(signless, start)) : b.getIntegerAttr(signless, start);
  }
  if (auto f = dyn_cast<FloatType>(signless))
    return b.getFloatAttr(f, APFloat::getInf(f.getFloatSemantics(), isLeast));
  unsigned width = signless.getIntOrFloatBitWidth();
  if (element.isUnsignedInteger())
    return b.getIntegerAttr(signless, isLeast ? APInt::getMinValue(width) : APInt::getMaxValue(width));
  return b.getIntegerAttr(signless, isLeast ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
}

nn::Scalar combine(nn::ReduceKind kind, nn::Scalar x, nn::Scalar y) {
  switch (kind) {
  case nn::ReduceKind::sum:
    return x + y;
  case nn::ReduceKind::prod:
    return x * y;
  case nn::ReduceKind::min:
    return nn::formulas::min(x, y);
  case nn::ReduceKind::max:
    return nn::formulas::max(x, y);
  }
  llvm_unreachable("every kind is handled");
}

// A generic over the first input's index space whose output map is constant 0 along the reduced axes. `map`, where it
// is given, turns an element of every input (the others broadcast to the first) into what is combined.
Value buildReduction(OpBuilder &b, Location loc, nn::ReduceKind kind, RankedTensorType result, Type element,
                     ValueRange inputs, ArrayRef<int64_t> axes,
                     function_ref<Value(ImplicitLocOpBuilder &, ValueRange)> map) {
  ArrayRef<int64_t> shape = typeOf(inputs[0]).getShape();
  SmallVector<AffineMap> maps;
  for (Value v : inputs)
    maps.push_back(lower::broadcastMap(typeOf(v).getShape(), shape, b.getContext()));
  SmallVector<AffineExpr> exprs;
  SmallVector<utils::IteratorType> iterators;
  for (int64_t d = 0; d < int64_t(shape.size()); d++) {
    bool isReduced = llvm::is_contained(axes, d);
    exprs.push_back(isReduced ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(d));
    iterators.push_back(isReduced ? utils::IteratorType::reduction : utils::IteratorType::parallel);
  }
  maps.push_back(AffineMap::get(shape.size(), 0, exprs, b.getContext()));
  Value init = lower::filled(b, loc, result, neutral(b, kind, element));
  auto build = [&](OpBuilder &nested, Location loc, ValueRange args) {
    ImplicitLocOpBuilder ib(loc, nested);
    Value v = map ? map(ib, args.drop_back()) : args[0];
    bool isUnsigned = element.isUnsignedInteger();
    linalg::YieldOp::create(ib, combine(kind, {&ib, args.back(), isUnsigned}, {&ib, v, isUnsigned}).v);
  };
  return linalg::GenericOp::create(b, loc, TypeRange(result), inputs, init, maps, iterators, build).getResult(0);
}

// Whether the last dimensions are few elements of a group that the reduction of the others need not tell apart: of
// [pixels, groups, channels of a group] along pixels and channels. All channels of a pixel are one row then.
bool endsInGroups(RankedTensorType type, ArrayRef<int64_t> axes) {
  constexpr int64_t mostInGroup = 64;
  auto isReduced = [&](int64_t d) { return llvm::is_contained(axes, d); };
  int64_t d = type.getRank() - 1, inGroup = 1;
  for (; d >= 0 && isReduced(d) && !ShapedType::isDynamic(type.getDimSize(d)); d--)
    inGroup *= type.getDimSize(d);
  return inGroup > 1 && inGroup <= mostInGroup && d > 0 && !isReduced(d) && type.getDimSize(d) > 1 &&
         llvm::any_of(axes, [&](int64_t axis) { return axis < d && type.getDimSize(axis) != 1; });
}

// The axes of a reduction that `endsInGroups` in front of the groups, or behind.
SmallVector<int64_t> axesOfGroups(RankedTensorType type, ArrayRef<int64_t> axes, bool behind) {
  int64_t groups = type.getRank() - 1;
  while (llvm::is_contained(axes, groups))
    groups--;
  SmallVector<int64_t> result(axes);
  llvm::erase_if(result, [&](int64_t axis) { return (axis > groups) != behind; });
  return result;
}

// reduce(x) over pixels and channels of a group => reduce(reduce(x) over pixels) over channels of a group.
struct LowerReduce : OpConversionPattern<nn::ReduceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ReduceOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Type element = typeOf(op.getX()).getElementType();
    RankedTensorType from = typeOf(a.getX());
    Value x = a.getX();
    SmallVector<int64_t> axes(op.getAxes());
    if (endsInGroups(from, axes)) {
      SmallVector<int64_t> shape(from.getShape());
      for (int64_t axis : axesOfGroups(from, axes, /*behind=*/false))
        shape[axis] = 1;
      x = buildReduction(b, op.getLoc(), op.getKind(), cast<RankedTensorType>(type.clone(shape)), element, x,
                         axesOfGroups(from, axes, false), nullptr);
      axes = axesOfGroups(from, axes, true);
    }
    b.replaceOp(op, buildReduction(b, op.getLoc(), op.getKind(), type, element, x, axes, nullptr));
    return success();
  }
};

// arg_reduce(x) => min over the axis of (x == reduce(x) ? index : largest); the max of the indices with `last`.
struct LowerArgReduce : OpConversionPattern<nn::ArgReduceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ArgReduceOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type element = typeOf(op.getX()).getElementType(), i64 = b.getI64Type();
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    int64_t axis = op.getAxis();
    auto bestType = RankedTensorType::get(type.getShape(), typeOf(a.getX()).getElementType());
    Value best = buildReduction(b, loc, op.getKind(), bestType, element, a.getX(), axis, nullptr);
    nn::ReduceKind kind = op.getLast() ? nn::ReduceKind::max : nn::ReduceKind::min;
    TypedAttr none = neutral(b, kind, i64);
    auto indexOfBest = [&](ImplicitLocOpBuilder &ib, ValueRange args) -> Value {
      nn::Scalar x{&ib, args[0]}, y{&ib, args[1]};
      nn::Scalar hit = x == y;
      if (x.isFloat()) // the first NaN wins
        hit = hit | isNan(x);
      Value index = arith::IndexCastOp::create(ib, i64, linalg::IndexOp::create(ib, axis));
      return arith::SelectOp::create(ib, hit.v, index, arith::ConstantOp::create(ib, none));
    };
    b.replaceOp(op, buildReduction(b, loc, kind, type, i64, {a.getX(), best}, axis, indexOfBest));
    return success();
  }
};

// New nn ops, which the conversion lowers in turn. Their operands fit by construction, so that types can be inferred.
template <class Op, class... Args> Value make(OpBuilder &b, Location loc, Args &&...args) {
  return Op::create(b, loc, std::forward<Args>(args)...).getResult();
}
Value scalar(OpBuilder &b, Location loc, Type element, double x) {
  auto type = RankedTensorType::get({}, element);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(b.getFloatAttr(element, x))));
}

// softmax(x) => e / sum(e) with e = exp(x - max(x)); its logarithm => d - log(sum(exp(d))) with d = x - max(x).
struct ExpandSoftmax : OpConversionPattern<nn::SoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::SoftmaxOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    Value largest = make<nn::ReduceOp>(b, loc, a.getX(), nn::ReduceKind::max, axis);
    Value d = make<nn::SubOp>(b, loc, a.getX(), largest), e = make<nn::ExpOp>(b, loc, d);
    Value sum = make<nn::ReduceOp>(b, loc, e, nn::ReduceKind::sum, axis);
    b.replaceOp(op, op.getLog() ? make<nn::SubOp>(b, loc, d, make<nn::LogOp>(b, loc, sum))
                                : make<nn::DivOp>(b, loc, e, sum));
    return success();
  }
};

// norm(x) => c / sqrt(mean(c^2) + epsilon) * scale + bias with c = x - mean(x), or c = x for rms.
struct ExpandNorm : OpConversionPattern<nn::NormOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::NormOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    RankedTensorType type = typeOf(op.getX());
    Type element = type.getElementType();
    double count = 1;
    for (int64_t axis : op.getAxes())
      count *= type.getDimSize(axis);
    auto mean = [&](Value v) {
      Value sum = make<nn::ReduceOp>(b, loc, v, nn::ReduceKind::sum, op.getAxes());
      return make<nn::MulOp>(b, loc, sum, scalar(b, loc, element, 1 / count));
    };
    // One number for each channel, where groups of a few would make short rows.
    auto spread = [&](Value v) -> Value {
      if (!endsInGroups(type, op.getAxes()))
        return v;
      SmallVector<int64_t> shape(typeOf(v).getShape());
      for (int64_t axis : axesOfGroups(type, op.getAxes(), /*behind=*/true))
        shape[axis] = type.getDimSize(axis);
      return nn::BroadcastOp::create(b, loc, typeOf(v).clone(shape), v).getResult();
    };
    Value c = a.getX();
    if (!op.getRms())
      c = make<nn::SubOp>(b, loc, c, spread(mean(c)));
    Value variance = mean(make<nn::MulOp>(b, loc, c, c));
    Value epsilon = scalar(b, loc, element, op.getEpsilon().convertToDouble());
    Value root = make<nn::SqrtOp>(b, loc, make<nn::AddOp>(b, loc, variance, epsilon));
    Value y = make<nn::MulOp>(b, loc, c, spread(make<nn::ReciprocalOp>(b, loc, root)));
    for (auto [i, v] : llvm::enumerate(a.getAffine()))
      y = i == 0 ? make<nn::MulOp>(b, loc, y, v) : make<nn::AddOp>(b, loc, y, v);
    b.replaceOp(op, y);
    return success();
  }
};

// A large maximum is one along each dimension in turn: 26 comparisons for 13 x 13, not 169.
struct LowerPool : OpConversionPattern<nn::PoolOp> {
  using OpConversionPattern::OpConversionPattern;

  static bool isDearAtOnce(nn::PoolOp op, RankedTensorType from, RankedTensorType to) {
    constexpr double loadAndStore = 2, leastGain = 1.5;
    if (op.getKind() != nn::PoolKind::max || !from.hasStaticShape() || !to.hasStaticShape())
      return false;
    double atOnce = loadAndStore, inTurn = 0, taps = 1, elements = double(from.getNumElements());
    for (int64_t d = op.getKernel().size() - 1; d >= 0; d--) {
      int64_t kernel = op.getKernel()[d];
      taps *= double(kernel);
      elements *= double(to.getDimSize(1 + d)) / double(std::max<int64_t>(from.getDimSize(1 + d), 1));
      if (kernel > 1)
        inTurn += (double(kernel) + loadAndStore) * elements;
    }
    atOnce += taps;
    return atOnce * elements > leastGain * inTurn;
  }

  LogicalResult matchAndRewrite(nn::PoolOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    auto from = typeOf(a.getX()), to = cast<RankedTensorType>(type);
    if (isDearAtOnce(op, from, to)) {
      int64_t spatial = op.getKernel().size();
      Value x = a.getX();
      for (int64_t d = spatial - 1; d >= 0; d--) {
        SmallVector<int64_t> shape(typeOf(x).getShape()), kernel(spatial, 1), strides(spatial, 1), pads(2 * spatial, 0),
            dilations(spatial, 1);
        shape[1 + d] = to.getDimSize(1 + d);
        kernel[d] = op.getKernel()[d], strides[d] = op.getStrides()[d], dilations[d] = op.getDilations()[d];
        pads[d] = op.getPads()[d], pads[spatial + d] = op.getPads()[spatial + d];
        auto part = cast<RankedTensorType>(to.clone(shape));
        x = kernel::PoolOp::create(b, op.getLoc(), part, x, lower::emptyOf(b, op.getLoc(), part), op.getKind(), kernel,
                                   strides, pads, dilations, op.getCountPad(), lower::isUnsigned(op.getX()), op.getP())
                .getResult(0);
      }
      b.replaceOp(op, x);
      return success();
    }
    b.replaceOpWithNewOp<kernel::PoolOp>(op, type, a.getX(), lower::emptyOf(b, op.getLoc(), type), op.getKind(),
                                         op.getKernel(), op.getStrides(), op.getPads(), op.getDilations(),
                                         op.getCountPad(), lower::isUnsigned(op.getX()), op.getP());
    return success();
  }
};
struct LowerPoolIndex : OpConversionPattern<nn::PoolIndexOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::PoolIndexOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    b.replaceOpWithNewOp<kernel::PoolIndexOp>(op, type, a.getX(), lower::emptyOf(b, op.getLoc(), type), op.getKernel(),
                                              op.getStrides(), op.getPads(), op.getDilations(), op.getColumnMajor(),
                                              lower::isUnsigned(op.getX()));
    return success();
  }
};
} // namespace

void lower::populateReductionPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerReduce, LowerArgReduce, ExpandSoftmax, ExpandNorm, LowerPool, LowerPoolIndex>(
      types, patterns.getContext());
}
