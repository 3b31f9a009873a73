// Matrix products: gemm on packed weights, batched products of two activations, and pointwise convolutions, whose
// pixels are rows.
#include "passes/kernels/EmitGemm.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Contraction.h"

using namespace mlir;

namespace nncc {
namespace {

struct ProductEmitter : ContractionEmitter {
  ProductEmitter(nn::EpilogueInterface op, const Product &p, const KernelSite &site)
      : ContractionEmitter(op, p.init, p.tile, getElementTypeOrSelf(p.a.getType()), p.columns, p.groups), p(p),
        site(site), a(open(p.a)), weights(open(p.b)), aStrides(kernel::broadcastStrides(p.a, out.shape)) {
    if (!p.packed)
      bStrides = kernel::broadcastStrides(p.b, out.shape);
    cutSum(p.slabs, site.scratch);
    if (p.transposed)
      transposedPanel = openScratch(site.scratch, 0, p.depth * panel, element);
    // Rows of 1 flatten with whatever follows; the stride of the rows is that of the last extent above 1.
    rowDim = p.rows.firstRowDim;
    for (unsigned d = rowDim; d + 1 < out.shape.size(); d++)
      if (out.shape[d] != 1)
        rowDim = d;
  }

  const Product &p;
  const KernelSite &site;
  Buffer a, weights, transposedPanel;
  SmallVector<int64_t> aStrides, bStrides;
  unsigned rowDim;
  int64_t weightBytes = 0;
  // Of the batch at hand:
  Address aBatch, bBatch;
  SmallVector<RowBase> batchRows;

