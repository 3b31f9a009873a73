// Finds activations in the arithmetic that exporters write for them: gelu in its erf and its tanh form, silu, sigmoid
// and hard swish, whatever the order of factors and terms.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
#include <array>
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_RECOGNISEACTIVATION
#include "passes/graph/Passes.h.inc"
namespace {

// A product as its factors: constants, and at most three other values. Factors with other users stay whole.
struct Product {
  double scalar = 1;
  SmallVector<Value, 4> factors;
  bool isOverfull = false;

  void add(Value v, int depth) {
    if (std::optional<double> c = scalarOf(v)) {
      scalar *= *c;
      return;
    }
    auto mul = v.getDefiningOp<MulOp>();
    if (mul && (depth == 0 || v.hasOneUse()) && depth < 4) {
      add(mul.getX(), depth + 1);
      add(mul.getY(), depth + 1);
      return;
    }
    auto div = matchScalar<DivOp>(v, false);
    if (div && (depth == 0 || v.hasOneUse()) && depth < 4) {
      scalar /= div->scalar;
      add(div->x, depth + 1);
      return;
    }
    factors.push_back(v);
    isOverfull |= factors.size() > 3;
  }
};

// Coefficients of v as a polynomial of degree 3 in x.
using Polynomial = std::array<double, 4>;
std::optional<Polynomial> polynomialOf(Value v, Value x, int depth = 0) {
  if (v == x)
    return Polynomial{0, 1, 0, 0};
  if (std::optional<double> c = scalarOf(v))
    return Polynomial{*c, 0, 0, 0};
  Operation *op = v.getDefiningOp();
  if (depth > 6 || !isa_and_nonnull<AddOp, MulOp, DivOp, NegOp, PowOp>(op))
    return std::nullopt;
  std::optional<Polynomial> a = polynomialOf(op->getOperand(0), x, depth + 1);
  std::optional<Polynomial> b =
      op->getNumOperands() > 1 ? polynomialOf(op->getOperand(1), x, depth + 1) : Polynomial{-1, 0, 0, 0};
  if (!a || !b)
    return std::nullopt;
  auto isConstant = [](const Polynomial &p) { return !p[1] && !p[2] && !p[3]; };
  if (isa<AddOp>(op)) {
    for (int i = 0; i < 4; i++)
      (*a)[i] += (*b)[i];
    return a;
  }
  if (isa<DivOp, PowOp>(op) && !isConstant(*b))
    return std::nullopt;
  if (isa<DivOp>(op))
    b = Polynomial{1 / (*b)[0], 0, 0, 0};
  if (isa<PowOp>(op)) {
    double power = (*b)[0];
    if (power != 2 && power != 3)
      return std::nullopt;
    Polynomial base = *a;
    if (base[0] || base[2] || base[3])
      return std::nullopt;
    Polynomial result = {};
    result[int(power)] = std::pow(base[1], power);
    return result;
  }
  Polynomial product = {};
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++)
      if (double term = (*a)[i] * (*b)[j]; term != 0) {
        if (i + j > 3)
          return std::nullopt;
        product[i + j] += term;
      }
  return product;
}

// The coefficients are irrational: exporters round them.
bool isPolynomial(Value v, Value x, const Polynomial &expected) {
  std::optional<Polynomial> p = polynomialOf(v, x);
  if (!p)
    return false;
  for (int i = 0; i < 4; i++)
    if (expected[i] == 0 ? (*p)[i] != 0 : std::fabs((*p)[i] - expected[i]) > 1e-4 * std::fabs(expected[i]))
      return false;
  return true;
}

// clip(x, low, high), also as max and min
bool isClip(Value v, double low, double high, Value &x) {
  if (auto clip = v.getDefiningOp<ClipOp>()) {
    x = clip.getX();
    return isScalar(clip.getLow(), low) && isScalar(clip.getHigh(), high);
  }
  if (auto min = matchScalar<MinOp>(v, true); min && min->scalar == high) {
    if (auto relu = min->x.getDefiningOp<ReluOp>(); relu && low == 0) {
      x = relu.getX();
      return true;
    }
    if (auto max = matchScalar<MaxOp>(min->x, true); max && max->scalar == low) {
      x = max->x;
      return true;
    }
  }
  return false;
}

