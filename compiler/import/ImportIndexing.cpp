// Operators whose addresses or order depend on data. Indices are checked: at import where they are constant, else at
// run time through the entry's status.
#include "compiler/import/RunTime.h"
using namespace mlir;

namespace nncc {

/// The axis attribute over operand `i`'s rank; `otherwise` where it is absent.
static FailureOr<int64_t> axisOver(Node &node, unsigned i, int64_t otherwise) {
  return node.axis(node.integer("axis", otherwise), node.type(i).getRank());
}

static FailureOr<nn::ScatterKind> scatterKind(Node &node) {
  StringRef reduction = node.string("reduction", "none");
  if (std::optional<nn::ScatterKind> kind = nn::symbolizeScatterKind(reduction))
    return *kind;
  return node.error() << "expected reduction none, add, mul, max or min, found " << quoted(reduction);
}

LogicalResult importGather(Node &node) {
  FailureOr<int64_t> axis = axisOver(node, 0, 0);
  if (failed(axis))
    return failure();
  node.checkIndices(node.operand(1), node.type(0).getDimSize(*axis));
  return node.results(
      node.build<nn::GatherOp>(node.allOperands(), [&](auto &p) { p.setAxis(node.builder.getI64IntegerAttr(*axis)); }));
}

LogicalResult importGatherElements(Node &node) {
  FailureOr<int64_t> axis = axisOver(node, 0, 0);
  if (failed(axis))
    return failure();
  node.checkIndices(node.operand(1), node.type(0).getDimSize(*axis));
  return node.results(node.build<nn::GatherElementsOp>(
      node.allOperands(), [&](auto &p) { p.setAxis(node.builder.getI64IntegerAttr(*axis)); }));
}

/// The extents that the last dimension of the indices runs over, after `batch` dimensions.
static LogicalResult checkTuples(Node &node, int64_t batch) {
  ArrayRef<int64_t> extents = node.type(0).getShape();
  RankedTensorType indices = node.type(1);
  int64_t depth = indices.getRank() ? indices.getShape().back() : 0;
  if (batch < 0 || batch >= indices.getRank() || depth < 1 || depth > int64_t(extents.size()) - batch)
    return node.error() << "expected indices into " << node.type(0) << " after " << batch << " batch dimensions, found "
                        << indices;
  node.checkIndices(node.operand(1), extents.slice(batch, depth));
  return success();
}

LogicalResult importGatherND(Node &node) {
  int64_t batch = node.integer("batch_dims", 0);
  if (failed(checkTuples(node, batch)))
    return failure();
  return node.results(node.build<nn::GatherNDOp>(
      node.allOperands(), [&](auto &p) { p.setBatchDims(node.builder.getI64IntegerAttr(batch)); }));
}

LogicalResult importScatterElements(Node &node) {
  FailureOr<int64_t> axis = axisOver(node, 0, 0);
  FailureOr<nn::ScatterKind> kind = scatterKind(node);
  if (failed(axis) || failed(kind))
    return failure();
  node.checkIndices(node.operand(1), node.type(0).getDimSize(*axis));
  return node.results(node.build<nn::ScatterElementsOp>(node.allOperands(), [&](auto &p) {
    p.setAxis(node.builder.getI64IntegerAttr(*axis));
    p.setKind(nn::ScatterKindAttr::get(node.builder.getContext(), *kind));
  }));
}

LogicalResult importScatterND(Node &node) {
  FailureOr<nn::ScatterKind> kind = scatterKind(node);
  if (failed(kind) || failed(checkTuples(node, 0)))
    return failure();
  return node.results(node.build<nn::ScatterNDOp>(
      node.allOperands(), [&](auto &p) { p.setKind(nn::ScatterKindAttr::get(node.builder.getContext(), *kind)); }));
}

/// The first lengths[b] steps of each batch in reverse: step t comes from lengths[b] - 1 - t where that is not
/// negative.
LogicalResult importReverseSequence(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() < 2)
    return node.error() << "expected an input of rank 2 or more, found " << x;
  FailureOr<int64_t> batch = node.axis(node.integer("batch_axis", 1), x.getRank());
  FailureOr<int64_t> time = node.axis(node.integer("time_axis", 0), x.getRank());
  if (failed(batch) || failed(time))
    return failure();
  if (*batch + *time != 1 || *batch == *time)
    return node.error() << "expected axes 0 and 1, found " << *batch << " and " << *time;
  int64_t batches = x.getDimSize(*batch), steps = x.getDimSize(*time);
  if (node.type(1).getShape() != ArrayRef(batches))
    return node.error() << "expected " << batches << " sequence lengths, found " << node.type(1);
  SmallVector<int64_t> shape(x.getShape().take_front(2)), column(2, 1);
  column[*batch] = batches;
  Type i64 = node.signed64();
  Value lengths = node.reshape(node.convert(node.operand(1), i64), column);
  node.checkIndices(lengths, steps + 1);
  Value step = node.iota(i64, shape, *time), one = node.scalar(i64, 1);
  Value mirrored = node.build<nn::SubOp>({node.build<nn::SubOp>({lengths, one}), step});
  Value isInside = node.build<nn::LessOp>({step, lengths});
  Value source = node.build<nn::WhereOp>({isInside, mirrored, step});
  Value pairs[2];
  shape.push_back(1);
  pairs[*time] = node.reshape(source, shape);
  pairs[*batch] = node.iota(i64, shape, *batch);
  Value indices =
      node.build<nn::ConcatOp>({pairs[0], pairs[1]}, [&](auto &p) { p.setAxis(node.builder.getI64IntegerAttr(2)); });
  return node.results(node.build<nn::GatherNDOp>({node.operand(0), indices}, [](auto &) {}));
}

