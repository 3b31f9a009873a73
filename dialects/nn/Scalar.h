// Scalar, the number type through which an elementwise formula builds IR: one arith or math op per operation on
// whatever its value is (f32, i64, vector<16xf32>: these ops are elementwise-mappable, so vectors need no second form).
// Integers are signless values that remember whether the model calls them unsigned; a bool is an i1.
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace nncc::nn {

struct Scalar {
  mlir::ImplicitLocOpBuilder *b = nullptr;
  mlir::Value v;
  bool isUnsigned = false;

  mlir::Type element() const { return mlir::getElementTypeOrSelf(v); }
  bool isFloat() const { return llvm::isa<mlir::FloatType>(element()); }
  // A literal of this value's type.
  Scalar like(double x) const;
  template <class Op, class... Args> Scalar make(Args... args) const {
    return {b, b->createOrFold<Op>(args...), isUnsigned};
  }
};

Scalar operator+(Scalar x, Scalar y);
Scalar operator-(Scalar x, Scalar y);
Scalar operator*(Scalar x, Scalar y);
// Integers: truncated; x / 0 is x and the least value / -1 is itself, so that every quotient is defined.
Scalar operator/(Scalar x, Scalar y);
Scalar operator-(Scalar x);
Scalar operator<(Scalar x, Scalar y);
Scalar operator<=(Scalar x, Scalar y);
Scalar operator==(Scalar x, Scalar y);
inline Scalar operator>(Scalar x, Scalar y) { return y < x; }
inline Scalar operator>=(Scalar x, Scalar y) { return y <= x; }
Scalar operator&(Scalar x, Scalar y);
Scalar operator|(Scalar x, Scalar y);
Scalar operator^(Scalar x, Scalar y);
Scalar operator~(Scalar x);
Scalar select(Scalar c, Scalar x, Scalar y);
// The sign of the divisor (mod) or of the dividend (fmod); of a zero divisor the result is 0 for integers.
Scalar mod(Scalar x, Scalar y);
Scalar fmod(Scalar x, Scalar y);
// By y modulo 2^64 bits; 0 from the width on.
Scalar shiftLeft(Scalar x, Scalar y);
Scalar shiftRight(Scalar x, Scalar y);
Scalar isNan(Scalar x);
Scalar pow(Scalar x, Scalar y);
Scalar abs(Scalar x);
// The conversions of nn.cast; `to` is signless.
Scalar convert(Scalar x, mlir::Type to, bool toUnsigned);

#define NNCC_WITH_LITERAL(name)                                                                                        \
  inline Scalar name(Scalar x, double y) { return name(x, x.like(y)); }                                                \
  inline Scalar name(double x, Scalar y) { return name(y.like(x), y); }
NNCC_WITH_LITERAL(operator+)
NNCC_WITH_LITERAL(operator-)
NNCC_WITH_LITERAL(operator*)
NNCC_WITH_LITERAL(operator/)
NNCC_WITH_LITERAL(operator<)
NNCC_WITH_LITERAL(operator<=)
NNCC_WITH_LITERAL(operator>)
NNCC_WITH_LITERAL(operator>=)
NNCC_WITH_LITERAL(operator==)
#undef NNCC_WITH_LITERAL

#define NNCC_MATH(name, Op)                                                                                            \
  inline Scalar name(Scalar x) { return x.make<mlir::math::Op>(x.v); }
NNCC_MATH(sqrt, SqrtOp)
NNCC_MATH(floor, FloorOp)
NNCC_MATH(ceil, CeilOp)
NNCC_MATH(round, RoundEvenOp)
NNCC_MATH(exp, ExpOp)
NNCC_MATH(expm1, ExpM1Op)
NNCC_MATH(log, LogOp)
NNCC_MATH(log1p, Log1pOp)
NNCC_MATH(erf, ErfOp)
NNCC_MATH(erfc, ErfcOp)
NNCC_MATH(sin, SinOp)
NNCC_MATH(cos, CosOp)
NNCC_MATH(tan, TanOp)
NNCC_MATH(asin, AsinOp)
NNCC_MATH(acos, AcosOp)
NNCC_MATH(atan, AtanOp)
NNCC_MATH(sinh, SinhOp)
NNCC_MATH(cosh, CoshOp)
NNCC_MATH(tanh, TanhOp)
NNCC_MATH(asinh, AsinhOp)
NNCC_MATH(acosh, AcoshOp)
NNCC_MATH(atanh, AtanhOp)
#undef NNCC_MATH
} // namespace nncc::nn
