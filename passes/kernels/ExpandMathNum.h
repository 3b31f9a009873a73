// Num, the value that the expansions of math ops compute with: a float or integer, scalar or vector, with operators.
// A product is fused into a sum only where the machine does that in one instruction.
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include <initializer_list>

namespace nncc {

struct Num {
  mlir::ImplicitLocOpBuilder *b;
  mlir::Value v;
  bool fused;
  bool avx512; // 16 lanes of f32 have AVX-512's instructions

  mlir::Type element() const { return mlir::getElementTypeOrSelf(v); }
  mlir::Type withElement(mlir::Type element) const {
    auto shaped = llvm::dyn_cast<mlir::ShapedType>(v.getType());
    return shaped ? shaped.clone(element) : element;
  }
  Num with(mlir::Value value) const { return {b, value, fused, avx512}; }
  mlir::Value constant(mlir::TypedAttr scalar, mlir::Type element) const {
    auto shaped = llvm::dyn_cast<mlir::ShapedType>(withElement(element));
    mlir::TypedAttr value =
        shaped ? llvm::cast<mlir::TypedAttr>(mlir::DenseElementsAttr::get(shaped, mlir::Attribute(scalar))) : scalar;
    return mlir::arith::ConstantOp::create(*b, value);
  }
  /// A literal of this value's shape.
  Num real(double x) const { return with(constant(b->getFloatAttr(element(), x), element())); }
  Num integer(int64_t x) const { return integer(x, element().getIntOrFloatBitWidth()); }
  Num integer(int64_t x, unsigned width) const {
    mlir::Type type = b->getIntegerType(width);
    return with(constant(b->getIntegerAttr(type, x), type));
  }
  /// The same bits as the other kind of number.
  Num bits() const { return cast<mlir::arith::BitcastOp>(b->getIntegerType(element().getIntOrFloatBitWidth())); }
  Num floats() const {
    return cast<mlir::arith::BitcastOp>(element().getIntOrFloatBitWidth() == 64 ? mlir::Type(b->getF64Type())
                                                                                : mlir::Type(b->getF32Type()));
  }
  Num widened() const { return cast<mlir::arith::ExtFOp>(b->getF64Type()); }
  Num narrowed() const { return cast<mlir::arith::TruncFOp>(b->getF32Type()); }
  template <class Op> Num cast(mlir::Type element) const { return with(Op::create(*b, withElement(element), v)); }
  template <class Op> Num make(Num y) const { return with(Op::create(*b, v, y.v)); }
};

#define NNCC_NUM_OPERATOR(symbol, FloatOp, IntOp)                                                                      \
  inline Num operator symbol(Num x, Num y) {                                                                           \
    return llvm::isa<mlir::FloatType>(x.element()) ? x.make<mlir::arith::FloatOp>(y) : x.make<mlir::arith::IntOp>(y);  \
  }                                                                                                                    \
  inline Num operator symbol(Num x, double y) { return x symbol x.real(y); }                                           \
  inline Num operator symbol(double x, Num y) { return y.real(x) symbol y; }
NNCC_NUM_OPERATOR(+, AddFOp, AddIOp)
NNCC_NUM_OPERATOR(-, SubFOp, SubIOp)
NNCC_NUM_OPERATOR(*, MulFOp, MulIOp)
#undef NNCC_NUM_OPERATOR
inline Num operator/(Num x, Num y) { return x.make<mlir::arith::DivFOp>(y); }
inline Num operator/(double x, Num y) { return y.real(x) / y; }
inline Num operator-(Num x) { return x.with(mlir::arith::NegFOp::create(*x.b, x.v)); }
inline Num operator&(Num x, Num y) { return x.make<mlir::arith::AndIOp>(y); }
inline Num operator|(Num x, Num y) { return x.make<mlir::arith::OrIOp>(y); }
inline Num operator^(Num x, Num y) { return x.make<mlir::arith::XOrIOp>(y); }
inline Num operator<<(Num x, int64_t y) { return x.make<mlir::arith::ShLIOp>(x.integer(y)); }
inline Num operator>>(Num x, int64_t y) { return x.make<mlir::arith::ShRSIOp>(x.integer(y)); }

#define NNCC_NUM_COMPARE(symbol, predicate)                                                                            \
  inline Num operator symbol(Num x, Num y) {                                                                           \
    return x.with(mlir::arith::CmpFOp::create(*x.b, mlir::arith::CmpFPredicate::predicate, x.v, y.v));                 \
  }                                                                                                                    \
  inline Num operator symbol(Num x, double y) { return x symbol x.real(y); }
NNCC_NUM_COMPARE(<, OLT)
NNCC_NUM_COMPARE(>, OGT)
NNCC_NUM_COMPARE(==, OEQ)
NNCC_NUM_COMPARE(!=, UNE)
#undef NNCC_NUM_COMPARE

/// Equality of integers and of truth values.
inline Num same(Num x, Num y) {
  return x.with(mlir::arith::CmpIOp::create(*x.b, mlir::arith::CmpIPredicate::eq, x.v, y.v));
}
inline Num select(Num c, Num x, Num y) { return x.with(mlir::arith::SelectOp::create(*x.b, c.v, x.v, y.v)); }
inline Num abs(Num x) { return x.with(mlir::math::AbsFOp::create(*x.b, x.v)); }
inline Num sqrt(Num x) { return x.with(mlir::math::SqrtOp::create(*x.b, x.v)); }
/// x * y + z.
inline Num fma(Num x, Num y, Num z) {
  return x.fused ? x.with(mlir::math::FmaOp::create(*x.b, x.v, y.v, z.v)) : x * y + z;
}
inline Num fma(Num x, double y, Num z) { return fma(x, x.real(y), z); }
/// At most and at least `bound`; NaN stays.
inline Num atMost(Num x, double bound) { return select(x > bound, x.real(bound), x); }
inline Num atLeast(Num x, double bound) { return select(x < bound, x.real(bound), x); }
/// `x`, which is not negative, with the sign of `y`.
inline Num withSign(Num x, Num y) {
  unsigned width = x.element().getIntOrFloatBitWidth();
  return (x.bits() | (y.bits() & x.integer(int64_t(1) << (width - 1), width))).floats();
}
/// c0 + c1 x + c2 x^2 + ...
inline Num polynomial(Num x, std::initializer_list<double> coefficients) {
  const double *c = coefficients.end();
  Num sum = x.real(*--c);
  while (c != coefficients.begin())
    sum = fma(sum, x, x.real(*--c));
  return sum;
}

} // namespace nncc
