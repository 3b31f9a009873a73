// ScaledWeights.h's implementation.
#include "passes/schedule/ScaledWeights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace nncc {

static bool dependsOn(Value v, Value argument) {
  if (v == argument)
    return true;
  Operation *op = v.getDefiningOp();
  return op && llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, argument); });
}

// constant * f(factors): linear, so that any arrangement that is linear in the constant may come first.
std::optional<ScaledWeights> ScaledWeights::of(Value weights) {
  if (matchPattern(weights, m_Constant()))
    return ScaledWeights{weights, {}};
  auto op = weights.getDefiningOp<linalg::GenericOp>();
  constexpr int64_t mostOps = 8;
  if (!op || !op.hasPureTensorSemantics() || op->getNumResults() != 1 || op.hasDynamicShape() ||
      op.getNumParallelLoops() != op.getNumLoops() || op.hasIndexSemantics() ||
      std::distance(op.getBlock()->begin(), op.getBlock()->end()) > mostOps ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return std::nullopt;
  auto product = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!product || !matchPattern(input->get(), m_Constant()) || input->get().getType() != weights.getType() ||
        !op.getMatchingIndexingMap(input).isIdentity())
      continue;
    BlockArgument argument = op.getMatchingBlockArgument(input);
    bool isLeft = product.getLhs() == argument;
    if ((!isLeft && product.getRhs() != argument) || dependsOn(isLeft ? product.getRhs() : product.getLhs(), argument))
      continue;
    bool areProjections = llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
      return map.isProjectedPermutation(/*allowZeroInResults=*/true);
    });
    if (areProjections)
      return ScaledWeights{input->get(), op};
  }
  return std::nullopt;
}

bool ScaledWeights::varyAlong(unsigned d) const {
  if (!product)
    return false;
  linalg::GenericOp op = product;
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    return input->get() != constant && op.getMatchingIndexingMap(input).isFunctionOfDim(d);
  });
}

Value ScaledWeights::on(OpBuilder &b, Value arranged, ArrayRef<int64_t> place) const {
  if (!product)
    return arranged;
  linalg::GenericOp op = product;
  auto type = cast<RankedTensorType>(arranged.getType());
  unsigned rank = type.getRank();
  SmallVector<AffineExpr> dims;
  for (int64_t d : place)
    dims.push_back(d < 0 ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(d));
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    bool isConstant = input->get() == constant;
    inputs.push_back(isConstant ? arranged : input->get());
    maps.push_back(isConstant ? b.getMultiDimIdentityMap(rank)
                              : op.getMatchingIndexingMap(input).replaceDimsAndSymbols(dims, {}, rank, 0));
  }
  maps.push_back(b.getMultiDimIdentityMap(rank));
  Value init = tensor::EmptyOp::create(b, op.getLoc(), type.getShape(), type.getElementType());
  auto result = linalg::GenericOp::create(b, op.getLoc(), TypeRange(type), inputs, init, maps,
                                          SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel));
  IRMapping map;
  op.getRegion().cloneInto(&result.getRegion(), map);
  return result.getResult(0);
}

Value ScaledWeights::on(OpBuilder &b, Value arranged) const {
  return on(b, arranged, llvm::to_vector(llvm::seq<int64_t>(0, cast<ShapedType>(arranged.getType()).getRank())));
}

void ScaledWeights::eraseUnused() {
  if (product && product->use_empty())
    product.erase();
  product = {};
}

} // namespace nncc
