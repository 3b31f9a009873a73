// Type inference and verification of the structured ops. What a model says is never trusted: extents are checked, and
// arithmetic on them cannot overflow.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/MathExtras.h"
using namespace mlir;
using namespace nncc::nn;
using Types = SmallVectorImpl<Type>;
using Loc = std::optional<Location>;
static constexpr int64_t dynamic = ShapedType::kDynamic;

static LogicalResult infer(Types &types, ArrayRef<int64_t> shape, Type element) {
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}
static LogicalResult checkAxis(Loc loc, int64_t axis, int64_t rank) {
  if (axis < 0 || axis >= rank)
    return emitOptionalError(loc, "expected an axis below the rank ", rank, ", found ", axis);
  return success();
}
// Operands that are absent are null.
static LogicalResult checkElements(Loc loc, Type element, ArrayRef<Value> operands) {
  for (Value v : operands)
    if (v && typeOf(v).getElementType() != element)
      return emitOptionalError(loc, "expected operands of element type ", element, ", found ", v.getType());
  return success();
}
// Indices along an axis without elements could meet none.
static LogicalResult checkIndexed(Loc loc, int64_t axis, int64_t extent, ArrayRef<int64_t> result) {
  if (extent == 0 && !llvm::is_contained(result, 0))
    return emitOptionalError(loc, "expected elements along axis ", axis, ", found none");
  return success();
}
// An extent of the model's making; what does not fit 2^48 elements is nobody's tensor.
static LogicalResult checkExtent(Loc loc, int64_t extent) {
  if (extent != dynamic && (extent < 0 || extent > (int64_t(1) << 48)))
    return emitOptionalError(loc, "expected an extent from 0 to 2^48, found ", extent);
  return success();
}

// Extent of a window op's result: floor or, with `ceil`, the windows that begin inside the data or its low padding.
static LogicalResult windowExtent(Loc loc, int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t low,
                                  int64_t high, bool ceil, int64_t &out) {
  constexpr int64_t limit = int64_t(1) << 31;
  for (int64_t x : {kernel, stride, dilation})
    if (x < 1 || x > limit)
      return emitOptionalError(loc, "expected kernel, strides and dilations from 1 to 2^31, found ", x);
  for (int64_t x : {low, high})
    if (x < -limit || x > limit)
      return emitOptionalError(loc, "expected pads from -2^31 to 2^31, found ", x);
  if (in == dynamic) {
    out = dynamic;
    return success();
  }
  int64_t room = in + low + high - ((kernel - 1) * dilation + 1);
  if (room < 0)
    return emitOptionalError(loc, "expected a kernel no larger than the padded input, found ", kernel, " dilated by ",
                             dilation, " over ", in + low + high);
  out = (ceil ? llvm::divideCeil(room, stride) : room / stride) + 1;
  if (ceil && (out - 1) * stride >= in + low)
    out--;
  return success();
}

//===-- Contractions --------------------------------------------------------------------------------------------===//

// The element type is what the epilogue yields where that is known, else x's.
LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), w = typeOf(a.getW());
  if (x.getRank() < 2 || w.getRank() < 2)
    return emitOptionalError(loc, "expected operands of rank 2 or more, found ", x, " and ", w);
  if (x.getElementType() != w.getElementType())
    return emitOptionalError(loc, "expected operands of one element type, found ", x, " and ", w);
  int64_t xr = x.getRank(), wr = w.getRank();
  int64_t wk = w.getDimSize(a.getTransposeW() ? wr - 1 : wr - 2), n = w.getDimSize(a.getTransposeW() ? wr - 2 : wr - 1);
  int64_t k = x.getDimSize(xr - 1);
  if (k != dynamic && wk != dynamic && k != wk)
    return emitOptionalError(loc, "expected ", k, " rows in the right operand, found ", wk);
  SmallVector<int64_t> shape(std::max(xr, wr) - 2, 1);
  for (RankedTensorType t : {x, w})
    for (int64_t i = 0; i < t.getRank() - 2; i++) {
      int64_t &d = shape[shape.size() - 1 - i], o = t.getShape()[t.getRank() - 3 - i];
      if (d == 1 || d == dynamic)
        d = o == 1 ? d : o;
      else if (o != 1 && o != dynamic && o != d)
        return emitOptionalError(loc, "expected leading dimensions that broadcast, found ", x, " and ", w);
    }
  shape.append({x.getDimSize(xr - 2), n});
  return infer(types, shape, x.getElementType());
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), w = typeOf(a.getW());
  int64_t spatial = x.getRank() - 2;
  if (spatial < 1 || spatial > 3 || w.getRank() != x.getRank())
    return emitOptionalError(loc, "expected input and weights of equal rank 3 to 5, found ", x, " and ", w);
  if (x.getElementType() != w.getElementType())
    return emitOptionalError(loc, "expected operands of one element type, found ", x, " and ", w);
  if (int64_t(a.getStrides().size()) != spatial || int64_t(a.getDilations().size()) != spatial ||
      int64_t(a.getPads().size()) != 2 * spatial)
    return emitOptionalError(loc, "expected ", spatial, " strides and dilations and twice as many pads");
  int64_t channels = x.getShape().back(), perGroup = w.getDimSize(spatial), out = w.getShape().back();
  int64_t groups = a.getGroups();
  if (groups < 1 || perGroup == dynamic || out == dynamic || out % groups ||
      (channels != dynamic && channels != perGroup * groups))
    return emitOptionalError(loc, "expected ", groups, " groups of channels in ", x, " and ", w);
  SmallVector<int64_t> shape = {x.getDimSize(0)};
  for (int64_t d = 0; d < spatial; d++)
    if (failed(windowExtent(loc, x.getDimSize(1 + d), w.getDimSize(d), a.getStrides()[d], a.getDilations()[d],
                            a.getPads()[d], a.getPads()[spatial + d], false, shape.emplace_back())))
      return failure();
  shape.push_back(out);
  return infer(types, shape, x.getElementType());
}

