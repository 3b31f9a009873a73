// Convolutions as implicit matrix products: a tile's rows are neighbouring pixels of an output row, its columns output
// channels. Rows of padding are left out by the bounds of the loops over taps, columns of padding by leaving out the
// multiplications, in tiles at the edges that know their position. Nothing is copied or padded.
#include "passes/kernels/Contraction.h"
#include "passes/kernels/EmitGemm.h"
#include "passes/kernels/Window.h"

using namespace mlir;

namespace nncc {
namespace {

struct ConvEmitter : ContractionEmitter {
  ConvEmitter(kernel::ConvOp conv, const KernelSite &site, const kernel::WindowGeometry &g)
      : ContractionEmitter(conv, conv.getInit(), conv.getTileAttr(), getElementTypeOrSelf(conv.getX().getType()),
                           g.oc / g.groups, g.groups),
        g(g), site(site), x(open(conv.getX())), weights(open(conv.getW())),
        xs(imageStrides(conv.getX(), g.spatial, conv.getNchwInput())), depth(g.ic / g.groups) {
    cutSum(kernel::slabsOf(conv), site.scratch);
  }

  const kernel::WindowGeometry &g;
  const KernelSite &site;
  Buffer x, weights;
  ImageStrides xs;
  int64_t depth; // input channels of a group
  int64_t weightBytes = 0;

  Value slab; // how many of them the slab at hand has

