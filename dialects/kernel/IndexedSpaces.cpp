// Index spaces of ops with data-dependent addresses.
#include "dialects/kernel/IndexedSpaces.h"

using namespace mlir;
using namespace nncc::kernel;

bool Space::isDense() const {
  return !extents.empty() && llvm::all_of(strides, [](ArrayRef<int64_t> s) { return s.back() == 1; });
}

Space Space::dropFront(size_t n) const {
  Space rest = *this;
  rest.extents.erase(rest.extents.begin(), rest.extents.begin() + n);
  for (SmallVector<int64_t> &s : rest.strides)
    s.erase(s.begin(), s.begin() + n);
  return rest;
}

Space Space::dropBack() const {
  Space rest = *this;
  rest.extents.pop_back();
  for (SmallVector<int64_t> &s : rest.strides)
    s.pop_back();
  return rest;
}

using Strides = SmallVector<int64_t>;

static Space join(ArrayRef<int64_t> extents, ArrayRef<Strides> strides) {
  Space space;
  space.strides.resize(strides.size());
  for (size_t d = 0; d < extents.size(); d++) {
    if (extents[d] == 1)
      continue;
    bool joins = !space.extents.empty();
    for (auto [own, all] : llvm::zip(space.strides, strides))
      joins = joins && own.back() == all[d] * extents[d];
    if (joins)
      space.extents.back() *= extents[d];
    else
      space.extents.push_back(extents[d]);
    for (auto [own, all] : llvm::zip(space.strides, strides)) {
      if (joins)
        own.back() = all[d];
      else
        own.push_back(all[d]);
    }
  }
  return space;
}

// Dimensions [from, from + count) of `v`.
static Strides part(Value v, size_t from, size_t count) { return Strides(ArrayRef(stridesOf(v)).slice(from, count)); }

GatherSpaces nncc::kernel::spacesOf(GatherOp op) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), indices = shapeOf(op.getIndices());
  size_t axis = op.getAxis(), rest = x.size() - axis - 1, count = indices.size();
  return {join(x.take_front(axis), {part(op.getX(), 0, axis), part(op.getInit(), 0, axis)}),
          join(indices, {stridesOf(op.getIndices()), part(op.getInit(), axis, count)}),
          join(x.drop_front(axis + 1), {part(op.getX(), axis + 1, rest), part(op.getInit(), axis + count, rest)})};
}

GatherSpaces nncc::kernel::spacesOf(GatherNDOp op) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), indices = shapeOf(op.getIndices());
  size_t batch = op.getBatchDims(), count = indices.size() - 1 - batch, skipped = batch + indices.back();
  size_t rest = x.size() - skipped;
  return {join(x.take_front(batch),
               {part(op.getIndices(), 0, batch), part(op.getX(), 0, batch), part(op.getInit(), 0, batch)}),
          join(indices.slice(batch, count), {part(op.getIndices(), batch, count), part(op.getInit(), batch, count)}),
          join(x.drop_front(skipped), {part(op.getX(), skipped, rest), part(op.getInit(), batch + count, rest)})};
}

Space nncc::kernel::spaceOf(GatherElementsOp op) {
  Strides x = stridesOf(op.getX());
  x[op.getAxis()] = 0;
  return join(shapeOf(op.getInit()), {stridesOf(op.getIndices()), stridesOf(op.getInit()), x});
}

IndexedSpaces nncc::kernel::spacesOf(ScatterElementsOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getUpdates());
  size_t axis = op.getAxis(), rest = shape.size() - axis - 1;
  return {
      join(shape.take_front(axis),
           {part(op.getIndices(), 0, axis), part(op.getUpdates(), 0, axis), part(op.getInit(), 0, axis)}),
      join(shape.drop_front(axis + 1), {part(op.getIndices(), axis + 1, rest), part(op.getUpdates(), axis + 1, rest),
                                        part(op.getInit(), axis + 1, rest)})};
}

IndexedSpaces nncc::kernel::spacesOf(ScatterNDOp op) {
  ArrayRef<int64_t> init = shapeOf(op.getInit()), indices = shapeOf(op.getIndices());
  size_t count = indices.size() - 1, skipped = indices.back(), rest = init.size() - skipped;
  return {join(indices.take_front(count), {part(op.getIndices(), 0, count), part(op.getUpdates(), 0, count)}),
          join(init.drop_front(skipped), {part(op.getUpdates(), count, rest), part(op.getInit(), skipped, rest)})};
}

IndexedSpaces nncc::kernel::spacesOf(CumSumOp op) {
  ArrayRef<int64_t> x = shapeOf(op.getX());
  size_t axis = op.getAxis(), rest = x.size() - axis - 1;
  return {join(x.take_front(axis), {part(op.getX(), 0, axis), part(op.getInit(), 0, axis)}),
          join(x.drop_front(axis + 1), {part(op.getX(), axis + 1, rest), part(op.getInit(), axis + 1, rest)})};
}

int64_t nncc::kernel::lanesOf(CumSumOp op) {
  if (!spacesOf(op).inner.isDense())
    return 1;
  return TargetAttr::of(op).lanesOf(cast<ShapedType>(op.getX().getType()).getElementType());
}

Space nncc::kernel::spaceOf(TopKOp op) {
  auto without = [&](auto list) {
    list.erase(list.begin() + op.getAxis());
    return list;
  };
  SmallVector<Strides> strides = {without(stridesOf(op.getX()))};
  for (Value init : op.getInits())
    strides.push_back(without(stridesOf(init)));
  return join(without(SmallVector<int64_t>(shapeOf(op.getX()))), strides);
}

Space nncc::kernel::spaceOf(CheckIndexOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getIndices());
  Strides strides = stridesOf(op.getIndices());
  size_t tuples = op.getExtents().size() > 1;
  return join(shape.drop_back(tuples), Strides(ArrayRef(strides).drop_back(tuples)));
}

Space nncc::kernel::spaceOf(CheckValueOp op) { return join(shapeOf(op.getValue()), stridesOf(op.getValue())); }
