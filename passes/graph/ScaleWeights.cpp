// Squeeze-and-excite and other attention over channels: a factor for each channel that is known at run time only. It
// goes into the weights of the contraction that reads the product, so that the factors meet each weight once instead of
// each pixel. The schedule keeps the constant apart from its factors (ScaledWeights.h) while it packs.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
#include "passes/graph/Weights.h"
#include "llvm/ADT/STLExtras.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_SCALEWEIGHTS
#include "passes/graph/Passes.h.inc"
namespace {

// How many reshapes lie between a product and its contraction at most.
constexpr int64_t mostDepth = 4;

int64_t channelsOf(Value v) { return typeOf(v).getShape().back(); }

// A value that is x with its last dimension scaled by `factors`, [channels].
struct Scaled {
  Value x, factors;
  Location product;
};

struct Search {
  OpBuilder &b;

  // An operand of a product that is one factor for each channel of `x`: not a constant, which FoldWeights would have
  // folded where it could.
  Value factorsOf(Value v, Value x) {
    RankedTensorType type = typeOf(v);
    if (!type.getRank() || !type.hasStaticShape() || type.getShape().back() != channelsOf(x) ||
        llvm::any_of(type.getShape().drop_back(), [](int64_t d) { return d != 1; }) || matchPattern(v, m_Constant()))
      return {};
    return reshapeOf(b, v, channelsOf(x));
  }

  // x * s
  std::optional<Scaled> product(Value v) {
    auto mul = v.getDefiningOp<MulOp>();
    for (bool swap : {false, true})
      if (mul) {
        Value x = swap ? mul.getY() : mul.getX(), s = swap ? mul.getX() : mul.getY();
        if (typeOf(x) != typeOf(v))
          continue;
        if (Value factors = factorsOf(s, x))
          return Scaled{x, factors, v.getLoc()};
      }
    return std::nullopt;
  }

  // x + x * s = x * (s + 1)
  std::optional<Scaled> residual(AddOp add) {
    for (bool swap : {false, true}) {
      Value x = swap ? add.getY() : add.getX(), xs = swap ? add.getX() : add.getY();
      if (!xs.hasOneUse())
        continue;
      auto found = product(xs);
      if (!found || found->x != x)
        continue;
      RankedTensorType type = typeOf(found->factors);
      auto ones = DenseElementsAttr::get(type, b.getFloatAttr(type.getElementType(), 1));
      Value one = arith::ConstantOp::create(b, add.getLoc(), ones);
      found->factors = AddOp::create(b, add.getLoc(), type, found->factors, one);
      return found;
    }
    return std::nullopt;
  }

  // A value that nothing else reads, perhaps in another shape.
  std::optional<Scaled> find(Value v, int64_t depth) {
    Operation *op = v.getDefiningOp();
    if (!op || depth > mostDepth || !v.hasOneUse())
      return std::nullopt;
    b.setInsertionPoint(op);
    if (auto add = dyn_cast<AddOp>(op))
      return residual(add);
    auto reshape = dyn_cast<ReshapeOp>(op);
    if (!reshape)
      return product(v);
    Value from = reshape.getX();
    if (!typeOf(from).getRank() || channelsOf(from) != channelsOf(v))
      return std::nullopt;
    auto found = find(from, depth + 1);
    b.setInsertionPoint(op);
    if (found)
      found->x = reshapeOf(b, found->x, typeOf(v).getShape());
    return found;
  }
};

// Where one factor for each channel of the input stands among the dimensions of the weights; empty where they have no
// such form.
SmallVector<int64_t> factorShape(Operation *op, int64_t channels) {
  if (auto matmul = dyn_cast<MatmulOp>(op)) {
    if (typeOf(matmul.getW()).getRank() != 2)
      return {};
    return matmul.getTransposeW() ? SmallVector<int64_t>{channels} : SmallVector<int64_t>{channels, 1};
  }
  auto conv = cast<ConvOp>(op);
  if (conv.getGroups() == 1)
    return {channels, 1};
  return int64_t(conv.getGroups()) == channels && channelsOf(conv.getW()) == channels ? SmallVector<int64_t>{channels}
                                                                                      : SmallVector<int64_t>();
}

// What multiplying the weights costs, in elements of a product of activations: minimal filtering may make four of one.
int64_t costOf(Operation *op) {
  int64_t elements = typeOf(op->getOperand(1)).getNumElements();
  auto conv = dyn_cast<ConvOp>(op);
  if (!conv || conv.getGroups() != 1)
    return elements;
  auto isOne = [](int64_t x) { return x == 1; };
  bool mayFilter = llvm::all_of(conv.getStrides(), isOne) && llvm::all_of(conv.getDilations(), isOne) &&
                   !llvm::all_of(typeOf(conv.getW()).getShape().drop_back(2), isOne);
  return mayFilter ? 4 * elements : elements;
}

struct ScaleWeightsPass : impl::ScaleWeightsBase<ScaleWeightsPass> {
  using ScaleWeightsBase::ScaleWeightsBase;

  // contraction(x * s, w) => contraction(x, w * s)
  void scale(Operation *op) {
    Value x = op->getOperand(0), w = op->getOperand(1);
    if (!typeOf(x).hasStaticShape() || !typeOf(x).getRank() || !isa<FloatType>(typeOf(x).getElementType()) ||
        !matchPattern(w, m_Constant()))
      return;
    SmallVector<int64_t> shape = factorShape(op, channelsOf(x));
    if (shape.empty())
      return;
    OpBuilder b(op);
    auto found = Search{b}.find(x, 0);
    if (!found)
      return;
    int64_t cost = costOf(op), saved = typeOf(x).getNumElements();
    if (remarks)
      op->emitRemark() << "factors of the input's channels: " << cost << " elements of weights to multiply, or "
                       << saved << " of the input";
    if (cost >= saved)
      return;
    b.setInsertionPoint(op);
    op->setOperand(0, found->x);
    op->setOperand(1, MulOp::create(b, found->product, typeOf(w), w, reshapeOf(b, found->factors, shape)));
  }

  void runOnOperation() override {
    SmallVector<Operation *> contractions;
    getOperation()->walk([&](Operation *op) {
      if (isa<MatmulOp, ConvOp>(op))
        contractions.push_back(op);
    });
    for (Operation *op : contractions)
      scale(op);
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
