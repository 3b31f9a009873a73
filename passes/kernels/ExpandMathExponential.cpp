// Exponential functions and logarithms, and what is made of them. Errors, measured over all floats, are at most: exp,
// log, erf 1.5 ulp; erfc 4.2 ulp; the others 4 ulp. Coefficients are weighted minimax fits, rounded one after the
// other.
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/kernels/ExpandMath.h"
#include <cmath>
#include <limits>

namespace nncc {
namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.69314718055994531;
// ln2 in two parts; the products of the first with exponents are exact.
constexpr double ln2High = 0.693359375, ln2Low = ln2 - ln2High;
constexpr double roundingShift = 12582912; // 1.5 * 2^23: adding it rounds to an integer, in the low bits

// x = n ln2 + r, |r| <= ln2 / 2.
struct Reduced {
  Num r, n, shifted;
  // n as an integer
  Num integer() const { return shifted.bits() - shifted.real(roundingShift).bits(); }
};
Reduced reduce(Num x) {
  Num shifted = fma(x, 1 / ln2, x.real(roundingShift));
  Num n = shifted - roundingShift;
  return {fma(n, -ln2Low, fma(n, -ln2High, x)), n, shifted};
}
// 2^n for exponents of normal floats.
Num power(Num n) { return ((n + n.integer(127)) << 23).floats(); }
// y 2^n for y < 1.5; overflow and denormal results come out right. Underflow to zero, of which attention masks and
// gates have many, must not go by way of denormal results: each costs x86 more than a hundred cycles, in AVX-512's
// instruction zeros do too, so that it leaves those lanes out.
Num scale(Num y, const Reduced &reduced, int64_t less = 0) {
  auto type = llvm::dyn_cast<mlir::VectorType>(y.v.getType());
  if (y.avx512 && type && type.getNumElements() == 16) {
    mlir::ImplicitLocOpBuilder &b = *y.b;
    Num n = less ? reduced.n - double(less) : reduced.n;
    mlir::Value remains =
        mlir::arith::CmpFOp::create(b, mlir::arith::CmpFPredicate::UGE, n.v, n.real(-150).v).getResult();
    mlir::Value lanes = mlir::LLVM::BitcastOp::create(b, b.getI16Type(), remains);
    mlir::Value rounding = mlir::arith::ConstantOp::create(b, b.getI32IntegerAttr(4)); // as the mode register says
    return y.with(mlir::LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                                      mlir::ValueRange{y.v, n.v, y.real(0).v, lanes, rounding})
                      .getResult(0));
  }
  Num n = reduced.integer();
  if (less)
    n = n - n.integer(less);
  Num half = n >> 1;
  return y * power(half) * power(n - half);
}
// exp(r) for |r| <= ln2 / 2.
Num expSmall(Num r) {
  Num q = polynomial(r, {0.5, 0.16666515171527863, 0.04166637733578682, 0.008369393646717072, 0.0013942922232672572});
  return fma(r * r, q, r) + 1;
}
// exp(r) - 1 for |r| <= ln2 / 2.
Num expm1Small(Num r) {
  Num q = polynomial(r, {0.5, 0.1666666716337204, 0.041666481643915176, 0.008333208039402962, 0.0013933564769104123,
                         0.00019944255473092198});
  return fma(r * r, q, r);
}
// exp(x) / 2 for 0 <= x; infinite only where the hyperbolic functions are.
Num halfExp(Num x) {
  Reduced reduced = reduce(atMost(x, 90));
  return scale(expSmall(reduced.r), reduced, 1);
}

// The upper half of a float's digits: products of halves are exact.
Num upper(Num x) { return (x.bits() & x.integer(0xfffff000)).floats(); }
// 1 - x y, exactly.
Num residual(Num x, Num y) {
  if (x.fused)
    return fma(-x, y, x.real(1));
  Num xHigh = upper(x), yHigh = upper(y), xLow = x - xHigh, yLow = y - yHigh;
  return 1 - xHigh * yHigh - xHigh * yLow - xLow * yHigh - xLow * yLow;
}

