// Number, the number type with which an elementwise formula is evaluated for constant folding: a float (computed in
// double, which rounds + - * / and sqrt of f32 correctly) or an integer of a model's width and signedness (bool: i1).
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APSInt.h"
#include <cmath>

namespace nncc::nn {

struct Number {
  double f = 0;
  llvm::APSInt i;
  bool isFloat = true;

  Number() = default;
  explicit Number(double f) : f(f) {}
  explicit Number(llvm::APSInt i) : i(std::move(i)), isFloat(false) {}
  static Number boolean(bool x) { return Number(llvm::APSInt(llvm::APInt(1, x), /*isUnsigned=*/true)); }
  bool isTrue() const { return !i.isZero(); }

  Number like(double x) const {
    return isFloat ? Number(x)
                   : Number(llvm::APSInt(llvm::APInt(i.getBitWidth(), int64_t(x), true, true), i.isUnsigned()));
  }
};

// The elements of a dense constant as bytes in row-major order, a byte for a bool: reading one makes no attribute.
class Elements {
public:
  explicit Elements(mlir::DenseElementsAttr constant);
  const char *at(int64_t i) const { return (bools.empty() ? raw.data() : bools.data()) + (isSplat ? 0 : i * width); }
  Number operator[](int64_t i) const;

  mlir::ShapedType type;
  bool isSplat;
  size_t width;

private:
  llvm::ArrayRef<char> raw;
  llvm::SmallVector<char> bools;
};
// A dense constant of such bytes; those of one element are a splat.
mlir::DenseElementsAttr constantOf(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);
// A dense constant of these elements, or of one for all.
mlir::DenseElementsAttr constantOf(mlir::RankedTensorType type, llvm::ArrayRef<Number> elements);
Number convert(const Number &x, mlir::Type to);

Number operator+(const Number &x, const Number &y);
Number operator-(const Number &x, const Number &y);
Number operator*(const Number &x, const Number &y);
Number operator/(const Number &x, const Number &y);
Number operator-(const Number &x);
Number operator<(const Number &x, const Number &y);
Number operator<=(const Number &x, const Number &y);
Number operator==(const Number &x, const Number &y);
inline Number operator>(const Number &x, const Number &y) { return y < x; }
inline Number operator>=(const Number &x, const Number &y) { return y <= x; }
Number operator&(const Number &x, const Number &y);
Number operator|(const Number &x, const Number &y);
Number operator^(const Number &x, const Number &y);
Number operator~(const Number &x);
Number mod(const Number &x, const Number &y);
Number fmod(const Number &x, const Number &y);
Number shiftLeft(const Number &x, const Number &y);
Number shiftRight(const Number &x, const Number &y);
Number abs(const Number &x);
inline Number select(const Number &c, const Number &x, const Number &y) { return c.isTrue() ? x : y; }
inline Number isNan(const Number &x) { return Number::boolean(std::isnan(x.f)); }
inline Number pow(const Number &x, const Number &y) { return Number(std::pow(x.f, y.f)); }

#define NNCC_WITH_LITERAL(name)                                                                                        \
  inline Number name(const Number &x, double y) { return name(x, x.like(y)); }                                         \
  inline Number name(double x, const Number &y) { return name(y.like(x), y); }
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

#define NNCC_MATH(name, function)                                                                                      \
  inline Number name(const Number &x) { return Number(std::function(x.f)); }
NNCC_MATH(sqrt, sqrt)
NNCC_MATH(floor, floor)
NNCC_MATH(ceil, ceil)
NNCC_MATH(round, nearbyint)
NNCC_MATH(exp, exp)
NNCC_MATH(expm1, expm1)
NNCC_MATH(log, log)
NNCC_MATH(log1p, log1p)
NNCC_MATH(erf, erf)
NNCC_MATH(erfc, erfc)
NNCC_MATH(sin, sin)
NNCC_MATH(cos, cos)
NNCC_MATH(tan, tan)
NNCC_MATH(asin, asin)
NNCC_MATH(acos, acos)
NNCC_MATH(atan, atan)
NNCC_MATH(sinh, sinh)
NNCC_MATH(cosh, cosh)
NNCC_MATH(tanh, tanh)
NNCC_MATH(asinh, asinh)
NNCC_MATH(acosh, acosh)
NNCC_MATH(atanh, atanh)
#undef NNCC_MATH
} // namespace nncc::nn
