// The error of a math function over the floats, in units of the last place of the true result, which libm's double
// function gives. Special values must agree exactly: NaN, infinities, the sign of zero.
#include "mlir/Parser/Parser.h"
#include "test/tools/KernelJit.h"
#include "llvm/ADT/bit.h"
#include <cmath>
using namespace mlir;

namespace {
struct Function {
  const char *name, *body; // the body yields %r from %x (and %y)
  double (*exact)(double);
  double bound;        // ulp
  double absolute = 0; // an error that does not count
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
const char *const sigmoidBody = "%one = arith.constant 1.0 : f32 %zero = arith.constant 0.0 : f32"
                                " %a = math.absf %x : f32 %n = arith.negf %a : f32 %z = math.exp %n : f32"
                                " %d = arith.addf %one, %z : f32 %e = arith.divf %one, %d : f32"
                                " %f = arith.mulf %z, %e : f32 %c = arith.cmpf olt, %x, %zero : f32"
                                " %r = arith.select %c, %f, %e : f32";
double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
const char *const softplusBody = "%zero = arith.constant 0.0 : f32 %a = math.absf %x : f32 %n = arith.negf %a : f32"
                                 " %z = math.exp %n : f32 %l = math.log1p %z : f32 %c = arith.cmpf olt, %x, %zero : f32"
                                 " %m = arith.select %c, %zero, %x : f32 %r = arith.addf %m, %l : f32";

// Gelu may be wrong by 1e-7 as well: the error counts only above that.
double gelu(double x) { return x * 0.5 * std::erfc(x * -0.70710678118654752); }
const char *const geluBody = "%c = arith.constant -0.70710678118654752 : f32 %h = arith.constant 0.5 : f32"
                             " %a = arith.mulf %x, %c : f32 %e = math.erfc %a : f32 %b = arith.mulf %x, %h : f32"
                             " %r = arith.mulf %b, %e : f32";

double geluTanh(double x) {
  return x < -1e3 ? -0.0 : x / (1 + std::exp(-x * (1.5957691216057308 + 0.071354816272600254 * (x * x))));
}
const char *const geluTanhBody = "%low = arith.constant -9.99 : f32 %high = arith.constant 40.0 : f32"
                                 " %a = arith.constant 1.5957691216057308 : f32 %one = arith.constant 1.0 : f32"
                                 " %b = arith.constant 0.071354816272600254 : f32 %c = arith.cmpf olt, %x, %low : f32"
                                 " %w = arith.select %c, %low, %x : f32 %s = arith.mulf %w, %w : f32"
                                 " %t = arith.mulf %s, %b : f32 %m = arith.addf %t, %a : f32 %u = arith.mulf %w, %m"
                                 " : f32 %d = arith.cmpf ogt, %u, %high : f32 %v = arith.select %d, %high, %u : f32"
                                 " %n = arith.negf %v : f32 %e = math.exp %n : f32 %f = arith.addf %e, %one : f32"
                                 " %r = arith.divf %w, %f : f32";

#define MATH(name, bound) {#name, "%r = math." #name " %x : f32", [](double x) { return std::name(x); }, bound}
const Function functions[] = {
    MATH(exp, 1.5),
    MATH(exp2, 2),
    MATH(expm1, 3),
    MATH(log, 1.5),
    MATH(log1p, 3),
    MATH(erf, 1.5),
    MATH(erfc, 5),
    MATH(sin, 1.5),
    MATH(cos, 1.5),
    MATH(tan, 4),
    MATH(asin, 4),
    MATH(acos, 4),
    MATH(atan, 4),
    MATH(sinh, 4),
    MATH(cosh, 4),
    MATH(tanh, 4),
    MATH(asinh, 4),
    MATH(acosh, 4),
    MATH(atanh, 4),
    MATH(floor, 0),
    MATH(ceil, 0),
    MATH(trunc, 0),
    MATH(sqrt, 0.5),
    {"roundeven", "%r = math.roundeven %x : f32", [](double x) { return std::nearbyint(x); }, 0},
    {"rsqrt", "%r = math.rsqrt %x : f32", [](double x) { return 1 / std::sqrt(x); }, 1.5},
    {"sigmoid", sigmoidBody, sigmoid, 4},
    {"softplus", softplusBody, softplus, 4},
    {"gelu", geluBody, gelu, 4, 1e-7},
    {"gelu_tanh", geluTanhBody, geluTanh, 4, 1e-7},
};

// Distance of `got` from `exact` in ulps of the float next to it; infinite where a special value is wrong.
double error(float got, double exact, double absolute = 0) {
  float nearest = float(exact);
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : INFINITY;
  if (got == nearest && (std::isinf(got) || got == 0))
    return std::signbit(got) == std::signbit(nearest) ? 0 : INFINITY;
  if (std::isinf(got) || std::isinf(nearest)) { // one step before overflow counts as one
    double largest = 340282346638528859811704183484516925440.0;
    return std::fabs(std::isinf(got) ? exact : double(got)) > largest * 0.9999997 ? 1 : INFINITY;
  }
  if (std::fabs(double(got) - exact) <= absolute)
    return 0;
  int exponent = std::max(std::ilogb(exact == 0 ? 1e-300 : exact), -126) - 23;
  return std::fabs(double(got) - exact) / std::ldexp(1.0, exponent);
}

constexpr size_t chunk = 1 << 16;

std::unique_ptr<llvm::orc::LLJIT> compile(MLIRContext &context, const Function &function, const JitOptions &options) {
  std::string type = "memref<" + std::to_string(chunk) + "xf32>", source;
  llvm::raw_string_ostream out(source);
  out << "func.func @f(%p: " << type << ", %q: " << type << ", %out: " << type << ") {\n"
      << "linalg.generic {indexing_maps = [affine_map<(d) -> (d)>, affine_map<(d) -> (d)>, affine_map<(d) -> (d)>],"
      << " iterator_types = [\"parallel\"]} ins(%p, %q : " << type << ", " << type << ") outs(%out : " << type
      << ") {\n"
      << "^bb0(%x: f32, %y: f32, %init: f32):\n"
      << function.body << "\nlinalg.yield %r : f32\n}\nreturn }\n";
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(source, &context);
  return module ? compileKernels(*module, options) : nullptr;
}

// pow over a grid of pairs: bases and exponents of all kinds.
int checkPow(MLIRContext &context, const JitOptions &options, uint32_t stride) {
  Function pow{"pow", "%r = math.powf %x, %y : f32", nullptr, 1.5};
  auto jit = compile(context, pow, options);
  if (!jit)
    return 1;
  KernelFunction kernel = findKernel(*jit, "f");
  std::vector<float> x(chunk), y(chunk), z(chunk);
  const float special[] = {0.f,        -0.f,       1.f,         -1.f,     2.f,       -2.f,  3.f,
                           -3.f,       0.5f,       -0.5f,       1e-40f,   -1e-40f,   1e30f, -1e30f,
                           16777216.f, 16777215.f, -16777215.f, INFINITY, -INFINITY, NAN};
  double worst = 0;
  float worstX = 0, worstY = 0;
  uint32_t state = 1;
  for (uint32_t round = 0; round < std::max(1u, 40000 / stride); round++) {
    for (size_t i = 0; i < chunk; i++) {
      auto random = [&] {
        state = state * 1664525 + 1013904223;
        return state ^ state >> 15;
      };
      bool isSpecial = round == 0 && i < 400;
      x[i] = isSpecial ? special[i / 20] : llvm::bit_cast<float>(random());
      y[i] = isSpecial ? special[i % 20]
             : i % 4   ? (float(random() >> 8) / (1 << 20) - 8)
                       : float(int(random() >> 24) - 128);
      if (!isSpecial && i % 4 > 1)
        x[i] = float(random() >> 8) / (1 << 18);
    }
    kernel(x.data(), y.data(), z.data(), nullptr, nullptr, nullptr);
    for (size_t i = 0; i < chunk; i++)
      if (double e = error(z[i], std::pow(double(x[i]), double(y[i]))); e > worst)
        worst = e, worstX = x[i], worstY = y[i];
  }
  bool ok = worst <= pow.bound;
  llvm::outs() << llvm::format("pow: %.3f ulp at (%.9g, %.9g)%s\n", worst, worstX, worstY, ok ? "" : " TOO LARGE");
  return !ok;
}

int checkUnary(MLIRContext &context, const Function &function, const JitOptions &options, uint32_t stride) {
  auto jit = compile(context, function, options);
  if (!jit)
    return 1;
  KernelFunction kernel = findKernel(*jit, "f");
  std::vector<float> x(chunk), y(chunk);
  double worst = 0;
  float worstX = 0, worstY = 0;
  const float special[] = {0.f, -0.f, 1.f, -1.f, INFINITY, -INFINITY, NAN, 1e-45f, -1e-45f, 0.5f, -0.5f, 1.5f, 2.5f};
  for (uint64_t bits = 0; bits < 1ull << 32;) {
    size_t count = 0;
    for (; bits == 0 && count < std::size(special); count++)
      x[count] = special[count];
    for (; count < chunk; count++, bits += stride)
      x[count] = llvm::bit_cast<float>(uint32_t(std::min<uint64_t>(bits, UINT32_MAX)));
    kernel(x.data(), x.data(), y.data(), nullptr, nullptr, nullptr);
    for (size_t i = 0; i < chunk; i++)
      if (double e = error(y[i], function.exact(x[i]), function.absolute); e > worst)
        worst = e, worstX = x[i], worstY = y[i];
  }
  bool ok = worst <= function.bound;
  llvm::outs() << llvm::format("%s: %.3f ulp at %.9g, got %.9g, expected %.9g%s\n", function.name, worst, worstX,
                               worstY, function.exact(worstX), ok ? "" : " TOO LARGE");
  llvm::outs().flush();
  return !ok;
}
} // namespace

int checkUlp(llvm::StringRef name, const JitOptions &options, uint32_t stride) {
  DialectRegistry registry;
  registerJitDialects(registry);
  MLIRContext context(registry);
  int failed = 0;
  for (const Function &function : functions)
    if (name == "all" || name == function.name)
      failed |= checkUnary(context, function, options, stride);
  if (name == "all" || name == "pow")
    failed |= checkPow(context, options, stride);
  return failed;
}
