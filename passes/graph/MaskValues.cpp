// MaskValues.h's implementation: a lazy evaluator of single elements, so that no mask is ever stored.
#include "passes/graph/MaskValues.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "passes/graph/Weights.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <optional>
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace {
// Elements times ops that are computed at most, for all masks together.
constexpr int64_t maxSteps = int64_t(1) << 26;

class Evaluator {
public:
  explicit Evaluator(int64_t &steps) : steps(steps) {}
  // The element at a row-major position as a double; none where it depends on an input or on an op not known here.
  std::optional<double> at(Value v, int64_t linear, int depth = 0);

private:
  using Element = std::optional<double>;
  Element constantAt(arith::ConstantOp op, int64_t linear);
  Element gatheredAt(GatherOp op, int64_t linear, int depth);
  Element movedAt(Operation *op, int64_t linear, int depth);
  Element computedAt(Operation *op, int64_t linear, int depth);
  Element operandAt(Operation *op, unsigned i, int64_t linear, int depth);

  int64_t &steps;
};

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
  if (element.isInteger(1))
    return w->load<uint8_t>(linear) != 0;
  return std::nullopt;
}

// The element of operand `i` that an elementwise op computes its own from.
std::optional<double> Evaluator::operandAt(Operation *op, unsigned i, int64_t linear, int depth) {
  Value x = op->getOperand(i);
  return at(x, broadcastOffset(typeOf(x).getShape(), typeOf(op->getResult(0)).getShape(), linear), depth + 1);
}

std::optional<double> Evaluator::at(Value v, int64_t linear, int depth) {
  Operation *op = v.getDefiningOp();
  if (!op || depth > 32 || ++steps > maxSteps || !isa<RankedTensorType>(v.getType()))
    return std::nullopt;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantAt(constant, linear);
  if (auto gather = dyn_cast<GatherOp>(op))
    return gatheredAt(gather, linear, depth);
  if (isa<ReshapeOp, BroadcastOp, IotaOp, TransposeOp, SliceOp>(op))
    return movedAt(op, linear, depth);
  return computedAt(op, linear, depth);
}

std::optional<double> Evaluator::gatheredAt(GatherOp op, int64_t linear, int depth) {
  RankedTensorType table = typeOf(op.getX()), indices = typeOf(op.getIndices());
  int64_t inner = 1, count = indices.getNumElements(), extent = table.getDimSize(op.getAxis());
  for (int64_t d : table.getShape().drop_front(op.getAxis() + 1))
    inner *= d;
  std::optional<double> index = at(op.getIndices(), linear / inner % count, depth + 1);
  if (!index || *index < -extent || *index >= extent)
    return std::nullopt;
  int64_t i = *index < 0 ? *index + extent : *index;
  return at(op.getX(), (linear / inner / count * extent + i) * inner + linear % inner, depth + 1);
}

std::optional<double> Evaluator::movedAt(Operation *op, int64_t linear, int depth) {
  RankedTensorType type = typeOf(op->getResult(0));
  if (isa<ReshapeOp>(op))
    return at(op->getOperand(0), linear, depth + 1);
  if (isa<BroadcastOp>(op))
    return operandAt(op, 0, linear, depth);
  if (auto iota = dyn_cast<IotaOp>(op)) {
    int64_t inner = 1;
    for (int64_t d : type.getShape().drop_front(iota.getAxis() + 1))
      inner *= d;
    return double(linear / inner % type.getDimSize(iota.getAxis()));
  }
  int64_t source = 0;
  SmallVector<int64_t> strides = computeStrides(typeOf(op->getOperand(0)).getShape());
  auto transpose = dyn_cast<TransposeOp>(op);
  auto slice = dyn_cast<SliceOp>(op);
  for (int64_t d = type.getRank() - 1; d >= 0; linear /= type.getDimSize(d--)) {
    int64_t i = linear % type.getDimSize(d);
    source +=
        transpose ? i * strides[transpose.getPerm()[d]] : (slice.getStarts()[d] + i * slice.getSteps()[d]) * strides[d];
  }
  return at(op->getOperand(0), source, depth + 1);
}

