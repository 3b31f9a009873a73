// TileChoices.h's implementation: the table, and a model that ranks what else fits the registers.
#include "passes/schedule/TileChoices.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace nncc {
namespace {
#define GET_TileOp_DECL
#include "passes/schedule/Tiles.inc"
struct TileRow {
  TileOp op;
  uint8_t lanes, registers;
  uint16_t extent;
  uint8_t rows, vectors;
};
#define GET_Tiles_IMPL
#include "passes/schedule/Tiles.inc"

constexpr size_t mostCandidates = 6;

TileOp opOf(TileKind kind) { return kind == TileKind::Product ? Product : kind == TileKind::Stem ? Stem : Depthwise; }

// Of the rows that hold for this target and extent, the one made for the most lanes, then registers, then the least
// extent.
const TileRow &lookup(TileKind kind, kernel::TargetAttr target, int64_t extent) {
  const TileRow *best = nullptr;
  auto rank = [](const TileRow &row) { return std::tuple(row.lanes, row.registers, -int(row.extent)); };
  for (const TileRow &row : Tiles)
    if (row.op == opOf(kind) && row.lanes <= target.getLanes() && row.registers <= target.getRegisters() &&
        (extent <= row.extent || row.extent == UINT16_MAX) && (!best || rank(row) > rank(*best)))
      best = &row;
  assert(best && "expected a row of the table for every target");
  return *best;
}

// The largest part not above `most` when `extent` is cut into as few parts as that allows.
int64_t equalPart(int64_t extent, int64_t most) {
  return extent <= 0 ? 1 : llvm::divideCeil(extent, llvm::divideCeil(extent, most));
}

struct Extents {
  int64_t rows, vectors;
  bool operator==(const Extents &o) const { return rows == o.rows && vectors == o.vectors; }
};

// The table's tile, then the best of the others by their cost.
SmallVector<kernel::TileAttr> ranked(kernel::TargetAttr target, Extents first, SmallVector<Extents> others,
                                     int64_t lanes, function_ref<double(Extents)> cost) {
  auto rank = [&](Extents e) { return std::tuple(cost(e), -e.vectors, -e.rows); };
  llvm::sort(others, [&](Extents a, Extents b) { return rank(a) < rank(b); });
  SmallVector<Extents> list = {first};
  for (Extents other : others)
    if (list.size() < mostCandidates && !llvm::is_contained(list, other))
      list.push_back(other);
  return llvm::map_to_vector(
      list, [&](Extents e) { return kernel::TileAttr::get(target.getContext(), e.rows, e.vectors, lanes); });
}
} // namespace

// Columns decide how wide a panel is: as few panels as the table lets them be, equally wide. Rows decide the height
// alone.
SmallVector<kernel::TileAttr> productTiles(kernel::TargetAttr target, TileKind kind, Type element, int64_t rows,
                                           int64_t columns, bool oneWidth) {
  int64_t lanes = target.lanesOf(element), all = llvm::divideCeil(std::max<int64_t>(columns, 1), lanes);
  auto tableRows = [&](int64_t vectors) { return int64_t(lookup(kind, target, vectors).rows); };
  int64_t width = equalPart(all, lookup(kind, target, all).vectors);
  Extents first = {equalPart(rows, tableRows(width)), width};
  // Accumulators, vectors of weights and a broadcast value; where the table has room left, it has its reasons.
  int64_t registers = 0;
  for (int64_t v = 1; v <= width; v++)
    registers = std::max(registers, tableRows(v) * v + v + 1);
  SmallVector<Extents> others;
  for (int64_t most = 1; most <= 4; most++)
    for (int64_t v = equalPart(all, most), r = std::min<int64_t>((registers - 1 - v) / v, 16),
                 least = std::max<int64_t>(r - 4, 1);
         r >= least; r--)
      if (!oneWidth || v == width)
        others.push_back({equalPart(rows, r), v});
  // Two multiply-adds, or two loads, in a cycle, and four cycles until a sum can be added to again.
  return ranked(target, first, others, lanes, [&](Extents e) {
    double cycles = std::max({e.rows * e.vectors / 2.0, (e.rows + e.vectors) / 2.0, 4.0});
    return double(llvm::divideCeil(rows, e.rows) * llvm::divideCeil(all, e.vectors)) * cycles;
  });
}

SmallVector<kernel::TileAttr> depthwiseTiles(kernel::TargetAttr target, Type element, int64_t taps, int64_t pixels,
                                             int64_t rows) {
  const TileRow &row = lookup(TileKind::Depthwise, target, taps);
  Extents first = {equalPart(pixels, row.rows), std::min<int64_t>(row.vectors, rows)};
  SmallVector<Extents> others;
  for (int64_t vectors = 1; vectors <= first.vectors; vectors++) // more rows at once would make bands higher
    for (int64_t r = row.rows * row.vectors / vectors; r >= 2; r--)
      others.push_back({equalPart(pixels, r), vectors});
  // A tile reads its inputs' rows once for all of its rows, and what starts or ends one costs about as much as a pixel.
  return ranked(target, first, others, target.lanesOf(element), [&](Extents e) {
    return double(llvm::divideCeil(pixels, e.rows) * llvm::divideCeil(rows, e.vectors)) * (e.rows * e.vectors + 1);
  });
}

} // namespace nncc