LogicalResult ConvTransposeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), w = typeOf(a.getW());
  int64_t spatial = x.getRank() - 2;
  if (spatial < 1 || spatial > 3 || w.getRank() != x.getRank())
    return emitOptionalError(loc, "expected input and weights of equal rank 3 to 5, found ", x, " and ", w);
  if (x.getElementType() != w.getElementType())
    return emitOptionalError(loc, "expected operands of one element type, found ", x, " and ", w);
  for (ArrayRef<int64_t> list : {a.getStrides(), a.getLows(), a.getDilations(), a.getOutput()})
    if (int64_t(list.size()) != spatial)
      return emitOptionalError(loc, "expected ", spatial, " strides, low pads, dilations and output extents");
  int64_t groups = a.getGroups();
  if (groups < 1 || w.getDimSize(spatial) != x.getShape().back() || w.getDimSize(spatial) % groups)
    return emitOptionalError(loc, "expected ", groups, " groups of channels in ", x, " and ", w);
  SmallVector<int64_t> shape = {x.getDimSize(0)};
  for (int64_t extent : a.getOutput()) {
    if (failed(checkExtent(loc, extent)))
      return failure();
    shape.push_back(extent);
  }
  shape.push_back(w.getShape().back() * groups);
  return infer(types, shape, x.getElementType());
}

//===-- Reductions ----------------------------------------------------------------------------------------------===//

