// Convolutions by minimal filtering (Winograd.h). Tiles of the input are transformed a block at a time into scratch
// memory; then, for each panel of output channels, every product is a small matrix product of tiles and channels, and
// the sums of a tile are transformed back in registers, through the epilogue, into the result. Where one dimension is
// direct, its taps belong to the sum: they read the same transformed inputs, some tiles further on.
#include "dialects/kernel/Winograd.h"
#include "passes/kernels/Contraction.h"
#include "passes/kernels/Window.h"

using namespace mlir;

namespace nncc {
namespace {

struct WinogradEmitter : ContractionEmitter {
  WinogradEmitter(kernel::ConvOp conv, const KernelSite &site)
      : WinogradEmitter(conv, site, kernel::geometryOf(conv)) {}
  WinogradEmitter(kernel::ConvOp conv, const KernelSite &site, const kernel::WindowGeometry &g)
      : ContractionEmitter(conv, conv.getInit(), conv.getTileAttr(), getElementTypeOrSelf(conv.getX().getType()),
                           g.oc / g.groups, g.groups),
        site(site), pools(conv.getPooled() ? 2 : 1), g(g), w(kernel::winogradOf(conv)),
        layout(kernel::winogradScratchOf(conv)), x(open(conv.getX())), weights(open(conv.getW())),
        inputs(openScratch(site.scratch, 0, w.products() * layout.productStride, element)),
        sums(openScratch(site.scratch, layout.sumsOffset, w.products() * layout.block * panel, element)),
        xs(imageStrides(conv.getX(), g.spatial)), depth(g.ic / g.groups) {
    for (int64_t d = 0; d < 2; d++)
      filtering.push_back(kernel::filteringOf(w.tile[d], g.kernel[1 + d]));
  }

  const KernelSite &site;
  int64_t pools; // outputs along a dimension that become one
  kernel::WindowGeometry g;
  kernel::WinogradGeometry w;
  kernel::WinogradScratch layout;
  Buffer x, weights, inputs, sums;
  ImageStrides xs;
  int64_t depth; // input channels of a group
  SmallVector<kernel::Filtering, 2> filtering;

  struct Tile {
    Value inBlock;
    Value at[2]; // first output row and column
    Value batch, slice;
  };
  // Neighbouring tiles: of all images, or of one where a dimension is direct.
  struct Block {
    Value image, first, count;
  };
  void run();
  void forEachBlock(KernelSite::Range units, llvm::function_ref<void(const Block &)> body);
  void runBlock(const Block &block);
  Tile tileAt(const Block &block, Value inBlock);
  void transformInput(const Tile &t);
  void transformInput(const Tile &t, const SmallVector<Value> inside[2]);
  void multiply(const Block &block, Value group, ArrayRef<Column> list);
  void transformSums(const Tile &t, ArrayRef<Column> list);
  SmallVector<Value> pooled(ArrayRef<Value> sums);
  SmallVector<Value> sumsOf(const Tile &t, int64_t vector, int64_t width);

