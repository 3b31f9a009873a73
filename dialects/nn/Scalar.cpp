// Scalar's operations. Everything is defined for every value, because constant folding may run it and hostile data
// reach it: divisors, shift amounts and conversions are made safe with selects.
#include "dialects/nn/Scalar.h"
#include "llvm/ADT/APFloat.h"
using namespace mlir;
using namespace nncc::nn;

Scalar Scalar::like(double x) const {
  Type t = v.getType(), e = element();
  TypedAttr a = isFloat() ? TypedAttr(b->getFloatAttr(e, x)) : TypedAttr(b->getIntegerAttr(e, int64_t(x)));
  if (auto shaped = dyn_cast<ShapedType>(t))
    a = DenseElementsAttr::get(shaped, Attribute(a));
  return {b, arith::ConstantOp::create(*b, a), isUnsigned};
}

template <class FloatOp, class IntOp> static Scalar binary(Scalar x, Scalar y) {
  return x.isFloat() ? x.make<FloatOp>(x.v, y.v) : x.make<IntOp>(x.v, y.v);
}
static Scalar compare(Scalar x, Scalar y, arith::CmpFPredicate f, arith::CmpIPredicate s, arith::CmpIPredicate u) {
  Scalar c = x.isFloat() ? x.make<arith::CmpFOp>(f, x.v, y.v) : x.make<arith::CmpIOp>(x.isUnsigned ? u : s, x.v, y.v);
  c.isUnsigned = true;
  return c;
}

// An integer divisor that neither traps nor overflows: 1 for 0 and -1, which the callers treat themselves.
static Scalar safeDivisor(Scalar y) {
  Scalar unsafe = y == 0;
  if (!y.isUnsigned)
    unsafe = unsafe | (y == -1);
  return select(unsafe, y.like(1), y);
}

Scalar nncc::nn::operator+(Scalar x, Scalar y) { return binary<arith::AddFOp, arith::AddIOp>(x, y); }
Scalar nncc::nn::operator-(Scalar x, Scalar y) { return binary<arith::SubFOp, arith::SubIOp>(x, y); }
Scalar nncc::nn::operator*(Scalar x, Scalar y) { return binary<arith::MulFOp, arith::MulIOp>(x, y); }
Scalar nncc::nn::operator/(Scalar x, Scalar y) {
  if (x.isFloat())
    return x.make<arith::DivFOp>(x.v, y.v);
  Scalar safe = safeDivisor(y);
  if (x.isUnsigned)
    return x.make<arith::DivUIOp>(x.v, safe.v);
  return select(y == -1, 0 - x, x.make<arith::DivSIOp>(x.v, safe.v));
}
Scalar nncc::nn::operator-(Scalar x) { return x.isFloat() ? x.make<arith::NegFOp>(x.v) : 0 - x; }
Scalar nncc::nn::operator<(Scalar x, Scalar y) {
  return compare(x, y, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arith::CmpIPredicate::ult);
}
Scalar nncc::nn::operator<=(Scalar x, Scalar y) {
  return compare(x, y, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arith::CmpIPredicate::ule);
}
Scalar nncc::nn::operator==(Scalar x, Scalar y) {
  return compare(x, y, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arith::CmpIPredicate::eq);
}
Scalar nncc::nn::operator&(Scalar x, Scalar y) { return x.make<arith::AndIOp>(x.v, y.v); }
Scalar nncc::nn::operator|(Scalar x, Scalar y) { return x.make<arith::OrIOp>(x.v, y.v); }
Scalar nncc::nn::operator^(Scalar x, Scalar y) { return x.make<arith::XOrIOp>(x.v, y.v); }
Scalar nncc::nn::operator~(Scalar x) { return x ^ x.like(-1); }
Scalar nncc::nn::select(Scalar c, Scalar x, Scalar y) { return x.make<arith::SelectOp>(c.v, x.v, y.v); }

