// Approximations of math functions in arithmetic that every instruction set has as vector instructions. Each takes f32,
// scalar or vector, and keeps NaN, infinities, denormals and the sign of zero as IEEE says.
#pragma once
#include "passes/kernels/ExpandMathNum.h"

namespace nncc {

Num expandExp(Num x);
Num expandExp2(Num x);
Num expandExpm1(Num x);
Num expandLog(Num x);
Num expandLog1p(Num x);
Num expandErf(Num x);
Num expandErfc(Num x);
Num expandTanh(Num x);
Num expandSinh(Num x);
Num expandCosh(Num x);
Num expandAsinh(Num x);
Num expandAcosh(Num x);
Num expandAtanh(Num x);
Num expandAsin(Num x);
Num expandAcos(Num x);
Num expandAtan(Num x);
Num expandPow(Num x, Num y);
/// Arguments up to this magnitude; larger ones need more digits of pi than these functions carry.
constexpr double largestAngle = 1 << 21;
Num expandSin(Num x);
Num expandCos(Num x);
Num expandTan(Num x);
/// f32 or f64, without rounding instructions.
Num expandRoundEven(Num x);
Num expandFloor(Num x);
Num expandCeil(Num x);
Num expandTrunc(Num x);

} // namespace nncc