  struct Tile : RowTile {
    SmallVector<Value> row; // batch and outer positions
    Value number;
    SmallVector<RowBase> bases;
    Address partial;
  };
  void run();
  void runPanel(KernelSite::Range rows, Value group, ArrayRef<Column> list);
  void accumulate(const Tile &t, KernelSite::Range channels, Value group, ArrayRef<Column> list,
                  SmallVector<Value> &acc);
  void taps(RowTile tile, Value firstColumn, Address pixel, Address tap, ArrayRef<Column> list,
            SmallVector<Value> &acc);
  void segment(int64_t from, int64_t to, ArrayRef<bool> reads, Address pixel, Address tap, ArrayRef<Column> list,
               SmallVector<Value> &acc);
  void channels(ArrayRef<bool> reads, Value count, Address pixel, Address tap, ArrayRef<Column> list,
                SmallVector<Value> &acc);
};

void ConvEmitter::run() {
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  int64_t inputBytes = g.batch * g.in[0] * g.in[1] * g.in[2] * g.ic * bytes;
  weightBytes = g.taps() * depth * g.oc * bytes;
  int64_t band = bandOf(g.outputRows(), inputBytes, weightBytes);
  if (slabs)
    band = std::min(band ? band : slabs->units, slabs->units);
  forEachBand(site.units[0], band, [&](KernelSite::Range rows) {
    forEachPanel(site.units[1], g.taps() * depth, /*packed=*/true, panelsAtOnce(g.out[2]),
                 [&](Value group, ArrayRef<Column> list) { runPanel(rows, group, list); });
  });
}

void ConvEmitter::runPanel(KernelSite::Range rows, Value group, ArrayRef<Column> list) {
  auto forEachTile = [&](function_ref<void(const Tile &)> body) {
    loop(rows.from, rows.to, 1, [&](Value row) {
      SmallVector<Value> at = delinearize(row, {g.batch, g.out[0], g.out[1]});
      Value first = mul(row, kernel::tilesOf(g.out[2], this->rows));
      forEachRowTile(*this, g, this->rows, /*spellsTaps=*/false, [&](RowTile t) {
        Tile tile = {t, at, add(first, div(t.at, this->rows)), {}, {}};
        SmallVector<Value> indices = {at[0]};
        for (unsigned d = 3 - g.spatial; d < 2; d++)
          indices.push_back(at[1 + d]);
        indices.push_back(t.at);
        tile.bases = rowBases(indices, indices.size() - 1);
        if (slabs)
          tile.partial = add(add(Address(), sub(row, rows.from), g.out[2] * panel), t.at, panel);
        body(tile);
      });
    });
  };
  if (!slabs)
    return forEachTile([&](const Tile &t) {
      prefetchWeights(weightBytes, {{}, g.taps() * depth * panel * kernel::tilesOf(list.size(), vectors)}, t.number);
      if (t.height > 1)
        prefetch(list, t.height, t.bases[0]);
      SmallVector<Value> acc = start(list, t.height, t.bases);
      accumulate(t, {c(0), c(depth)}, group, list, acc);
      finish(acc, list, t.height, t.bases);
    });
  forEachTile([&](const Tile &t) { storePartial(start(list, t.height, t.bases), t.partial); });
  forEachSlab(depth, g.taps(), [&](KernelSite::Range channels, Address distance) {
    forEachTile([&](const Tile &t) {
      prefetchWeights(weightBytes, distance, t.number);
      SmallVector<Value> acc = loadPartial(t.partial, t.height * list.size());
      accumulate(t, channels, group, list, acc);
      storePartial(acc, t.partial);
    });
  });
  forEachTile([&](const Tile &t) { finish(loadPartial(t.partial, t.height * list.size()), list, t.height, t.bases); });
}

void ConvEmitter::accumulate(const Tile &t, KernelSite::Range channels, Value group, ArrayRef<Column> list,
                             SmallVector<Value> &acc) {
  slab = sub(channels.to, channels.from);
  // Input position of tap 0.
  SmallVector<Value> first;
  for (unsigned d = 0; d < 3; d++)
    first.push_back(add(mul(d == 2 ? t.at : t.row[1 + d], g.stride[d]), -g.low[d]));
  Address image = add(add(Address(), t.row[0], xs.batch), group, depth * xs.channel);
  image = add(image, channels.from, xs.channel);
  forEachOuterTap(*this, g, first, acc, [&](Value kd, Value kh, SmallVector<Value> &acc) {
    Address pixel = image;
    Value taps[2] = {kd, kh};
    for (unsigned d = 0; d < 2; d++)
      pixel = add(pixel, add(first[d], mul(taps[d], g.dilation[d])), xs.spatial[d]);
    Address tap = add(add(Address(), kd, g.kernel[1] * g.kernel[2] * depth * panel), kh, g.kernel[2] * depth * panel);
    this->taps(t, first[2], add(pixel, first[2], xs.spatial[2]), add(tap, channels.from, panel), list, acc);
  });
}

// The taps of one row of the window. Neighbouring taps that the same pixels of the tile read are one segment.
void ConvEmitter::taps(RowTile t, Value firstColumn, Address pixel, Address tap, ArrayRef<Column> list,
                       SmallVector<Value> &acc) {
  int64_t count = g.kernel[2];
  if (t.mayPad) {
    auto [from, to] = insideTaps(*this, g, 2, firstColumn);
    acc = loop(from, to, 1, acc, [&](Value kw, SmallVector<Value> &acc) {
      channels({true}, slab, add(pixel, kw, g.dilation[2] * xs.spatial[2]), add(tap, kw, depth * panel), list, acc);
    });
    return;
  }
  auto at = getConstantIntValue(t.at);
  auto readers = [&](int64_t kw) {
    SmallVector<bool> reads;
    for (int64_t r = 0; r < t.height; r++)
      reads.push_back(!at || isInside(g, 2, *at + r, kw));
    return reads;
  };
  for (int64_t from = 0; from < count;) {
    SmallVector<bool> reads = readers(from);
    int64_t to = from + 1;
    while (to < count && readers(to) == reads)
      to++;
    if (llvm::is_contained(reads, true))
      segment(from, to, reads, pixel, tap, list, acc);
    from = to;
  }
}

// Taps [from, to) of all channels; one loop where both lie behind one another in memory.
void ConvEmitter::segment(int64_t from, int64_t to, ArrayRef<bool> reads, Address pixel, Address tap,
                          ArrayRef<Column> list, SmallVector<Value> &acc) {
  int64_t pixelStep = g.dilation[2] * xs.spatial[2], tapStep = depth * panel;
  pixel = add(pixel, from * pixelStep);
  tap = add(tap, from * tapStep);
  if (!slabs && pixelStep == depth * xs.channel)
    return channels(reads, c((to - from) * depth), pixel, tap, list, acc);
  if (to - from <= 8) {
    for (int64_t i = 0; i < to - from; i++)
      channels(reads, slab, add(pixel, i * pixelStep), add(tap, i * tapStep), list, acc);
    return;
  }
  acc = loop(c(0), c(to - from), 1, acc, [&](Value i, SmallVector<Value> &acc) {
    channels(reads, slab, add(pixel, i, pixelStep), add(tap, i, tapStep), list, acc);
  });
}

void ConvEmitter::channels(ArrayRef<bool> reads, Value count, Address pixel, Address tap, ArrayRef<Column> list,
                           SmallVector<Value> &acc) {
  auto one = [&](Address pixel, Address tap, SmallVector<Value> &acc) {
    SmallVector<std::optional<Address>> at;
    for (auto [r, reads] : llvm::enumerate(reads))
      at.push_back(reads ? std::optional(add(pixel, int64_t(r) * g.stride[2] * xs.spatial[2])) : std::nullopt);
    step(acc, list, weights, tap, at, x);
  };
  if (auto few = getConstantIntValue(count); few && *few <= 4) {
    for (int64_t i = 0; i < *few; i++)
      one(add(pixel, i * xs.channel), add(tap, i * panel), acc);
    return;
  }
  acc = loop(c(0), count, 1, acc,
             [&](Value i, SmallVector<Value> &acc) { one(add(pixel, i, xs.channel), add(tap, i, panel), acc); });
}

} // namespace

LogicalResult emitConv(kernel::ConvOp op, const KernelSite &site) {
  if (op.getWinograd())
    return emitWinograd(op, site);
  kernel::WindowGeometry g = kernel::geometryOf(op);
  if (auto pixels = kernel::pixelsOf(op)) {
    Product p = {op.getX(), op.getW(),       op.getInit(),    op.getTileAttr(),
                 *pixels,   g.ic / g.groups, g.oc / g.groups, g.groups};
    p.slabs = kernel::slabsOf(op);
    return emitProduct(op, p, site);
  }
  ConvEmitter(op, site, g).run();
  return success();
}

} // namespace nncc