template <class Adaptor> static LogicalResult inferPool(Loc loc, Adaptor a, Type element, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  int64_t spatial = x.getRank() - 2;
  if (spatial < 1 || spatial > 3)
    return emitOptionalError(loc, "expected an input of rank 3 to 5, found ", x);
  for (ArrayRef<int64_t> list :
       {a.getKernel(), a.getStrides(), a.getDilations(), a.getPads().drop_back(a.getPads().size() / 2)})
    if (int64_t(list.size()) != spatial)
      return emitOptionalError(loc, "expected ", spatial,
                               " kernel extents, strides and dilations and twice as many pads");
  SmallVector<int64_t> shape = {x.getDimSize(0)};
  for (int64_t d = 0; d < spatial; d++)
    if (failed(windowExtent(loc, x.getDimSize(1 + d), a.getKernel()[d], a.getStrides()[d], a.getDilations()[d],
                            a.getPads()[d], a.getPads()[spatial + d], a.getCeil(), shape.emplace_back())))
      return failure();
  shape.push_back(x.getShape().back());
  return infer(types, shape, element);
}
LogicalResult PoolOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  if (a.getKind() != PoolKind::max && !isa<FloatType>(typeOf(a.getX()).getElementType()))
    return emitOptionalError(loc, "expected floats to average or to take a norm of, found ", typeOf(a.getX()));
  if (a.getKind() == PoolKind::lp && a.getP() < 1)
    return emitOptionalError(loc, "expected p of at least 1, found ", int64_t(a.getP()));
  return inferPool(loc, a, typeOf(a.getX()).getElementType(), types);
}
LogicalResult PoolIndexOp::inferReturnTypes(MLIRContext *c, Loc loc, Adaptor a, Types &types) {
  return inferPool(loc, a, IntegerType::get(c, 64, IntegerType::Signed), types);
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  SmallVector<int64_t> shape(x.getShape());
  for (int64_t axis : a.getAxes()) {
    if (failed(checkAxis(loc, axis, x.getRank())))
      return failure();
    shape[axis] = 1;
  }
  return infer(types, shape, x.getElementType());
}
LogicalResult ReduceOp::verify() {
  if (!llvm::is_sorted(getAxes()) || std::adjacent_find(getAxes().begin(), getAxes().end()) != getAxes().end())
    return emitError("expected distinct axes in ascending order");
  return success();
}
LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *c, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  SmallVector<int64_t> shape(x.getShape());
  if (shape[a.getAxis()] == 0)
    return emitOptionalError(loc, "expected elements along axis ", a.getAxis(), ", found none");
  shape[a.getAxis()] = 1;
  return infer(types, shape, IntegerType::get(c, 64, IntegerType::Signed));
}
LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  types.push_back(x);
  return success();
}
LogicalResult NormOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  for (int64_t axis : a.getAxes())
    if (failed(checkAxis(loc, axis, x.getRank())))
      return failure();
  SmallVector<Type> broadcast;
  SmallVector<Value> operands = {a.getX()};
  llvm::append_range(operands, a.getAffine());
  if (failed(checkElements(loc, x.getElementType(), operands)))
    return failure();
  if (a.getAffine().size() > 2 || failed(inferBroadcast(loc, operands, false, broadcast)))
    return emitOptionalError(loc, "expected a scale and a bias that broadcast to ", x);
  if (cast<RankedTensorType>(broadcast[0]).getShape() != x.getShape())
    return emitOptionalError(loc, "expected a scale and a bias that broadcast to ", x, ", found ", broadcast[0]);
  types.push_back(x);
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType q = typeOf(a.getQ()), k = typeOf(a.getK()), v = typeOf(a.getV());
  if (q.getRank() != 4 || k.getRank() != 4 || v.getRank() != 4)
    return emitOptionalError(loc, "expected 4-D queries, keys and values, found ", q, ", ", k, " and ", v);
  if (failed(checkElements(loc, q.getElementType(), {a.getK(), a.getV(), a.getMask()})))
    return failure();
  auto seq = [](RankedTensorType t, bool first) { return t.getDimSize(first ? 2 : 1); };
  auto heads = [](RankedTensorType t, bool first) { return t.getDimSize(first ? 1 : 2); };
  bool qf = a.getQHeadsFirst(), kf = a.getKHeadsFirst(), vf = a.getVHeadsFirst();
  if (q.getDimSize(0) != k.getDimSize(0) || k.getDimSize(0) != v.getDimSize(0) || q.getDimSize(3) != k.getDimSize(3) ||
      seq(k, kf) != seq(v, vf) || heads(k, kf) != heads(v, vf) || heads(k, kf) == 0 || heads(q, qf) % heads(k, kf))
    return emitOptionalError(loc, "expected queries, keys and values that fit, found ", q, ", ", k, " and ", v);
  SmallVector<int64_t> shape = {q.getDimSize(0), heads(q, qf), seq(q, qf), v.getDimSize(3)};
  if (!a.getResultHeadsFirst())
    std::swap(shape[1], shape[2]);
  return infer(types, shape, q.getElementType());
}

