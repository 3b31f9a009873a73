// The functions that formulas share, once for Scalar and Number: forms that keep their accuracy in the tails and pass
// NaN on. The bounds of atLeast and atMost are no NaN, which makes each one a single maximum or minimum instruction.
#pragma once
#include "dialects/nn/Number.h"
#include "dialects/nn/Scalar.h"

namespace nncc::nn::formulas {
inline bool isFloat(const Scalar &x) { return x.isFloat(); }
inline bool isFloat(const Number &x) { return x.isFloat; }

template <class S> S atLeast(S x, S low) { return select(x < low, low, x); }
template <class S> S atLeast(S x, double low) { return atLeast(x, x.like(low)); }
template <class S> S atMost(S x, S high) { return select(x > high, high, x); }
template <class S> S atMost(S x, double high) { return atMost(x, x.like(high)); }
template <class S> S max(S x, S y) {
  S m = select(x < y, y, x);
  return isFloat(x) ? select(isNan(y), y, m) : m;
}
template <class S> S min(S x, S y) {
  S m = select(y < x, y, x);
  return isFloat(x) ? select(isNan(y), y, m) : m;
}
template <class S> S sign(S x) { return select(x > 0, x.like(1), select(x < 0, x.like(-1), x)); }
template <class S> S isInf(S x, S negative, S positive) {
  return ((x == INFINITY) & (positive == 1)) | ((x == -INFINITY) & (negative == 1));
}
// 1 / (1 + exp(-x)), for x < 0 as exp(x) / (1 + exp(x)): exp never overflows and no digit is lost.
template <class S> S sigmoid(S x) {
  S z = exp(-abs(x)), r = 1 / (1 + z);
  return select(x < 0, z * r, r);
}
// log(1 + exp(x)).
template <class S> S softplus(S x) { return atLeast(x, 0) + log1p(exp(-abs(x))); }
// x * (1 + erf(x / sqrt 2)) / 2; erfc keeps the negative tail.
template <class S> S gelu(S x) { return x * 0.5 * erfc(x * -0.70710678118654752); }
// x * (1 + tanh(u / 2)) / 2 with u = 2 sqrt(2 / pi) (x + 0.044715 x^3), which is x / (1 + exp(-u)). The bounds change
// no result by more than 1e-36, and keep exp from denormal results, of which each costs x86 more than a hundred cycles.
template <class S> S geluTanh(S x) {
  S y = atLeast(x, -9.99), u = y * (1.5957691216057308 + 0.071354816272600254 * (y * y));
  return y / (1 + exp(-atMost(u, 40)));
}
} // namespace nncc::nn::formulas
