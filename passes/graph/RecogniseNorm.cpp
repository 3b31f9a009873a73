// Finds layer norm, RMS norm and softmax in the primitive operators that exporters write.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_RECOGNISENORM
#include "passes/graph/Passes.h.inc"
namespace {

// v = sum(x) / count over axes that stay as dimensions of 1.
ReduceOp matchMean(Value v) {
  std::optional<Scaled> scaled = matchScaled(v);
  auto sum = scaled ? scaled->x.getDefiningOp<ReduceOp>() : ReduceOp();
  if (!sum || sum.getKind() != ReduceKind::sum)
    return {};
  double count = 1;
  for (int64_t axis : sum.getAxes()) {
    if (typeOf(sum.getX()).isDynamicDim(axis))
      return {};
    count *= typeOf(sum.getX()).getDimSize(axis);
  }
  return isNear(scaled->scalar * count, 1) ? sum : ReduceOp();
}

// v = 1 / deviation
Value matchReciprocal(Value v) {
  if (auto op = v.getDefiningOp<ReciprocalOp>())
    return op.getX();
  auto div = v.getDefiningOp<DivOp>();
  return div && isScalar(div.getX(), 1) ? Value(div.getY()) : Value();
}

struct Deviation {
  Value centred; // x - mean(x), or x itself for the root of the mean square
  SmallVector<int64_t> axes;
  double epsilon;
};
// sqrt(mean(centred ^ 2) + epsilon), given the argument of the root
std::optional<Deviation> matchVariance(Value v) {
  std::optional<Scaled> shifted = matchAdded(v);
  ReduceOp mean = matchMean(shifted ? shifted->x : v);
  Value centred = mean ? matchSquare(mean.getX()) : Value();
  if (!centred)
    return std::nullopt;
  return Deviation{centred, SmallVector<int64_t>(mean.getAxes()), shifted ? shifted->scalar : 0};
}

// The x of v = x ^ power
Value matchPower(Value v, double power) {
  auto pow = matchScalar<PowOp>(v, false);
  return pow && pow->scalar == power ? pow->x : Value();
}
// The x of v = sqrt(x)
Value matchRoot(Value v) {
  auto sqrt = v.getDefiningOp<SqrtOp>();
  return sqrt ? sqrt.getX() : matchPower(v, 0.5);
}
// The x of v = 1 / sqrt(x)
Value matchInverseRoot(Value v) {
  Value root = matchReciprocal(v);
  return root ? matchRoot(root) : matchPower(v, -0.5);
}

// y = centred / deviation in one of its spellings; null where it is something else
std::optional<Deviation> matchNormalized(Operation *y) {
  Value variance, centred;
  if (auto div = dyn_cast<DivOp>(y)) {
    centred = div.getX();
    variance = matchRoot(div.getY());
  } else if (auto mul = dyn_cast<MulOp>(y)) {
    for (bool swap : {false, true}) {
      if (variance)
        break;
      centred = swap ? mul.getY() : mul.getX();
      variance = matchInverseRoot(swap ? mul.getX() : mul.getY());
    }
  }
  std::optional<Deviation> deviation = variance ? matchVariance(variance) : std::nullopt;
  if (!deviation || deviation->centred != centred)
    return std::nullopt;
  return deviation;
}

// The only user of y that is Op(y, other), where `other` has no more dimensions or elements than y.
template <class Op> std::pair<Op, Value> matchAffine(Value y) {
  if (!y.hasOneUse())
    return {};
  auto op = dyn_cast<Op>(*y.user_begin());
  if (!op || op.getType() != y.getType() || op.getX() == op.getY())
    return {};
  Value other = op.getX() == y ? op.getY() : op.getX();
  if (!matchPattern(other, m_Constant()))
    return {};
  return {op, other};
}

// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) [* scale [+ bias]] => norm(x, scale, bias), and without the
// mean
void recogniseNorm(Operation *y) {
  std::optional<Deviation> deviation = matchNormalized(y);
  if (!deviation || y->getResult(0).getType() != deviation->centred.getType())
    return;
  Value x = deviation->centred;
  bool rms = true;
  if (auto sub = x.getDefiningOp<SubOp>()) {
    ReduceOp mean = matchMean(sub.getY());
    if (mean && mean.getX() == sub.getX() && mean.getAxes() == ArrayRef<int64_t>(deviation->axes)) {
      x = sub.getX();
      rms = false;
    }
  }
  if (x.getType() != y->getResult(0).getType())
    return;
  SmallVector<Value> operands = {x};
  Operation *last = y;
  if (auto [mul, scale] = matchAffine<MulOp>(y->getResult(0)); mul) {
    operands.push_back(scale);
    last = mul;
    if (auto [add, bias] = matchAffine<AddOp>(mul.getResult()); add) {
      operands.push_back(bias);
      last = add;
    }
  }
  OpBuilder b(last);
  auto norm = NormOp::create(b, last->getLoc(), last->getResult(0).getType(), operands[0],
                             ValueRange(operands).drop_front(), b.getDenseI64ArrayAttr(deviation->axes),
                             b.getF64FloatAttr(deviation->epsilon), rms ? b.getUnitAttr() : UnitAttr());
  last->replaceAllUsesWith(norm);
}

// exp(x - max(x)) / sum(exp(x - max(x))) => softmax(x)
void recogniseSoftmax(DivOp div) {
  auto exp = div.getX().getDefiningOp<ExpOp>();
  auto sum = div.getY().getDefiningOp<ReduceOp>();
  auto sub = exp ? exp.getX().getDefiningOp<SubOp>() : SubOp();
  auto max = sub ? sub.getY().getDefiningOp<ReduceOp>() : ReduceOp();
  if (!max || !sum || sum.getX() != exp.getResult() || max.getX() != sub.getX() || sum.getKind() != ReduceKind::sum ||
      max.getKind() != ReduceKind::max || sum.getAxes() != max.getAxes() || sum.getAxes().size() != 1)
    return;
  OpBuilder b(div);
  div.replaceAllUsesWith(
      SoftmaxOp::create(b, div.getLoc(), div.getType(), sub.getX(), b.getI64IntegerAttr(sum.getAxes()[0]), UnitAttr())
          .getResult());
}

struct RecogniseNormPass : impl::RecogniseNormBase<RecogniseNormPass> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (isa<DivOp, MulOp>(op))
        recogniseNorm(op);
      if (auto div = dyn_cast<DivOp>(op))
        recogniseSoftmax(div);
    });
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
