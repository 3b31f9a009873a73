// A batch normalisation behind a contraction is a scale and a shift of its columns: the scale goes into the weights,
// the shift becomes a bias for the epilogue. Only a scale per column does, so that a model without one keeps its
// weights bit for bit.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
#include "passes/graph/Weights.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_FOLDSCALES
#include "passes/graph/Passes.h.inc"
namespace {
bool isConstantPerColumn(Value v, int64_t columns) {
  ArrayRef<int64_t> shape = typeOf(v).getShape();
  return matchPattern(v, m_Constant()) && !shape.empty() && shape.back() == columns && columns != 1 &&
         llvm::all_of(shape.drop_back(), [](int64_t d) { return d == 1; });
}

// Products and quotients by these are numbers wherever the contraction's sum is one.
template <class Scale> bool isProperScale(Value c) {
  std::optional<Weights> w = Weights::of(c);
  bool isF32 = w && w->type.getElementType().isF32();
  for (int64_t i = 0, n = w ? w->type.getNumElements() : 0; i < n; i++) {
    double x = isF32 ? double(w->load<float>(i)) : w->load<double>(i);
    if (!std::isfinite(x) || (std::is_same_v<Scale, DivOp> && x == 0))
      return false;
  }
  return bool(w);
}

// The weights of a contraction with nothing behind it yet, where the last dimension of its result is that of its
// weights.
OpOperand *scalableWeights(Operation *op) {
  auto contraction = dyn_cast_or_null<EpilogueInterface>(op);
  auto transposed = dyn_cast_or_null<ConvTransposeOp>(op);
  if (!contraction || !isIdentityEpilogue(contraction.getEpilogue()) || !op->hasOneUse() ||
      (transposed && transposed.getGroups() != 1))
    return nullptr;
  OpOperand &w = op->getOpOperand(1);
  return matchPattern(w.get(), m_Constant()) ? &w : nullptr;
}

template <class Scale> Value build(OpBuilder &b, Location loc, Value x, Value scale) {
  return Scale::create(b, loc, x.getType(), x, scale);
}

// scale(contraction(x, w), c) => contraction(x, scale(w, c)), and
// scale(add(contraction(x, w), d), c) => add(contraction(x, scale(w, c)), scale(d, c)), the same with sub
template <class Scale> void foldScale(Scale op) {
  Value y = op.getX(), c = op.getY();
  if (std::is_same_v<Scale, MulOp> && matchPattern(y, m_Constant()))
    std::swap(y, c);
  if (typeOf(y) != op.getType() || !typeOf(y).getRank() || !isConstantPerColumn(c, op.getType().getShape().back()))
    return;
  Operation *shift = y.getDefiningOp();
  OpOperand *w = nullptr;
  Value d;
  if (isa_and_nonnull<AddOp, SubOp>(shift) && shift->hasOneUse()) {
    Value z = shift->getOperand(0);
    d = shift->getOperand(1);
    if (isa<AddOp>(shift) && matchPattern(z, m_Constant()))
      std::swap(z, d);
    w = scalableWeights(z.getDefiningOp());
    if (typeOf(z) != op.getType() || !isConstantPerColumn(d, op.getType().getShape().back()))
      return;
  } else {
    w = scalableWeights(shift);
  }
  if (!w || !isProperScale<Scale>(c))
    return;
  // Behind a branch or in a loop it is not the contraction's.
  Operation *contraction = w->getOwner();
  if (contraction->getBlock() != op->getBlock() || (d && shift->getBlock() != op->getBlock()))
    return;
  OpBuilder b(contraction);
  int64_t columns = op.getType().getShape().back();
  auto matmul = dyn_cast<MatmulOp>(contraction);
  SmallVector<int64_t> shape = {columns};
  if (matmul && matmul.getTransposeW())
    shape.push_back(1);
  hoistConstant(c, contraction->getBlock());
  Value column = ReshapeOp::create(b, c.getLoc(), typeOf(c).clone(shape), c);
  w->set(build<Scale>(b, op.getLoc(), w->get(), column));
  if (!d) {
    op.replaceAllUsesWith(contraction->getResult(0));
    op.erase();
    return;
  }
  b.setInsertionPoint(shift);
  d = build<Scale>(b, op.getLoc(), reshapeOf(b, d, columns), reshapeOf(b, c, columns));
  Value result = contraction->getResult(0);
  result = isa<AddOp>(shift) ? AddOp::create(b, shift->getLoc(), op.getType(), result, d).getResult()
                             : SubOp::create(b, shift->getLoc(), op.getType(), result, d).getResult();
  op.replaceAllUsesWith(result);
  op.erase();
  shift->erase();
}

struct FoldScalesPass : impl::FoldScalesBase<FoldScalesPass> {
  void runOnOperation() override {
    SmallVector<Operation *> scales;
    getOperation()->walk([&](Operation *op) {
      if (isa<MulOp, DivOp>(op) && isa<FloatType>(typeOf(op->getResult(0)).getElementType()))
        scales.push_back(op);
    });
    for (Operation *op : scales)
      if (auto mul = dyn_cast<MulOp>(op))
        foldScale(mul);
      else
        foldScale(cast<DivOp>(op));
  }
};
} // namespace
} // namespace nncc
