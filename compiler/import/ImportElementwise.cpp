// Elementwise operators: most are their op with operands and attributes one by one, by name.
#include "compiler/import/Node.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace nncc {

// The form's arguments are the op's float attributes with ONNX's defaults: "alpha=0.01,beta=0.5".
static SmallVector<NamedAttribute> floatAttributes(Node &node) {
  SmallVector<NamedAttribute> attributes;
  for (StringRef rest = node.form.args; !rest.empty();) {
    auto [param, tail] = rest.split(',');
    auto [name, text] = param.split('=');
    double otherwise = 0;
    (void)text.getAsDouble(otherwise);
    attributes.push_back(
        node.builder.getNamedAttr(name, node.builder.getF64FloatAttr(node.number(name, double(float(otherwise))))));
    rest = tail;
  }
  return attributes;
}

LogicalResult importElementwise(Node &node) {
  return node.results(node.buildNamed(node.form.op, node.allOperands(), floatAttributes(node)));
}

/// Integers are computed as floats, like the bounds, and cut back.
LogicalResult importShrink(Node &node) {
  Type element = node.type(0).getElementType();
  Value x = isa<FloatType>(element) ? node.operand(0) : node.convert(node.operand(0), node.builder.getF32Type());
  SmallVector<Value> results = node.buildNamed(node.form.op, x, floatAttributes(node));
  if (results.empty())
    return failure();
  return node.results(node.convert(results[0], element));
}

/// And, Or, Xor and Not are for bool, the Bitwise ones for integers, as the form's argument says; nn has one op for
/// both.
LogicalResult importLogic(Node &node) {
  for (Value operand : node.allOperands()) {
    Type element = Node::typeOf(operand).getElementType();
    if (!isa<IntegerType>(element) || element.isInteger(1) != (node.form.args == "bool"))
      return node.error() << "expected " << (node.form.args == "bool" ? "bools" : "integers") << ", found "
                          << operand.getType();
  }
  return node.results(node.buildNamed(node.form.op, node.allOperands(), {}));
}

/// An operator of any number of operands: op(op(a, b), c)...; `mean` divides by their number.
LogicalResult importVariadic(Node &node) {
  Value result = node.operand(0);
  for (Value operand : node.allOperands().drop_front()) {
    if (!operand)
      return node.error() << "expected every input to be given";
    SmallVector<Value> next = node.buildNamed(node.form.op, {result, operand}, {});
    if (next.empty())
      return failure();
    result = next[0];
  }
  if (node.form.args == "mean")
    result =
        node.build<nn::DivOp>({result, node.scalar(node.type(0).getElementType(), double(node.allOperands().size()))});
  return node.results(result);
}

/// Up to opset 6 y broadcasts to x where `broadcast` says so, with its first dimension at `axis`.
LogicalResult importLegacyBinary(Node &node) {
  RankedTensorType x = node.type(0), y = node.type(1);
  Value right = node.operand(1);
  int64_t axis = node.integer("axis", x.getRank() - y.getRank());
  bool broadcasts = node.integer("broadcast", 0) != 0;
  if (axis < 0 || axis > x.getRank() - y.getRank() || (!broadcasts && x.getShape() != y.getShape()))
    return node.error() << "expected operands of one shape or a broadcast, found " << x << " and " << y;
  SmallVector<int64_t> shape(y.getShape());
  shape.resize(x.getRank() - axis, 1);
  SmallVector<Value> results = node.buildNamed(node.form.op, {node.operand(0), node.reshape(right, shape)}, {});
  if (!results.empty() && Node::typeOf(results[0]).getShape() != x.getShape())
    return node.error() << "expected an operand that broadcasts to " << x << ", found " << y;
  return node.results(results);
}

/// The slope broadcasts to x, never x to the slope. Up to opset 6 it has one element for each channel.
LogicalResult importPRelu(Node &node) {
  Value slope = node.operand(1);
  if (node.opset < 7 && node.type(1).getRank() == 1 && node.type(0).getRank() > 1) {
    SmallVector<int64_t> shape(node.type(0).getRank() - 1, 1);
    shape[0] = node.type(1).getNumElements();
    slope = node.reshape(slope, shape);
  }
  Value result = node.build<nn::PReluOp>({node.operand(0), slope});
  if (result && result.getType() != node.type(0))
    return node.error() << "expected a slope that broadcasts to " << node.type(0) << ", found " << node.type(1);
  return node.results(result);
}

