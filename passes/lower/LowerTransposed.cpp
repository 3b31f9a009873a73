// A transposed convolution with strides s is s^d convolutions: the outputs p, p + s, p + 2s, .. meet the same taps of
// the kernel, at a distance of one input pixel each. Few such phases are a kernel.conv of unit stride each, over these
// taps in reverse order, whose result is inserted with strides; the epilogue's operands are sliced alike. Many phases
// are channels of one convolution, whose pixels are shuffled afterwards. Dilated kernels of many phases, whose taps
// lie apart, read the input with zeros between its pixels.
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "passes/lower/Lower.h"
#include "llvm/Support/MathExtras.h"
using namespace mlir;
using namespace nncc;

namespace {
// Phases that are convolutions of their own: bufferisation is slow on longer chains of insertions.
constexpr int64_t mostPhases = 16;
// Elements to which the weights of many phases may grow with zeros.
constexpr double mostWeights = 1 << 24;

// One dimension of a convolution of unit stride: output j reads the inputs j + `start` + m * `dilation`, m < `count`.
struct Reads {
  int64_t in, extent, count, start, dilation;

  int64_t end() const { return start + extent + (count - 1) * dilation; }
  int64_t from() const { return std::max<int64_t>(start, 0); }
  int64_t to() const { return std::min(end(), in); }
  int64_t low() const { return std::max<int64_t>(-start, 0); }
  int64_t high() const { return std::max<int64_t>(end() - in, 0); }
  bool meetsInput() const { return count > 0 && from() < to(); }
};

// One dimension of its weights: tap m of phase q, of `phases`, is tap `first` + q - m * `step` of the kernel, or 0.
struct Taps {
  int64_t count, phases, first, step;
};

struct Dimension {
  Reads reads;
  Taps taps;
  int64_t skip = 0; // outputs of the convolution before the first of the result
};

// The outputs `phase`, `phase` + `stride`, ..
Dimension onePhase(int64_t phase, int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilate,
                   int64_t low) {
  Reads reads{in, out > phase ? int64_t(llvm::divideCeil(out - phase, stride)) : 0, 0, 0, 1};
  Taps taps{0, 1, 0, 1};
  for (int64_t k = kernel - 1; k >= 0; k--) {
    if ((k * dilate - low - phase) % stride)
      continue;
    if (reads.count == 1) {
      taps.step = taps.first - k;
      reads.dilation = taps.step * dilate / stride;
    } else if (reads.count == 0) {
      taps.first = k;
      reads.start = (phase + low - k * dilate) / stride;
    }
    reads.count++;
  }
  taps.count = reads.count;
  return {reads, taps};
}

// All phases of an undilated kernel: output j of phase q is that at j * phases + q - skip. It is o = j * s + q, which
// meets tap o + low - s * i at input i; with a = floor(low / s) and i = j + a + 1 - m, that is tap q + base + s * m.
Dimension allPhases(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t low) {
  int64_t a = llvm::divideFloorSigned(low, stride), skip = 0;
  if (out >= 2 * stride) { // a phase then meets the taps of its own number, and no more of them than it must
    skip = low - a * stride;
    low -= skip;
    out += skip;
  }
  int64_t phases = std::min(stride, out), base = low - stride * (a + 1);
  int64_t least = llvm::divideCeil(std::max<int64_t>(-base - (phases - 1), 0), stride);
  int64_t most = llvm::divideFloorSigned(kernel - 1 - base, stride), count = most - least + 1;
  return {{in, int64_t(llvm::divideCeil(out, phases)), count, a + 1 - most, 1},
          {count, phases, base + stride * most, stride},
          skip};
}

// All outputs, from an input with `stride` - 1 zeros between its pixels.
Dimension spread(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilate, int64_t low) {
  return {{(in - 1) * stride + 1, out, kernel, low - (kernel - 1) * dilate, dilate}, {kernel, 1, kernel - 1, 1}};
}

SmallVector<OpFoldResult> constants(OpBuilder &b, ArrayRef<int64_t> list) {
  return getAsIndexOpFoldResult(b.getContext(), list);
}

// `v` inserted at `offsets`, `steps` apart, into zeros.
Value insertIntoZeros(OpBuilder &b, Value v, ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets,
                      ArrayRef<int64_t> steps) {
  RankedTensorType type = typeOf(v);
  Value zeros = lower::filled(b, v.getLoc(), type.clone(shape), b.getZeroAttr(type.getElementType()));
  return tensor::InsertSliceOp::create(b, v.getLoc(), v, zeros, constants(b, offsets), constants(b, type.getShape()),
                                       constants(b, steps));
}

//===-- Weights -------------------------------------------------------------------------------------------------===//

// w[kernel.., C, OC / groups] as [taps.., C / groups, groups * phases.. * OC / groups].
struct PhaseWeights {
  Value w;
  int64_t groups;
  SmallVector<Taps> taps;

