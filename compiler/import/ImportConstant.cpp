// Operators that make tensors from nothing but numbers.
#include "compiler/import/ReadTensor.h"
#include "compiler/import/RunTime.h"
using namespace mlir;

namespace nncc {

Type elementTypeAttribute(Node &node, StringRef name, Type otherwise);

/// Exactly one of the value attributes is given.
LogicalResult importConstant(Node &node) {
  OpBuilder &b = node.builder;
  ElementsAttr value;
  if (const onnx::TensorProto *tensor = node.tensor("value")) {
    value = readTensor(node.importer.file, *tensor, node.loc);
  } else if (node.has("value_float")) {
    value = DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), float(node.number("value_float", 0)));
  } else if (node.has("value_int")) {
    value = DenseElementsAttr::get(RankedTensorType::get({}, node.signed64()), ArrayRef(node.integer("value_int", 0)));
  } else if (node.has("value_floats")) {
    auto floats = llvm::map_to_vector(node.numbers("value_floats"), [](double each) { return float(each); });
    value = DenseElementsAttr::get(RankedTensorType::get(int64_t(floats.size()), b.getF32Type()), ArrayRef(floats));
  } else if (node.has("value_ints")) {
    SmallVector<int64_t> ints = node.integers("value_ints");
    value = DenseElementsAttr::get(RankedTensorType::get(int64_t(ints.size()), node.signed64()), ArrayRef(ints));
  } else {
    return node.error() << "expected a value that is a tensor or numbers";
  }
  if (!value || node.isBroken())
    return failure();
  return node.results(node.constant(value));
}

/// A tensor of one value, a float 0 where none is given.
LogicalResult importConstantOfShape(Node &node) {
  SmallVector<int64_t> shape;
  if (auto declared = node.declaredType(0); declared && !node.isConstant(0)) {
    shape.assign(declared->getShape().begin(), declared->getShape().end());
    node.checkValue(node.operand(0), shape);
  } else {
    FailureOr<SmallVector<int64_t>> given = node.constantInts(0);
    if (failed(given))
      return failure();
    shape = *given;
  }
  const onnx::TensorProto *tensor = node.tensor("value");
  Value value = node.scalar(node.builder.getF32Type(), 0);
  if (tensor) {
    ElementsAttr element = readTensor(node.importer.file, *tensor, node.loc);
    if (!element)
      return failure();
    if (element.getNumElements() != 1)
      return node.error() << "expected one value, found " << element.getNumElements();
    value = node.reshape(node.constant(element), {});
  }
  return node.results(node.broadcast(value, shape));
}

/// start + i * delta, for as long as limit is not reached.
LogicalResult importRange(Node &node) {
  double elements = 0;
  Type element = node.type(0).getElementType();
  for (unsigned i : {0, 1, 2})
    if (node.type(i).getNumElements() != 1 || node.type(i).getElementType() != element)
      return node.error() << "expected three scalars of one type, found " << node.type(i);
  if (auto declared = node.declaredType(0);
      declared && !(node.isConstant(0) && node.isConstant(1) && node.isConstant(2)))
    return rangeAtRunTime(node, *declared);
  if (isa<IntegerType>(element)) {
    auto start = node.constantInts(0), limit = node.constantInts(1), delta = node.constantInts(2);
    if (failed(start) || failed(limit) || failed(delta))
      return failure();
    APInt span = APInt(128, uint64_t(limit->front()), true) - APInt(128, uint64_t(start->front()), true);
    APInt step(128, uint64_t(delta->front()), true);
    if (step.isZero())
      return node.error() << "expected a delta other than 0";
    if (span.isNegative() == step.isNegative() && !span.isZero())
      elements = llvm::APIntOps::RoundingSDiv(span, step, APInt::Rounding::UP).roundToDouble(true);
  } else {
    auto start = node.constantNumbers(0), limit = node.constantNumbers(1), delta = node.constantNumbers(2);
    if (failed(start) || failed(limit) || failed(delta))
      return failure();
    elements = std::max(std::ceil((limit->front() - start->front()) / delta->front()), 0.0);
  }
  if (!(elements <= double(int64_t(1) << 40)))
    return node.error() << "expected a range of a finite number of elements";
  Value index = node.iota(element, int64_t(elements), 0);
  Value steps = node.build<nn::MulOp>({index, node.reshape(node.operand(2), {})});
  return node.results(node.build<nn::AddOp>({steps, node.reshape(node.operand(0), {})}));
}

/// Ones where column - row = k.
LogicalResult importEyeLike(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() != 2)
    return node.error() << "expected a matrix, found " << x;
  Type element = elementTypeAttribute(node, "dtype", x.getElementType());
  if (!element)
    return failure();
  Type i64 = node.signed64();
  Value row = node.iota(i64, {x.getDimSize(0), 1}, 0), column = node.iota(i64, {1, x.getDimSize(1)}, 1);
  Value diagonal = node.build<nn::AddOp>({row, node.scalar(i64, double(node.integer("k", 0)))});
  return node.results(node.convert(node.build<nn::EqualOp>({diagonal, column}), element));
}

} // namespace nncc