// x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for normal x > 0.
struct Split {
  Num f, e; // e as an integer
};
Split split(Num x) {
  Num bits = x.bits();
  Num e = (bits - bits.integer(0x3f3504f3)) >> 23;
  return {(bits - (e << 23)).floats() - 1, e};
}
// e ln2 + log(1 + f).
Num logOf(Num f, Num e) {
  Num p = polynomial(f, {0.3333331048488617, -0.24999986588954926, 0.20002223551273346, -0.16669249534606934,
                         0.14218716323375702, -0.12384402006864548, 0.11872619390487671, -0.11789370328187943,
                         0.06915612518787384});
  Num exponent = e.cast<mlir::arith::SIToFPOp>(f.element()), square = f * f;
  Num small = fma(exponent, ln2Low, f * square * p);
  small = fma(square, -0.5, small);
  return fma(exponent, ln2High, f + small);
}
// Logarithms of what is not a positive number.
Num logLimits(Num x, Num log) {
  log = select(x < inf, log, x);
  return select(x > 0, log, select(x == 0, x.real(-inf), x.real(nan)));
}
} // namespace

Num expandExp(Num x) {
  Reduced reduced = reduce(atLeast(atMost(x, 90), -120));
  return scale(expSmall(reduced.r), reduced);
}

Num expandExp2(Num x) {
  x = atLeast(atMost(x, 130), -175);
  Num shifted = x + roundingShift, n = shifted - roundingShift;
  return scale(expSmall((x - n) * ln2), {x, n, shifted});
}

// exp(x) - 1 = 2^n ((exp(r) - 1) + (1 - 2^-n)), halved inside so that 2^128 does not appear.
Num expandExpm1(Num x) {
  Reduced reduced = reduce(atLeast(atMost(x, 89), -30));
  Num small = expm1Small(reduced.r), half = power(reduced.integer() - x.integer(1));
  Num large = fma(small, half, half - 0.5) * 2;
  Num result = select(reduced.n == 0, small, large);
  return select(x == 0, x, result);
}

Num expandLog(Num x) {
  Num isSmall = x < std::ldexp(1.0, -126);
  Split parts = split(select(isSmall, x * 8388608.0, x));
  Num e = parts.e - select(isSmall, x.integer(23), x.integer(0));
  return logLimits(x, logOf(parts.f, e));
}

// With u = fl(1 + x) and c = (1 + x) - u: log(u + c), c joining the significand's fraction.
Num expandLog1p(Num x) {
  Num u = x + 1;
  Num c = select(x > 1, 1 - (u - x), x - (u - 1));
  Split parts = split(u);
  Num down = (x.integer(0) - parts.e).make<mlir::arith::MaxSIOp>(x.integer(-127));
  Num f = fma(c, power(down), parts.f);
  Num result = logLimits(u, logOf(f, parts.e));
  return select(abs(x) < std::ldexp(1.0, -24), x, result);
}

// Below sqrt(0.86) x + x P(x^2), above 1 - exp(x P(x)).
Num expandErf(Num x) {
  Num a = abs(x), s = x * x;
  Num small = polynomial(s, {0.12837916612625122, -0.3761262893676758, 0.11283624172210693, -0.0268555860966444,
                             0.005191936157643795, -0.0008043612469919026, 7.968268619151786e-05});
  small = fma(x, small, x);
  Num bounded = atMost(a, 4.05);
  Num exponent = bounded * polynomial(bounded, {-1.1286410093307495, -0.6351813077926636, -0.10618793219327927,
                                                0.02372046560049057, -0.0036230506375432014, 0.000318091653753072,
                                                -1.0766289960884023e-05});
  Reduced reduced = reduce(exponent);
  Num large = 1 - expSmall(reduced.r) * power(reduced.integer());
  return select(s < 0.86, small, withSign(large, x));
}

// exp(-x^2) t P(1 - 6 t) with t = 1 / (|x| + 3), for x < 0 subtracted from 2. The square is kept in two parts: its
// rounding alone would cost some hundred ulp in the tail; a NaN whose upper half is an infinity must stay bounded, and
// so comes back at the end. t is corrected by what its roundings lost.
Num expandErfc(Num x) {
  Num a = atMost(abs(x), 10.5);
  Num high = upper(a);
  Num low = (a - high) * (a + high);
  Reduced reduced = reduce(atLeast(-(high * high), -120));
  Num sum = a + 3, t = 1 / sum, lost = t * (a - (sum - 3));
  Num correction = t * (residual(t, sum) - lost);
  Num p = polynomial(fma(correction, -6, fma(t, -6, x.real(1))),
                     {1.0740069150924683, -0.8833944797515869, 0.5902278423309326, -0.3104662597179413,
                      0.11953341215848923, -0.026837175711989403, -0.0012396067613735795, 0.0030706962570548058,
                      -0.00047132864710874856, -0.0003155306330882013});
  Num result = scale(expSmall(reduced.r - low) * ((t + correction) * p), reduced);
  return select(x == x, select(x < 0, 2 - result, result), x);
}