  int64_t phases() const {
    int64_t n = 1;
    for (const Taps &t : taps)
      n *= t.phases;
    return n;
  }
  RankedTensorType type() const {
    RankedTensorType from = typeOf(w);
    SmallVector<int64_t> shape;
    for (const Taps &t : taps)
      shape.push_back(t.count);
    shape.append({from.getDimSize(taps.size()) / groups, groups * phases() * from.getShape().back()});
    return RankedTensorType::get(shape, from.getElementType());
  }

  Value build(OpBuilder &b, unsigned number) const {
    bool isWhole = groups == 1;
    for (auto [d, t] : llvm::enumerate(taps))
      isWhole &= typeOf(w).getDimSize(d) == 1 && t.count == 1 && t.phases == 1;
    if (isWhole)
      return w;
    TypedAttr value;
    if (matchPattern(w, m_Constant(&value)))
      return arith::ConstantOp::create(b, w.getLoc(), rearrange(cast<ElementsAttr>(value), number));
    return rearrange(b);
  }

private:
  // [taps.., C / groups, groups, phases.., OC / groups] first, whose elements lie in the same order.
  Value rearrange(OpBuilder &b) const {
    RankedTensorType from = typeOf(w);
    size_t n = taps.size();
    int64_t channels = from.getDimSize(n) / groups;
    SmallVector<int64_t> padded(from.getShape()), lows(n + 2, 0), shape;
    for (auto [d, t] : llvm::enumerate(taps)) {
      lows[d] = std::max<int64_t>((t.count - 1) * t.step - t.first, 0);
      padded[d] = lows[d] + std::max(from.getDimSize(d), t.first + t.phases);
      shape.push_back(t.count);
    }
    Value source = w;
    if (padded != from.getShape())
      source = insertIntoZeros(b, w, padded, lows, SmallVector<int64_t>(n + 2, 1));
    shape.append({channels, groups});
    SmallVector<AffineExpr> exprs;
    for (auto [d, t] : llvm::enumerate(taps)) {
      shape.push_back(t.phases);
      exprs.push_back(b.getAffineConstantExpr(t.first + lows[d]) + b.getAffineDimExpr(n + 2 + d) -
                      b.getAffineDimExpr(d) * t.step);
    }
    shape.push_back(from.getShape().back());
    exprs.push_back(b.getAffineDimExpr(n + 1) * channels + b.getAffineDimExpr(n));
    exprs.push_back(b.getAffineDimExpr(2 * n + 2));
    Value split = lower::buildMap(b, w.getLoc(), RankedTensorType::get(shape, from.getElementType()), source,
                                  AffineMap::get(2 * n + 3, 0, exprs, b.getContext()), false, false,
                                  [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    SmallVector<ReassociationIndices> joined;
    for (size_t d = 0; d <= n; d++)
      joined.push_back({int64_t(d)});
    joined.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(n + 1, 2 * n + 3)));
    return tensor::CollapseShapeOp::create(b, w.getLoc(), type(), split, joined);
  }

