// MaskValues.h's implementation: a lazy evaluator of single elements, so that no mask is ever stored.
#include "passes/graph/MaskValues.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "passes/graph/Weights.h"
#include <optional>
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace {
// Elements times ops that are computed at most.
constexpr int64_t maxSteps = int64_t(1) << 26;
constexpr double hidden = -1e9;

class Evaluator {
public:
  // The element at a row-major position as a double; none where it depends on an input or on an op not known here.
  std::optional<double> at(Value v, int64_t linear, int depth = 0);

private:
  std::optional<double> constantAt(arith::ConstantOp op, int64_t linear);
  int64_t steps = 0;
  DenseMap<Operation *, DenseElementsAttr> constants;
};

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

std::optional<double> Evaluator::constantAt(arith::ConstantOp op, int64_t linear) {
  Type element = typeOf(op.getResult()).getElementType();
  if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue()); dense && element.isInteger(1))
    return dense.isSplat() ? dense.getSplatValue<bool>() : dense.getValues<bool>()[linear];
  std::optional<Weights> w = Weights::of(op.getResult());
  if (!w)
    return std::nullopt;
  if (element.isF32())
    return w->load<float>(linear);
  if (element.isF64())
    return w->load<double>(linear);
  if (element.isSignedInteger(64))
    return double(w->load<int64_t>(linear));
  if (element.isSignedInteger(32))
    return double(w->load<int32_t>(linear));
  return std::nullopt;
}

std::optional<double> Evaluator::at(Value v, int64_t linear, int depth) {
  Operation *op = v.getDefiningOp();
  if (!op || depth > 32 || ++steps > maxSteps || !isa<RankedTensorType>(v.getType()))
    return std::nullopt;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantAt(constant, linear);
  RankedTensorType type = typeOf(v);
  auto operand = [&](unsigned i) {
    Value x = op->getOperand(i);
    return at(x, broadcastOffset(typeOf(x).getShape(), type.getShape(), linear), depth + 1);
  };
  if (isa<ReshapeOp>(op))
    return at(op->getOperand(0), linear, depth + 1);
  if (isa<BroadcastOp>(op))
    return operand(0);
  if (auto iota = dyn_cast<IotaOp>(op)) {
    int64_t inner = 1;
    for (int64_t d : type.getShape().drop_front(iota.getAxis() + 1))
      inner *= d;
    return double(linear / inner % type.getDimSize(iota.getAxis()));
  }
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    int64_t source = 0;
    SmallVector<int64_t> strides = computeStrides(typeOf(transpose.getX()).getShape());
    for (int64_t d = type.getRank() - 1; d >= 0; linear /= type.getDimSize(d--))
      source += linear % type.getDimSize(d) * strides[transpose.getPerm()[d]];
    return at(transpose.getX(), source, depth + 1);
  }
  if (auto slice = dyn_cast<SliceOp>(op)) {
    int64_t source = 0;
    SmallVector<int64_t> strides = computeStrides(typeOf(slice.getX()).getShape());
    for (int64_t d = type.getRank() - 1; d >= 0; linear /= type.getDimSize(d--))
      source += (slice.getStarts()[d] + linear % type.getDimSize(d) * slice.getSteps()[d]) * strides[d];
    return at(slice.getX(), source, depth + 1);
  }
  if (auto gather = dyn_cast<GatherOp>(op)) {
    RankedTensorType table = typeOf(gather.getX()), indices = typeOf(gather.getIndices());
    int64_t inner = 1, count = indices.getNumElements(), extent = table.getDimSize(gather.getAxis());
    for (int64_t d : table.getShape().drop_front(gather.getAxis() + 1))
      inner *= d;
    std::optional<double> index = at(gather.getIndices(), linear / inner % count, depth + 1);
    if (!index || *index < -extent || *index >= extent)
      return std::nullopt;
    int64_t i = *index < 0 ? *index + extent : *index;
    return at(gather.getX(), (linear / inner / count * extent + i) * inner + linear % inner, depth + 1);
  }
  if (auto cast = dyn_cast<CastOp>(op)) {
    std::optional<double> x = operand(0);
    if (x && type.getElementType().isInteger(1))
      return *x != 0;
    // Positions fit every type; a fraction would be cut.
    return x && *x == int64_t(*x) ? x : std::nullopt;
  }
  if (isa<WhereOp>(op)) {
    std::optional<double> condition = operand(0);
    return condition ? operand(*condition ? 1 : 2) : std::nullopt;
  }
  if (!isa<AddOp, SubOp, MulOp, AndOp, OrOp, XorOp, NotOp, EqualOp, LessOp, LessOrEqualOp, GreaterOp, GreaterOrEqualOp>(
          op))
    return std::nullopt;
  std::optional<double> x = operand(0);
  if (!x)
    return std::nullopt;
  if (isa<NotOp>(op))
    return type.getElementType().isInteger(1) ? std::optional<double>(*x == 0) : std::nullopt;
  std::optional<double> y = operand(1);
  if (!y)
    return std::nullopt;
  if (isa<AndOp, OrOp, XorOp>(op)) {
    if (!type.getElementType().isInteger(1))
      return std::nullopt;
    return isa<AndOp>(op) ? (*x && *y) : isa<OrOp>(op) ? (*x || *y) : (*x != *y);
  }
  if (isa<AddOp>(op))
    return *x + *y;
  if (isa<SubOp>(op))
    return *x - *y;
  if (isa<MulOp>(op))
    return *x * *y;
  if (isa<EqualOp>(op))
    return *x == *y;
  if (isa<LessOp>(op))
    return *x < *y;
  if (isa<LessOrEqualOp>(op))
    return *x <= *y;
  return isa<GreaterOp>(op) ? *x > *y : *x >= *y;
}

MaskKind classify(Value mask, int64_t queries, int64_t keys) {
  RankedTensorType type = typeOf(mask);
  int64_t rank = type.getRank(), columns = rank > 0 ? type.getDimSize(rank - 1) : 1,
          rows = rank > 1 ? type.getDimSize(rank - 2) : 1;
  if ((columns != keys && columns != 1) || (rows != queries && rows != 1))
    return MaskKind::other;
  Evaluator evaluator;
  bool none = true, causal = true;
  for (int64_t i = 0, n = type.getNumElements(); i < n && (none || causal); i++) {
    std::optional<double> x = evaluator.at(mask, i);
    if (!x)
      return MaskKind::other;
    int64_t key = i % columns, query = rows == 1 ? queries - 1 : i / columns % rows;
    none &= *x == 0;
    causal &= key <= query + keys - queries ? *x == 0 : *x <= hidden;
  }
  return none ? MaskKind::none : causal && rows == queries && columns == keys ? MaskKind::causal : MaskKind::other;
}
} // namespace

MaskKind MaskCache::kindOf(Value mask, int64_t queries, int64_t keys) {
  auto [it, isNew] = known.try_emplace(mask, MaskKind::other);
  if (isNew)
    it->second = classify(mask, queries, keys);
  return it->second;
}