template <class Op> void replace(Operation *root, Value x) {
  OpBuilder b(root);
  root->replaceAllUsesWith(Op::create(b, root->getLoc(), x.getType(), x));
}

// What `scalar * x * gate` is, where `gate` is one of the two factors.
bool recogniseGated(Operation *root, double scalar, Value x, Value gate) {
  if (x.getType() != root->getResult(0).getType())
    return false;
  if (auto sigmoid = gate.getDefiningOp<SigmoidOp>(); sigmoid && sigmoid.getX() == x && scalar == 1)
    return replace<SiluOp>(root, x), true;
  if (auto hard = gate.getDefiningOp<HardSigmoidOp>(); hard && hard.getX() == x && scalar == 1 &&
                                                       isNear(hard.getAlpha().convertToDouble(), 1.0 / 6) &&
                                                       hard.getBeta().convertToDouble() == 0.5)
    return replace<HardSwishOp>(root, x), true;
  Value clipped;
  if (isNear(scalar, 1.0 / 6) && isClip(gate, 0, 6, clipped))
    if (auto added = matchAdded(clipped); added && added->x == x && added->scalar == 3)
      return replace<HardSwishOp>(root, x), true;
  std::optional<Scaled> added = matchAdded(gate);
  if (!added || added->scalar != 1 || scalar != 0.5)
    return false;
  if (auto erf = added->x.getDefiningOp<ErfOp>(); erf && isPolynomial(erf.getX(), x, {0, M_SQRT1_2, 0, 0}))
    return replace<GeluOp>(root, x), true;
  double slope = M_SQRT1_2 * M_2_SQRTPI;
  if (auto tanh = added->x.getDefiningOp<TanhOp>();
      tanh && isPolynomial(tanh.getX(), x, {0, slope, 0, slope * 0.044715}))
    return replace<GeluTanhOp>(root, x), true;
  return false;
}

// scalar * x * gate(x) => the activation
bool recogniseProduct(Operation *root) {
  Product product;
  product.add(root->getResult(0), 0);
  if (product.isOverfull || product.factors.size() != 2)
    return false;
  Value x = product.factors[0], y = product.factors[1];
  return recogniseGated(root, product.scalar, x, y) || recogniseGated(root, product.scalar, y, x);
}

// 1 / (1 + exp(-x)) => sigmoid(x), x / (1 + exp(-x)) => silu(x)
void recogniseSigmoid(Operation *root) {
  auto div = dyn_cast<DivOp>(root);
  Value sum = div ? div.getY() : cast<ReciprocalOp>(root).getX();
  std::optional<Scaled> added = matchAdded(sum);
  auto exp = added && added->scalar == 1 ? added->x.getDefiningOp<ExpOp>() : ExpOp();
  auto neg = exp ? exp.getX().getDefiningOp<NegOp>() : NegOp();
  if (!neg || neg.getX().getType() != root->getResult(0).getType())
    return;
  if (!div || isScalar(div.getX(), 1))
    replace<SigmoidOp>(root, neg.getX());
  else if (div.getX() == neg.getX())
    replace<SiluOp>(root, neg.getX());
}

// x * 1, x / 1 => x
bool dropUnitFactor(Operation *root) {
  std::optional<Scaled> scaled = matchScaled(root->getResult(0));
  if (!scaled || scaled->scalar != 1)
    return false;
  root->replaceAllUsesWith(ValueRange(scaled->x));
  return true;
}

struct RecogniseActivationPass : impl::RecogniseActivationBase<RecogniseActivationPass> {
  void runOnOperation() override {
    // Producers first, so that a sigmoid is known when its product is met; then the largest product around a gate.
    SmallVector<Operation *> products;
    getOperation()->walk([&](Operation *op) {
      if (isa<ReciprocalOp, DivOp>(op))
        recogniseSigmoid(op);
      if (isa<MulOp, DivOp>(op) && !dropUnitFactor(op))
        products.push_back(op);
    });
    for (Operation *op : products)
      if (!op->use_empty())
        recogniseProduct(op);
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
