// Binding of operands, attributes and constants of a node; building is in NodeBuild.cpp. See Node.h.
#include "compiler/import/Node.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include "compiler/import/ReadTensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;
using namespace nncc;

Node::Node(Importer &importer, const onnx::NodeProto &proto, const Form &form, int64_t opset, Frame &frame,
           Location loc, ArrayRef<Value> operands)
    : importer(importer), builder(importer.builder), proto(proto), form(form), opset(opset), frame(frame), loc(loc),
      operands(operands.begin(), operands.end()) {}

InFlightDiagnostic Node::error() {
  broken = true;
  return emitError(loc);
}

std::optional<RankedTensorType> Node::declaredType(unsigned i) const {
  if (!wants(i))
    return std::nullopt;
  auto found = frame.declared.find(proto.output(int(i)));
  if (found == frame.declared.end() || !found->second.hasStaticShape())
    return std::nullopt;
  return found->second;
}

LogicalResult Node::results(ArrayRef<Value> values) {
  if (broken || (!values.empty() && !values[0]))
    return failure();
  for (auto [i, name] : llvm::enumerate(proto.output())) {
    if (name.empty())
      continue;
    if (i >= values.size() || !values[i])
      return error() << "output " << i << " is not supported";
    frame.values[name] = values[i];
  }
  return success();
}

//===-- Attributes ----------------------------------------------------------------------------------------------===//

const onnx::AttributeProto *Node::find(StringRef name) {
  known.insert(name);
  for (const onnx::AttributeProto &attribute : proto.attribute()) {
    if (attribute.name() != name)
      continue;
    if (attribute.ref_attr_name().empty())
      return &attribute;
    // Inside a function: the caller's attribute, else the function's default, else absent.
    return frame.arguments ? frame.arguments->lookup(attribute.ref_attr_name()) : nullptr;
  }
  return nullptr;
}

const onnx::AttributeProto *Node::find(StringRef name, int type, StringRef kind) {
  const onnx::AttributeProto *attribute = find(name);
  if (!attribute || attribute->type() == type)
    return attribute;
  error() << "expected attribute " << quoted(name) << " to be " << kind;
  return nullptr;
}

int64_t Node::integer(StringRef name, int64_t otherwise) {
  auto *attribute = find(name, onnx::AttributeProto::INT, "an integer");
  return attribute ? attribute->i() : otherwise;
}

double Node::number(StringRef name, double otherwise) {
  auto *attribute = find(name, onnx::AttributeProto::FLOAT, "a float");
  return attribute ? double(attribute->f()) : otherwise;
}

StringRef Node::string(StringRef name, StringRef otherwise) {
  auto *attribute = find(name, onnx::AttributeProto::STRING, "a string");
  return attribute ? StringRef(attribute->s()) : otherwise;
}

