// A transposed convolution with strides s is s^d convolutions: the outputs p, p + s, p + 2s, .. meet the same taps of
// the kernel, at a distance of one input pixel each. So each such phase is a kernel.conv of unit stride over these
// taps, in reverse order, whose result is inserted with strides; the epilogue's operands are sliced alike. Where the
// kernel is as large as the stride, each phase is a 1x1 convolution.
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

// The taps that phase `phase` of one dimension meets: tap m of its convolution is tap `tap` - m * `step` of the kernel
// and reads the input at j + `start` + m * `dilation` for output j.
struct Phase {
  int64_t extent; // outputs
  int64_t count = 0, tap = 0, step = 1, start = 0, dilation = 1;
  int64_t from = 0, to = 0; // inputs that are read
  int64_t low = 0, high = 0;

  Phase(int64_t phase, int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilate, int64_t pad)
      : extent(out > phase ? llvm::divideCeil(out - phase, stride) : 0) {
    for (int64_t k = kernel - 1; k >= 0; k--) {
      if ((k * dilate - pad - phase) % stride)
        continue;
      if (count == 1) {
        step = tap - k;
        dilation = step * dilate / stride;
      } else if (count == 0) {
        tap = k;
        start = (phase + pad - k * dilate) / stride;
      }
      count++;
    }
    int64_t end = start + extent + (count - 1) * dilation;
    from = std::max<int64_t>(start, 0);
    to = std::min(end, in);
    low = std::max<int64_t>(-start, 0);
    high = std::max<int64_t>(end - in, 0);
  }
  bool meetsInput() const { return count && from < to; }
};

// The phase's weights: w[kernel.., C, OC / groups] at its taps as [taps.., C / groups, OC].
struct PhaseWeights {
  Value w;
  int64_t groups;

  Value build(ConversionPatternRewriter &b, ArrayRef<Phase> phases) const {
    RankedTensorType from = typeOf(w);
    SmallVector<int64_t> taps;
    bool isWhole = groups == 1;
    for (auto [d, phase] : llvm::enumerate(phases)) {
      taps.push_back(phase.count);
      isWhole &= from.getDimSize(d) == 1;
    }
    if (isWhole)
      return w;
    int64_t channels = from.getDimSize(phases.size()) / groups, outs = from.getShape().back();
    SmallVector<int64_t> shape = taps;
    shape.append({channels, groups * outs});
    auto to = RankedTensorType::get(shape, from.getElementType());
    TypedAttr value;
    if (matchPattern(w, m_Constant(&value)))
      return arith::ConstantOp::create(b, w.getLoc(), rearrange(cast<ElementsAttr>(value), to, phases));

    // [taps.., C / groups, groups, OC / groups] first, whose elements lie in the same order.
    shape.back() = groups;
    shape.push_back(outs);
    SmallVector<AffineExpr> exprs;
    for (auto [d, phase] : llvm::enumerate(phases))
      exprs.push_back(b.getAffineConstantExpr(phase.tap) - b.getAffineDimExpr(d) * phase.step);
    size_t n = phases.size();
    exprs.push_back(b.getAffineDimExpr(n + 1) * channels + b.getAffineDimExpr(n));
    exprs.push_back(b.getAffineDimExpr(n + 2));
    Value split = lower::buildMap(b, w.getLoc(), RankedTensorType::get(shape, from.getElementType()), w,
                                  AffineMap::get(n + 3, 0, exprs, b.getContext()), false, false,
                                  [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    SmallVector<ReassociationIndices> joined;
    for (size_t d = 0; d <= n; d++)
      joined.push_back({int64_t(d)});
    joined.push_back({int64_t(n + 1), int64_t(n + 2)});
    return tensor::CollapseShapeOp::create(b, w.getLoc(), to, split, joined);
  }

private:
  TypedAttr rearrange(ElementsAttr value, RankedTensorType to, ArrayRef<Phase> phases) const {
    if (auto splat = dyn_cast<SplatElementsAttr>(value))
      return splat.resizeSplat(to);
    ArrayRef<char> from;
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      from = resource.getRawHandle().getBlob()->getData();
    else
      from = cast<DenseElementsAttr>(value).getRawData();
    RankedTensorType type = typeOf(w);
    int64_t bytes = type.getElementTypeBitWidth() / 8, outs = type.getShape().back() * bytes;
    int64_t channels = type.getDimSize(phases.size()), perGroup = channels / groups;
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(to.getNumElements() * bytes, 64, /*dataIsMutable=*/true);
    char *out = blob.getMutableData().data();
    for (int64_t tap = 0, taps = to.getNumElements() / to.getShape().back() / perGroup; tap < taps; tap++) {
      int64_t offset = 0, rest = tap;
      SmallVector<int64_t> at(phases.size());
      for (size_t d = phases.size(); d-- > 0; rest /= phases[d].count)
        at[d] = phases[d].tap - rest % phases[d].count * phases[d].step;
      for (size_t d = 0; d < phases.size(); d++)
        offset = offset * type.getDimSize(d) + at[d];
      for (int64_t c = 0; c < perGroup; c++)
        for (int64_t g = 0; g < groups; g++, out += outs)
          memcpy(out, from.data() + (offset * channels + g * perGroup + c) * outs, outs);
    }
    return DenseResourceElementsAttr::get(to, "w", std::move(blob));
  }
};

struct LowerConvTranspose : OpConversionPattern<nn::ConvTransposeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ConvTransposeOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    int64_t spatial = type.getRank() - 2, phases = llvm::product_of(op.getStrides());
    Value all = phases == 1 ? Value() : lower::emptyOf(b, loc, type);
    for (int64_t i = 0; i < phases; i++) {
      SmallVector<Phase> phase;
      SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape()), steps(type.getRank(), 1);
      int64_t rest = phases, number = i;
      for (int64_t d = 0; d < spatial; d++) {
        int64_t stride = op.getStrides()[d];
        rest /= stride;
        int64_t p = number / rest;
        number %= rest;
        phase.emplace_back(p, typeOf(a.getX()).getDimSize(1 + d), type.getDimSize(1 + d),
                           typeOf(a.getW()).getDimSize(d), stride, op.getDilations()[d], op.getLows()[d]);
        offsets[1 + d] = p;
        sizes[1 + d] = phase.back().extent;
        steps[1 + d] = stride;
      }
      if (llvm::is_contained(sizes, 0) && phases > 1)
        continue;
      SmallVector<Value> extras;
      for (Value extra : a.getExtras())
        extras.push_back(slice(b, extra, type, offsets, sizes, steps));
      Value part = build(b, op, a, type.clone(sizes), phase, extras);
      if (!all) {
        b.replaceOp(op, part);
        return success();
      }
      all = tensor::InsertSliceOp::create(b, loc, part, all, constants(b, offsets), constants(b, sizes),
                                          constants(b, steps));
    }
    b.replaceOp(op, all);
    return success();
  }

