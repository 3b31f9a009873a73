// Shapes of kernel ops as plain numbers.
#include "dialects/kernel/Geometry.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace nncc::kernel;

// The last `spatial` of three are `from`, the others `fill`.
static Triple lastOf(ArrayRef<int64_t> from, int64_t fill) {
  Triple t = {fill, fill, fill};
  std::copy(from.begin(), from.end(), t.begin() + (3 - from.size()));
  return t;
}

template <class Op> static WindowGeometry windowGeometry(Op op, ArrayRef<int64_t> kernel, bool channelsFirst) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), y = shapeOf(op.getInit());
  unsigned n = x.size() - 2;
  WindowGeometry g;
  g.spatial = n;
  g.batch = x[0];
  g.ic = channelsFirst ? x[1] : x.back();
  g.oc = y.back();
  g.in = lastOf(x.slice(channelsFirst ? 2 : 1, n), 1);
  g.out = lastOf(y.slice(1, n), 1);
  g.kernel = lastOf(kernel, 1);
  g.stride = lastOf(op.getStrides(), 1);
  g.dilation = lastOf(op.getDilations(), 1);
  g.low = lastOf(op.getPads().take_front(n), 0);
  g.high = lastOf(op.getPads().drop_front(n), 0);
  return g;
}

WindowGeometry nncc::kernel::geometryOf(ConvOp op) {
  WindowGeometry g = windowGeometry(op, op.getKernelExtents(), op.getNchwInput());
  g.groups = op.getGroups();
  if (op.getPooled())
    for (unsigned d = 1; d < 3; d++)
      g.out[d] *= 2;
  return g;
}
WindowGeometry nncc::kernel::geometryOf(DepthwiseOp op) {
  WindowGeometry g = windowGeometry(op, op.getKernel(), false);
  g.groups = g.ic;
  return g;
}
WindowGeometry nncc::kernel::geometryOf(PoolOp op) { return windowGeometry(op, op.getKernel(), false); }
WindowGeometry nncc::kernel::geometryOf(PoolIndexOp op) { return windowGeometry(op, op.getKernel(), false); }

bool WindowGeometry::isPointwise() const {
  return taps() == 1 && stride == Triple{1, 1, 1} && low == Triple{0, 0, 0} && in == out;
}

SmallVector<int64_t> nncc::kernel::broadcastStrides(Value v, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> own = stridesOf(v), strides(shape.size(), 0);
  for (unsigned d = 0, skip = shape.size() - own.size(); d < own.size(); d++)
    strides[skip + d] = shapeOf(v)[d] == 1 ? 0 : own[d];
  return strides;
}

// A dimension of 1 has no stride of its own: it joins any rows, and rows of 1 join anything.
RowSpace nncc::kernel::flattenRows(ArrayRef<int64_t> shape, ArrayRef<SmallVector<int64_t>> strides,
                                   ArrayRef<int64_t> fixed) {
  assert(shape.size() >= 2 && "expected rows and columns");
  unsigned first = shape.size() - 2, rowDim = first;
  int64_t rows = shape[first];
  for (; first > 0; first--) {
    unsigned d = first - 1;
    if (shape[d] != 1) {
      auto follows = [&](const SmallVector<int64_t> &s) { return rows == 1 || s[d] == s[rowDim] * rows; };
      if ((!fixed.empty() && fixed[d] != 0) || !llvm::all_of(strides, follows))
        break;
      if (rows == 1)
        rowDim = d;
    }
    rows *= shape[d];
  }
  return {SmallVector<int64_t>(shape.take_front(first)), rows, first};
}

static void append(SmallVectorImpl<SmallVector<int64_t>> &strides, ValueRange values, ArrayRef<int64_t> shape) {
  for (Value v : values)
    strides.push_back(broadcastStrides(v, shape));
}

// A product's operand [.., M, K] or [.., K, N] has the result's leading dimensions.
RowSpace nncc::kernel::rowsOf(GemmOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getInit());
  SmallVector<SmallVector<int64_t>> strides;
  append(strides, op.getA(), shape);
  append(strides, op.getExtras(), shape);
  append(strides, op.getInit(), shape);
  return flattenRows(shape, strides);
}

RowSpace nncc::kernel::rowsOf(BatchMatmulOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getInit());
  SmallVector<SmallVector<int64_t>> strides;
  append(strides, op.getA(), shape);
  append(strides, op.getExtras(), shape);
  append(strides, op.getInit(), shape);
  return flattenRows(shape, strides, broadcastStrides(op.getB(), shape));
}

std::optional<RowSpace> nncc::kernel::pixelsOf(ConvOp op) {
  if (!geometryOf(op).isPointwise() || op.getNchwInput())
    return std::nullopt;
  ArrayRef<int64_t> shape = shapeOf(op.getInit());
  SmallVector<SmallVector<int64_t>> strides;
  append(strides, op.getX(), shape);
  append(strides, op.getExtras(), shape);
  append(strides, op.getInit(), shape);
  RowSpace rows = flattenRows(shape, strides);
  if (rows.firstRowDim != 0)
    return std::nullopt;
  return rows;
}

// `rowsOfUnit`: rows of one unit of work, of `units`; `taps` * `depth` is the length of the sum.
static std::optional<Slabs> cutSum(Operation *op, TileAttr tile, Type element, int64_t taps, int64_t depth,
                                   int64_t units, int64_t rowsOfUnit) {
  constexpr int64_t leastDepth = 32;
  int64_t share = TargetAttr::of(op).getL2() / 8, row = tile.getPanel() * element.getIntOrFloatBitWidth() / 8;
  int64_t panelBytes = taps * depth * row;
  // Few tiles read a panel too seldom to care where it lies.
  if (panelBytes <= share || units * rowsOfUnit <= 2 * tile.getRows())
    return std::nullopt;
  Slabs slabs;
  // Whole lines of the input, so that none is read for two slabs.
  slabs.depth = llvm::alignTo(llvm::divideCeil(depth, llvm::divideCeil(panelBytes, share)), 16);
  slabs.count = llvm::divideCeil(depth, slabs.depth);
  if (slabs.depth < leastDepth || slabs.count < 2)
    return std::nullopt;
  slabs.units = std::clamp<int64_t>(share / (row * rowsOfUnit), 1, units);
  slabs.scratchBytes = llvm::alignTo(slabs.units * rowsOfUnit * row, 64);
  return slabs;
}

std::optional<Slabs> nncc::kernel::slabsOf(GemmOp op) {
  TileAttr tile = op.getTileAttr();
  RowSpace space = rowsOf(op);
  if (space.batches() != 1)
    return std::nullopt;
  return cutSum(op, tile, getElementTypeOrSelf(op.getA().getType()), 1, shapeOf(op.getA()).back(),
                tilesOf(space.rows, tile.getRows()), tile.getRows());
}

std::optional<Slabs> nncc::kernel::slabsOf(ConvOp op) {
  TileAttr tile = op.getTileAttr();
  if (op.getWinograd())
    return std::nullopt;
  WindowGeometry g = geometryOf(op);
  Type element = getElementTypeOrSelf(op.getX().getType());
  int64_t depth = g.ic / g.groups;
  if (auto pixels = pixelsOf(op))
    return cutSum(op, tile, element, 1, depth, tilesOf(pixels->rows, tile.getRows()), tile.getRows());
  return cutSum(op, tile, element, g.taps(), depth, g.outputRows(), g.out[2]);
}