/// The bounds are attributes up to opset 10, operands from 11 on; one that is absent doesn't bound.
LogicalResult importClip(Node &node) {
  Type element = node.type(0).getElementType();
  auto bound = [&](unsigned i, StringRef name, bool isLow) -> Value {
    if (Value operand = node.operand(i))
      return node.reshape(operand, {});
    if (node.opset < 11 && node.has(name))
      return node.scalar(element, node.number(name, 0));
    if (isa<FloatType>(element))
      return node.scalar(element, isLow ? -INFINITY : INFINITY);
    auto integer = dyn_cast<IntegerType>(element);
    if (!integer || integer.getWidth() == 1)
      return {};
    unsigned width = integer.getWidth();
    APInt value = integer.isUnsigned() ? (isLow ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                                       : (isLow ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
    return node.constant(DenseElementsAttr::get(RankedTensorType::get({}, element), value));
  };
  for (unsigned i : {1, 2})
    if (node.operand(i) && node.type(i).getNumElements() != 1)
      return node.error() << "expected scalar bounds, found " << node.type(i);
  Value low = bound(1, "min", true), high = bound(2, "max", false);
  if (!low || !high)
    return node.error() << "expected numbers, found " << node.type(0);
  return node.results(node.build<nn::ClipOp>({node.operand(0), low, high}));
}

/// The result has the base's type. Exponents 1, 2 and 3 become products, which are faster and round better.
LogicalResult importPow(Node &node) {
  Value base = node.operand(0), exponent = node.operand(1);
  Type element = node.type(0).getElementType();
  DenseElementsAttr constant;
  if (node.type(1).getRank() <= node.type(0).getRank() && matchPattern(exponent, m_Constant(&constant)) &&
      constant.isSplat() && constant.getNumElements() == 1) {
    FailureOr<SmallVector<double>> value = node.constantNumbers(1);
    if (failed(value))
      return failure();
    double factors = value->front();
    Value product = base;
    for (int i = 1; i < factors && factors <= 3; ++i)
      product = node.build<nn::MulOp>({product, base});
    if (factors == 1 || factors == 2 || factors == 3)
      return node.results(product);
  }
  if (isa<FloatType>(element))
    return node.results(node.build<nn::PowOp>({base, node.convert(exponent, element)}));
  Type f64 = node.builder.getF64Type();
  Value power = node.build<nn::PowOp>({node.convert(base, f64), node.convert(exponent, f64)});
  return node.results(node.convert(power, element));
}

LogicalResult importMod(Node &node) {
  bool isFmod = node.integer("fmod", 0) != 0;
  if (!isFmod && isa<FloatType>(node.type(0).getElementType()))
    return node.error() << "expected fmod = 1 for floats";
  SmallVector<Value> operands = {node.operand(0), node.operand(1)};
  return node.results(isFmod ? node.build<nn::FmodOp>(operands) : node.build<nn::ModOp>(operands));
}

LogicalResult importIsInf(Node &node) {
  OpBuilder &b = node.builder;
  double negative = double(node.integer("detect_negative", 1)), positive = double(node.integer("detect_positive", 1));
  return node.results(node.build<nn::IsInfOp>(node.operand(0), [&](auto &p) {
    p.setNegative(b.getF64FloatAttr(negative != 0));
    p.setPositive(b.getF64FloatAttr(positive != 0));
  }));
}

LogicalResult importGelu(Node &node) {
  StringRef approximate = node.string("approximate", "none");
  if (approximate == "tanh")
    return node.results(node.build<nn::GeluTanhOp>(node.operand(0)));
  if (approximate != "none")
    return node.error() << "expected approximate none or tanh, found " << quoted(approximate);
  return node.results(node.build<nn::GeluOp>(node.operand(0)));
}

/// x * sigmoid(alpha * x)
LogicalResult importSwish(Node &node) {
  double alpha = node.number("alpha", 1);
  Value x = node.operand(0);
  if (alpha == 1)
    return node.results(node.build<nn::SiluOp>(x));
  Value scaled = node.build<nn::MulOp>({x, node.scalar(node.type(0).getElementType(), alpha)});
  return node.results(node.build<nn::MulOp>({x, node.build<nn::SigmoidOp>(scaled)}));
}

LogicalResult importBitShift(Node &node) {
  StringRef direction = node.string("direction", "");
  SmallVector<Value> operands = {node.operand(0), node.operand(1)};
  if (direction == "LEFT")
    return node.results(node.build<nn::ShiftLeftOp>(operands));
  if (direction == "RIGHT")
    return node.results(node.build<nn::ShiftRightOp>(operands));
  return node.error() << "expected direction LEFT or RIGHT, found " << quoted(direction);
}

} // namespace nncc