// t / (t + 2) with t = exp(2 |x|) - 1.
Num expandTanh(Num x) {
  Num a = atMost(abs(x), 10);
  Reduced reduced = reduce(a + a);
  Num small = expm1Small(reduced.r), power2 = power(reduced.integer());
  Num t = select(reduced.n == 0, small, fma(small, power2, power2 - 1));
  return withSign(t / (t + 2), x);
}

Num expandSinh(Num x) {
  Num s = x * x;
  Num p = polynomial(s, {0.1666666716337204, 0.008333311416208744, 0.00019842635083477944, 2.7839255380968098e-06});
  Num e = halfExp(abs(x));
  Num large = withSign(e - 0.25 / e, x);
  return select(x == 0, x, select(abs(x) < 1, fma(x * s, p, x), large));
}

Num expandCosh(Num x) {
  Num e = halfExp(abs(x));
  return e + 0.25 / e;
}

// log1p(|x| + x^2 / (1 + sqrt(1 + x^2))); for huge x log(2 |x|).
Num expandAsinh(Num x) {
  Num a = abs(x), isHuge = a > 1e8, square = a * a;
  Num sum = a + square / (sqrt(square + 1) + 1);
  Num log = expandLog1p(select(isHuge, a, sum));
  return withSign(log + select(isHuge, x.real(ln2), x.real(0)), x);
}

// log1p(t + sqrt(t (t + 2))) with t = x - 1; for huge x log(2 x).
Num expandAcosh(Num x) {
  Num t = x - 1, isHuge = x > 1e8;
  Num log = expandLog1p(select(isHuge, x, t + sqrt(t * (t + 2))));
  log = log + select(isHuge, x.real(ln2), x.real(0));
  return select(x < 1, x.real(nan), log);
}

// log1p(2 |x| / (1 - |x|)) / 2.
Num expandAtanh(Num x) {
  Num a = abs(x);
  return withSign(expandLog1p((a + a) / (1 - a)) * 0.5, x);
}

// 2^(y log2 |x|) in f64, then the cases that IEEE lists.
Num expandPow(Num x, Num y) {
  Num base = abs(x), wide = base.widened(), bits = wide.bits();
  Num e = (bits - bits.integer(0x3fe6a09e667f3bcd)) >> 52;
  Num m = (bits - (e << 52)).floats();
  Num s = (m - 1) / (m + 1);
  Num log2 = s * polynomial(s * s, {2.885390081777927, 0.9617966939243991, 0.577078017235472, 0.4121984024749308,
                                    0.32061640931247515, 0.2614425322794547, 0.2429450688509638});
  log2 = log2 + e.cast<mlir::arith::TruncIOp>(e.b->getI32Type()).cast<mlir::arith::SIToFPOp>(e.b->getF64Type());
  Num w = atLeast(atMost(y.widened() * log2, 200), -200);
  constexpr double shift = 6755399441055744; // 1.5 * 2^52
  Num shifted = w + shift, f = w - (shifted - shift);
  Num n = shifted.bits() - w.real(shift).bits();
  Num p = polynomial(f, {1.0, 0.6931471805416536, 0.24022651075853435, 0.055504109625722074, 0.009618036910834269,
                         0.0013333430787268927, 0.00015467110347956153, 1.5314946455294176e-05});
  Num result = (p * ((n + n.integer(1023)) << 52).floats()).narrowed();

  Num half = y * 0.5, isInteger = expandRoundEven(y) == y;
  Num isOdd = isInteger & (expandRoundEven(half) != half);
  Num isInfinite = base == inf, isExtreme = isInfinite | (base == 0);
  Num extreme = select(same(y > 0, isInfinite), x.real(inf), x.real(0));
  result = select(isExtreme & (y == y), extreme, result);
  result = select(isOdd, withSign(result, x), result);
  Num isNan = ((x < 0) & (base < inf) & same(isInteger, x.integer(0, 1))) | (x != x);
  result = select(isNan, x.real(nan), result);
  Num isOne = (y == 0) | (x == 1) | ((base == 1) & (abs(y) == inf));
  return select(isOne, x.real(1), result);
}

} // namespace nncc
