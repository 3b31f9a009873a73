// Shape arithmetic on operands that are not constant, in the dialect's own ops on a few integers.
#include "compiler/import/RunTime.h"
using namespace mlir;

namespace nncc {
namespace {

/// Integer arithmetic on tensors of si64, as short as it can be said.
struct Integers {
  Node &node;

  Value number(int64_t x) const { return node.constantIndices(x, {}); }
  Value list(ArrayRef<int64_t> x) const { return node.constantIndices(x, int64_t(x.size())); }
  Value add(Value x, Value y) const { return node.build<nn::AddOp>({x, y}); }
  Value sub(Value x, Value y) const { return node.build<nn::SubOp>({x, y}); }
  Value mul(Value x, Value y) const { return node.build<nn::MulOp>({x, y}); }
  Value div(Value x, Value y) const { return node.build<nn::DivOp>({x, y}); }
  Value clamp(Value x, Value low, Value high) const {
    return node.build<nn::MinOp>({node.build<nn::MaxOp>({x, low}), high});
  }
  Value isNegative(Value x) const { return node.build<nn::LessOp>({x, number(0)}); }
  Value isEqual(Value x, Value y) const { return node.build<nn::EqualOp>({x, y}); }
  Value select(Value condition, Value x, Value y) const { return node.build<nn::WhereOp>({condition, x, y}); }
  /// x, or x + extent where x is below 0.
  Value fromEnd(Value x, Value extent) const { return select(isNegative(x), add(x, extent), x); }
  Value sumOfRows(Value x) const {
    return node.build<nn::ReduceOp>(x, [&](auto &p) {
      p.setKind(nn::ReduceKindAttr::get(node.builder.getContext(), nn::ReduceKind::sum));
      p.setAxes(node.builder.getDenseI64ArrayAttr({0}));
    });
  }
  /// How many steps lead from 0 to or past `span`; -1 for steps of 0, which no extent is equal to.
  Value steps(Value span, Value step) const {
    Value isBackwards = isNegative(step), isNone = isEqual(step, number(0));
    Value room = select(isBackwards, sub(number(0), span), span);
    Value length = select(isBackwards, sub(number(0), step), select(isNone, number(1), step));
    Value count = add(div(sub(room, number(1)), length), number(1));
    count = select(node.build<nn::GreaterOp>({room, number(0)}), count, number(0));
    return select(isNone, number(-1), count);
  }
};

} // namespace

LogicalResult sliceAtRunTime(Node &node, RankedTensorType declared) {
  RankedTensorType x = node.type(0);
  int64_t rank = x.getRank(), count = node.type(1).getNumElements();
  if (declared.getRank() != rank || !rank)
    return node.error() << "expected the declared result " << declared << " to have the rank of " << x;
  Integers ints{node};
  Value given[4];
  for (unsigned i = 1; i <= 4; i++) {
    Value v = node.operand(i);
    if (v && node.type(i).getNumElements() != count)
      return node.error() << "expected as many starts, ends, axes and steps, found " << node.type(1) << " and "
                          << node.type(i);
    if (v)
      given[i - 1] = node.reshape(node.convert(v, node.signed64()), {count, 1});
  }
  if (!given[1] || count > rank)
    return node.error() << "expected as many ends as starts, at most " << rank;
  Value axes = given[2];
  if (axes)
    node.checkIndices(axes, rank);
  else
    axes = node.iota(node.signed64(), {count, 1}, 0);

  // [1, rank]: what the operands say for each dimension; all of it where they don't mention one.
  Value hits = ints.isEqual(ints.fromEnd(axes, ints.number(rank)), node.iota(node.signed64(), {1, rank}, 1));
  Value isSliced = node.build<nn::GreaterOp>({ints.sumOfRows(node.convert(hits, node.signed64())), ints.number(0)});
  Value extents = node.reshape(ints.list(x.getShape()), {1, rank}), one = ints.number(1), zero = ints.number(0);
  auto forEachDimension = [&](Value v, Value otherwise) {
    return ints.select(isSliced, ints.sumOfRows(ints.select(hits, v, zero)), otherwise);
  };
  Value start = ints.fromEnd(forEachDimension(given[0], zero), extents);
  Value end = ints.fromEnd(forEachDimension(given[1], extents), extents);
  Value step = given[3] ? forEachDimension(given[3], one) : one;
  Value low = ints.select(ints.isNegative(step), ints.number(-1), zero);
  Value high = ints.add(extents, low);
  start = ints.clamp(start, low, high);
  end = ints.clamp(end, low, high);
  Value counts = node.broadcast(ints.steps(ints.sub(end, start), step), {1, rank});
  node.checkValue(counts, declared.getShape());

  step = node.broadcast(step, {1, rank});
  Value y = node.operand(0);
  for (int64_t d = 0; d < rank && !node.isBroken(); d++) {
    int64_t extent = declared.getDimSize(d);
    auto entry = [&](Value v) { return node.reshape(node.slice(v, 1, d, 1), {1}); };
    Value indices = ints.mul(node.iota(node.signed64(), extent, 0), entry(step));
    indices = ints.add(indices, entry(node.broadcast(start, {1, rank})));
    y = node.build<nn::GatherOp>({y, indices}, [&](auto &p) { p.setAxis(node.builder.getI64IntegerAttr(d)); });
  }
  return node.results(y);
}

LogicalResult rangeAtRunTime(Node &node, RankedTensorType declared) {
  Type element = node.type(0).getElementType();
  if (declared.getRank() != 1)
    return node.error() << "expected the declared result " << declared << " to have one dimension";
  Integers ints{node};
  Value start = node.reshape(node.operand(0), {}), limit = node.reshape(node.operand(1), {});
  Value delta = node.reshape(node.operand(2), {}), count;
  if (isa<FloatType>(element)) {
    Value steps = node.build<nn::CeilOp>({node.build<nn::DivOp>({node.build<nn::SubOp>({limit, start}), delta})});
    count = node.convert(node.build<nn::MaxOp>({steps, node.scalar(element, 0)}), node.signed64());
  } else {
    auto wide = [&](Value v) { return node.convert(v, node.signed64()); };
    count = ints.steps(ints.sub(wide(limit), wide(start)), wide(delta));
  }
  node.checkValue(node.reshape(count, {1}), declared.getShape());
  Value index = node.iota(element, declared.getShape(), 0);
  return node.results(node.build<nn::AddOp>({node.build<nn::MulOp>({index, delta}), start}));
}

LogicalResult cumSumAtRunTime(Node &node, function_ref<Value(int64_t axis)> build) {
  int64_t rank = node.type(0).getRank();
  if (!rank || node.type(1).getNumElements() != 1)
    return node.error() << "expected one axis, found " << node.type(1) << " for " << node.type(0);
  Integers ints{node};
  Value axis = node.reshape(node.convert(node.operand(1), node.signed64()), {});
  node.checkIndices(axis, rank);
  axis = ints.fromEnd(axis, ints.number(rank));
  Value y = build(0);
  for (int64_t d = 1; d < rank; d++)
    y = ints.select(ints.isEqual(axis, ints.number(d)), build(d), y);
  return node.results(y);
}

} // namespace nncc
