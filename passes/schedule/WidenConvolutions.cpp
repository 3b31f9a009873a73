// Several neighbouring pixels of a convolution of few output channels become channels of one: a vector is full then.
// The taps of each are those of the window, moved by its place, among zeros.
#include "dialects/kernel/Geometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/ConstantBytes.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/ScaledWeights.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_WIDENCONVOLUTIONS
#include "passes/schedule/Passes.h.inc"
namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

// Of a convolution: `pixels` of a row become one of `pixels` times the channels.
struct Widening {
  int64_t pixels;
  int64_t taps;  // along a row
  int64_t width; // of the result's rows, rounded up
};

std::optional<Widening> wideningOf(kernel::ConvOp op) {
  constexpr double leastGain = 1.2, dearTail = 1.05;
  constexpr int64_t leastRows = 8; // of a tile of one vector, whose sums wait for the adder otherwise
  kernel::WindowGeometry g = kernel::geometryOf(op);
  kernel::TargetAttr target = kernel::TargetAttr::of(op);
  Type element = getElementTypeOrSelf(op.getX().getType());
  int64_t lanes = target.lanesOf(element), width = g.out[2],
          bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  if (g.groups != 1 || g.dilation[2] != 1 || !element.isIntOrFloat())
    return std::nullopt;
  double best = double(std::max(width, leastRows) * g.kernel[2]) / leastGain;
  std::optional<Widening> result;
  for (int64_t pixels = 2; pixels * g.oc <= lanes && pixels <= width; pixels++) {
    int64_t taps = g.kernel[2] + g.stride[2] * (pixels - 1), units = llvm::divideCeil(width, pixels);
    double work = double(std::max(units, leastRows) * taps) * (width % pixels ? dearTail : 1);
    // Weights that leave the cache take longer than what is won.
    int64_t weightBytes = g.kernel[0] * g.kernel[1] * taps * g.ic * pixels * g.oc * bytes;
    if (work < best && weightBytes * 4 <= target.getL2()) {
      best = work;
      result = {pixels, taps, units * pixels};
    }
  }
  return result;
}

// The constant's elements in another arrangement: `place(i)` are the positions that element i takes; zeros elsewhere.
TypedAttr rearranged(ElementsAttr value, ArrayRef<int64_t> shape,
                     function_ref<void(int64_t i, function_ref<void(int64_t)> put)> place) {
  auto source = bytesOf(value);
  auto type = RankedTensorType::get(shape, value.getElementType());
  if (!source || type.getElementTypeBitWidth() % 8)
    return {};
  size_t bytes = type.getElementTypeBitWidth() / 8;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(type.getNumElements() * bytes, 64, /*dataIsMutable=*/true);
  char *to = blob.getMutableData().data();
  std::memset(to, 0, type.getNumElements() * bytes);
  for (int64_t i = 0; i < value.getNumElements(); i++)
    place(i, [&](int64_t at) { std::memcpy(to + at * bytes, source->data + (source->splat ? 0 : i * bytes), bytes); });
  return DenseResourceElementsAttr::get(type, "widened", std::move(blob));
}

struct WidenConvolutionsPass : impl::WidenConvolutionsBase<WidenConvolutionsPass> {
  void runOnOperation() override {
    SmallVector<kernel::ConvOp> ops;
    getOperation().walk([&](kernel::ConvOp op) {
      if (!op.getTile() && !op.getWinograd() && typeOf(op.getX()).hasStaticShape() &&
          typeOf(op.getInit()).hasStaticShape() && typeOf(op.getW()).hasStaticShape())
        ops.push_back(op);
    });
    for (kernel::ConvOp op : ops)
      if (auto widening = wideningOf(op))
        widen(op, *widening);
  }

  // [.., p * width, channels] <=> [.., width, p * channels], by way of [.., width, p, channels].
  Value regroup(OpBuilder &b, Location loc, Value v, int64_t width, int64_t channels) {
    RankedTensorType type = typeOf(v);
    int64_t rank = type.getRank(), from = type.getDimSize(rank - 2), fromChannels = type.getDimSize(rank - 1);
    SmallVector<int64_t> between(type.getShape().drop_back(2)), to(between);
    between.append(
        {std::min(from, width), std::max(from, width) / std::min(from, width), std::min(fromChannels, channels)});
    to.append({width, channels});
    SmallVector<ReassociationIndices> rows, columns; // the groups where p belongs to rows, and to channels
    for (int64_t d = 0; d + 2 < rank; d++)
      rows.push_back({d});
    columns = rows;
    rows.append({{rank - 2, rank - 1}, {rank}});
    columns.append({{rank - 2}, {rank - 1, rank}});
    bool splitsRows = width < from;
    Value expanded = tensor::ExpandShapeOp::create(b, loc, cast<RankedTensorType>(type.clone(between)), v,
                                                   splitsRows ? rows : columns);
    return tensor::CollapseShapeOp::create(b, loc, cast<RankedTensorType>(type.clone(to)), expanded,
                                           splitsRows ? columns : rows);
  }