  Value isWithin(Value at, int64_t extent) {
    return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ult, at, c(extent));
  }
  Value yes() { return arith::ConstantIntOp::create(b, 1, 1); }
  Value both(Value x, Value y) { return b.createOrFold<arith::AndIOp>(x, y); }
  Value addUp(ArrayRef<std::pair<double, Value>> terms);
  SmallVector<Value> applyInput(const kernel::Matrix &m, ArrayRef<Value> d);
  SmallVector<Value> applyOutput(const kernel::Matrix &m, ArrayRef<Value> z);
};

void WinogradEmitter::run() {
  forEachBlock(site.units[0], [&](const Block &block) { runBlock(block); });
}

void WinogradEmitter::forEachBlock(KernelSite::Range units, llvm::function_ref<void(const Block &)> body) {
  int64_t unitsOfImage = kernel::tilesOf(w.tilesOfImage(), rows);
  auto ofImage = [&](Value image, KernelSite::Range range) {
    forEachBand(range, layout.block / rows, [&](KernelSite::Range part) {
      body({image, mul(part.from, rows), mul(sub(part.to, part.from), rows)});
    });
  };
  if (w.images == 1)
    return ofImage(c(0), units);
  loop(div(units.from, unitsOfImage), ceilDiv(units.to, unitsOfImage), 1, [&](Value image) {
    Value start = mul(image, unitsOfImage);
    ofImage(image, {max(sub(units.from, start), c(0)), min(sub(units.to, start), c(unitsOfImage))});
  });
}

void WinogradEmitter::runBlock(const Block &block) {
  loop(c(0), add(block.count, w.halo()), 1, [&](Value i) { transformInput(tileAt(block, i)); });
  forEachPanel(site.units[1], w.products() * w.directTaps * depth, /*packed=*/true, 1,
               [&](Value group, ArrayRef<Column> list) {
                 multiply(block, group, list);
                 Value count = block.count;
                 if (w.tilesOfImage() % rows)
                   count = min(count, sub(c(w.tilesOfImage()), block.first));
                 loop(c(0), count, 1, [&](Value i) { transformSums(tileAt(block, i), list); });
               });
}

// Weights lie as [taps][products] or [products][taps] where rows or columns are direct.
void WinogradEmitter::multiply(const Block &block, Value group, ArrayRef<Column> list) {
  bool prefetches = comeFromMemory(w.products() * w.directTaps * depth * g.oc * 4);
  bool leadTaps = w.direct && *w.direct == 0;
  int64_t tapWeights = (leadTaps ? w.products() : 1) * depth * panel;
  int64_t productWeights = (leadTaps ? 1 : w.directTaps) * depth * panel;
  // Each unit asks for its part of the next product's weights, line after line, so that the requests come evenly.
  int64_t ahead = llvm::divideCeil(panel, layout.block / rows);
  loop(c(0), c(w.products()), 1, [&](Value product) {
    Address in = add(add(Address(), product, layout.productStride), group, depth);
    Address out = add(Address(), product, layout.block * int64_t(list.size()) * lanes);
    loop(c(0), div(block.count, rows), 1, [&](Value unit) {
      Address row = add(in, unit, rows * layout.rowStride);
      SmallVector<Value> acc(rows * list.size(), zeros(element, lanes));
      acc = loop(c(0), c(w.directTaps), 1, acc, [&](Value tap, SmallVector<Value> &acc) {
        Address first = add(row, tap, w.tapDistance * layout.rowStride);
        Address weight = add(add(Address(), product, productWeights), tap, tapWeights);
        acc = loop(c(0), c(depth), 1, acc, [&](Value k, SmallVector<Value> &acc) {
          SmallVector<std::optional<Address>> at;
          for (int64_t r = 0; r < rows; r++)
            at.push_back(add(add(first, k), r * layout.rowStride));
          if (prefetches)
            prefetchRead(weights, add(add(add(add(list.front().weights, weight), productWeights), unit, depth * ahead),
                                      k, ahead));
          step(acc, list, weights, add(weight, k, panel), at, inputs);
        });
      });
      Address to = add(out, unit, rows * int64_t(list.size()) * lanes);
      for (auto [i, sum] : llvm::enumerate(acc))
        store(sum, sums, add(to, int64_t(i) * lanes));
    });
  });
}

// Rows of a unit beyond the last tile repeat it, or lie in the padding of a direct dimension, so that their sums are
// numbers.
WinogradEmitter::Tile WinogradEmitter::tileAt(const Block &block, Value inBlock) {
  Value number = add(block.first, inBlock);
  if (w.direct) {
    unsigned d = *w.direct;
    SmallVector<Value> image = delinearize(block.image, {g.batch, g.out[0]});
    Tile t = {inBlock, {}, image[0], image[1]};
    t.at[d] = div(number, w.tiles[1 - d]);
    t.at[1 - d] = mul(rem(number, w.tiles[1 - d]), w.tile[1 - d]);
    return t;
  }
  if (w.count % rows)
    number = min(number, c(w.count - 1));
  SmallVector<Value> at = delinearize(number, {g.batch, g.out[0], w.tiles[0], w.tiles[1]});
  return {inBlock, {mul(at[2], w.tile[0]), mul(at[3], w.tile[1])}, at[0], at[1]};
}

//===-- Transforms ----------------------------------------------------------------------------------------------===//

Value WinogradEmitter::addUp(ArrayRef<std::pair<double, Value>> terms) {
  Value sum;
  auto first = llvm::find_if(terms, [](auto &term) { return term.first == 1; });
  if (first == terms.end())
    first = terms.begin();
  auto factor = [&](double f) { return splat(b.getFloatAttr(element, f), lanes); };
  sum = first->first == 1 ? first->second : arith::MulFOp::create(b, first->second, factor(first->first)).getResult();
  for (const auto &term : terms) {
    if (&term == first)
      continue;
    if (term.first == 1)
      sum = arith::AddFOp::create(b, sum, term.second);
    else if (term.first == -1)
      sum = arith::SubFOp::create(b, sum, term.second);
    else
      sum = multiplyAdd(term.second, factor(term.first), sum);
  }
  return sum;
}

// m * d. Rows of points +p and -p share the sums of their even and odd terms.
SmallVector<Value> WinogradEmitter::applyInput(const kernel::Matrix &m, ArrayRef<Value> d) {
  auto sumOf = [&](int64_t row, int64_t from, int64_t step) {
    SmallVector<std::pair<double, Value>> terms;
    for (int64_t k = from; k < m.columns; k += step)
      if (m(row, k) != 0)
        terms.push_back({m(row, k), d[k]});
    return terms.empty() ? Value() : addUp(terms);
  };
  auto arePaired = [&](int64_t r, int64_t s) {
    for (int64_t k = 0; k < m.columns; k++)
      if (m(s, k) != (k % 2 ? -m(r, k) : m(r, k)))
        return false;
    return true;
  };
  SmallVector<Value> result(m.rows);
  for (int64_t r = 0; r < m.rows; r++) {
    if (result[r])
      continue;
    Value even, odd;
    for (int64_t s = r + 1; s < m.rows; s++)
      if (arePaired(r, s) && (even = sumOf(r, 0, 2)) && (odd = sumOf(r, 1, 2))) {
        result[r] = arith::AddFOp::create(b, even, odd);
        result[s] = arith::SubFOp::create(b, even, odd);
        break;
      }
    if (!result[r])
      result[r] = sumOf(r, 0, 1);
  }
  return result;
}

// m * z. Columns of points +p and -p share their sum in even rows and their difference in odd ones.
SmallVector<Value> WinogradEmitter::applyOutput(const kernel::Matrix &m, ArrayRef<Value> z) {
  auto arePaired = [&](int64_t j, int64_t k) {
    for (int64_t i = 0; i < m.rows; i++)
      if (m(i, k) != (i % 2 ? -m(i, j) : m(i, j)))
        return false;
    return m.rows > 1;
  };
  struct Term {
    int64_t column;
    Value even, odd;
  };
  SmallVector<Term> shared;
  SmallVector<bool> done(m.columns, false);
  for (int64_t j = 0; j < m.columns; j++) {
    if (done[j])
      continue;
    Term term = {j, z[j], z[j]};
    for (int64_t k = j + 1; k < m.columns; k++)
      if (!done[k] && arePaired(j, k)) {
        done[k] = true;
        term.even = arith::AddFOp::create(b, z[j], z[k]);
        term.odd = arith::SubFOp::create(b, z[j], z[k]);
        break;
      }
    shared.push_back(term);
  }
  SmallVector<Value> result;
  for (int64_t i = 0; i < m.rows; i++) {
    SmallVector<std::pair<double, Value>> terms;
    for (const Term &term : shared)
      if (m(i, term.column) != 0)
        terms.push_back({m(i, term.column), i % 2 ? term.odd : term.even});
    result.push_back(addUp(terms));
  }
  return result;
}

void WinogradEmitter::transformInput(const Tile &t) {
  SmallVector<Value> inside[2], always[2];
  Value whole = yes();
  for (unsigned d = 0; d < 2; d++) {
    always[d].assign(w.points[d], yes());
    inside[d] = always[d];
    int64_t low = g.low[1 + d], reach = w.tiles[d] * w.tile[d] + g.kernel[1 + d] - 1;
    if (d == w.direct) // up to the last block's last tile
      reach = kernel::tilesOf(llvm::alignTo(w.tilesOfImage(), rows) + w.halo(), w.tiles[1 - d]);
    if (low == 0 && reach <= g.in[1 + d])
      continue;
    Value from = add(t.at[d], -low);
    for (int64_t p = 0; p < w.points[d]; p++)
      inside[d][p] = isWithin(add(from, p), g.in[1 + d]);
    whole = both(whole, both(inside[d].front(), inside[d].back()));
  }
  either(whole, [&] { transformInput(t, always); }, [&] { transformInput(t, inside); });
}

void WinogradEmitter::transformInput(const Tile &t, const SmallVector<Value> inside[2]) {
  Address corner = add(add(Address(), t.batch, xs.batch), t.slice, xs.spatial[0]);
  for (unsigned d = 0; d < 2; d++)
    corner = add(corner, add(t.at[d], -g.low[1 + d]), xs.spatial[1 + d]);
  Address to = add(Address(), t.inBlock, layout.rowStride);
  auto transform = [&](Value channel, Value mask) {
    SmallVector<SmallVector<Value>> half; // [column of the tile][product of rows]
    for (int64_t q = 0; q < w.points[1]; q++) {
      SmallVector<Value> d;
      for (int64_t p = 0; p < w.points[0]; p++)
        d.push_back(either(
            both(inside[0][p], inside[1][q]),
            [&] {
              return load(x, add(add(corner, channel, xs.channel), p * xs.spatial[1] + q * xs.spatial[2]), lanes, mask);
            },
            zeros(element, lanes)));
      half.push_back(applyInput(filtering[0].input, d));
    }
    for (int64_t p = 0; p < w.points[0]; p++) {
      SmallVector<Value> row;
      for (const auto &column : half)
        row.push_back(column[p]);
      for (auto [q, value] : llvm::enumerate(applyInput(filtering[1].input, row)))
        store(value, inputs, add(add(to, channel), (p * w.points[1] + int64_t(q)) * layout.productStride));
    }
  };
  int64_t full = g.ic / lanes * lanes;
  loop(c(0), c(full), lanes, [&](Value channel) { transform(channel, {}); });
  if (full < g.ic)
    transform(c(full), mask(lanes, g.ic - full));
}

SmallVector<Value> WinogradEmitter::sumsOf(const Tile &t, int64_t vector, int64_t width) {
  SmallVector<SmallVector<Value>> half; // [product of columns][row of the tile]
  for (int64_t q = 0; q < w.points[1]; q++) {
    SmallVector<Value> z;
    for (int64_t p = 0; p < w.points[0]; p++) {
      int64_t product = p * w.points[1] + q;
      z.push_back(load(sums,
                       add(add(Address(), t.inBlock, width * lanes), (product * layout.block * width + vector) * lanes),
                       lanes));
    }
    half.push_back(applyOutput(filtering[0].output, z));
  }
  SmallVector<Value> result;
  for (int64_t i = 0; i < w.tile[0]; i++) {
    SmallVector<Value> row;
    for (const auto &column : half)
      row.push_back(column[i]);
    llvm::append_range(result, applyOutput(filtering[1].output, row));
  }
  return result;
}

// The maxima of a tile's 2x2 outputs.
SmallVector<Value> WinogradEmitter::pooled(ArrayRef<Value> sums) {
  auto larger = [&](Value x, Value y) -> Value {
    return arith::MaximumFOp::create(b, x, y, arith::FastMathFlags::nsz); // as pools take it
  };
  SmallVector<Value> result;
  for (int64_t i = 0; i < w.tile[0]; i += pools)
    for (int64_t j = 0; j < w.tile[1]; j += pools) {
      ArrayRef<Value> above = sums.slice(i * w.tile[1] + j, pools), below = sums.slice((i + 1) * w.tile[1] + j, pools);
      result.push_back(larger(larger(above[0], above[1]), larger(below[0], below[1])));
    }
  return result;
}

void WinogradEmitter::transformSums(const Tile &t, ArrayRef<Column> list) {
  auto basesAt = [&](int64_t row, int64_t column) {
    SmallVector<Value> indices = {t.batch};
    Value spatial[3] = {t.slice, add(div(t.at[0], pools), row), add(div(t.at[1], pools), column)};
    indices.append(spatial + 3 - g.spatial, spatial + 3);
    return rowBases(indices, indices.size() - 1);
  };
  Value whole = yes();
  for (unsigned d = 0; d < 2; d++)
    if (g.out[1 + d] % w.tile[d])
      whole = both(whole, isWithin(add(t.at[d], w.tile[d] - 1), g.out[1 + d]));
  for (size_t v = 0; v < list.size(); v++) {
    const Column &column = list[v];
    SmallVector<Value> acc = sumsOf(t, v, list.size());
    if (startsWithBias()) {
      Value bias = start(column, 1, {}).front();
      for (Value &sum : acc)
        sum = arith::AddFOp::create(b, sum, bias);
    }
    if (pools > 1)
      acc = pooled(acc);
    // A row of the tile at once, or pixel by pixel where some lie outside.
    auto finishTile = [&](bool isWhole) {
      int64_t rowsOfTile = w.tile[0] / pools, rowLength = w.tile[1] / pools, width = isWhole ? rowLength : 1;
      for (int64_t i = 0; i < rowsOfTile; i++)
        for (int64_t j = 0; j < rowLength; j += width) {
          auto inside = [&](unsigned d, int64_t at) { return isWithin(add(t.at[d], at * pools), g.out[1 + d]); };
          onlyIf(isWhole ? yes() : both(inside(0, i), inside(1, j)),
                 [&] { finish(ArrayRef(acc).slice(i * rowLength + j, width), column, width, basesAt(i, j)); });
        }
    };
    either(whole, [&] { finishTile(true); }, [&] { finishTile(false); });
  }
}

} // namespace

LogicalResult emitWinograd(kernel::ConvOp op, const KernelSite &site) {
  WinogradEmitter(op, site).run();
  return success();
}

} // namespace nncc
