// Number's operations; they agree with Scalar's value by value, integers of every width included.
#include "dialects/nn/Number.h"
#include "llvm/ADT/APFloat.h"
#include <cstring>
using namespace mlir;
using namespace nncc::nn;
using llvm::APInt;
using llvm::APSInt;

//===-- Constants -----------------------------------------------------------------------------------------------===//

static bool isBool(Type element) { return element.isInteger(1); }
static size_t widthOf(Type element) { return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8); }

Elements::Elements(DenseElementsAttr constant)
    : type(constant.getType()), isSplat(constant.isSplat()), width(widthOf(constant.getElementType())) {
  if (!isBool(constant.getElementType()))
    raw = constant.getRawData();
  else if (isSplat)
    bools.push_back(constant.getSplatValue<bool>());
  else
    llvm::append_range(bools, constant.getValues<bool>());
}

Number Elements::operator[](int64_t i) const {
  Type element = type.getElementType();
  if (element.isF32()) {
    float x;
    std::memcpy(&x, at(i), sizeof x);
    return Number(x);
  }
  if (element.isF64()) {
    double x;
    std::memcpy(&x, at(i), sizeof x);
    return Number(x);
  }
  uint64_t x = 0;
  std::memcpy(&x, at(i), width); // the host is little-endian
  return Number(APSInt(APInt(element.getIntOrFloatBitWidth(), x), element.isUnsignedInteger() || isBool(element)));
}

static void store(const Number &x, Type element, char *to) {
  if (element.isF32()) {
    float f = x.f;
    std::memcpy(to, &f, sizeof f);
  } else if (element.isF64()) {
    std::memcpy(to, &x.f, sizeof x.f);
  } else {
    uint64_t i = x.i.getRawData()[0];
    std::memcpy(to, &i, widthOf(element));
  }
}

DenseElementsAttr nncc::nn::constantOf(RankedTensorType type, ArrayRef<char> bytes) {
  if (!isBool(type.getElementType()))
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return DenseElementsAttr::get(type, ArrayRef<bool>(reinterpret_cast<const bool *>(bytes.data()), bytes.size()));
}

DenseElementsAttr nncc::nn::constantOf(RankedTensorType type, ArrayRef<Number> elements) {
  size_t width = widthOf(type.getElementType());
  SmallVector<char> bytes(elements.size() * width);
  for (auto [i, x] : llvm::enumerate(elements))
    store(x, type.getElementType(), bytes.data() + i * width);
  return constantOf(type, bytes);
}

//===-- Operations ----------------------------------------------------------------------------------------------===//

Number nncc::nn::convert(const Number &x, Type to) {
  if (isa<FloatType>(to)) {
    if (x.isFloat)
      return Number(to.isF32() ? double(float(x.f)) : x.f);
    llvm::APFloat f(cast<FloatType>(to).getFloatSemantics()); // rounded once, to the type itself
    (void)f.convertFromAPInt(x.i, x.i.isSigned(), llvm::APFloat::rmNearestTiesToEven);
    return Number(f.convertToDouble());
  }
  if (isBool(to))
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