  // An extra operand of the epilogue for the wide result; null where there is no form for it.
  Value widenExtra(OpBuilder &b, kernel::ConvOp op, Value extra, const Widening &w) {
    kernel::WindowGeometry g = kernel::geometryOf(op);
    RankedTensorType type = typeOf(extra);
    int64_t rank = type.getRank();
    int64_t channels = rank > 0 ? type.getDimSize(rank - 1) : 1, width = rank > 1 ? type.getDimSize(rank - 2) : 1;
    if (channels == 1 && width == 1)
      return extra;
    if (width == g.out[2] && channels == g.oc && width == w.width)
      return regroup(b, op.getLoc(), extra, width / w.pixels, channels * w.pixels);
    ElementsAttr value;
    if (type.getNumElements() != channels || !matchPattern(extra, m_Constant(&value)))
      return {};
    SmallVector<int64_t> shape(type.getShape());
    shape.back() *= w.pixels;
    TypedAttr tiled = rearranged(value, shape, [&](int64_t i, function_ref<void(int64_t)> put) {
      for (int64_t p = 0; p < w.pixels; p++)
        put(p * channels + i);
    });
    return tiled ? Value(arith::ConstantOp::create(b, op.getLoc(), tiled)) : Value();
  }

  void widen(kernel::ConvOp op, const Widening &w) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    kernel::WindowGeometry g = kernel::geometryOf(op);
    // Of factors only those of input channels have a form.
    auto scaled = ScaledWeights::of(op.getW());
    ElementsAttr value;
    if (!scaled || !matchPattern(scaled->constant, m_Constant(&value)) || scaled->varyAlong(g.spatial + 1) ||
        scaled->varyAlong(g.spatial - 1))
      return;
    SmallVector<Value> extras;
    for (Value extra : op.getExtras()) {
      extras.push_back(widenExtra(b, op, extra, w));
      if (!extras.back())
        return;
    }
    SmallVector<int64_t> shape(typeOf(op.getW()).getShape());
    int64_t rank = shape.size(), oc = g.oc, channels = oc * w.pixels;
    shape[rank - 3] = w.taps;
    shape[rank - 1] = channels;
    TypedAttr weights = rearranged(value, shape, [&](int64_t i, function_ref<void(int64_t)> put) {
      int64_t column = i % oc, ic = i / oc % g.ic, tap = i / oc / g.ic % g.kernel[2], row = i / oc / g.ic / g.kernel[2];
      for (int64_t p = 0; p < w.pixels; p++)
        put(((row * w.taps + tap + p * g.stride[2]) * g.ic + ic) * channels + p * oc + column);
    });
    if (!weights)
      return;
    SmallVector<int64_t> strides(op.getStrides()), pads(op.getPads()), result(typeOf(op.getInit()).getShape());
    strides.back() *= w.pixels;
    pads.back() = std::max<int64_t>(g.kernel[2] + g.stride[2] * (w.width - 1) - g.in[2] - g.low[2], 0);
    result[result.size() - 2] = w.width / w.pixels;
    result.back() = channels;
    auto type = RankedTensorType::get(result, typeOf(op.getInit()).getElementType());
    Value init = tensor::EmptyOp::create(b, loc, result, type.getElementType());
    auto wide = kernel::ConvOp::create(b, loc, TypeRange(type), op.getX(),
                                       scaled->on(b, arith::ConstantOp::create(b, loc, weights)), extras, init, strides,
                                       pads, op.getDilations(), op.getGroups(), op.getNchwInput(), /*pooled=*/false,
                                       /*winograd=*/nullptr, kernel::TileAttr());
    wide.getEpilogue().takeBody(op.getEpilogue());
    Value pixels = regroup(b, loc, wide.getResult(0), w.width, oc);
    if (w.width != g.out[2]) {
      SmallVector<OpFoldResult> offsets(result.size(), b.getIndexAttr(0)), steps(result.size(), b.getIndexAttr(1));
      SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), typeOf(op.getInit()).getShape());
      pixels = tensor::ExtractSliceOp::create(b, loc, typeOf(op.getResult(0)), pixels, offsets, sizes, steps);
    }
    op.getResult(0).replaceAllUsesWith(pixels);
    op.erase();
    scaled->eraseUnused();
  }
};

} // namespace
} // namespace nncc
