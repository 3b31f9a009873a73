// Trigonometric functions and their inverses, and rounding where the instruction set has none. sin and cos are within
// 1.5 ulp, the others within 4.
#include "passes/kernels/ExpandMath.h"
#include <cmath>

namespace nncc {
namespace {
constexpr double pi = 3.14159265358979323846;
constexpr double halfPi = pi / 2, halfPiHigh = 1.57079637050628662109375, halfPiLow = halfPi - halfPiHigh;

// x = n pi/2 + r + rest; sin and cos of r + rest. The reduction runs in f64: next to a multiple of pi/2 an f32 has too
// few digits.
struct Angle {
  Num sin, cos, n;
};
Angle reduceAngle(Num x) {
  constexpr double shift = 6755399441055744; // 1.5 * 2^52
  // pi/2 in two parts; the products of the first with n are exact.
  const double high = std::ldexp(std::floor(std::ldexp(halfPi, 30)), -30);
  const double low = halfPi - high + 6.123233995736766e-17;
  Num wide = x.widened(), shifted = fma(wide, 2 / pi, wide.real(shift)), count = shifted - shift;
  Num exact = fma(count, -low, fma(count, -high, wide)), r = exact.narrowed();
  Num rest = (exact - r.widened()).narrowed();
  Num n = shifted.bits().cast<mlir::arith::TruncIOp>(x.b->getI32Type());
  Num s = r * r;
  Num p = polynomial(s, {-0.16666655242443085, 0.008332190103828907, -0.0001951840822584927});
  Num sin = r + fma(r * s, p, rest);
  Num q = polynomial(s, {0.04166664555668831, -0.00138873013202101, 2.443066841806285e-05});
  Num half = s * 0.5, rounded = 1 - half;
  Num cos = rounded + (((1 - rounded) - half) + fma(s * s, q, -(r * rest)));
  return {sin, cos, n};
}
Num hasBit(Num n, int64_t bit) { return same(n & n.integer(bit), n.integer(bit)); }
Num flipSign(Num x, Num n) { return (x.bits() ^ ((n & n.integer(2)) << 30)).floats(); }

// asin(s) for s = sqrt(z) <= 1/2.
Num asinSmall(Num s, Num z) {
  Num p = polynomial(
      z, {0.16666753590106964, 0.07495252043008804, 0.0454760417342186, 0.02415209263563156, 0.04221179708838463});
  return fma(s * z, p, s);
}
// asin of |x|, or of sqrt((1 - |x|) / 2) above 1/2.
struct Arc {
  Num value, isLarge;
};
Arc arc(Num x) {
  Num a = abs(x), isLarge = a > 0.5;
  Num z = select(isLarge, (1 - a) * 0.5, a * a), s = select(isLarge, sqrt(z), a);
  return {asinSmall(s, z), isLarge};
}
} // namespace

Num expandSin(Num x) {
  Angle angle = reduceAngle(x);
  Num result = flipSign(select(hasBit(angle.n, 1), angle.cos, angle.sin), angle.n);
  return select(abs(x) < std::ldexp(1.0, -13), x, result);
}

Num expandCos(Num x) {
  Angle angle = reduceAngle(x);
  return flipSign(select(hasBit(angle.n, 1), angle.sin, angle.cos), angle.n + angle.n.integer(1));
}

Num expandTan(Num x) {
  Angle angle = reduceAngle(x);
  Num swapped = hasBit(angle.n, 1);
  Num result = select(swapped, -angle.cos, angle.sin) / select(swapped, angle.sin, angle.cos);
  return select(abs(x) < std::ldexp(1.0, -13), x, result);
}

Num expandAsin(Num x) {
  Arc a = arc(x);
  return withSign(select(a.isLarge, halfPiHigh - ((a.value + a.value) - halfPiLow), a.value), x);
}

Num expandAcos(Num x) {
  Arc a = arc(x);
  Num twice = a.value + a.value;
  Num large = select(x < 0, 2 * halfPiHigh - (twice - 2 * halfPiLow), twice);
  return select(a.isLarge, large, halfPiHigh - (withSign(a.value, x) - halfPiLow));
}

// Above 1 pi/2 - atan(1 / |x|).
Num expandAtan(Num x) {
  Num a = abs(x), isLarge = a > 1, t = select(isLarge, 1 / a, a), s = t * t;
  Num p = polynomial(s, {-0.33333301544189453, 0.1999862790107727, -0.1426512598991394, 0.10956933349370956,
                         -0.08417543023824692, 0.05820125713944435, -0.03142214193940163, 0.011046255007386208,
                         -0.0018231159774586558});
  Num value = fma(t * s, p, t);
  return withSign(select(isLarge, halfPiHigh - (value - halfPiLow), value), x);
}

// Adding and subtracting 2^23 (2^52) rounds; what is larger is an integer.
Num expandRoundEven(Num x) {
  double shift = std::ldexp(1.0, x.element().isF64() ? 52 : 23);
  Num a = abs(x), rounded = (a + shift) - shift;
  return select(a < shift, withSign(rounded, x), x);
}

Num expandFloor(Num x) {
  Num rounded = expandRoundEven(x);
  return select(rounded > x, rounded - 1, rounded);
}

Num expandCeil(Num x) {
  Num rounded = expandRoundEven(x);
  return select(rounded < x, withSign(abs(rounded + 1), x), rounded);
}

Num expandTrunc(Num x) { return withSign(expandFloor(abs(x)), x); }

} // namespace nncc
