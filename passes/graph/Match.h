// What the recognising passes ask of values: scalars that constants hold, and commutative operands.
#pragma once
#include "dialects/nn/NN.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <cmath>
#include <optional>

namespace nncc::graph {

inline mlir::RankedTensorType typeOf(mlir::Value v) { return mlir::cast<mlir::RankedTensorType>(v.getType()); }

// The value of a float constant all of whose elements are equal.
inline std::optional<double> scalarOf(mlir::Value v) {
  mlir::DenseFPElementsAttr dense;
  if (!mlir::matchPattern(v, mlir::m_Constant(&dense)) || !dense.getNumElements() || !dense.isSplat())
    return std::nullopt;
  return dense.getSplatValue<llvm::APFloat>().convertToDouble();
}
// Constants of f32 models are decimal numbers rounded.
inline bool isNear(double x, double y) { return std::fabs(x - y) <= 1e-5 * std::fabs(y); }
inline bool isScalar(mlir::Value v, double expected) {
  std::optional<double> x = scalarOf(v);
  return x && (*x == expected || isNear(*x, expected));
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
