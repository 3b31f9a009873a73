// Reductions over axes, and the operators that look for the largest or smallest element.
#include "compiler/import/Reduce.h"
using namespace mlir;

namespace nncc {

Value reduce(Node &node, nn::ReduceKind kind, Value x, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> sorted(axes);
  llvm::sort(sorted);
  return node.build<nn::ReduceOp>(x, [&](auto &p) {
    p.setKind(nn::ReduceKindAttr::get(node.builder.getContext(), kind));
    p.setAxes(node.builder.getDenseI64ArrayAttr(sorted));
  });
}

Value mean(Node &node, Value x, ArrayRef<int64_t> axes) {
  if (node.isBroken())
    return {};
  RankedTensorType type = Node::typeOf(x);
  double count = 1;
  for (int64_t axis : axes)
    count *= double(type.getDimSize(axis));
  return node.build<nn::DivOp>({reduce(node, nn::ReduceKind::sum, x, axes), node.scalar(type.getElementType(), count)});
}

/// log(sum(exp(x))) as log(sum(exp(x - m))) + m with the largest element m, or 0 where that is infinite.
static Value logSumExp(Node &node, Value x, ArrayRef<int64_t> axes) {
  Type element = node.isBroken() ? Type() : Node::typeOf(x).getElementType();
  Value largest = reduce(node, nn::ReduceKind::max, x, axes);
  Value isInfinite = node.build<nn::IsInfOp>(largest, [&](auto &p) {
    p.setNegative(node.builder.getF64FloatAttr(1));
    p.setPositive(node.builder.getF64FloatAttr(1));
  });
  Value base = node.build<nn::WhereOp>({isInfinite, node.scalar(element, 0), largest});
  Value sum = reduce(node, nn::ReduceKind::sum, node.build<nn::ExpOp>(node.build<nn::SubOp>({x, base})), axes);
  return node.build<nn::AddOp>({node.build<nn::LogOp>(sum), base});
}

/// The form's argument is the operator's name without "Reduce".
static Value reduceAs(Node &node, StringRef kind, Value x, ArrayRef<int64_t> axes) {
  auto sum = [&](Value v) { return reduce(node, nn::ReduceKind::sum, v, axes); };
  if (kind == "Sum")
    return sum(x);
  if (kind == "Mean")
    return mean(node, x, axes);
  if (kind == "Max")
    return reduce(node, nn::ReduceKind::max, x, axes);
  if (kind == "Min")
    return reduce(node, nn::ReduceKind::min, x, axes);
  if (kind == "Prod")
    return reduce(node, nn::ReduceKind::prod, x, axes);
  if (kind == "L1")
    return sum(node.build<nn::AbsOp>(x));
  if (kind == "SumSquare")
    return sum(node.build<nn::MulOp>({x, x}));
  if (kind == "L2")
    return node.build<nn::SqrtOp>(sum(node.build<nn::MulOp>({x, x})));
  if (kind == "LogSum")
    return node.build<nn::LogOp>(sum(x));
  assert(kind == "LogSumExp" && "a form names a reduction that does not exist");
  return logSumExp(node, x, axes);
}

/// Without axes all are reduced, or none with noop_with_empty_axes. Booleans reduce as bytes; what needs a root or a
/// logarithm of integers is computed in double.
LogicalResult importReduce(Node &node) {
  RankedTensorType x = node.type(0);
  bool keep = node.integer("keepdims", 1) != 0, noop = node.integer("noop_with_empty_axes", 0) != 0;
  FailureOr<Node::OptionalInts> given = node.intsOperandOrAttribute(1, "axes");
  if (failed(given))
    return failure();
  SmallVector<int64_t> all = *given ? **given : SmallVector<int64_t>();
  if (all.empty() && !noop)
    all = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  FailureOr<SmallVector<int64_t>> axes = node.axes(all, x.getRank());
  if (failed(axes))
    return failure();
  StringRef kind = node.form.args;
  Type element = x.getElementType(), computed = element;
  if (element.isInteger(1))
    computed = IntegerType::get(element.getContext(), 8, IntegerType::Unsigned);
  else if (!isa<FloatType>(element) && (kind == "L2" || kind.starts_with("Log")))
    computed = node.builder.getF64Type();
  Value result = node.convert(reduceAs(node, kind, node.convert(node.operand(0), computed), *axes), element);
  if (keep)
    return node.results(result);
  SmallVector<int64_t> shape;
  for (auto [d, extent] : llvm::enumerate(x.getShape()))
    if (!llvm::is_contained(*axes, int64_t(d)))
      shape.push_back(extent);
  return node.results(node.reshape(result, shape));
}

static Value argReduce(Node &node, nn::ReduceKind kind, Value x, int64_t axis, bool last) {
  return node.build<nn::ArgReduceOp>(x, [&](auto &p) {
    p.setKind(nn::ReduceKindAttr::get(node.builder.getContext(), kind));
    p.setAxis(node.builder.getI64IntegerAttr(axis));
    if (last)
      p.setLast(node.builder.getUnitAttr());
  });
}

/// The form's argument is max or min.
LogicalResult importArgReduce(Node &node) {
  RankedTensorType x = node.type(0);
  FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), x.getRank());
  if (failed(axis))
    return failure();
  bool keep = node.integer("keepdims", 1) != 0, last = node.integer("select_last_index", 0) != 0;
  Value result = argReduce(node, *nn::symbolizeReduceKind(node.form.args), node.operand(0), *axis, last);
  SmallVector<int64_t> shape(x.getShape());
  shape[*axis] = 1;
  if (!keep)
    shape.erase(shape.begin() + *axis);
  return node.results(node.reshape(result, shape));
}

/// Softmax, LogSoftmax and Hardmax. Up to opset 12 the dimensions from the axis on count as one.
LogicalResult importSoftmax(Node &node) {
  RankedTensorType x = node.type(0);
  ArrayRef<int64_t> shape = x.getShape();
  bool flat = node.opset < 13;
  FailureOr<int64_t> axis = node.axis(node.integer("axis", flat ? 1 : -1), x.getRank());
  if (failed(axis))
    return failure();
  Value value = node.operand(0);
  if (flat && *axis != x.getRank() - 1) {
    int64_t rows = x.getNumElements() ? 1 : 0, columns = 1;
    for (int64_t extent : shape.take_front(*axis))
      rows *= extent;
    for (int64_t extent : shape.drop_front(*axis))
      columns *= extent;
    value = node.reshape(value, {rows, columns});
    axis = 1;
  }
  Value result;
  if (node.form.args == "hard") {
    Value largest = argReduce(node, nn::ReduceKind::max, value, *axis, false);
    SmallVector<int64_t> line(node.isBroken() ? 1 : Node::typeOf(value).getRank(), 1);
    if (!node.isBroken())
      line[*axis] = Node::typeOf(value).getDimSize(*axis);
    Value isLargest = node.build<nn::EqualOp>({largest, node.iota(node.signed64(), line, *axis)});
    result = node.convert(isLargest, x.getElementType());
  } else {
    result = node.build<nn::SoftmaxOp>(value, [&](auto &p) {
      p.setAxis(node.builder.getI64IntegerAttr(*axis));
      if (node.form.args == "log")
        p.setLog(node.builder.getUnitAttr());
    });
  }
  return node.results(node.reshape(result, shape));
}

} // namespace nncc
