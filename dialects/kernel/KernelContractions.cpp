// Sizes, units and checks of the contractions.
#include "dialects/kernel/Geometry.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Winograd.h"

using namespace mlir;
using namespace nncc;
using namespace nncc::kernel;

//===-- gemm ----------------------------------------------------------------------------------------------------===//

static int64_t depthOf(Value a) { return shapeOf(a).back(); }

SmallVector<int64_t> GemmOp::getUnits() {
  RowSpace space = rowsOf(*this);
  return {space.batches() * tilesOf(space.rows, getTile()->getRows()),
          tilesOf(shapeOf(getInit()).back(), getTile()->getPanel())};
}
int64_t GemmOp::getScratchBytes() {
  auto slabs = slabsOf(*this);
  return slabs ? slabs->scratchBytes : 0;
}
double GemmOp::getFlops() { return 2 * countElements(getInit()) * double(depthOf(getA())); }

LogicalResult GemmOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB()), init = shapeOf(getInit());
  if (a.size() < 2 || init.size() != a.size())
    return emitOpError("expected operands of two or more dimensions, found ")
           << getA().getType() << " and " << getInit().getType();
  if (TileAttr tile = getTileAttr()) {
    if (b.size() != 3 || b[2] != tile.getPanel() || b[1] != a.back() || b[0] != tilesOf(init.back(), tile.getPanel()))
      return emitOpError("expected b packed for ") << tile << ", found " << getB().getType();
  } else if (b.size() != 2 || b[getTransposeB()] != a.back() || b[!getTransposeB()] != init.back())
    return emitOpError("expected b to multiply ")
           << getA().getType() << " into " << getInit().getType() << ", found " << getB().getType();
  return nn::verifyEpilogue(*this, getExtras(), cast<ShapedType>(getInit().getType()), getEpilogue());
}

//===-- batch_matmul --------------------------------------------------------------------------------------------===//

SmallVector<int64_t> BatchMatmulOp::getUnits() {
  RowSpace space = rowsOf(*this);
  return {space.batches() * tilesOf(space.rows, getTile()->getRows()),
          tilesOf(shapeOf(getInit()).back(), getTile()->getPanel())};
}
double BatchMatmulOp::getFlops() { return 2 * countElements(getInit()) * double(depthOf(getA())); }

// One transposed panel of b.
int64_t BatchMatmulOp::getScratchBytes() {
  if (!getTransposeB())
    return 0;
  int64_t element = cast<ShapedType>(getB().getType()).getElementTypeBitWidth() / 8;
  return llvm::alignTo(depthOf(getA()) * getTile()->getPanel() * element, 64);
}

LogicalResult BatchMatmulOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB()), init = shapeOf(getInit());
  if (a.size() < 2 || b.size() < 2 || init.size() < std::max(a.size(), b.size()))
    return emitOpError("expected operands of two or more dimensions, found ")
           << getA().getType() << " and " << getB().getType();
  unsigned k = b.size() - 2 + getTransposeB(), n = b.size() - 1 - getTransposeB();
  if (b[k] != a.back() || b[n] != init.back() || a[a.size() - 2] != init[init.size() - 2])
    return emitOpError("expected operands that multiply into ")
           << getInit().getType() << ", found " << getA().getType() << " and " << getB().getType();
  return nn::verifyEpilogue(*this, getExtras(), cast<ShapedType>(getInit().getType()), getEpilogue());
}

//===-- conv ----------------------------------------------------------------------------------------------------===//

SmallVector<int64_t> ConvOp::getKernelExtents() {
  unsigned spatial = shapeOf(getX()).size() - 2;
  SmallVector<int64_t> extents(getTile() ? shapeOf(getW()).slice(5 - spatial, spatial)
                                         : shapeOf(getW()).take_front(spatial));
  if (auto tile = getWinograd())
    for (auto [extent, outputs] : llvm::zip(extents, *tile))
      extent -= outputs - 1;
  return extents;
}

SmallVector<int64_t> ConvOp::getUnits() {
  WindowGeometry g = geometryOf(*this);
  int64_t panels = g.groups * tilesOf(g.oc / g.groups, getTile()->getPanel());
  if (getWinograd()) {
    WinogradGeometry w = winogradOf(*this);
    return {w.images * tilesOf(w.tilesOfImage(), getTile()->getRows()), panels};
  }
  if (auto pixels = pixelsOf(*this))
    return {tilesOf(pixels->rows, getTile()->getRows()), panels};
  return {g.outputRows(), panels};
}
int64_t ConvOp::getScratchBytes() {
  if (getWinograd())
    return winogradScratchOf(*this).bytes;
  auto slabs = slabsOf(*this);
  return slabs ? slabs->scratchBytes : 0;
}
double ConvOp::getFlops() {
  WindowGeometry g = geometryOf(*this);
  return 2 * double(g.pixels() * g.oc) * double(g.taps() * (g.ic / g.groups));
}