SmallVector<int64_t> Node::integers(StringRef name, ArrayRef<int64_t> otherwise) {
  auto *attribute = find(name, onnx::AttributeProto::INTS, "a list of integers");
  if (!attribute)
    return SmallVector<int64_t>(otherwise);
  return SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

SmallVector<double> Node::numbers(StringRef name, ArrayRef<double> otherwise) {
  auto *attribute = find(name, onnx::AttributeProto::FLOATS, "a list of floats");
  if (!attribute)
    return SmallVector<double>(otherwise);
  return SmallVector<double>(attribute->floats().begin(), attribute->floats().end());
}

SmallVector<StringRef> Node::strings(StringRef name) {
  auto *attribute = find(name, onnx::AttributeProto::STRINGS, "a list of strings");
  if (!attribute)
    return {};
  return SmallVector<StringRef>(attribute->strings().begin(), attribute->strings().end());
}

const onnx::TensorProto *Node::tensor(StringRef name) {
  auto *attribute = find(name, onnx::AttributeProto::TENSOR, "a tensor");
  return attribute ? &attribute->t() : nullptr;
}

const onnx::GraphProto *Node::graph(StringRef name) {
  auto *attribute = find(name, onnx::AttributeProto::GRAPH, "a graph");
  return attribute ? &attribute->g() : nullptr;
}

LogicalResult Node::require(StringRef name) {
  if (has(name))
    return success();
  return error() << "expected attribute " << quoted(name);
}

LogicalResult Node::checkUnused() {
  // What opsets below 6 told an executor about buffers.
  known.insert("consumed_inputs");
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (!known.contains(attribute.name()))
      error() << "attribute " << quoted(attribute.name()) << " is unknown to this operator";
  return success(!broken);
}

//===-- Constants -----------------------------------------------------------------------------------------------===//

bool Node::isConstant(unsigned i) const {
  return operand(i) && (!type(i).getNumElements() || matchPattern(operand(i), m_Constant()));
}

/// The value of a constant operand, or a diagnostic. Folders see no resource, an operand of an importer is read
/// whatever its size.
static DenseElementsAttr constantOf(Node &node, unsigned i) {
  if (node.isBroken())
    return {};
  if (!node.type(i).getNumElements()) // there is nothing to know
    return DenseElementsAttr::get(node.type(i), ArrayRef<Attribute>());
  ElementsAttr value;
  if (matchPattern(node.operand(i), m_Constant(&value))) {
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      return denseFromBytes(node.type(i), resource.getRawHandle().getBlob()->getData());
    return cast<DenseElementsAttr>(value);
  }
  std::string name = quoted(node.proto.input(int(i)));
  node.error() << "operand " << i << " " << name << " is not constant, but shapes depend on it; --value " << name
               << "=... fixes it";
  return {};
}

FailureOr<SmallVector<int64_t>> Node::constantInts(unsigned i) {
  DenseElementsAttr dense = constantOf(*this, i);
  if (!dense)
    return failure();
  Type element = dense.getElementType();
  if (!isa<IntegerType>(element))
    return error() << "expected integers as operand " << i << ", found " << type(i);
  bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  return llvm::map_to_vector(dense.getValues<APInt>(), [&](const APInt &value) {
    return isUnsigned ? int64_t(value.getZExtValue()) : value.getSExtValue();
  });
}

FailureOr<SmallVector<double>> Node::constantNumbers(unsigned i) {
  DenseElementsAttr dense = constantOf(*this, i);
  if (!dense)
    return failure();
  if (isa<FloatType>(dense.getElementType()))
    return llvm::map_to_vector(dense.getValues<APFloat>(), [](const APFloat &x) { return x.convertToDouble(); });
  FailureOr<SmallVector<int64_t>> ints = constantInts(i);
  if (failed(ints))
    return failure();
  return llvm::map_to_vector(*ints, [](int64_t x) { return double(x); });
}

FailureOr<Node::OptionalInts> Node::intsOperandOrAttribute(unsigned i, StringRef name) {
  if (operand(i)) {
    FailureOr<SmallVector<int64_t>> values = constantInts(i);
    if (failed(values))
      return failure();
    return OptionalInts(*values);
  }
  if (i < form.maxInputs)
    return OptionalInts(); // an attribute of other opsets
  return has(name) ? OptionalInts(integers(name)) : OptionalInts();
}

Value Node::constant(ElementsAttr value) { return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value)); }

Value Node::scalar(Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  if (auto floating = dyn_cast<FloatType>(element)) {
    APFloat number(value);
    bool inexact;
    number.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    return constant(DenseElementsAttr::get(type, number));
  }
  // The nearest that 64 bits hold; not every double converts.
  int64_t integer = value >= 0x1p63 ? INT64_MAX : value > -0x1p63 ? int64_t(value) : INT64_MIN;
  APInt number(element.getIntOrFloatBitWidth(), uint64_t(integer), /*isSigned=*/true, /*implicitTrunc=*/true);
  return constant(DenseElementsAttr::get(type, number));
}

Value Node::constantIndices(ArrayRef<int64_t> values, ArrayRef<int64_t> shape) {
  return constant(DenseElementsAttr::get(RankedTensorType::get(shape, signed64()), values));
}

FailureOr<int64_t> Node::axis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  return error() << "expected an axis from " << -rank << " to " << rank - 1 << ", found " << axis;
}

FailureOr<SmallVector<int64_t>> Node::axes(ArrayRef<int64_t> axes, int64_t rank) {
  if (rank > limits::rank)
    return error() << "expected at most " << limits::rank << " dimensions, found " << rank;
  SmallVector<int64_t> result;
  for (int64_t each : axes) {
    FailureOr<int64_t> positive = axis(each, rank);
    if (failed(positive))
      return failure();
    if (llvm::is_contained(result, *positive))
      return error() << "axis " << each << " is given more than once";
    result.push_back(*positive);
  }
  return result;
}
