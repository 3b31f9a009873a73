// Sizes, units and checks of ops with data-dependent addresses.
#include "dialects/kernel/IndexedSpaces.h"

using namespace mlir;
using namespace nncc::kernel;

static Type elementOf(Value v) { return cast<ShapedType>(v.getType()).getElementType(); }
static bool areIndices(Value v) { return elementOf(v).isSignlessInteger(32) || elementOf(v).isSignlessInteger(64); }
static bool isAxis(int64_t axis, Value v) { return axis >= 0 && axis < cast<ShapedType>(v.getType()).getRank(); }

//===-- gathers -------------------------------------------------------------------------------------------------===//

SmallVector<int64_t> GatherOp::getUnits() {
  GatherSpaces spaces = spacesOf(*this);
  return {spaces.outer.count(), spaces.positions.count()};
}
// What lies between the gathered elements isn't read.
double GatherOp::getBytes() { return countBytes(getIndices()) + 2 * countBytes(getInit()); }

LogicalResult GatherOp::verify() {
  if (!areIndices(getIndices()) || !isAxis(getAxis(), getX()))
    return emitOpError("expected integer indices along an axis of ") << getX().getType();
  ArrayRef<int64_t> x = shapeOf(getX());
  SmallVector<int64_t> shape(x.take_front(getAxis()));
  llvm::append_range(shape, shapeOf(getIndices()));
  llvm::append_range(shape, x.drop_front(getAxis() + 1));
  if (shapeOf(getInit()) != ArrayRef<int64_t>(shape) || elementOf(getInit()) != elementOf(getX()))
    return emitOpError("expected a destination that fits x and indices, found ") << getInit().getType();
  return success();
}

SmallVector<int64_t> GatherElementsOp::getUnits() {
  Space space = spaceOf(*this);
  if (space.extents.empty())
    return {1, 1};
  return {space.dropBack().count(), space.extents.back()};
}
double GatherElementsOp::getBytes() { return countBytes(getIndices()) + 2 * countBytes(getInit()); }

LogicalResult GatherElementsOp::verify() {
  if (!areIndices(getIndices()) || !isAxis(getAxis(), getX()))
    return emitOpError("expected integer indices along an axis of ") << getX().getType();
  if (shapeOf(getInit()) != shapeOf(getIndices()) || elementOf(getInit()) != elementOf(getX()) ||
      shapeOf(getX()).size() != shapeOf(getIndices()).size())
    return emitOpError("expected a destination that fits x and indices, found ") << getInit().getType();
  return success();
}

SmallVector<int64_t> GatherNDOp::getUnits() {
  GatherSpaces spaces = spacesOf(*this);
  return {spaces.outer.count(), spaces.positions.count()};
}
double GatherNDOp::getBytes() { return countBytes(getIndices()) + 2 * countBytes(getInit()); }

LogicalResult GatherNDOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX()), indices = shapeOf(getIndices());
  int64_t batch = getBatchDims();
  if (!areIndices(getIndices()) || batch < 0 || batch >= int64_t(indices.size()) || indices.back() < 0 ||
      batch + indices.back() > int64_t(x.size()))
    return emitOpError("expected tuples of integer indices into ") << getX().getType();
  SmallVector<int64_t> shape(indices.drop_back());
  llvm::append_range(shape, x.drop_front(batch + indices.back()));
  if (shapeOf(getInit()) != ArrayRef<int64_t>(shape) || elementOf(getInit()) != elementOf(getX()))
    return emitOpError("expected a destination that fits x and indices, found ") << getInit().getType();
  return success();
}

//===-- scatters ------------------------------------------------------------------------------------------------===//

SmallVector<int64_t> ScatterElementsOp::getUnits() {
  IndexedSpaces spaces = spacesOf(*this);
  return {spaces.outer.count(), spaces.inner.count()};
}
bool ScatterElementsOp::readsInit() { return true; }
double ScatterElementsOp::getFlops() { return countElements(getUpdates()); }
double ScatterElementsOp::getBytes() { return countBytes(getIndices()) + 3 * countBytes(getUpdates()); }