private:
  static SmallVector<OpFoldResult> constants(OpBuilder &b, ArrayRef<int64_t> list) {
    return getAsIndexOpFoldResult(b.getContext(), list);
  }

  // The part of an operand, broadcast to `result`, that belongs to a part of the result.
  static Value slice(OpBuilder &b, Value v, RankedTensorType result, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                     ArrayRef<int64_t> steps) {
    RankedTensorType type = typeOf(v);
    size_t skip = result.getRank() - type.getRank();
    SmallVector<int64_t> from(offsets.drop_front(skip)), to(sizes.drop_front(skip)), by(steps.drop_front(skip));
    for (int64_t d = 0; d < type.getRank(); d++)
      if (type.getDimSize(d) == 1) {
        from[d] = 0;
        to[d] = by[d] = 1;
      }
    if (type.getShape() == ArrayRef<int64_t>(to))
      return v;
    return tensor::ExtractSliceOp::create(b, v.getLoc(), v, constants(b, from), constants(b, to), constants(b, by));
  }

  static Value build(ConversionPatternRewriter &b, nn::ConvTransposeOp op, OpAdaptor a, RankedTensorType type,
                     ArrayRef<Phase> phases, ValueRange extras) {
    Location loc = op.getLoc();
    if (!llvm::all_of(phases, [](const Phase &p) { return p.meetsInput(); }))
      return buildEpilogue(b, op, type, extras);
    RankedTensorType x = typeOf(a.getX());
    SmallVector<int64_t> from(x.getRank(), 0), sizes(x.getShape()), ones(x.getRank(), 1), strides, dilations, pads;
    for (auto [d, phase] : llvm::enumerate(phases)) {
      from[1 + d] = phase.from;
      sizes[1 + d] = phase.to - phase.from;
      strides.push_back(1);
      dilations.push_back(phase.dilation);
      pads.push_back(phase.low);
    }
    for (const Phase &phase : phases)
      pads.push_back(phase.high);
    Value input = slice(b, a.getX(), x, from, sizes, ones);
    Value w = PhaseWeights{a.getW(), int64_t(op.getGroups())}.build(b, phases);
    return lower::buildConvolution(
        b, loc, type, {input, w, extras, strides, pads, dilations, int64_t(op.getGroups()), &op.getEpilogue()});
  }

  // Outputs that no tap meets: the epilogue of 0.
  static Value buildEpilogue(OpBuilder &b, nn::ConvTransposeOp op, RankedTensorType type, ValueRange extras) {
    SmallVector<AffineMap> maps;
    SmallVector<bool> isBool;
    for (auto [extra, original] : llvm::zip(extras, op.getExtras())) {
      maps.push_back(lower::broadcastMap(typeOf(extra).getShape(), type.getShape(), b.getContext()));
      isBool.push_back(typeOf(original).getElementType().isInteger(1));
    }
    auto body = [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      Block &epilogue = op.getEpilogue().front();
      IRMapping map;
      Type element = epilogue.getArgument(0).getType();
      map.map(epilogue.getArgument(0), arith::ConstantOp::create(nested, loc, nested.getZeroAttr(element)).getResult());
      map.map(epilogue.getArguments().drop_front(), args);
      for (Operation &each : epilogue.without_terminator())
        nested.clone(each, map);
      return map.lookupOrDefault(cast<nn::YieldOp>(epilogue.getTerminator()).getValue());
    };
    return lower::buildMap(b, op.getLoc(), type, extras, maps, isBool, op.getType().getElementType().isInteger(1),
                           body);
  }
};
} // namespace

void lower::populateTransposedPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerConvTranspose>(types, patterns.getContext());
}
