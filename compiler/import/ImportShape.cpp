// Operators that only re-label elements, or tell how many there are.
#include "compiler/import/Node.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace nncc {

LogicalResult importIdentity(Node &node) { return node.results(node.operand(0)); }

/// Checks at run time that Reshape's shape operand says `declared`, with its -1 and 0 filled in.
static void checkShape(Node &node, RankedTensorType declared, bool allowZero) {
  RankedTensorType x = node.type(0);
  int64_t rank = declared.getRank();
  Value shape = node.convert(node.operand(1), node.signed64());
  auto replace = [&](double what, ArrayRef<int64_t> by) {
    Value isWhat = node.build<nn::EqualOp>({shape, node.scalar(node.signed64(), what)});
    shape = node.build<nn::WhereOp>({isWhat, node.constantIndices(by, rank), shape});
  };
  replace(-1, declared.getShape());
  SmallVector<int64_t> copied(x.getShape());
  copied.resize(rank, 0);
  if (!allowZero)
    replace(0, copied);
  node.checkValue(shape, declared.getShape());
}

/// The shape may hold 0 (the input's extent, unless allowzero) and one -1 (what is left). A shape known only at run
/// time is accepted where the model declares the result's; it is checked then.
LogicalResult importReshape(Node &node) {
  RankedTensorType x = node.type(0);
  bool allowZero = node.integer("allowzero", 0) != 0;
  if (node.operand(1) && !node.isConstant(1))
    if (auto declared = node.declaredType(0); declared && declared->getElementType() == x.getElementType()) {
      checkShape(node, *declared, allowZero);
      return node.results(node.reshape(node.operand(0), declared->getShape()));
    }
  FailureOr<Node::OptionalInts> given = node.intsOperandOrAttribute(1, "shape");
  if (failed(given))
    return failure();
  if (!*given)
    return node.error() << "expected a shape";
  SmallVector<int64_t> shape = **given;
  std::optional<size_t> rest;
  int64_t known = 1;
  for (auto [i, extent] : llvm::enumerate(shape)) {
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
    shape[*rest] = x.getNumElements() / known;
  }
  return node.results(node.reshape(node.operand(0), shape));
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

/// The only choice of dimensions by which `longer` becomes `shorter` when they go, all of them 1; none where several
/// do.
static std::optional<SmallVector<int64_t>> uniqueAxes(ArrayRef<int64_t> longer, ArrayRef<int64_t> shorter) {
  SmallVector<int64_t> axes;
  size_t kept = 0;
  for (auto [d, extent] : llvm::enumerate(longer)) {
    bool matches = kept < shorter.size() && shorter[kept] == extent;
    if (matches && extent == 1)
      return std::nullopt;
    if (!matches && extent != 1)
      return std::nullopt;
    if (matches)
      ++kept;
    else
      axes.push_back(int64_t(d));
  }
  return kept == shorter.size() ? std::optional(axes) : std::nullopt;
}

/// Squeeze and Unsqueeze by axes known only at run time: the declared result says which they are, and that is checked.
static std::optional<RankedTensorType> declaredByAxes(Node &node, bool squeezes) {
  std::optional<RankedTensorType> declared = node.declaredType(0);
  if (!declared || !node.operand(1) || node.isConstant(1))
    return std::nullopt;
  ArrayRef<int64_t> x = node.type(0).getShape(), y = declared->getShape();
  std::optional<SmallVector<int64_t>> axes = squeezes ? uniqueAxes(x, y) : uniqueAxes(y, x);
  if (!axes)
    return std::nullopt;
  node.checkAxes(node.operand(1), *axes, int64_t(squeezes ? x.size() : y.size()));
  return declared;
}

/// Without axes every dimension of 1 goes.
LogicalResult importSqueeze(Node &node) {
  RankedTensorType x = node.type(0);
  if (auto declared = declaredByAxes(node, true))
    return node.results(node.reshape(node.operand(0), declared->getShape()));
  FailureOr<Node::OptionalInts> given = node.intsOperandOrAttribute(1, "axes");
  if (failed(given))
    return failure();
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < x.getRank() && !*given; ++d)
    if (x.getDimSize(d) == 1)
      axes.push_back(d);
  FailureOr<SmallVector<int64_t>> positive = node.axes(*given ? **given : axes, x.getRank());
  if (failed(positive))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [d, extent] : llvm::enumerate(x.getShape())) {
    if (!llvm::is_contained(*positive, int64_t(d)))
      shape.push_back(extent);
    else if (extent != 1)
      return node.error() << "expected an extent of 1 along axis " << d << ", found " << extent;
  }
  return node.results(node.reshape(node.operand(0), shape));
}

/// The axes are the result's.
LogicalResult importUnsqueeze(Node &node) {
  RankedTensorType x = node.type(0);
  if (auto declared = declaredByAxes(node, false))
    return node.results(node.reshape(node.operand(0), declared->getShape()));
  FailureOr<Node::OptionalInts> given = node.intsOperandOrAttribute(1, "axes");
  if (failed(given))
    return failure();
  if (!*given)
    return node.error() << "expected axes";
  int64_t rank = x.getRank() + int64_t((*given)->size());
  FailureOr<SmallVector<int64_t>> axes = node.axes(**given, rank);
  if (failed(axes))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t d = 0, from = 0; d < rank; ++d)
    shape.push_back(llvm::is_contained(*axes, d) ? 1 : x.getDimSize(from++));
  return node.results(node.reshape(node.operand(0), shape));
}

LogicalResult importShape(Node &node) {
  RankedTensorType x = node.type(0);
  auto bound = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + x.getRank() : at, 0, x.getRank()); };
  int64_t start = bound(node.integer("start", 0)), end = bound(node.integer("end", x.getRank()));
  ArrayRef<int64_t> shape = x.getShape().slice(start, std::max<int64_t>(end - start, 0));
  return node.results(node.constantIndices(shape, int64_t(shape.size())));
}

LogicalResult importSize(Node &node) { return node.results(node.constantIndices(node.type(0).getNumElements(), {})); }

/// Inference: the input itself, and a mask of ones.
LogicalResult importDropout(Node &node) {
  SmallVector<Value> results = {node.operand(0)};
  (void)node.number("ratio", 0.5);
  (void)node.integer("seed", 0);
  (void)node.integer("is_test", 1);
  DenseElementsAttr training;
  if (node.operand(2) && (node.type(2).getNumElements() != 1 || !node.type(2).getElementType().isInteger(1)))
    return node.error() << "expected one bool as training mode, found " << node.type(2);
  if (node.operand(2) && (!matchPattern(node.operand(2), m_Constant(&training)) || training.getSplatValue<bool>()))
    return node.error() << "training mode is not supported";
  if (node.wants(1)) {
    Type mask = node.opset >= 10 ? Type(node.builder.getI1Type()) : node.type(0).getElementType();
    results.push_back(node.broadcast(node.scalar(mask, 1), node.type(0).getShape()));
  }
  return node.results(results);
}

} // namespace nncc
