// Plain numbers of a kernel op's shapes: images normalised to three spatial dimensions, and the rows of a matrix
// product over its leading dimensions. Units, tasks, packing and emitters agree by asking here.
#pragma once
#include "dialects/kernel/Kernel.h"
#include <array>

namespace nncc::kernel {

using Triple = std::array<int64_t, 3>;

/// A window over a channels-last image; missing spatial dimensions lead and are 1.
struct WindowGeometry {
  int64_t batch, ic, oc, groups = 1;
  unsigned spatial; // how many dimensions the types have
  Triple in, out, kernel, stride, low, high, dilation;

  /// One tap that reads each pixel once, so that pixels need no rows.
  bool isPointwise() const;
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t pixels() const { return batch * out[0] * out[1] * out[2]; }
  int64_t outputRows() const { return batch * out[0] * out[1]; }
};
WindowGeometry geometryOf(ConvOp op);
WindowGeometry geometryOf(DepthwiseOp op);
WindowGeometry geometryOf(PoolOp op);
WindowGeometry geometryOf(PoolIndexOp op);

/// Strides of `v` along the dimensions of a result of `shape`, 0 where it is broadcast; those of a tensor are as if it
/// lay in row-major order.
llvm::SmallVector<int64_t> broadcastStrides(mlir::Value v, llvm::ArrayRef<int64_t> shape);

/// The leading dimensions of a product's result: `batch` ones, walked by index, then those that flatten into rows
/// because every operand has one stride for all of them.
struct RowSpace {
  llvm::SmallVector<int64_t> batch;
  int64_t rows;
  unsigned firstRowDim; // also the number of batch dimensions

  int64_t batches() const { return llvm::product_of(batch); }
};
/// `strides`: of each operand that is indexed by rows, as broadcastStrides gives them; `fixed`: of one that is not, and
/// so must be broadcast along what becomes rows.
RowSpace flattenRows(llvm::ArrayRef<int64_t> resultShape, llvm::ArrayRef<llvm::SmallVector<int64_t>> strides,
                     llvm::ArrayRef<int64_t> fixed = {});
RowSpace rowsOf(GemmOp op);
RowSpace rowsOf(BatchMatmulOp op);
/// All pixels as rows; empty where operands have no one stride for them (slices).
std::optional<RowSpace> pixelsOf(ConvOp op);

/// How many tiles cover `extent`.
inline int64_t tilesOf(int64_t extent, int64_t tile) { return llvm::divideCeil(extent, tile); }

/// Where a panel's weights would crowd the second-level cache, its sum is cut into slabs: all tiles of a band take one
/// slab after another, and their partial sums wait in scratch memory.
struct Slabs {
  int64_t depth, count; // input channels of one (the last may have fewer), and how many
  int64_t units;        // of rows in a band, at most
  int64_t scratchBytes; // for the sums of a band
};
std::optional<Slabs> slabsOf(GemmOp op);
std::optional<Slabs> slabsOf(ConvOp op);

} // namespace nncc::kernel
