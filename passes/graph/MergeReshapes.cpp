// A matmul takes any leading dimensions for rows, so exporters' reshapes to two dimensions and back serve nothing: the
// reshape behind goes in front, where it meets its inverse, and elementwise ops behind can become the epilogue. So it
// is with the unit dimension of a convolution along a sequence that an exporter spells in two dimensions.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_MERGERESHAPES
#include "passes/graph/Passes.h.inc"
namespace {
// Ops between a matmul and the reshape that are looked at.
constexpr size_t maxBetween = 16;

// One element per column at most: broadcasts to any leading dimensions.
bool isRow(Value v) {
  ArrayRef<int64_t> shape = typeOf(v).getShape();
  return shape.empty() || llvm::all_of(shape.drop_back(), [](int64_t d) { return d == 1; });
}

// reshape(reshape(x)) is one.
Value mergedReshapeOf(OpBuilder &b, Value x, ArrayRef<int64_t> shape) {
  auto reshape = x.getDefiningOp<ReshapeOp>();
  return reshapeOf(b, reshape ? reshape.getX() : x, shape);
}

// reshape(e(matmul(x, w), row)) => e(matmul(reshape(x), w), row), where the last dimension stays
void mergeReshape(ReshapeOp reshape) {
  ArrayRef<int64_t> shape = reshape.getType().getShape();
  RankedTensorType from = typeOf(reshape.getX());
  if (shape.size() < 2 || from.getRank() < 2 || shape.back() != from.getShape().back())
    return;
  SmallVector<Operation *> between;
  Value v = reshape.getX();
  auto matmul = v.getDefiningOp<MatmulOp>();
  for (; !matmul; matmul = v.getDefiningOp<MatmulOp>()) {
    Operation *op = v.getDefiningOp();
    if (!isa_and_nonnull<ElementwiseInterface>(op) || !v.hasOneUse() || between.size() == maxBetween ||
        op->getBlock() != reshape->getBlock())
      return;
    between.push_back(op);
    // The operand that the product comes from: with one row, every other one looks like it.
    auto isInner = [&](Value operand) {
      return typeOf(operand).getShape() == from.getShape() && operand.hasOneUse() &&
             isa_and_nonnull<MatmulOp, ElementwiseInterface>(operand.getDefiningOp());
    };
    auto inner = llvm::find_if(op->getOperands(), isInner);
    v = inner == op->operand_end() ? Value() : *inner;
    for (Value operand : op->getOperands())
      if (operand != v && !isRow(operand))
        return;
    if (!v)
      return;
  }
  if (!v.hasOneUse() || matmul->getBlock() != reshape->getBlock() || typeOf(matmul.getW()).getRank() != 2 ||
      !isIdentityEpilogue(matmul.getEpilogue()) || !typeOf(matmul.getX()).hasStaticShape() ||
      !reshape.getType().hasStaticShape())
    return;
  // An operand with ones in front must not have more dimensions than the result.
  for (Operation *op : between)
    for (Value operand : op->getOperands())
      if (typeOf(operand).getRank() > int64_t(shape.size()) && isRow(operand))
        return;
  OpBuilder b(matmul);
  SmallVector<int64_t> rows(shape);
  rows.back() = typeOf(matmul.getX()).getShape().back();
  matmul.getXMutable().assign(mergedReshapeOf(b, matmul.getX(), rows));
  matmul.getResult().setType(matmul.getType().clone(shape));
  for (Operation *op : between)
    op->getResult(0).setType(typeOf(op->getResult(0)).clone(shape));
  reshape.replaceAllUsesWith(reshape.getX());
  reshape.erase();
}

// squeeze(conv(x, w)) => conv(squeeze(x), squeeze(w)), where the last spatial dimension goes
void mergeSqueeze(ReshapeOp squeeze) {
  auto conv = squeeze.getX().getDefiningOp<ConvOp>();
  if (!conv || !conv.getResult().hasOneUse() || conv->getBlock() != squeeze->getBlock() ||
      !isIdentityEpilogue(conv.getEpilogue()) || !typeOf(conv.getX()).hasStaticShape())
    return;
  RankedTensorType x = typeOf(conv.getX()), w = typeOf(conv.getW());
  int64_t last = x.getRank() - 2; // the last spatial dimension; that of the weights is one before
  auto without = [](ArrayRef<int64_t> list, int64_t at) {
    SmallVector<int64_t> rest(list);
    rest.erase(rest.begin() + at);
    return rest;
  };
  if (last < 2 || x.getDimSize(last) != 1 || w.getDimSize(last - 1) != 1 || conv.getType().getDimSize(last) != 1 ||
      without(conv.getType().getShape(), last) != squeeze.getType().getShape())
    return;
  OpBuilder b(conv);
  SmallVector<int64_t> pads = without(without(conv.getPads(), 2 * (last - 1) + 1), last - 1);
  auto narrow = ConvOp::create(
      b, conv.getLoc(), squeeze.getType(), mergedReshapeOf(b, conv.getX(), without(x.getShape(), last)),
      mergedReshapeOf(b, conv.getW(), without(w.getShape(), last - 1)), ValueRange(),
      without(conv.getStrides(), last - 1), pads, without(conv.getDilations(), last - 1), conv.getGroups());
  narrow.getEpilogue().takeBody(conv.getEpilogue());
  squeeze.replaceAllUsesWith(narrow.getResult());
  squeeze.erase();
  conv.erase();
}

struct MergeReshapesPass : impl::MergeReshapesBase<MergeReshapesPass> {
  void runOnOperation() override {
    SmallVector<ReshapeOp> all;
    getOperation()->walk([&](ReshapeOp op) { all.push_back(op); });
    for (ReshapeOp op : all)
      op.getX().getDefiningOp<ConvOp>() ? mergeSqueeze(op) : mergeReshape(op);
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
