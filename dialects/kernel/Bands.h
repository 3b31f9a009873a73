// Chains of image ops that are computed a band of rows at a time: which rows of each op a band takes, and the memory
// for the rows between them. Whoever chooses chains, counts their work and emits their calls asks here.
#pragma once
#include "dialects/kernel/Geometry.h"

namespace nncc::kernel {

/// How the work units of an op on images follow the rows of its result.
struct RowUnits {
  WindowGeometry g;
  int64_t granule = 1;        // units begin at rows that are multiples of it
  int64_t unitsOfGranule = 1; // how many units so many rows are

  int64_t rows() const { return g.out[1]; }
  /// Of `row` rows of an image: a multiple of the granule, or all.
  int64_t unitsOf(int64_t row) const { return llvm::divideCeil(row * unitsOfGranule, granule); }
  int64_t unitsOfImage() const { return unitsOf(rows()); }
};
/// Of a direct convolution, depthwise convolution or pool on memrefs over images of two dimensions, with its tile set;
/// none for others, and where a unit holds pixels of rows of which the op's units give no multiple.
std::optional<RowUnits> rowUnitsOf(mlir::Operation *op);

/// What `A` computes with: numbers here, values of index type where calls are emitted. Rows [0, in) of the input are
/// all that exist.
template <class A, class V> V firstRowRead(A &a, const RowUnits &reader, V row) {
  const WindowGeometry &g = reader.g;
  return a.min(a.max(a.add(a.mul(row, g.stride[1]), -g.low[1]), a.c(0)), a.c(g.in[1]));
}
template <class A, class V> V endOfRowsRead(A &a, const RowUnits &reader, V end) {
  const WindowGeometry &g = reader.g;
  int64_t reach = (g.kernel[1] - 1) * g.dilation[1] + 1 - g.stride[1] - g.low[1];
  return a.min(a.max(a.add(a.mul(end, g.stride[1]), reach), a.c(0)), a.c(g.in[1]));
}
/// The last row at or before `row` where a unit begins.
template <class A, class V> V beginOfUnit(A &a, const RowUnits &op, V row) {
  return a.mul(a.div(row, op.granule), op.granule);
}
template <class A, class V> V endOfUnit(A &a, const RowUnits &op, V end) {
  return a.min(a.mul(a.ceilDiv(end, op.granule), op.granule), a.c(op.rows()));
}

/// One op of a chain, and the buffer that holds rows of its result for the next op.
struct BandStep {
  mlir::Operation *op;
  RowUnits units;
  int64_t capacity = 0; // rows in the buffer; 0 for the last op, whose result is whole
  int64_t halo = 0;     // rows of a band that the next one reads again, at most
  int64_t shift = 0;    // rows that a band discards, at most
  int64_t rowElements = 0, rowBytes = 0;
  int64_t offset = 0; // of the buffer in scratch memory, in bytes
};

struct BandPlan {
  llvm::SmallVector<BandStep, 4> steps;
  int64_t rows;                // of the last result, in a band
  int64_t bufferBytes = 0;     // of all buffers
  int64_t scratchBytes = 0;    // of the buffers and, behind them, of the op that wants most
  double flops = 0, bytes = 0; // bytes: what enters and leaves the chain
  double weightBytes = 0;
  double overlapFlops = 0; // what a cut between two bands makes two tasks compute both, at most

  const BandStep &last() const { return steps.back(); }
  int64_t batch() const { return last().units.g.batch; }
};
/// Of ops each of which reads the result of the one before it; none where bands of so many rows are not possible: where
/// they do not consist of whole units, or are fewer rows than the next band reads again.
std::optional<BandPlan> planBands(llvm::ArrayRef<mlir::Operation *> chain, int64_t rows);
BandPlan planOf(BandsOp op);

} // namespace nncc::kernel