  // Position `linear` of `extents` in row-major order.
  static SmallVector<int64_t> split(int64_t linear, ArrayRef<int64_t> extents) {
    SmallVector<int64_t> at(extents.size());
    for (size_t d = extents.size(); d-- > 0; linear /= extents[d])
      at[d] = linear % extents[d];
    return at;
  }

  TypedAttr rearrange(ElementsAttr value, unsigned number) const {
    RankedTensorType to = type(), from = typeOf(w);
    SmallVector<int64_t> counts, ofPhases;
    bool isInside = true;
    for (auto [d, t] : llvm::enumerate(taps)) {
      counts.push_back(t.count);
      ofPhases.push_back(t.phases);
      isInside &= t.first - (t.count - 1) * t.step >= 0 && t.first + t.phases <= from.getDimSize(d);
    }
    if (auto splat = dyn_cast<SplatElementsAttr>(value); splat && isInside)
      return splat.resizeSplat(to);
    ArrayRef<char> source;
    bool isSplat = isa<SplatElementsAttr>(value);
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      source = resource.getRawHandle().getBlob()->getData();
    else
      source = cast<DenseElementsAttr>(value).getRawData();
    int64_t bytes = from.getElementTypeBitWidth() / 8, outs = from.getShape().back();
    int64_t channels = from.getDimSize(taps.size()), perGroup = channels / groups;
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(to.getNumElements() * bytes, 64, /*dataIsMutable=*/true);
    char *out = blob.getMutableData().data();
    for (int64_t tap = 0, n = llvm::product_of(counts); tap < n; tap++)
      for (int64_t c = 0; c < perGroup; c++)
        for (int64_t g = 0; g < groups; g++)
          for (int64_t phase = 0; phase < phases(); phase++, out += outs * bytes) {
            SmallVector<int64_t> m = split(tap, counts), q = split(phase, ofPhases);
            int64_t offset = 0;
            bool isTap = true;
            for (auto [d, t] : llvm::enumerate(taps)) {
              int64_t k = t.first + q[d] - m[d] * t.step;
              isTap &= k >= 0 && k < from.getDimSize(d);
              offset = offset * from.getDimSize(d) + k;
            }
            offset = (offset * channels + g * perGroup + c) * outs;
            if (!isTap)
              memset(out, 0, outs * bytes);
            else
              for (int64_t i = 0; i < outs; i++)
                memcpy(out + i * bytes, source.data() + (isSplat ? 0 : (offset + i) * bytes), bytes);
          }
    return DenseResourceElementsAttr::get(to, "w" + std::to_string(number), std::move(blob));
  }
};

//===-- The op --------------------------------------------------------------------------------------------------===//

// The part of an operand, broadcast to `result`, that belongs to a part of the result.
Value slice(OpBuilder &b, Value v, RankedTensorType result, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
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

bool meetsInput(ArrayRef<Dimension> dims) {
  return llvm::all_of(dims, [](const Dimension &d) { return d.reads.meetsInput(); });
}

struct LowerConvTranspose : OpConversionPattern<nn::ConvTransposeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ConvTransposeOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    if (typeOf(a.getX()).getNumElements() == 0 || type.getNumElements() == 0) {
      b.replaceOp(op, lower::buildEpilogue(b, op, type, a.getExtras()));
      return success();
    }
    int64_t phases = 1; // no more than the result has elements
    for (auto [d, stride] : llvm::enumerate(op.getStrides()))
      phases *= std::min(stride, type.getDimSize(1 + d));
    if (phases <= mostPhases)
      b.replaceOp(op, phaseByPhase(b, op, a, type));
    else if (auto dims = asChannels(op, type))
      b.replaceOp(op, shuffled(b, op, a, type, *dims));
    else
      b.replaceOp(op, throughZeros(b, op, a, type));
    return success();
  }

private:
  // None where dilated taps lie apart, or the weights would be zeros for the most part.
  static std::optional<SmallVector<Dimension>> asChannels(nn::ConvTransposeOp op, RankedTensorType type) {
    RankedTensorType x = typeOf(op.getX()), w = typeOf(op.getW());
    SmallVector<Dimension> dims;
    double grown = 1;
    for (auto [d, stride] : llvm::enumerate(op.getStrides())) {
      if (op.getDilations()[d] != 1 && w.getDimSize(d) != 1)
        return std::nullopt;
      dims.push_back(allPhases(x.getDimSize(1 + d), type.getDimSize(1 + d), w.getDimSize(d), stride, op.getLows()[d]));
      grown *= double(dims.back().taps.count) * double(dims.back().taps.phases) / double(w.getDimSize(d));
    }
    if (grown > 4 && grown * double(w.getNumElements()) > mostWeights)
      return std::nullopt;
    return dims;
  }