  void run();
  void runBatch(ArrayRef<Value> batch, KernelSite::Range tiles);
  void runPanel(KernelSite::Range tiles, Value group, ArrayRef<Column> list);
  struct Tile {
    Value number;
    int64_t height;
    SmallVector<RowBase> bases;
    Address a, partial;
  };
  /// `firstTile`: of those whose partial sums wait together.
  Tile makeTile(Value number, int64_t height, Value group, Value firstTile);
  SmallVector<Value> accumulate(const Tile &t, KernelSite::Range channels, ArrayRef<Value> init, ArrayRef<Column> list);
  void transposePanel(ArrayRef<Column> list);
  void transposeBlock(const Column &column, int64_t at, Value k, int64_t depth);
};

// The first dimension's units are the tiles of one batch after another.
void ProductEmitter::run() {
  KernelSite::Range range = site.units[0];
  if (p.rows.batches() == 1)
    return runBatch(SmallVector<Value>(p.rows.firstRowDim, c(0)), range);
  int64_t perBatch = kernel::tilesOf(p.rows.rows, rows);
  loop(div(range.from, perBatch), ceilDiv(range.to, perBatch), 1, [&](Value batch) {
    Value first = mul(batch, perBatch);
    runBatch(delinearize(batch, p.rows.batch),
             {max(sub(range.from, first), c(0)), min(sub(range.to, first), c(perBatch))});
  });
}

void ProductEmitter::runBatch(ArrayRef<Value> batch, KernelSite::Range range) {
  aBatch = bBatch = Address();
  for (auto [d, index] : llvm::enumerate(batch)) {
    aBatch = add(aBatch, index, aStrides[d]);
    if (!p.packed)
      bBatch = add(bBatch, index, bStrides[d]);
  }
  batchRows = rowBases(batch, rowDim);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8, tiles = kernel::tilesOf(p.rows.rows, rows);
  weightBytes = p.depth * columns * groups * bytes;
  int64_t band = p.transposed ? 0 : bandOf(tiles, p.rows.rows * p.depth * groups * bytes, weightBytes);
  if (slabs)
    band = std::min(band ? band : slabs->units, slabs->units);
  int64_t atOnce = p.transposed ? 1 : panelsAtOnce(p.rows.rows);
  forEachBand(range, band, [&](KernelSite::Range tiles) {
    forEachPanel(site.units[1], p.depth, p.packed, atOnce,
                 [&](Value group, ArrayRef<Column> list) { runPanel(tiles, group, list); });
  });
}

void ProductEmitter::runPanel(KernelSite::Range tiles, Value group, ArrayRef<Column> list) {
  SmallVector<Column> own(list);
  if (p.transposed) {
    transposePanel(list);
    for (auto [v, column] : llvm::enumerate(own))
      column.weights = {{}, int64_t(v) * lanes};
  } else if (!p.packed)
    for (Column &column : own)
      column.weights = add(column.weights, bBatch);
  int64_t full = p.rows.rows / rows, rest = p.rows.rows % rows;
  auto forEachTile = [&](function_ref<void(const Tile &)> body) {
    if (full)
      loop(tiles.from, rest ? min(tiles.to, c(full)) : tiles.to, 1,
           [&](Value t) { body(makeTile(t, rows, group, tiles.from)); });
    if (rest)
      onlyIf(b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sgt, tiles.to, c(full)),
             [&] { body(makeTile(c(full), rest, group, tiles.from)); });
  };
  if (!slabs)
    return forEachTile([&](const Tile &t) {
      if (p.packed)
        prefetchWeights(weightBytes, {{}, p.depth * panel * kernel::tilesOf(own.size(), vectors)}, t.number);
      if (t.height > 1)
        prefetch(own, t.height, t.bases[0]);
      finish(accumulate(t, {c(0), c(p.depth)}, start(own, t.height, t.bases), own), own, t.height, t.bases);
    });
  size_t width = own.size();
  forEachTile([&](const Tile &t) { storePartial(start(own, t.height, t.bases), t.partial); });
  forEachSlab(p.depth, 1, [&](KernelSite::Range channels, Address distance) {
    forEachTile([&](const Tile &t) {
      prefetchWeights(weightBytes, distance, t.number);
      storePartial(accumulate(t, channels, loadPartial(t.partial, t.height * width), own), t.partial);
    });
  });
  forEachTile([&](const Tile &t) { finish(loadPartial(t.partial, t.height * width), own, t.height, t.bases); });
}

ProductEmitter::Tile ProductEmitter::makeTile(Value number, int64_t height, Value group, Value firstTile) {
  Tile t = {number, height, {}, {}, {}};
  Value row = mul(number, rows);
  for (const RowBase &base : batchRows)
    t.bases.push_back({add(base.first, row, base.stride), base.stride});
  t.a = add(add(aBatch, row, aStrides[rowDim]), group, p.depth * a.strides.back());
  if (slabs)
    t.partial = add(Address(), sub(number, firstTile), rows * panel);
  return t;
}

SmallVector<Value> ProductEmitter::accumulate(const Tile &t, KernelSite::Range channels, ArrayRef<Value> init,
                                              ArrayRef<Column> list) {
  int64_t aStride = aStrides[rowDim], aStep = a.strides.back();
  const Buffer &w = p.transposed ? transposedPanel : weights;
  bool masked = !p.packed && !p.transposed; // the last vector may reach past the end of b
  int64_t wStep = masked ? weights.strides[weights.strides.size() - 2] : panel;
  return loop(channels.from, channels.to, 1, init, [&](Value k, SmallVector<Value> &acc) {
    SmallVector<std::optional<Address>> x;
    for (int64_t r = 0; r < t.height; r++)
      x.push_back(add(add(t.a, k, aStep), r * aStride));
    step(acc, list, w, add(Address(), k, wStep), x, a, masked);
  });
}

// b's rows of one panel become columns in scratch memory, zeros after the last.
void ProductEmitter::transposePanel(ArrayRef<Column> list) {
  int64_t full = p.depth / lanes * lanes;
  int64_t at = 0;
  for (const Column &column : list) {
    loop(c(0), c(full), lanes, [&](Value k) { transposeBlock(column, at, k, lanes); });
    if (full < p.depth)
      transposeBlock(column, at, c(full), p.depth - full);
    at += lanes;
  }
}

void ProductEmitter::transposeBlock(const Column &column, int64_t at, Value k, int64_t depth) {
  int64_t rowStride = weights.strides[weights.strides.size() - 2];
  Address first = add(bBatch, k);
  if (column.result.base)
    first = add(first, column.result.base, rowStride);
  first.constant += column.result.constant * rowStride;
  SmallVector<Value> block(lanes, zeros(element, lanes));
  for (int64_t n = 0; n < column.valid; n++)
    block[n] = load(weights, add(first, n * rowStride), lanes, mask(lanes, depth));
  block = transposed(block);
  for (int64_t i = 0; i < depth; i++)
    store(block[i], transposedPanel, add(add(Address(), k, panel), i * panel + at));
}

} // namespace

LogicalResult emitProduct(nn::EpilogueInterface op, const Product &product, const KernelSite &site) {
  ProductEmitter(op, product, site).run();
  return success();
}

LogicalResult emitGemm(kernel::GemmOp op, const KernelSite &site) {
  auto a = cast<MemRefType>(op.getA().getType()), init = cast<MemRefType>(op.getInit().getType());
  Product p = {op.getA(),          op.getB(),           op.getInit(),          op.getTileAttr(),
               kernel::rowsOf(op), a.getShape().back(), init.getShape().back()};
  p.slabs = kernel::slabsOf(op);
  return emitProduct(op, p, site);
}

LogicalResult emitBatchMatmul(kernel::BatchMatmulOp op, const KernelSite &site) {
  auto a = cast<MemRefType>(op.getA().getType()), init = cast<MemRefType>(op.getInit().getType());
  Product p = {op.getA(),          op.getB(),           op.getInit(),          op.getTileAttr(),
               kernel::rowsOf(op), a.getShape().back(), init.getShape().back()};
  p.packed = false;
  p.transposed = op.getTransposeB();
  return emitProduct(op, p, site);
}

} // namespace nncc