LogicalResult RecurrentOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), w = typeOf(a.getW()), r = typeOf(a.getR());
  int64_t gates = a.getCell() == CellKind::rnn ? 1 : a.getCell() == CellKind::gru ? 3 : 4;
  int64_t directions = a.getDirection() == Direction::bidirectional ? 2 : 1;
  if (x.getRank() != 3 || w.getRank() != 3 || r.getRank() != 3)
    return emitOptionalError(loc, "expected 3-D x, w and r, found ", x, ", ", w, " and ", r);
  if (failed(checkElements(loc, x.getElementType(),
                           {a.getW(), a.getR(), a.getBias(), a.getHiddenBias(), a.getH(), a.getC(), a.getPeepholes()})))
    return failure();
  int64_t hidden = r.getDimSize(2), batch = x.getDimSize(1);
  auto expect = [&](Value v, ArrayRef<int64_t> shape, StringRef name) -> LogicalResult {
    if (!v || typeOf(v).getShape() == shape)
      return success();
    return emitOptionalError(loc, "expected ", name, " of type ", RankedTensorType::get(shape, x.getElementType()),
                             ", found ", v.getType());
  };
  if (failed(expect(a.getW(), {directions, gates * hidden, x.getDimSize(2)}, "w")) ||
      failed(expect(a.getR(), {directions, gates * hidden, hidden}, "r")) ||
      failed(expect(a.getBias(), {directions, gates * hidden}, "bias")) ||
      failed(expect(a.getHiddenBias(), {directions, hidden}, "hidden bias")) ||
      failed(expect(a.getLengths(), {batch}, "sequence lengths")) ||
      failed(expect(a.getH(), {directions, batch, hidden}, "initial h")) ||
      failed(expect(a.getC(), {directions, batch, hidden}, "initial c")) ||
      failed(expect(a.getPeepholes(), {directions, 3 * hidden}, "peepholes")))
    return failure();
  (void)infer(types, {x.getDimSize(0), directions, batch, hidden}, x.getElementType());
  (void)infer(types, {directions, batch, hidden}, x.getElementType());
  return infer(types, {directions, batch, hidden}, x.getElementType());
}

