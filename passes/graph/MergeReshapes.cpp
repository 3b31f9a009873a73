// A matmul takes any leading dimensions for rows, so exporters' reshapes to two dimensions and back serve nothing: the
// reshape behind goes in front, where it meets its inverse, and elementwise ops behind can become the epilogue.
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

Value reshapeOf(OpBuilder &b, Value x, ArrayRef<int64_t> shape) {
  if (auto reshape = x.getDefiningOp<ReshapeOp>())
    x = reshape.getX();
  if (typeOf(x).getShape() == shape)
    return x;
  return ReshapeOp::create(b, x.getLoc(), typeOf(x).clone(shape), x);
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
  matmul.getXMutable().assign(reshapeOf(b, matmul.getX(), rows));
  matmul.getResult().setType(matmul.getType().clone(shape));
  for (Operation *op : between)
    op->getResult(0).setType(typeOf(op->getResult(0)).clone(shape));
  reshape.replaceAllUsesWith(reshape.getX());
  reshape.erase();
}

struct MergeReshapesPass : impl::MergeReshapesBase<MergeReshapesPass> {
  void runOnOperation() override {
    SmallVector<ReshapeOp> all;
    getOperation()->walk([&](ReshapeOp op) { all.push_back(op); });
    for (ReshapeOp op : all)
      mergeReshape(op);
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
