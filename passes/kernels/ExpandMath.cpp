// Math ops become arithmetic, or calls of the C library for scalars: no vector function is ever called, and a call is
// emitted only where there is no approximation of ours. After this pass no math op is left that LLVM would turn into a
// call of its own choice.
#include "passes/kernels/ExpandMath.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Passes.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/TargetParser/Triple.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/kernels/Passes.h.inc"
namespace {

struct Expander {
  ImplicitLocOpBuilder b;
  SymbolTable &symbols;
  bool fused;  // fused multiply-add is one instruction
  bool rounds; // rounding to an integer is one instruction
  bool avx512;

  Num num(Value v) { return {&b, v, fused, avx512}; }

  // The function of C's libm for `op`, named for double.
  static StringRef libmName(Operation *op) {
    return llvm::TypeSwitch<Operation *, StringRef>(op)
        .Case<math::ExpOp>([](auto) { return "exp"; })
        .Case<math::Exp2Op>([](auto) { return "exp2"; })
        .Case<math::ExpM1Op>([](auto) { return "expm1"; })
        .Case<math::LogOp>([](auto) { return "log"; })
        .Case<math::Log2Op>([](auto) { return "log2"; })
        .Case<math::Log10Op>([](auto) { return "log10"; })
        .Case<math::Log1pOp>([](auto) { return "log1p"; })
        .Case<math::PowFOp>([](auto) { return "pow"; })
        .Case<math::CbrtOp>([](auto) { return "cbrt"; })
        .Case<math::ErfOp>([](auto) { return "erf"; })
        .Case<math::ErfcOp>([](auto) { return "erfc"; })
        .Case<math::SinOp>([](auto) { return "sin"; })
        .Case<math::CosOp>([](auto) { return "cos"; })
        .Case<math::TanOp>([](auto) { return "tan"; })
        .Case<math::AsinOp>([](auto) { return "asin"; })
        .Case<math::AcosOp>([](auto) { return "acos"; })
        .Case<math::AtanOp>([](auto) { return "atan"; })
        .Case<math::Atan2Op>([](auto) { return "atan2"; })
        .Case<math::SinhOp>([](auto) { return "sinh"; })
        .Case<math::CoshOp>([](auto) { return "cosh"; })
        .Case<math::TanhOp>([](auto) { return "tanh"; })
        .Case<math::AsinhOp>([](auto) { return "asinh"; })
        .Case<math::AcoshOp>([](auto) { return "acosh"; })
        .Case<math::AtanhOp>([](auto) { return "atanh"; })
        .Case<math::RoundOp>([](auto) { return "round"; })
        .Case<arith::RemFOp>([](auto) { return "fmod"; })
        .Default([](auto) { return StringRef(); });
  }

  Value callScalar(StringRef name, Type type, ValueRange args) {
    std::string symbol = (name + (type.isF32() ? "f" : "")).str();
    auto callee = symbols.lookup<func::FuncOp>(symbol);
    if (!callee) {
      OpBuilder::InsertionGuard guard(b);
      SmallVector<Type> types(args.size(), type);
      callee = func::FuncOp::create(b.getLoc(), symbol, b.getFunctionType(types, type));
      callee.setPrivate();
      symbols.insert(callee);
    }
    return func::CallOp::create(b, callee, args).getResult(0);
  }

  // One call for each lane; a loop, since so many calls inline would be long.
  Value callLibm(StringRef name, ValueRange args) {
    auto type = dyn_cast<VectorType>(args[0].getType());
    if (!type)
      return callScalar(name, args[0].getType(), args);
    Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
    Value lanes = arith::ConstantIndexOp::create(b, type.getNumElements());
    auto loop = scf::ForOp::create(b, zero, lanes, one, ValueRange{args[0]});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value lane = loop.getInductionVar();
    SmallVector<Value> scalars;
    for (Value arg : args)
      scalars.push_back(vector::ExtractOp::create(b, arg, OpFoldResult(lane)));
    Value result = callScalar(name, type.getElementType(), scalars);
    Value all = vector::InsertOp::create(b, result, loop.getRegionIterArg(0), OpFoldResult(lane));
    scf::YieldOp::create(b, all);
    return loop.getResult(0);
  }