static LogicalResult verifyImage(Operation *op, Value x, Value init, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads,
                                 ArrayRef<int64_t> dilations) {
  size_t rank = shapeOf(x).size();
  if (rank < 3 || rank > 5 || shapeOf(init).size() != rank)
    return op->emitOpError("expected images of one to three spatial dimensions, found ")
           << x.getType() << " and " << init.getType();
  if (strides.size() != rank - 2 || dilations.size() != rank - 2 || pads.size() != 2 * (rank - 2))
    return op->emitOpError("expected strides, dilations and pads for ") << rank - 2 << " spatial dimensions";
  return success();
}

LogicalResult ConvOp::verify() {
  if (failed(verifyImage(*this, getX(), getInit(), getStrides(), getPads(), getDilations())))
    return failure();
  ArrayRef<int64_t> w = shapeOf(getW());
  size_t rank = shapeOf(getX()).size();
  if (w.size() != (getTile() ? 7 : rank))
    return emitOpError("expected weights of ") << (getTile() ? 7 : rank) << " dimensions, found " << getW().getType();
  if (auto tile = getWinograd()) {
    bool isDeep = rank == 5 && tile->size() == 3 && tile->front() != 1; // the depth has no tiles
    if (tile->size() != rank - 2 || isDeep || llvm::any_of(*tile, [](int64_t outputs) { return outputs < 1; }))
      return emitOpError("expected a tile of outputs for ") << rank - 2 << " spatial dimensions";
    WindowGeometry g = geometryOf(*this);
    if (llvm::any_of(g.kernel, [](int64_t taps) { return taps < 1; }) || getNchwInput() ||
        !getElementTypeOrSelf(getX().getType()).isF32())
      return emitOpError("expected a convolution that minimal filtering can compute");
    WinogradGeometry filter = winogradOf(*this);
    if (!canFilter(g, filter.tile))
      return emitOpError("expected a convolution that minimal filtering can compute");
    if (std::max(filter.points[0], filter.points[1]) > mostPoints)
      return emitOpError("expected at most ") << mostPoints << " products along a dimension";
  }
  if (getPooled()) {
    ArrayRef<int64_t> y = shapeOf(getInit());
    auto isEven = [](int64_t outputs) { return outputs % 2 == 0; };
    if (rank < 4 || !getWinograd() || !llvm::all_of(getWinograd()->take_back(2), isEven))
      return emitOpError("expected tiles of an even number of outputs to pool");
    for (Value extra : getExtras())
      if (llvm::any_of(ArrayRef(broadcastStrides(extra, y)).drop_back(), [](int64_t stride) { return stride != 0; }))
        return emitOpError("expected a pooled epilogue that depends on channels alone");
  }
  WindowGeometry g = geometryOf(*this);
  if (g.groups < 1 || g.ic % g.groups || g.oc % g.groups)
    return emitOpError("expected channels that divide into ") << g.groups << " groups";
  int64_t ic = getTile() ? w[5] : w[rank - 2];
  if (ic != g.ic / g.groups)
    return emitOpError("expected weights for ") << g.ic / g.groups << " input channels, found " << getW().getType();
  return nn::verifyEpilogue(*this, getExtras(), cast<ShapedType>(getInit().getType()), getEpilogue());
}

//===-- depthwise -----------------------------------------------------------------------------------------------===//

SmallVector<int64_t> DepthwiseOp::getUnits() {
  WindowGeometry g = geometryOf(*this);
  return {g.batch * g.out[0] * int64_t(llvm::divideCeil(g.out[1], getTile()->getVectors())),
          tilesOf(g.oc, getTile()->getLanes())};
}
double DepthwiseOp::getFlops() { return 2 * countElements(getInit()) * double(geometryOf(*this).taps()); }

LogicalResult DepthwiseOp::verify() {
  if (failed(verifyImage(*this, getX(), getInit(), getStrides(), getPads(), getDilations())))
    return failure();
  if (getKernel().size() != getStrides().size())
    return emitOpError("expected a kernel of ") << getStrides().size() << " dimensions";
  if (shapeOf(getInit()).back() % shapeOf(getX()).back())
    return emitOpError("expected a multiple of ") << shapeOf(getX()).back() << " output channels";
  return nn::verifyEpilogue(*this, getExtras(), cast<ShapedType>(getInit().getType()), getEpilogue());
}

//===-- pack ----------------------------------------------------------------------------------------------------===//

SmallVector<int64_t> PackOp::getUnits() {
  ArrayRef<int64_t> w = shapeOf(getW());
  int64_t columns = (getTranspose() ? w.front() : w.back()) / int64_t(getGroups());
  return {int64_t(getGroups()) * tilesOf(columns, getPanel())};
}
