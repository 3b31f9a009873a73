// Number's operations; they agree with Scalar's value by value, integers of every width included.
#include "dialects/nn/Number.h"
#include "llvm/ADT/APFloat.h"
using namespace mlir;
using namespace nncc::nn;
using llvm::APInt;
using llvm::APSInt;

Number nncc::nn::readNumber(Attribute element, Type type) {
  if (auto f = dyn_cast<FloatAttr>(element))
    return Number(f.getValueAsDouble());
  auto i = cast<IntegerAttr>(element);
  return Number(APSInt(i.getValue(), type.isUnsignedInteger() || type.isInteger(1)));
}

Attribute nncc::nn::writeNumber(const Number &x, Type type) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, x.f);
  return IntegerAttr::get(type, x.i);
}

Number nncc::nn::convert(const Number &x, Type to) {
  if (isa<FloatType>(to)) {
    double f = x.isFloat ? x.f : x.i.isUnsigned() ? x.i.roundToDouble(false) : x.i.roundToDouble(true);
    return Number(to.isF32() ? double(float(f)) : f);
  }
  bool isBool = to.isInteger(1);
  if (isBool)
    return Number::boolean(x.isFloat ? x.f != 0 : x.isTrue());
  bool isUnsigned = to.isUnsignedInteger();
  unsigned width = to.getIntOrFloatBitWidth();
  if (x.isFloat) {
    APSInt i(width, isUnsigned);
    bool exact;
    if (!std::isnan(x.f)) // saturates
      (void)llvm::APFloat(x.f).convertToInteger(i, llvm::APFloat::rmTowardZero, &exact);
    return Number(i);
  }
  return Number(APSInt(x.i.extOrTrunc(width), isUnsigned));
}

static Number integer(APInt i, const Number &like) { return Number(APSInt(std::move(i), like.i.isUnsigned())); }

Number nncc::nn::operator+(const Number &x, const Number &y) {
  return x.isFloat ? Number(x.f + y.f) : integer(APInt(x.i) + APInt(y.i), x);
}
Number nncc::nn::operator-(const Number &x, const Number &y) {
  return x.isFloat ? Number(x.f - y.f) : integer(APInt(x.i) - APInt(y.i), x);
}
Number nncc::nn::operator*(const Number &x, const Number &y) {
  return x.isFloat ? Number(x.f * y.f) : integer(APInt(x.i) * APInt(y.i), x);
}
Number nncc::nn::operator/(const Number &x, const Number &y) {
  if (x.isFloat)
    return Number(x.f / y.f);
  if (y.i.isZero())
    return x;
  return integer(x.i.isUnsigned() ? x.i.udiv(y.i) : x.i.sdiv(y.i), x);
}
Number nncc::nn::operator-(const Number &x) { return x.isFloat ? Number(-x.f) : integer(-APInt(x.i), x); }
Number nncc::nn::operator<(const Number &x, const Number &y) {
  return Number::boolean(x.isFloat ? x.f < y.f : x.i < y.i);
}
Number nncc::nn::operator<=(const Number &x, const Number &y) {
  return Number::boolean(x.isFloat ? x.f <= y.f : x.i <= y.i);
}
Number nncc::nn::operator==(const Number &x, const Number &y) {
  return Number::boolean(x.isFloat ? x.f == y.f : x.i == y.i);
}
Number nncc::nn::operator&(const Number &x, const Number &y) { return integer(APInt(x.i) & APInt(y.i), x); }
Number nncc::nn::operator|(const Number &x, const Number &y) { return integer(APInt(x.i) | APInt(y.i), x); }
Number nncc::nn::operator^(const Number &x, const Number &y) { return integer(APInt(x.i) ^ APInt(y.i), x); }
Number nncc::nn::operator~(const Number &x) { return integer(~APInt(x.i), x); }

Number nncc::nn::fmod(const Number &x, const Number &y) {
  if (x.isFloat)
    return Number(std::fmod(x.f, y.f));
  if (y.i.isZero())
    return x.like(0);
  return integer(x.i.isUnsigned() ? x.i.urem(y.i) : x.i.srem(y.i), x);
}
Number nncc::nn::mod(const Number &x, const Number &y) {
  Number r = fmod(x, y);
  if (!x.isFloat && x.i.isUnsigned())
    return r;
  bool isZero = (r == 0).isTrue(), differs = (r < 0).isTrue() != (y < 0).isTrue();
  return !isZero && differs ? r + y : r;
}
Number nncc::nn::shiftLeft(const Number &x, const Number &y) {
  return y.i.uge(x.i.getBitWidth()) ? x.like(0) : integer(x.i.shl(y.i), x);
}
Number nncc::nn::shiftRight(const Number &x, const Number &y) {
  if (y.i.uge(x.i.getBitWidth()))
    return x.like(0);
  return integer(x.i.isUnsigned() ? x.i.lshr(y.i) : x.i.ashr(y.i), x);
}
Number nncc::nn::abs(const Number &x) {
  if (x.isFloat)
    return Number(std::fabs(x.f));
  return x.i.isUnsigned() ? x : integer(x.i.abs(), x);
}
