// Depthwise convolutions: channels in the lanes, a tile of neighbouring pixels of one or more output rows in registers,
// channels as the innermost loop so that memory is read in order.
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Contraction.h"
#include "passes/kernels/Window.h"
#include <map>

using namespace mlir;

namespace nncc {
namespace {

struct DepthwiseEmitter : ContractionEmitter {
  DepthwiseEmitter(kernel::DepthwiseOp op, const KernelSite &site, const kernel::WindowGeometry &g)
      : ContractionEmitter(op, op.getInit(),
                           kernel::TileAttr::get(op.getContext(), op.getTile()->getRows(), 1, op.getTile()->getLanes()),
                           getElementTypeOrSelf(op.getX().getType()), g.oc, 1),
        g(g), site(site), tileRows(op.getTile()->getVectors()), x(open(op.getX())), weights(open(op.getW())),
        xs(imageStrides(op.getX(), g.spatial)), multiplier(g.oc / g.ic) {}

  const kernel::WindowGeometry &g;
  const KernelSite &site;
  int64_t tileRows;
  Buffer x, weights;
  ImageStrides xs;
  int64_t multiplier;

  void run();
  void interiorRows(Value plane, Value row, RowTile tile);
  void anyRow(Value plane, Value row, RowTile tile);
  void forEachChannels(function_ref<void(const Column &)> body);
  Value pixel(Address at, const Column &column);
  SmallVector<RowBase> bases(Value plane, Value row, Value at);
};

// Units are groups of rows of one plane (batch x depth) after another. Groups whose windows stay inside vertically take
// all their rows at once, the others row by row.
void DepthwiseEmitter::run() {
  int64_t groups = kernel::tilesOf(g.out[1], tileRows);
  int64_t from, to;
  std::tie(from, to) = insideTiles(g, 1, tileRows);
  // All taps of a tile are spelt out; a window too large for that goes row by row everywhere.
  if (from == to || g.kernel[0] != 1 || !neverPads(g, 0) || g.taps() * tileRows * rows > 400)
    from = to = groups;

  KernelSite::Range range = site.units[0];
  loop(div(range.from, groups), ceilDiv(range.to, groups), 1, [&](Value plane) {
    Value first = mul(plane, groups);
    Value begin = max(sub(range.from, first), c(0)), end = min(sub(range.to, first), c(groups));
    auto rowByRow = [&](Value begin, Value end) {
      loop(mul(begin, tileRows), min(mul(end, tileRows), c(g.out[1])), 1, [&](Value row) {
        forEachRowTile(*this, g, rows, /*spellsTaps=*/true, [&](RowTile t) { anyRow(plane, row, t); });
      });
    };
    if (from > 0)
      rowByRow(begin, min(end, c(from)));
    if (to > from)
      loop(max(begin, c(from)), min(end, c(to)), 1, [&](Value group) {
        forEachRowTile(*this, g, rows, /*spellsTaps=*/true,
                       [&](RowTile t) { interiorRows(plane, mul(group, tileRows), t); });
      });
    if (to < groups)
      rowByRow(max(begin, c(to)), end);
  });
}

void DepthwiseEmitter::forEachChannels(function_ref<void(const Column &)> body) {
  forEachPanel(site.units[1], g.taps(), /*packed=*/true, 1, [&](Value, ArrayRef<Column> list) { body(list[0]); });
}

SmallVector<RowBase> DepthwiseEmitter::bases(Value plane, Value row, Value at) {
  SmallVector<Value> planes = delinearize(plane, {g.batch, g.out[0]});
  SmallVector<Value> indices = {planes[0]};
  if (g.spatial > 2)
    indices.push_back(planes[1]);
  if (g.spatial > 1)
    indices.push_back(row);
  indices.push_back(at);
  return rowBases(indices, indices.size() - 1);
}

// The input of `column`'s lanes at a pixel; with a multiplier each input channel serves that many lanes.
Value DepthwiseEmitter::pixel(Address at, const Column &column) {
  if (multiplier == 1)
    return load(x, add(at, column.result), lanes, column.mask);
  int64_t wide = lanes / multiplier;
  Address channel = at;
  if (column.result.base)
    channel = add(channel, div(column.result.base, multiplier));
  channel.constant += column.result.constant / multiplier;
  Value few = load(x, channel, wide, mask(wide, llvm::divideCeil(column.valid, multiplier)));
  SmallVector<int64_t> spread;
  for (int64_t i = 0; i < lanes; i++)
    spread.push_back(i / multiplier);
  return vector::ShuffleOp::create(b, few, few, spread);
}

void DepthwiseEmitter::interiorRows(Value plane, Value row, RowTile t) {
  SmallVector<Value> planes = delinearize(plane, {g.batch, g.out[0]});
  Value y = add(mul(row, g.stride[1]), -g.low[1]), left = add(mul(t.at, g.stride[2]), -g.low[2]);
  Address corner =
      add(add(add(Address(), planes[0], xs.batch), planes[1], xs.spatial[0] * g.stride[0]), y, xs.spatial[1]);
  corner = add(corner, left, xs.spatial[2]);
  SmallVector<SmallVector<RowBase>> rowsOf;
  for (int64_t r = 0; r < tileRows; r++)
    rowsOf.push_back(bases(plane, add(row, r), t.at));
  auto at = getConstantIntValue(t.at);
  if (t.mayPad) {
    for (int64_t r = 0; r < tileRows; r++)
      anyRow(plane, add(row, r), t);
    return;
  }
  // By offset (y, x) from the corner: the outputs that read a pixel, and through which taps.
  std::map<std::pair<int64_t, int64_t>, SmallVector<std::pair<int64_t, int64_t>, 4>> pixels;
  for (int64_t r = 0; r < tileRows; r++)
    for (int64_t p = 0; p < t.height; p++)
      for (int64_t tap = 0; tap < g.taps(); tap++) {
        int64_t kx = tap % g.kernel[2], x = p * g.stride[2] + kx * g.dilation[2];
        if (!at || isInside(g, 2, *at + p, kx))
          pixels[{r * g.stride[1] + tap / g.kernel[2] * g.dilation[1], x}].push_back({r * t.height + p, tap});
      }
  forEachChannels([&](const Column &column) {
    SmallVector<Value> taps, acc;
    for (int64_t tap = 0; tap < g.taps(); tap++)
      taps.push_back(load(weights, add(column.weights, tap * lanes), lanes));
    for (int64_t r = 0; r < tileRows; r++)
      llvm::append_range(acc, start(column, t.height, rowsOf[r]));
    // Each input pixel is loaded once, in memory's order, and joins every output that reads it.
    for (auto &[offset, readers] : pixels) {
      Value value = pixel(add(corner, offset.first * xs.spatial[1] + offset.second * xs.spatial[2]), column);
      for (auto [output, tap] : readers)
        acc[output] = multiplyAdd(value, taps[tap], acc[output]);
    }
    for (int64_t r = 0; r < tileRows; r++)
      finish(ArrayRef(acc).slice(r * t.height, t.height), column, t.height, rowsOf[r]);
  });
}

void DepthwiseEmitter::anyRow(Value plane, Value row, RowTile t) {
  SmallVector<Value> planes = delinearize(plane, {g.batch, g.out[0]});
  SmallVector<Value> outer = {planes[1], row, t.at}, first;
  for (unsigned d = 0; d < 3; d++)
    first.push_back(add(mul(outer[d], g.stride[d]), -g.low[d]));
  SmallVector<RowBase> rowsOf = bases(plane, row, t.at);
  auto at = getConstantIntValue(t.at);
  forEachChannels([&](const Column &column) {
    SmallVector<Value> acc = start(column, t.height, rowsOf);
    forEachOuterTap(*this, g, first, acc, [&](Value kd, Value kh, SmallVector<Value> &acc) {
      Address corner = add(Address(), planes[0], xs.batch);
      corner = add(corner, add(first[0], mul(kd, g.dilation[0])), xs.spatial[0]);
      corner = add(corner, add(first[1], mul(kh, g.dilation[1])), xs.spatial[1]);
      corner = add(corner, first[2], xs.spatial[2]);
      Address tap = add(add(column.weights, kd, g.kernel[1] * g.kernel[2] * lanes), kh, g.kernel[2] * lanes);
      auto join = [&](Address pixelAt, Address tapAt, ArrayRef<bool> reads, SmallVector<Value> &acc) {
        Value w = load(weights, tapAt, lanes);
        for (int64_t p = 0; p < t.height; p++)
          if (reads[p])
            acc[p] = multiplyAdd(pixel(add(pixelAt, p * g.stride[2] * xs.spatial[2]), column), w, acc[p]);
      };
      int64_t step = g.dilation[2] * xs.spatial[2];
      if (t.mayPad || g.kernel[2] > 16) {
        // Every pixel of the tile reads the same taps here: it is one pixel, or none touches padding.
        bool inside =
            !t.mayPad && (!at || (isInside(g, 2, *at, 0) && isInside(g, 2, *at + t.height - 1, g.kernel[2] - 1)));
        if (t.mayPad || inside) {
          KernelSite::Range kws =
              t.mayPad ? insideTaps(*this, g, 2, first[2]) : KernelSite::Range{c(0), c(g.kernel[2])};
          acc = loop(kws.from, kws.to, 1, acc, [&](Value kw, SmallVector<Value> &acc) {
            join(add(corner, kw, step), add(tap, kw, lanes), SmallVector<bool>(t.height, true), acc);
          });
          return;
        }
      }
      for (int64_t kw = 0; kw < g.kernel[2]; kw++) {
        SmallVector<bool> reads;
        for (int64_t p = 0; p < t.height; p++)
          reads.push_back(!at || isInside(g, 2, *at + p, kw));
        join(add(corner, kw * step), add(tap, kw * lanes), reads, acc);
      }
    });
    finish(acc, column, t.height, rowsOf);
  });
}

} // namespace

LogicalResult emitDepthwise(kernel::DepthwiseOp op, const KernelSite &site) {
  kernel::WindowGeometry g = kernel::geometryOf(op);
  DepthwiseEmitter(op, site, g).run();
  return success();
}

} // namespace nncc
