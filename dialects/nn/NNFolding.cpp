// Folders of the structured ops. They serve the shape arithmetic that exporters write (small dense constants) and undo
// what cancels out; weights are resources, which they only re-label.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;
using namespace nncc::nn;

// The constant whose element `i` is element `source(i)` of a constant operand: (operand, row-major offset).
static OpFoldResult foldMovement(Type type, ArrayRef<Attribute> operands,
                                 function_ref<std::pair<size_t, int64_t>(int64_t)> source) {
  auto result = cast<RankedTensorType>(type);
  if (!llvm::all_of(operands, llvm::IsaAndPresentPred<DenseElementsAttr>) || !mayFold(result))
    return {};
  if (auto only = cast<DenseElementsAttr>(operands[0]); operands.size() == 1 && only.isSplat())
    return only.resizeSplat(result);
  SmallVector<Elements, 2> in;
  for (Attribute operand : operands)
    in.emplace_back(cast<DenseElementsAttr>(operand));
  size_t width = in[0].width;
  SmallVector<char> out(result.getNumElements() * width);
  for (int64_t i = 0; i < result.getNumElements(); i++) {
    auto [operand, offset] = source(i);
    std::memcpy(out.data() + i * width, in[operand].at(offset), width);
  }
  return constantOf(result, out);
}

static SmallVector<int64_t> indicesOf(int64_t linear, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> indices(shape.size());
  for (int64_t d = shape.size() - 1; d >= 0; linear /= shape[d--])
    indices[d] = linear % shape[d];
  return indices;
}
static int64_t offsetOf(ArrayRef<int64_t> indices, ArrayRef<int64_t> shape) {
  int64_t offset = 0;
  for (auto [i, extent] : llvm::zip(indices, shape))
    offset = offset * extent + i;
  return offset;
}

// reshape(reshape(x)) => reshape(x); reshape(x) of x's own type => x.
OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    setOperand(inner.getX());
    return getResult();
  }
  if (!getType().hasStaticShape())
    return {};
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX()))
    return dense.reshape(getType());
  if (auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(adaptor.getX()))
    return DenseResourceElementsAttr::get(getType(), resource.getRawHandle());
  return {};
}

// transpose(transpose(x, p), q) => transpose(x, p[q]); the identity => x.
OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  ArrayRef<int64_t> perm = getPerm();
  if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return getX();
  if (auto inner = getX().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> both = applyPermutation(inner.getPerm(), perm);
    setOperand(inner.getX());
    setPerm(both);
    return getResult();
  }
  ArrayRef<int64_t> from = typeOf(getX()).getShape(), to = typeOf(getResult()).getShape();
  return foldMovement(getType(), adaptor.getOperands(), [&](int64_t i) {
    SmallVector<int64_t> at = indicesOf(i, to), source(at.size());
    for (auto [d, p] : llvm::enumerate(perm))
      source[p] = at[d];
    return std::make_pair(size_t(0), offsetOf(source, from));
  });
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  ArrayRef<int64_t> from = typeOf(getX()).getShape(), to = typeOf(getResult()).getShape();
  return foldMovement(getType(), adaptor.getOperands(),
                      [&](int64_t i) { return std::make_pair(size_t(0), broadcastOffset(from, to, i)); });
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  ArrayRef<int64_t> from = typeOf(getX()).getShape();
  return foldMovement(getType(), adaptor.getOperands(), [&](int64_t i) {
    SmallVector<int64_t> at = indicesOf(i, getSizes());
    for (auto [index, start, step] : llvm::zip(at, getStarts(), getSteps()))
      index = start + index * step;
    return std::make_pair(size_t(0), offsetOf(at, from));
  });
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getXs().size() == 1)
    return getXs()[0];
  int64_t axis = getAxis();
  ArrayRef<int64_t> to = typeOf(getResult()).getShape();
  return foldMovement(getType(), adaptor.getOperands(), [&](int64_t i) {
    SmallVector<int64_t> at = indicesOf(i, to);
    size_t operand = 0;
    for (; at[axis] >= typeOf(getXs()[operand]).getDimSize(axis); operand++)
      at[axis] -= typeOf(getXs()[operand]).getDimSize(axis);
    return std::make_pair(operand, offsetOf(at, typeOf(getXs()[operand]).getShape()));
  });
}