Scalar nncc::nn::fmod(Scalar x, Scalar y) {
  if (x.isFloat())
    return x.make<arith::RemFOp>(x.v, y.v);
  Scalar safe = safeDivisor(y); // of 1 as of 0 and -1 the remainder is 0
  return x.isUnsigned ? x.make<arith::RemUIOp>(x.v, safe.v) : x.make<arith::RemSIOp>(x.v, safe.v);
}
Scalar nncc::nn::mod(Scalar x, Scalar y) {
  Scalar r = fmod(x, y);
  if (!x.isFloat() && x.isUnsigned)
    return r;
  Scalar isZero = r == 0, differs = (r < 0) ^ (y < 0);
  return select(isZero, r, select(differs, r + y, r));
}
static Scalar shift(Scalar x, Scalar y, bool left) {
  int64_t width = x.element().getIntOrFloatBitWidth();
  Scalar wide = y;
  wide.isUnsigned = true;
  Scalar inside = wide < double(width), amount = select(inside, y, y.like(0));
  Scalar shifted = left           ? x.make<arith::ShLIOp>(x.v, amount.v)
                   : x.isUnsigned ? x.make<arith::ShRUIOp>(x.v, amount.v)
                                  : x.make<arith::ShRSIOp>(x.v, amount.v);
  return select(inside, shifted, x.like(0));
}
Scalar nncc::nn::shiftLeft(Scalar x, Scalar y) { return shift(x, y, true); }
Scalar nncc::nn::shiftRight(Scalar x, Scalar y) { return shift(x, y, false); }
Scalar nncc::nn::isNan(Scalar x) { return x.make<arith::CmpFOp>(arith::CmpFPredicate::UNO, x.v, x.v); }
Scalar nncc::nn::pow(Scalar x, Scalar y) { return x.make<math::PowFOp>(x.v, y.v); }
Scalar nncc::nn::abs(Scalar x) {
  if (x.isFloat())
    return x.make<math::AbsFOp>(x.v);
  return x.isUnsigned ? x : select(x < 0, 0 - x, x);
}

// Float to integer, saturating: the comparison with the bounds is exact because both are floats of x's type.
static Scalar floatToInteger(Scalar x, Type to, Type shapedTo, bool toUnsigned) {
  unsigned width = to.getIntOrFloatBitWidth();
  auto bound = [&](bool high) {
    llvm::APFloat f(cast<FloatType>(x.element()).getFloatSemantics());
    APInt i = toUnsigned ? (high ? APInt::getMaxValue(width) : APInt::getMinValue(width))
                         : (high ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
    f.convertFromAPInt(i, !toUnsigned, llvm::APFloat::rmTowardZero);
    return x.like(f.convertToDouble());
  };
  Scalar low = bound(false), high = bound(true);
  Scalar clamped = select(x < low, low, select(x > high, high, select(isNan(x), x.like(0), x)));
  Value v = toUnsigned ? x.b->createOrFold<arith::FPToUIOp>(shapedTo, clamped.v)
                       : x.b->createOrFold<arith::FPToSIOp>(shapedTo, clamped.v);
  // The bound itself may lie below the integer's greatest value.
  Scalar result{x.b, v, toUnsigned}, limit = result.like(0);
  APInt greatest = toUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  TypedAttr a = x.b->getIntegerAttr(to, greatest);
  if (auto shaped = dyn_cast<ShapedType>(shapedTo))
    a = DenseElementsAttr::get(shaped, Attribute(a));
  limit.v = arith::ConstantOp::create(*x.b, a);
  return select(x > high, limit, result);
}

Scalar nncc::nn::convert(Scalar x, Type to, bool toUnsigned) {
  Type from = x.element(), target = to;
  if (auto shaped = dyn_cast<ShapedType>(x.v.getType()))
    target = shaped.clone(to);
  auto result = [&](Value v) { return Scalar{x.b, v, toUnsigned}; };
  if (to.isInteger(1)) {
    if (from.isInteger(1))
      return x;
    if (x.isFloat()) // NaN is true
      return result(x.b->createOrFold<arith::CmpFOp>(arith::CmpFPredicate::UNE, x.v, x.like(0).v));
    return result(x.b->createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, x.v, x.like(0).v));
  }
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
  bool fromUnsigned = x.isUnsigned || from.isInteger(1);
  if (x.isFloat() && isa<FloatType>(to)) {
    if (from == to)
      return x;
    return result(toWidth > fromWidth ? x.b->createOrFold<arith::ExtFOp>(target, x.v)
                                      : x.b->createOrFold<arith::TruncFOp>(target, x.v));
  }
  if (x.isFloat())
    return floatToInteger(x, to, target, toUnsigned);
  if (isa<FloatType>(to))
    return result(fromUnsigned ? x.b->createOrFold<arith::UIToFPOp>(target, x.v)
                               : x.b->createOrFold<arith::SIToFPOp>(target, x.v));
  if (fromWidth == toWidth)
    return result(x.v);
  if (toWidth < fromWidth) // modulo 2^width, as C and ONNX do
    return result(x.b->createOrFold<arith::TruncIOp>(target, x.v));
  return result(fromUnsigned ? x.b->createOrFold<arith::ExtUIOp>(target, x.v)
                             : x.b->createOrFold<arith::ExtSIOp>(target, x.v));
}
