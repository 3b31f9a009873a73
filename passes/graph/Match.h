// What passes ask of values and shapes: scalars that constants hold, commutative operands, permutations that move
// nothing.
#pragma once
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <cmath>
#include <optional>

namespace nncc::graph {

// Whether only dimensions of 1 move, so that a transpose is a reshape. `perm` may have more dimensions, ones in front.
inline bool movesOnlyUnits(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> perm) {
  int64_t more = int64_t(perm.size()) - int64_t(shape.size());
  llvm::SmallVector<int64_t> moved(perm);
  llvm::erase_if(moved, [&](int64_t d) { return d < more || shape[d - more] == 1; });
  return llvm::is_sorted(moved);
}

inline llvm::SmallVector<int64_t> identityPerm(int64_t rank) { return llvm::to_vector(llvm::seq<int64_t>(0, rank)); }
// Swaps the last two of `rank` dimensions.
inline llvm::SmallVector<int64_t> lastTwoSwapped(int64_t rank) {
  llvm::SmallVector<int64_t> perm = identityPerm(rank);
  std::swap(perm[rank - 1], perm[rank - 2]);
  return perm;
}
inline mlir::Value transposeOf(mlir::OpBuilder &b, mlir::Value x, llvm::ArrayRef<int64_t> perm) {
  mlir::RankedTensorType type = nn::typeOf(x);
  return nn::TransposeOp::create(b, x.getLoc(), type.clone(mlir::applyPermutation(type.getShape(), perm)), x, perm);
}
inline mlir::Value reshapeOf(mlir::OpBuilder &b, mlir::Value x, llvm::ArrayRef<int64_t> shape) {
  mlir::RankedTensorType type = nn::typeOf(x);
  return type.getShape() == shape ? x : nn::ReshapeOp::create(b, x.getLoc(), type.clone(shape), x).getResult();
}

// Lets a constant be used from anywhere in `block`; constants of outer blocks are.
inline void hoistConstant(mlir::Value constant, mlir::Block *block) {
  if (mlir::Operation *op = constant.getDefiningOp(); op->getBlock() == block)
    op->moveBefore(&block->front());
}

// The value of a float constant all of whose elements are equal.
inline std::optional<double> scalarOf(mlir::Value v) {
  mlir::DenseFPElementsAttr dense;
  if (!mlir::matchPattern(v, mlir::m_Constant(&dense)) || !dense.getNumElements() || !dense.isSplat())
    return std::nullopt;
  return dense.getSplatValue<llvm::APFloat>().convertToDouble();
}
// For quotients such as 1 / 6 that a model rounds in its own way.
inline bool isNear(double x, double y) { return std::fabs(x - y) <= 1e-5 * std::fabs(y); }
inline bool isScalar(mlir::Value v, double expected) {
  std::optional<double> x = scalarOf(v);
  return x && *x == expected;
}

// The operand of `v` = Op(operand, scalar) and the scalar, in either order if Op commutes; `v` has the operand's type.
struct Scaled {
  mlir::Value x;
  double scalar;
};
template <class Op> std::optional<Scaled> matchScalar(mlir::Value v, bool commutes) {
  auto op = v ? v.getDefiningOp<Op>() : Op();
  if (!op)
    return std::nullopt;
  for (bool swap : {false, true}) {
    mlir::Value x = swap ? op.getY() : op.getX();
    if (std::optional<double> scalar = scalarOf(swap ? op.getX() : op.getY());
        scalar && x.getType() == v.getType() && (!swap || commutes))
      return Scaled{x, *scalar};
  }
  return std::nullopt;
}
inline std::optional<Scaled> matchAdded(mlir::Value v) { return matchScalar<nn::AddOp>(v, true); }
// v = x * scalar, written as a product or a quotient.
inline std::optional<Scaled> matchScaled(mlir::Value v) {
  if (auto product = matchScalar<nn::MulOp>(v, true))
    return product;
  auto quotient = matchScalar<nn::DivOp>(v, false);
  if (!quotient || quotient->scalar == 0)
    return std::nullopt;
  return Scaled{quotient->x, 1 / quotient->scalar};
}
// The x of v = x * x.
inline mlir::Value matchSquare(mlir::Value v) {
  if (auto mul = v.getDefiningOp<nn::MulOp>(); mul && mul.getX() == mul.getY())
    return mul.getX();
  auto pow = matchScalar<nn::PowOp>(v, false);
  return pow && pow->scalar == 2 ? pow->x : mlir::Value();
}

// Erases what nothing uses any more, so that the next match counts the right users.
inline void eraseDead(mlir::Operation *root) {
  root->walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>([](mlir::Operation *op) {
    if (mlir::isOpTriviallyDead(op))
      op->erase();
  });
}

} // namespace nncc::graph
