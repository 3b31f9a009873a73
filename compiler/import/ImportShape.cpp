// Operators that only re-label elements, and constants.
#include "compiler/import/Node.h"
#include "compiler/import/ReadTensor.h"
using namespace mlir;

namespace nncc {

LogicalResult importIdentity(Node &node) { return node.results(node.operand(0)); }

/// The shape may hold 0 (the input's extent, unless allowzero) and one -1 (what is left). A shape known only at run
/// time is accepted where the model declares the result's; it is checked then.
LogicalResult importReshape(Node &node) {
  RankedTensorType x = node.type(0);
  bool allowZero = node.integer("allowzero", 0) != 0;
  if (!node.isConstant(1)) {
    if (auto declared = node.declaredType(0); declared && declared->getElementType() == x.getElementType()) {
      node.checkValue(node.operand(1), declared->getShape());
      return node.results(node.reshape(node.operand(0), declared->getShape()));
    }
  }
  FailureOr<SmallVector<int64_t>> shape = node.constantInts(1);
  if (failed(shape))
    return failure();
  std::optional<size_t> rest;
  int64_t known = 1;
  for (auto [i, extent] : llvm::enumerate(*shape)) {
    if (extent == 0 && !allowZero) {
      if (i >= size_t(x.getRank()))
        return node.error() << "dimension " << i << " of the shape is copied from an input of rank " << x.getRank();
      extent = x.getDimSize(i);
    }
    if (extent < -1 || (extent == -1 && rest))
      return node.error() << "expected extents of at least 0 and one -1 at most";
    if (extent == -1)
      rest = i;
    else if (llvm::MulOverflow(known, extent, known))
      return node.error() << "the shape has more elements than can be addressed";
  }
  if (rest) {
    if (known == 0 || x.getNumElements() % known)
      return node.error() << "expected a shape of " << x.getNumElements() << " elements, found a multiple of " << known;
    (*shape)[*rest] = x.getNumElements() / known;
  }
  return node.results(node.reshape(node.operand(0), *shape));
}

LogicalResult importFlatten(Node &node) {
  RankedTensorType x = node.type(0);
  // The axis may be the rank itself, which leaves one column.
  int64_t axis = node.integer("axis", 1), rank = x.getRank();
  if (axis < -rank || axis > rank)
    return node.error() << "expected an axis from " << -rank << " to " << rank << ", found " << axis;
  axis = axis < 0 ? axis + rank : axis;
  int64_t rows = 1, columns = 1;
  for (int64_t extent : x.getShape().take_front(axis))
    rows *= extent;
  for (int64_t extent : x.getShape().drop_front(axis))
    columns *= extent;
  return node.results(node.reshape(node.operand(0), {rows, columns}));
}

/// Exactly one of the value attributes is given.
LogicalResult importConstant(Node &node) {
  OpBuilder &b = node.builder;
  ElementsAttr value;
  auto signed64 = IntegerType::get(b.getContext(), 64, IntegerType::Signed);
  if (const onnx::TensorProto *tensor = node.tensor("value")) {
    value = readTensor(node.importer.file, *tensor, node.loc);
  } else if (node.has("value_float")) {
    value = DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), float(node.number("value_float", 0)));
  } else if (node.has("value_int")) {
    value = DenseElementsAttr::get(RankedTensorType::get({}, signed64), ArrayRef(node.integer("value_int", 0)));
  } else if (node.has("value_floats")) {
    auto floats = llvm::map_to_vector(node.numbers("value_floats"), [](double each) { return float(each); });
    value = DenseElementsAttr::get(RankedTensorType::get(int64_t(floats.size()), b.getF32Type()), ArrayRef(floats));
  } else if (node.has("value_ints")) {
    SmallVector<int64_t> ints = node.integers("value_ints");
    value = DenseElementsAttr::get(RankedTensorType::get(int64_t(ints.size()), signed64), ArrayRef(ints));
  } else {
    return node.error() << "expected a value that is a tensor or numbers";
  }
  if (!value || node.isBroken())
    return failure();
  return node.results(node.constant(value));
}

/// Inference: the input itself, and a mask of ones.
LogicalResult importDropout(Node &node) {
  SmallVector<Value> results = {node.operand(0)};
  (void)node.number("ratio", 0.5);
  (void)node.integer("seed", 0);
  DenseElementsAttr training;
  if (node.operand(2) &&
      (!matchPattern(node.operand(2), m_Constant(&training)) || !training.isSplat() || training.getSplatValue<bool>()))
    return node.error() << "training mode is not supported";
  if (node.wants(1)) {
    Type mask = node.opset >= 10 ? Type(node.builder.getI1Type()) : node.type(0).getElementType();
    results.push_back(node.splat(mask, 1, node.type(0).getShape()));
  }
  return node.results(results);
}

} // namespace nncc