  // The library for angles too large for ours; a whole vector goes there when one lane must.
  Value angle(StringRef name, Value x, Num (*function)(Num)) {
    Value isLarge = (abs(num(x)) > largestAngle).v;
    if (isa<VectorType>(x.getType()))
      isLarge = vector::ReductionOp::create(b, vector::CombiningKind::OR, isLarge);
    auto branch = scf::IfOp::create(b, x.getType(), isLarge, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    scf::YieldOp::create(b, callLibm(name, x));
    b.setInsertionPointToStart(&branch.getElseRegion().front());
    scf::YieldOp::create(b, function(num(x)).v);
    return branch.getResult(0);
  }

  Value pow(Value x, Value y) {
    TypedAttr attr;
    FloatAttr exponent;
    if (matchPattern(y, m_Constant(&attr))) {
      auto dense = dyn_cast<DenseElementsAttr>(attr);
      exponent = dense && dense.isSplat() ? dense.getSplatValue<FloatAttr>() : dyn_cast<FloatAttr>(attr);
    }
    double value = exponent ? exponent.getValueAsDouble() : 0;
    Num base = num(x);
    if (value == 1)
      return x;
    if (value == 2)
      return (base * base).v;
    if (value == 3)
      return (base * base * base).v;
    if (value == -1)
      return (1 / base).v;
    if (value == 0.5) // pow(-0) is 0, pow(-inf) is inf
      return select(base == -std::numeric_limits<double>::infinity(), -base, sqrt(base + 0.0)).v;
    return base.element().isF32() ? expandPow(base, num(y)).v : callLibm("pow", {x, y});
  }

  // What becomes of every type alike; null: not such an op.
  Value expandAny(Operation *op) {
    Value x = op->getOperand(0);
    return llvm::TypeSwitch<Operation *, Value>(op)
        .Case<math::RsqrtOp>([&](auto) { return (1 / sqrt(num(x))).v; })
        .Case<math::IsNaNOp>([&](auto) { return (num(x) != num(x)).v; })
        .Case<math::IsInfOp>([&](auto) { return (abs(num(x)) == std::numeric_limits<double>::infinity()).v; })
        .Case<math::IsFiniteOp>([&](auto) { return (abs(num(x)) < std::numeric_limits<double>::infinity()).v; })
        .Case<math::FmaOp, vector::FMAOp>(
            [&](Operation *o) { return fused ? Value() : (num(x) * num(o->getOperand(1)) + num(o->getOperand(2))).v; })
        .Case<math::PowFOp>([&](Operation *o) { return pow(x, o->getOperand(1)); })
        .Case<math::FloorOp>([&](auto) { return rounds ? Value() : expandFloor(num(x)).v; })
        .Case<math::CeilOp>([&](auto) { return rounds ? Value() : expandCeil(num(x)).v; })
        .Case<math::TruncOp>([&](auto) { return rounds ? Value() : expandTrunc(num(x)).v; })
        .Case<math::RoundEvenOp>([&](auto) { return rounds ? Value() : expandRoundEven(num(x)).v; })
        .Default([](auto) { return Value(); });
  }

  Value expandF32(Operation *op) {
    Value x = op->getOperand(0);
    using Function = Num (*)(Num);
    Function function = llvm::TypeSwitch<Operation *, Function>(op)
                            .Case<math::ExpOp>([](auto) { return expandExp; })
                            .Case<math::Exp2Op>([](auto) { return expandExp2; })
                            .Case<math::ExpM1Op>([](auto) { return expandExpm1; })
                            .Case<math::LogOp>([](auto) { return expandLog; })
                            .Case<math::Log1pOp>([](auto) { return expandLog1p; })
                            .Case<math::ErfOp>([](auto) { return expandErf; })
                            .Case<math::ErfcOp>([](auto) { return expandErfc; })
                            .Case<math::TanhOp>([](auto) { return expandTanh; })
                            .Case<math::SinhOp>([](auto) { return expandSinh; })
                            .Case<math::CoshOp>([](auto) { return expandCosh; })
                            .Case<math::AsinhOp>([](auto) { return expandAsinh; })
                            .Case<math::AcoshOp>([](auto) { return expandAcosh; })
                            .Case<math::AtanhOp>([](auto) { return expandAtanh; })
                            .Case<math::AsinOp>([](auto) { return expandAsin; })
                            .Case<math::AcosOp>([](auto) { return expandAcos; })
                            .Case<math::AtanOp>([](auto) { return expandAtan; })
                            .Default([](auto) { return nullptr; });
    if (function)
      return function(num(x)).v;
    if (isa<math::SinOp>(op))
      return angle("sin", x, expandSin);
    if (isa<math::CosOp>(op))
      return angle("cos", x, expandCos);
    if (isa<math::TanOp>(op))
      return angle("tan", x, expandTan);
    return {};
  }

  void expand(Operation *op) {
    Value result = expandAny(op);
    Type element = getElementTypeOrSelf(op->getOperand(0));
    if (!result && element.isF32())
      result = expandF32(op);
    StringRef name = libmName(op);
    if (!result && !name.empty())
      result = callLibm(name, op->getOperands());
    if (!result)
      return;
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }
};

struct ExpandMathPass : impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    kernel::TargetAttr target = kernel::TargetAttr::of(module);
    SmallVector<Operation *> ops;
    module->walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()) || isa<vector::FMAOp, arith::RemFOp>(op))
        ops.push_back(op);
    });
    bool avx512 = target.getLanes() == 16 && llvm::Triple(target.getTriple()).isX86();
    for (Operation *op : ops)
      Expander{ImplicitLocOpBuilder(op->getLoc(), op), symbols, target.hasFma(), target.hasFma(), avx512}.expand(op);
  }
};

} // namespace
} // namespace nncc