/// Keeps column - row >= k (upper) or <= k.
LogicalResult importTrilu(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() < 2)
    return node.error() << "expected an input of rank 2 or more, found " << x;
  Type i64 = node.signed64();
  int64_t rows = x.getShape().take_back(2).front(), columns = x.getShape().back();
  Value row = node.iota(i64, {rows, 1}, 0), column = node.iota(i64, {1, columns}, 1);
  if (Value k = node.operand(1)) {
    if (node.type(1).getNumElements() != 1)
      return node.error() << "expected a scalar k, found " << node.type(1);
    row = node.build<nn::AddOp>({row, node.reshape(node.convert(k, i64), {})});
  }
  bool upper = node.integer("upper", 1) != 0;
  Value keep = upper ? node.build<nn::GreaterOrEqualOp>({column, row}) : node.build<nn::LessOrEqualOp>({column, row});
  return node.results(node.build<nn::WhereOp>({keep, node.operand(0), node.scalar(x.getElementType(), 0)}));
}

/// on where the index, negative ones counting from the end, is the position along the new axis; nowhere when it is out
/// of range.
LogicalResult importOneHot(Node &node) {
  RankedTensorType indices = node.type(0), values = node.type(2);
  int64_t depth;
  if (auto declared = node.declaredType(0);
      declared && !node.isConstant(1) && declared->getRank() == indices.getRank() + 1) {
    FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), declared->getRank());
    if (failed(axis))
      return failure();
    depth = declared->getDimSize(*axis);
    node.checkValue(node.convert(node.operand(1), node.signed64()), depth);
  } else {
    FailureOr<SmallVector<double>> given = node.constantNumbers(1);
    if (failed(given))
      return failure();
    if (given->size() != 1 || !(given->front() >= 0 && given->front() < double(int64_t(1) << 40)))
      return node.error() << "expected a depth of at least 0";
    depth = int64_t(given->front());
  }
  FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), indices.getRank() + 1);
  if (failed(axis))
    return failure();
  if (values.getShape() != ArrayRef<int64_t>(2))
    return node.error() << "expected two values, off and on, found " << values;
  Type i64 = node.signed64();
  SmallVector<int64_t> shape(indices.getShape()), line(indices.getRank() + 1, 1);
  shape.insert(shape.begin() + *axis, 1);
  line[*axis] = depth;
  Value index = node.reshape(node.convert(node.operand(0), i64), shape);
  Value wrapped = node.build<nn::AddOp>({index, node.scalar(i64, double(depth))});
  Value isNegative = node.build<nn::LessOp>({index, node.scalar(i64, 0)});
  Value position = node.build<nn::WhereOp>({isNegative, wrapped, index});
  Value isHot = node.build<nn::EqualOp>({position, node.iota(i64, line, *axis)});
  Value off = node.reshape(node.slice(node.operand(2), 0, 0, 1), {});
  Value on = node.reshape(node.slice(node.operand(2), 0, 1, 1), {});
  return node.results(node.build<nn::WhereOp>({isHot, on, off}));
}

LogicalResult importCumSum(Node &node) {
  bool exclusive = node.integer("exclusive", 0) != 0, reverse = node.integer("reverse", 0) != 0;
  auto along = [&](int64_t axis) {
    return node.build<nn::CumSumOp>(node.operand(0), [&](auto &p) {
      p.setAxis(node.builder.getI64IntegerAttr(axis));
      if (exclusive)
        p.setExclusive(node.builder.getUnitAttr());
      if (reverse)
        p.setReverse(node.builder.getUnitAttr());
    });
  };
  if (!node.isConstant(1))
    return cumSumAtRunTime(node, along);
  FailureOr<SmallVector<int64_t>> given = node.constantInts(1);
  if (failed(given))
    return failure();
  if (given->size() != 1)
    return node.error() << "expected one axis, found " << given->size();
  FailureOr<int64_t> axis = node.axis(given->front(), node.type(0).getRank());
  if (failed(axis))
    return failure();
  return node.results(along(*axis));
}

/// Unsorted results may come in any order, so sorted ones serve.
LogicalResult importTopK(Node &node) {
  FailureOr<int64_t> axis = axisOver(node, 0, -1);
  if (failed(axis))
    return failure();
  int64_t k = node.opset < 10 ? node.integer("k", -1) : -1;
  if (auto declared = node.declaredType(0);
      declared && node.operand(1) && !node.isConstant(1) && declared->getRank() == node.type(0).getRank()) {
    k = declared->getDimSize(unsigned(*axis));
    node.checkValue(node.operand(1), k);
  } else if (node.operand(1)) {
    FailureOr<SmallVector<int64_t>> given = node.constantInts(1);
    if (failed(given))
      return failure();
    k = given->size() == 1 ? given->front() : -1;
  }
  if (k < 0)
    return node.error() << "expected one k of at least 0";
  bool smallest = node.integer("largest", 1) == 0;
  (void)node.integer("sorted", 1);
  return node.results(node.buildAll<nn::TopKOp>(node.operand(0), [&](auto &p) {
    p.setK(node.builder.getI64IntegerAttr(k));
    p.setAxis(node.builder.getI64IntegerAttr(*axis));
    if (smallest)
      p.setSmallest(node.builder.getUnitAttr());
  }));
}

} // namespace nncc