std::optional<double> Evaluator::computedAt(Operation *op, int64_t linear, int depth) {
  bool isBool = typeOf(op->getResult(0)).getElementType().isInteger(1);
  if (!isa<CastOp, WhereOp, NotOp, AddOp, SubOp, MulOp, AndOp, OrOp, XorOp, EqualOp, LessOp, LessOrEqualOp, GreaterOp,
           GreaterOrEqualOp>(op))
    return std::nullopt;
  std::optional<double> x = operandAt(op, 0, linear, depth);
  if (!x)
    return std::nullopt;
  if (isa<CastOp>(op)) {
    if (isBool)
      return *x != 0;
    // Positions fit every type; a fraction would be cut.
    return std::fabs(*x) < 0x1p53 && *x == std::trunc(*x) ? x : std::nullopt;
  }
  if (isa<WhereOp>(op))
    return operandAt(op, *x ? 1 : 2, linear, depth);
  if (isa<NotOp, AndOp, OrOp, XorOp>(op) && !isBool)
    return std::nullopt;
  if (isa<NotOp>(op))
    return *x == 0;
  std::optional<double> y = operandAt(op, 1, linear, depth);
  if (!y)
    return std::nullopt;
  return TypeSwitch<Operation *, double>(op)
      .Case([&](AddOp) { return *x + *y; })
      .Case([&](SubOp) { return *x - *y; })
      .Case([&](MulOp) { return *x * *y; })
      .Case([&](AndOp) { return *x && *y; })
      .Case([&](OrOp) { return *x || *y; })
      .Case([&](XorOp) { return *x != *y; })
      .Case([&](EqualOp) { return *x == *y; })
      .Case([&](LessOp) { return *x < *y; })
      .Case([&](LessOrEqualOp) { return *x <= *y; })
      .Case([&](GreaterOp) { return *x > *y; })
      .Case([&](GreaterOrEqualOp) { return *x >= *y; });
}

MaskKind classify(Value mask, int64_t queries, int64_t keys, int64_t &steps) {
  RankedTensorType type = typeOf(mask);
  int64_t rank = type.getRank(), columns = rank > 0 ? type.getDimSize(rank - 1) : 1,
          rows = rank > 1 ? type.getDimSize(rank - 2) : 1;
  if ((columns != keys && columns != 1) || (rows != queries && rows != 1))
    return MaskKind::other;
  Evaluator evaluator(steps);
  bool none = true, causal = rows == queries && columns == keys && keys >= queries;
  for (int64_t i = 0, n = type.getNumElements(); i < n && (none || causal); i++) {
    std::optional<double> x = evaluator.at(mask, i);
    if (!x)
      return MaskKind::other;
    int64_t key = i % columns, query = i / columns % rows;
    none &= *x == 0;
    causal &= key <= query + keys - queries ? *x == 0 : *x <= hidden;
  }
  return none ? MaskKind::none : causal ? MaskKind::causal : MaskKind::other;
}
} // namespace

MaskKind MaskCache::kindOf(Value mask, int64_t queries, int64_t keys) {
  auto [it, isNew] = kinds.try_emplace({mask, queries, keys}, MaskKind::other);
  if (isNew)
    it->second = classify(mask, queries, keys, steps);
  return it->second;
}

Value MaskCache::additive(OpBuilder &b, Value condition, FloatType element, double fill, bool isInverted) {
  Value &mask = additives[{condition, b.getInsertionBlock(), llvm::bit_cast<uint64_t>(fill), unsigned(isInverted)}];
  if (mask)
    return mask;
  Location loc = condition.getLoc();
  auto scalar = [&](double x) -> Value {
    auto type = RankedTensorType::get({}, element);
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, b.getFloatAttr(element, x)));
  };
  Value zero = scalar(0), far = scalar(fill);
  mask = WhereOp::create(b, loc, typeOf(condition).clone(element), condition, isInverted ? far : zero,
                         isInverted ? zero : far);
  return mask;
}

Value MaskCache::sum(OpBuilder &b, Value x, Value y, Type type) {
  Value &mask = sums[{x, y, b.getInsertionBlock()}];
  if (!mask)
    mask = AddOp::create(b, x.getLoc(), type, x, y);
  return mask;
}
