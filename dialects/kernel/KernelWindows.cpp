// Sizes and units of windows without weights.
#include "dialects/kernel/Geometry.h"
#include "dialects/kernel/Kernel.h"

using namespace mlir;
using namespace nncc::kernel;

SmallVector<int64_t> PoolOp::getUnits() {
  WindowGeometry g = geometryOf(*this);
  int64_t lanes = TargetAttr::of(*this).lanesOf(cast<ShapedType>(getX().getType()).getElementType());
  return {g.outputRows(), int64_t(llvm::divideCeil(g.oc, lanes))};
}
double PoolOp::getFlops() { return countElements(getInit()) * double(geometryOf(*this).taps()); }

SmallVector<int64_t> PoolIndexOp::getUnits() { return {geometryOf(*this).outputRows()}; }
double PoolIndexOp::getFlops() { return countElements(getInit()) * double(geometryOf(*this).taps()); }