LogicalResult ScatterElementsOp::verify() {
  if (!areIndices(getIndices()) || !isAxis(getAxis(), getInit()))
    return emitOpError("expected integer indices along an axis of ") << getInit().getType();
  if (shapeOf(getUpdates()) != shapeOf(getIndices()) || elementOf(getInit()) != elementOf(getUpdates()) ||
      shapeOf(getInit()).size() != shapeOf(getIndices()).size())
    return emitOpError("expected updates that fit the indices and the destination, found ") << getUpdates().getType();
  return success();
}

SmallVector<int64_t> ScatterNDOp::getUnits() {
  Space inner = spacesOf(*this).inner;
  return {inner.extents.empty() ? 1 : inner.extents.front()};
}
bool ScatterNDOp::readsInit() { return true; }
double ScatterNDOp::getFlops() { return countElements(getUpdates()); }
double ScatterNDOp::getBytes() { return countBytes(getIndices()) + 3 * countBytes(getUpdates()); }

LogicalResult ScatterNDOp::verify() {
  ArrayRef<int64_t> init = shapeOf(getInit()), indices = shapeOf(getIndices());
  if (!areIndices(getIndices()) || indices.empty() || indices.back() < 0 || indices.back() > int64_t(init.size()))
    return emitOpError("expected tuples of integer indices into ") << getInit().getType();
  SmallVector<int64_t> shape(indices.drop_back());
  llvm::append_range(shape, init.drop_front(indices.back()));
  if (shapeOf(getUpdates()) != ArrayRef<int64_t>(shape) || elementOf(getInit()) != elementOf(getUpdates()))
    return emitOpError("expected updates that fit the indices and the destination, found ") << getUpdates().getType();
  return success();
}

//===-- ops with an order ---------------------------------------------------------------------------------------===//

SmallVector<int64_t> CumSumOp::getUnits() {
  IndexedSpaces spaces = spacesOf(*this);
  const Space &inner = spaces.inner;
  int64_t vectors =
      inner.extents.empty() ? 1 : inner.dropBack().count() * llvm::divideCeil(inner.extents.back(), lanesOf(*this));
  return {spaces.outer.count(), vectors};
}

LogicalResult CumSumOp::verify() {
  if (!isAxis(getAxis(), getX()) || shapeOf(getX()) != shapeOf(getInit()) || elementOf(getX()) != elementOf(getInit()))
    return emitOpError("expected an axis and a destination of ") << getX().getType();
  return success();
}

SmallVector<int64_t> TopKOp::getUnits() { return {spaceOf(*this).count()}; }
double TopKOp::getFlops() { return countElements(getX()); }

LogicalResult TopKOp::verify() {
  if (!isAxis(getAxis(), getX()) || getInits().size() != 2)
    return emitOpError("expected an axis of x, and values and indices as destinations");
  ArrayRef<int64_t> x = shapeOf(getX()), values = shapeOf(getInits()[0]);
  SmallVector<int64_t> shape(x);
  if (values.size() == x.size())
    shape[getAxis()] = values[getAxis()];
  if (values != ArrayRef<int64_t>(shape) || values[getAxis()] > x[getAxis()] || shapeOf(getInits()[1]) != values ||
      elementOf(getInits()[0]) != elementOf(getX()) || !elementOf(getInits()[1]).isSignlessInteger(64))
    return emitOpError("expected destinations that fit x, found ")
           << getInits()[0].getType() << " and " << getInits()[1].getType();
  return success();
}

//===-- checks --------------------------------------------------------------------------------------------------===//

SmallVector<int64_t> CheckIndexOp::getUnits() { return {1}; }
bool CheckIndexOp::readsInit() { return true; }
double CheckIndexOp::getFlops() { return countElements(getIndices()); }

LogicalResult CheckIndexOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getIndices());
  if (!areIndices(getIndices()) ||
      (getExtents().size() != 1 && (shape.empty() || shape.back() != int64_t(getExtents().size()))))
    return emitOpError("expected integer indices that fit the extents, found ") << getIndices().getType();
  return success();
}

SmallVector<int64_t> CheckValueOp::getUnits() { return {1}; }
bool CheckValueOp::readsInit() { return true; }
double CheckValueOp::getFlops() { return countElements(getValue()); }

LogicalResult CheckValueOp::verify() {
  if (!isa<IntegerType>(elementOf(getValue())) ||
      llvm::product_of(shapeOf(getValue())) != int64_t(getExpected().size()))
    return emitOpError("expected ") << getExpected().size() << " integers, found " << getValue().getType();
  return success();
}