//===-- Movement ------------------------------------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  if (getX().getType().getElementType() != getType().getElementType())
    return emitError("expected a result of element type ") << getX().getType().getElementType();
  if (getX().getType().hasStaticShape() && getType().hasStaticShape() &&
      getX().getType().getNumElements() != getType().getNumElements())
    return emitError("expected a shape of ") << getX().getType().getNumElements() << " elements, found " << getType();
  return success();
}
LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> x = getX().getType().getShape(), y = getType().getShape();
  bool fits = x.size() <= y.size();
  for (auto [i, o] : llvm::zip(llvm::reverse(x), llvm::reverse(y)))
    fits &= i == 1 || i == o || i == dynamic || o == dynamic;
  if (!fits || getX().getType().getElementType() != getType().getElementType())
    return emitError("expected a type to which ") << getX().getType() << " broadcasts, found " << getType();
  return success();
}
LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  if (int64_t(a.getPerm().size()) != x.getRank() || !isPermutationVector(a.getPerm()))
    return emitOptionalError(loc, "expected a permutation of ", x.getRank(), " dimensions");
  return infer(types, applyPermutation(x.getShape(), a.getPerm()), x.getElementType());
}
LogicalResult SliceOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  for (ArrayRef<int64_t> list : {a.getStarts(), a.getSizes(), a.getSteps()})
    if (int64_t(list.size()) != x.getRank())
      return emitOptionalError(loc, "expected ", x.getRank(), " starts, sizes and steps");
  for (auto [in, start, size, step] : llvm::zip(x.getShape(), a.getStarts(), a.getSizes(), a.getSteps()))
    if (start < 0 || size < 0 || step < 1 ||
        (size && in != dynamic && (start >= in || (size - 1) > (in - 1 - start) / step)))
      return emitOptionalError(loc, "expected a slice inside ", in, " elements, found ", size, " from ", start, " by ",
                               step);
  return infer(types, a.getSizes(), x.getElementType());
}
LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  if (a.getXs().empty())
    return emitOptionalError(loc, "expected at least one operand");
  RankedTensorType first = typeOf(a.getXs()[0]);
  if (failed(checkAxis(loc, a.getAxis(), first.getRank())))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  for (Value v : a.getXs().drop_front()) {
    RankedTensorType t = typeOf(v);
    bool fits = t.getRank() == first.getRank() && t.getElementType() == first.getElementType();
    for (int64_t d = 0; fits && d < t.getRank(); d++)
      fits = d == int64_t(a.getAxis()) || t.getDimSize(d) == shape[d];
    if (!fits)
      return emitOptionalError(loc, "expected operands that differ along axis ", a.getAxis(), " only, found ", first,
                               " and ", t);
    int64_t &sum = shape[a.getAxis()], extent = t.getDimSize(a.getAxis());
    sum = sum == dynamic || extent == dynamic ? dynamic : sum + extent;
    if (failed(checkExtent(loc, sum)))
      return failure();
  }
  return infer(types, shape, first.getElementType());
}
LogicalResult PadOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  if (int64_t(a.getLow().size()) != x.getRank() || int64_t(a.getHigh().size()) != x.getRank() ||
      typeOf(a.getValue()).getRank() || typeOf(a.getValue()).getElementType() != x.getElementType())
    return emitOptionalError(loc, "expected ", x.getRank(), " low and high pads and a scalar of the input's type");
  SmallVector<int64_t> shape(x.getShape());
  for (auto [extent, low, high] : llvm::zip(shape, a.getLow(), a.getHigh())) {
    if (low < 0 || high < 0 || failed(checkExtent(loc, low)) || failed(checkExtent(loc, high)))
      return emitOptionalError(loc, "expected pads of at least 0, found ", low, " and ", high);
    extent = extent == dynamic ? dynamic : extent + low + high;
    if (failed(checkExtent(loc, extent)))
      return failure();
  }
  return infer(types, shape, x.getElementType());
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), i = typeOf(a.getIndices());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  SmallVector<int64_t> shape(x.getShape().take_front(a.getAxis()));
  llvm::append_range(shape, i.getShape());
  llvm::append_range(shape, x.getShape().drop_front(a.getAxis() + 1));
  if (failed(checkIndexed(loc, a.getAxis(), x.getDimSize(a.getAxis()), shape)))
    return failure();
  return infer(types, shape, x.getElementType());
}
LogicalResult GatherElementsOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), i = typeOf(a.getIndices());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  bool fits = i.getRank() == x.getRank();
  for (int64_t d = 0; fits && d < x.getRank(); d++)
    fits = d == int64_t(a.getAxis()) || i.getDimSize(d) <= x.getDimSize(d);
  if (!fits)
    return emitOptionalError(loc, "expected indices no larger than ", x, ", found ", i);
  if (failed(checkIndexed(loc, a.getAxis(), x.getDimSize(a.getAxis()), i.getShape())))
    return failure();
  return infer(types, i.getShape(), x.getElementType());
}
LogicalResult GatherNDOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), i = typeOf(a.getIndices());
  int64_t batch = a.getBatchDims(), depth = i.getRank() ? i.getShape().back() : -1;
  if (batch < 0 || batch >= i.getRank() || depth < 1 || depth > x.getRank() - batch ||
      x.getShape().take_front(batch) != i.getShape().take_front(batch))
    return emitOptionalError(loc, "expected indices into ", x, " after ", batch, " batch dimensions, found ", i);
  SmallVector<int64_t> shape(i.getShape().drop_back());
  llvm::append_range(shape, x.getShape().drop_front(batch + depth));
  for (int64_t axis = batch; axis < batch + depth; axis++)
    if (failed(checkIndexed(loc, axis, x.getDimSize(axis), shape)))
      return failure();
  return infer(types, shape, x.getElementType());
}
LogicalResult ScatterElementsOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), i = typeOf(a.getIndices()), u = typeOf(a.getUpdates());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  bool fits = i.getShape() == u.getShape() && i.getRank() == x.getRank() && u.getElementType() == x.getElementType();
  for (int64_t d = 0; fits && d < x.getRank(); d++)
    fits = d == int64_t(a.getAxis()) || i.getDimSize(d) <= x.getDimSize(d);
  if (!fits)
    return emitOptionalError(loc, "expected indices and updates that fit ", x, ", found ", i, " and ", u);
  types.push_back(x);
  return success();
}
LogicalResult ScatterNDOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX()), i = typeOf(a.getIndices()), u = typeOf(a.getUpdates());
  int64_t depth = i.getRank() ? i.getShape().back() : -1;
  if (depth < 1 || depth > x.getRank())
    return emitOptionalError(loc, "expected indices into ", x, ", found ", i);
  SmallVector<int64_t> shape(i.getShape().drop_back());
  llvm::append_range(shape, x.getShape().drop_front(depth));
  if (u.getShape() != ArrayRef<int64_t>(shape) || u.getElementType() != x.getElementType())
    return emitOptionalError(loc, "expected updates of type ", RankedTensorType::get(shape, x.getElementType()),
                             ", found ", u);
  types.push_back(x);
  return success();
}
LogicalResult CumSumOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  types.push_back(x);
  return success();
}
LogicalResult TopKOp::inferReturnTypes(MLIRContext *c, Loc loc, Adaptor a, Types &types) {
  RankedTensorType x = typeOf(a.getX());
  if (failed(checkAxis(loc, a.getAxis(), x.getRank())))
    return failure();
  SmallVector<int64_t> shape(x.getShape());
  int64_t &extent = shape[a.getAxis()], k = a.getK();
  if (k < 0 || (extent != dynamic && k > extent))
    return emitOptionalError(loc, "expected k of at most ", extent, ", found ", k);
  extent = k;
  (void)infer(types, shape, x.getElementType());
  return infer(types, shape, IntegerType::get(c, 64, IntegerType::Signed));
}
