// Window.h's implementation.
#include "passes/kernels/Window.h"

using namespace mlir;
using nncc::kernel::WindowGeometry;

namespace nncc {

ImageStrides imageStrides(Value image, unsigned spatial, bool channelsFirst) {
  auto [strides, offset] = cast<MemRefType>(image.getType()).getStridesAndOffset();
  ImageStrides s = {strides[0], channelsFirst ? strides[1] : strides.back(), {0, 0, 0}};
  for (unsigned d = 0; d < spatial; d++)
    s.spatial[3 - spatial + d] = strides[(channelsFirst ? 2 : 1) + d];
  return s;
}

bool isInside(const WindowGeometry &g, unsigned d, int64_t at, int64_t tap) {
  int64_t position = at * g.stride[d] - g.low[d] + tap * g.dilation[d];
  return position >= 0 && position < g.in[d];
}

bool neverPads(const WindowGeometry &g, unsigned d) {
  return isInside(g, d, 0, 0) && isInside(g, d, g.out[d] - 1, g.kernel[d] - 1);
}

std::pair<int64_t, int64_t> insideTiles(const WindowGeometry &g, unsigned d, int64_t size) {
  int64_t tiles = g.out[d] / size, step = size * g.stride[d];
  // Tile i begins at i * step - low, and its last window ends at i * step - low + reach.
  int64_t reach = (size - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d];
  int64_t first = std::max<int64_t>(llvm::divideCeilSigned(g.low[d], step), 0);
  int64_t end = std::min(llvm::divideFloorSigned(g.in[d] - 1 - reach + g.low[d], step) + 1, tiles);
  return first < end ? std::pair(first, end) : std::pair(tiles, tiles);
}

KernelSite::Range insideTaps(Emitter &e, const WindowGeometry &g, unsigned d, Value first) {
  if (neverPads(g, d))
    return {e.c(0), e.c(g.kernel[d])};
  Value from = e.max(e.ceilDiv(e.sub(e.c(0), first), g.dilation[d]), e.c(0));
  Value to = e.min(e.ceilDiv(e.sub(e.c(g.in[d]), first), g.dilation[d]), e.c(g.kernel[d]));
  return {from, to};
}

void forEachRowTile(Emitter &e, const WindowGeometry &g, int64_t rows, bool spellsTaps,
                    function_ref<void(RowTile)> body) {
  int64_t extent = g.out[2], limit = 16 * rows; // pixels at a constant position, at each end
  if (spellsTaps)
    limit = std::min(limit, 4096 / g.kernel[2]);
  auto [first, end] = insideTiles(g, 2, rows);
  auto constant = [&](int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at += rows)
      body({e.c(at), std::min(rows, to - at), false});
  };
  auto edge = [&](int64_t from, int64_t to) {
    if (to - from <= limit)
      constant(from, to);
    else
      e.loop(e.c(from), e.c(to), 1, [&](Value at) { body({at, 1, true}); });
  };
  edge(0, first * rows);
  if (end - first == 1)
    constant(first * rows, end * rows);
  else if (end > first)
    e.loop(e.c(first * rows), e.c(end * rows), rows, [&](Value at) { body({at, rows, false}); });
  edge(end * rows, extent);
}

void forEachOuterTap(Emitter &e, const WindowGeometry &g, ArrayRef<Value> firsts, SmallVector<Value> &acc,
                     function_ref<void(Value, Value, SmallVector<Value> &)> body) {
  auto over = [&](unsigned d, SmallVector<Value> &acc, function_ref<void(Value, SmallVector<Value> &)> inner) {
    auto [from, to] = insideTaps(e, g, d, firsts[d]);
    if (g.kernel[d] == 1 && neverPads(g, d))
      return inner(e.c(0), acc);
    acc = e.loop(from, to, 1, acc, inner);
  };
  over(0, acc, [&](Value kd, SmallVector<Value> &acc) {
    over(1, acc, [&](Value kh, SmallVector<Value> &acc) { body(kd, kh, acc); });
  });
}

} // namespace nncc