OpFoldResult IotaOp::fold(FoldAdaptor) {
  RankedTensorType type = getType();
  if (!mayFold(type))
    return {};
  SmallVector<Number> out;
  for (int64_t i = 0; i < type.getNumElements(); i++)
    out.push_back(convert(Number(double(indicesOf(i, type.getShape())[getAxis()])), type.getElementType()));
  return constantOf(type, out);
}

OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  auto indices = dyn_cast_or_null<DenseElementsAttr>(adaptor.getIndices());
  if (!indices)
    return {};
  int64_t axis = getAxis(), rank = indices.getType().getRank(), extent = typeOf(getX()).getDimSize(axis);
  ArrayRef<int64_t> to = typeOf(getResult()).getShape();
  for (const APInt &i : indices.getValues<APInt>())
    if (i.getSExtValue() < -extent || i.getSExtValue() >= extent)
      return {};
  return foldMovement(getType(), adaptor.getX(), [&](int64_t i) {
    SmallVector<int64_t> at = indicesOf(i, to), source(ArrayRef<int64_t>(at).take_front(axis));
    int64_t where = offsetOf(ArrayRef<int64_t>(at).slice(axis, rank), indices.getType().getShape());
    int64_t index =
        (indices.isSplat() ? indices.getSplatValue<APInt>() : indices.getValues<APInt>()[where]).getSExtValue();
    source.push_back(index < 0 ? index + extent : index);
    llvm::append_range(source, ArrayRef<int64_t>(at).drop_front(axis + rank));
    return std::make_pair(size_t(0), offsetOf(source, typeOf(getX()).getShape()));
  });
}

OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) {
  RankedTensorType from = typeOf(getX()), to = typeOf(getResult());
  if (from == to)
    return getX();
  auto x = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  if (!x || !from.getNumElements() || !mayFold(from))
    return {};
  Elements elements(x);
  SmallVector<std::optional<Number>> sums(to.getNumElements());
  for (int64_t i = 0; i < from.getNumElements(); i++) {
    SmallVector<int64_t> at = indicesOf(i, from.getShape());
    for (int64_t axis : getAxes())
      at[axis] = 0;
    Number value = elements[i];
    std::optional<Number> &sum = sums[offsetOf(at, to.getShape())];
    if (!sum)
      sum = value;
    else
      switch (getKind()) {
      case ReduceKind::sum:
        sum = *sum + value;
        break;
      case ReduceKind::prod:
        sum = *sum * value;
        break;
      case ReduceKind::min:
        sum = formulas::min(*sum, value);
        break;
      case ReduceKind::max:
        sum = formulas::max(*sum, value);
        break;
      }
  }
  return constantOf(to, llvm::map_to_vector(sums, [](const std::optional<Number> &sum) { return *sum; }));
}

OpFoldResult FromScalarOp::fold(FoldAdaptor adaptor) {
  auto value = dyn_cast_or_null<IntegerAttr>(adaptor.getValue());
  auto type = typeOf(getResult());
  if (!value)
    return {};
  return DenseElementsAttr::get(type, value.getValue().sextOrTrunc(type.getElementTypeBitWidth()));
}

// A bool constant => an i1; other constants, and to_scalar(from_scalar(x)) => x.
OpFoldResult ToScalarOp::fold(FoldAdaptor adaptor) {
  if (auto from = getX().getDefiningOp<FromScalarOp>(); from && from.getValue().getType() == getType())
    return from.getValue();
  auto x = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  if (!x || x.getNumElements() != 1)
    return {};
  APInt value = *x.getValues<APInt>().begin();
  unsigned width = getType().isIndex() ? 64 : 1;
  return IntegerAttr::get(getType(),
                          x.getElementType().isUnsignedInteger() ? value.zextOrTrunc(width) : value.sextOrTrunc(width));
}