  Value phaseByPhase(ConversionPatternRewriter &b, nn::ConvTransposeOp op, OpAdaptor a, RankedTensorType type) const {
    Location loc = op.getLoc();
    SmallVector<int64_t> steps(type.getRank(), 1), counts;
    for (auto [d, stride] : llvm::enumerate(op.getStrides())) {
      counts.push_back(std::min(stride, type.getDimSize(1 + d)));
      steps[1 + d] = stride;
    }
    int64_t phases = llvm::product_of(counts);
    Value all = phases == 1 ? Value() : lower::emptyOf(b, loc, type);
    for (int64_t i = 0; i < phases; i++) {
      SmallVector<Dimension> dims;
      SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape());
      for (int64_t d = int64_t(counts.size()) - 1, rest = i; d >= 0; rest /= counts[d--])
        offsets[1 + d] = rest % counts[d];
      for (size_t d = 0; d < counts.size(); d++) {
        dims.push_back(onePhase(offsets[1 + d], typeOf(a.getX()).getDimSize(1 + d), type.getDimSize(1 + d),
                                typeOf(a.getW()).getDimSize(d), steps[1 + d], op.getDilations()[d], op.getLows()[d]));
        sizes[1 + d] = dims.back().reads.extent;
      }
      SmallVector<Value> extras;
      for (Value extra : a.getExtras())
        extras.push_back(slice(b, extra, type, offsets, sizes, steps));
      RankedTensorType partType = type.clone(sizes);
      Value part = meetsInput(dims) ? convolve(b, op, a.getX(), a.getW(), partType, dims, &op.getEpilogue(), extras)
                                    : lower::buildEpilogue(b, op, partType, extras);
      if (!all)
        return part;
      all = tensor::InsertSliceOp::create(b, loc, part, all, constants(b, offsets), constants(b, sizes),
                                          constants(b, steps));
    }
    return all;
  }

  // [N, j.., group, phase.., channel] => [N, j * phases + phase.., channels], of which the result is a slice.
  Value shuffled(ConversionPatternRewriter &b, nn::ConvTransposeOp op, OpAdaptor a, RankedTensorType type,
                 ArrayRef<Dimension> dims) const {
    if (!meetsInput(dims))
      return lower::buildEpilogue(b, op, type, a.getExtras());
    Location loc = op.getLoc();
    int64_t n = dims.size(), groups = op.getGroups(), outs = type.getShape().back() / groups;
    Type element = typeOf(a.getX()).getElementType();
    SmallVector<int64_t> small = {type.getDimSize(0)}, split = small, moved = small, whole = small, offsets = {0};
    SmallVector<AffineExpr> exprs = {b.getAffineDimExpr(0)};
    SmallVector<ReassociationIndices> splits, joins = {{0}};
    int64_t channels = groups * outs;
    for (auto [d, dim] : llvm::enumerate(dims)) {
      channels *= dim.taps.phases;
      small.push_back(dim.reads.extent);
      split.push_back(dim.reads.extent);
      moved.append({dim.reads.extent, dim.taps.phases});
      whole.push_back(dim.reads.extent * dim.taps.phases);
      offsets.push_back(dim.skip);
      exprs.push_back(b.getAffineDimExpr(1 + 2 * d));
      joins.push_back({int64_t(1 + 2 * d), int64_t(2 + 2 * d)});
    }
    split.push_back(groups);
    exprs.push_back(b.getAffineDimExpr(2 * n + 1));
    for (auto [d, dim] : llvm::enumerate(dims)) {
      split.push_back(dim.taps.phases);
      exprs.push_back(b.getAffineDimExpr(2 + 2 * d));
    }
    exprs.push_back(b.getAffineDimExpr(2 * n + 2));
    small.push_back(channels);
    split.push_back(outs);
    moved.append({groups, outs});
    whole.push_back(groups * outs);
    offsets.push_back(0);
    joins.push_back({2 * n + 1, 2 * n + 2});
    for (int64_t d = 0; d <= n; d++)
      splits.push_back({d});
    splits.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(n + 1, 2 * n + 3)));

    Value y = convolve(b, op, a.getX(), a.getW(), RankedTensorType::get(small, element), dims, nullptr, {});
    y = tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(split, element), y, splits);
    y = lower::buildMap(b, loc, RankedTensorType::get(moved, element), y,
                        AffineMap::get(2 * n + 3, 0, exprs, b.getContext()), false, false,
                        [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    auto wholeType = RankedTensorType::get(whole, element);
    y = tensor::CollapseShapeOp::create(b, loc, wholeType, y, joins);
    y = slice(b, y, wholeType, offsets, type.getShape(), SmallVector<int64_t>(n + 2, 1));
    if (nn::isIdentityEpilogue(op.getEpilogue()))
      return y;
    return lower::buildEpilogue(b, op, type, a.getExtras(), y);
  }

  Value throughZeros(ConversionPatternRewriter &b, nn::ConvTransposeOp op, OpAdaptor a, RankedTensorType type) const {
    RankedTensorType x = typeOf(a.getX());
    SmallVector<int64_t> shape(x.getShape()), steps(x.getRank(), 1);
    SmallVector<Dimension> dims;
    for (auto [d, stride] : llvm::enumerate(op.getStrides())) {
      dims.push_back(spread(x.getDimSize(1 + d), type.getDimSize(1 + d), typeOf(a.getW()).getDimSize(d), stride,
                            op.getDilations()[d], op.getLows()[d]));
      shape[1 + d] = dims.back().reads.in;
      steps[1 + d] = stride;
    }
    if (!meetsInput(dims))
      return lower::buildEpilogue(b, op, type, a.getExtras());
    Value wide = insertIntoZeros(b, a.getX(), shape, SmallVector<int64_t>(x.getRank(), 0), steps);
    return convolve(b, op, wide, a.getW(), type, dims, &op.getEpilogue(), a.getExtras());
  }

  Value convolve(ConversionPatternRewriter &b, nn::ConvTransposeOp op, Value input, Value weights,
                 RankedTensorType type, ArrayRef<Dimension> dims, Region *epilogue, ValueRange extras) const {
    RankedTensorType x = typeOf(input);
    SmallVector<int64_t> from(x.getRank(), 0), sizes(x.getShape()), ones(x.getRank(), 1), strides, dilations, pads;
    PhaseWeights w{weights, int64_t(op.getGroups()), {}};
    for (auto [d, dim] : llvm::enumerate(dims)) {
      from[1 + d] = dim.reads.from();
      sizes[1 + d] = dim.reads.to() - dim.reads.from();
      strides.push_back(1);
      dilations.push_back(dim.reads.dilation);
      pads.push_back(dim.reads.low());
      w.taps.push_back(dim.taps);
    }
    for (const Dimension &dim : dims)
      pads.push_back(dim.reads.high());
    return lower::buildConvolution(b, op.getLoc(), type,
                                   {slice(b, input, x, from, sizes, ones), w.build(b, made++), extras, strides, pads,
                                    dilations, int64_t(op.getGroups()), epilogue});
  }

  mutable unsigned made = 0; // weights, which need names of their own
};
} // namespace

void lower::populateTransposedPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerConvTranspose>(types, patterns.getContext());
}
