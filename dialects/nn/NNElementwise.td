// Elementwise ops: one line each. A formula is C++ over the operands' and parameters' names; it is compiled for Scalar
// (builds arith and math ops on scalars or vectors) and for Number (constant folding): see Scalar.h and Formulas.h.
#ifndef NN_ELEMENTWISE
#define NN_ELEMENTWISE
include "dialects/nn/NNBase.td"

// Operands broadcast by numpy's rule and have one element type, but for `where`, whose first is bool. The result has the
// last operand's element type, or bool.
class NN_Elementwise<string mnemonic, TypeConstraint type, list<string> names, string formula, list<string> params = [],
                     bit isPredicate = 0>
    : NN_Op<mnemonic, [Pure, InferTypeOpAdaptor, NN_PermuteInterface, DeclareOpInterfaceMethods<NN_ElementwiseInterface>]> {
  let summary = formula;
  let arguments = !con(!dag(ins, !listsplat(type, !size(names)), names),
                       !dag(ins, !listsplat(F64Attr, !size(params)), params));
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = !interleave(!foreach(n, names, "$" # n), " `,` ") #
                       " attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasVerifier = 1;
  defvar parameters = !interleave(!foreach(n, names # params, "[[maybe_unused]] S " # n), ", ");
  defvar values = !interleave(!foreach(p, params, "get" # !toupper(!substr(p, 0, 1)) # !substr(p, 1) #
                                                   "().convertToDouble()"), ", ");
  defvar counts = !size(names) # ", " # !size(params);
  let extraClassDeclaration = "template <class S> static auto formula(" # parameters #
                              ") { using namespace ::nncc::nn::formulas; return " # formula # "; }";
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::buildFormula(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::ValueRange args) {
      return ::nncc::nn::buildFormula<}] # counts # [{>(b, loc, *this, args, {}] # values #
        [{}, [](auto... s) { return formula(s...); });
    }
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
      return ::nncc::nn::foldFormula<}] # counts # [{>(getType(), adaptor.getOperands(), {}] # values #
        [{}, [](auto... s) { return formula(s...); });
    }
    ::llvm::LogicalResult $cppClass::verify() { return ::nncc::nn::verifyElementwise(*this); }
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> loc,
                                                      Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::nncc::nn::inferBroadcast(loc, adaptor.getOperands(), }] # isPredicate # [{, types);
    }
  }];
}
class NN_Predicate<string mnemonic, TypeConstraint type, list<string> names, string formula, list<string> params = []>
    : NN_Elementwise<mnemonic, type, names, formula, params, 1>;

// Arithmetic.
def NN_AddOp : NN_Elementwise<"add", NN_NumberTensor, ["x", "y"], "x + y">;
def NN_SubOp : NN_Elementwise<"sub", NN_NumberTensor, ["x", "y"], "x - y">;
def NN_MulOp : NN_Elementwise<"mul", NN_NumberTensor, ["x", "y"], "x * y">;
def NN_DivOp : NN_Elementwise<"div", NN_NumberTensor, ["x", "y"], "x / y">;
def NN_ModOp : NN_Elementwise<"mod", NN_NumberTensor, ["x", "y"], "mod(x, y)">;
def NN_FmodOp : NN_Elementwise<"fmod", NN_NumberTensor, ["x", "y"], "fmod(x, y)">;
def NN_PowOp : NN_Elementwise<"pow", NN_FloatTensor, ["x", "y"], "pow(x, y)">;
def NN_MaxOp : NN_Elementwise<"max", NN_NumberTensor, ["x", "y"], "max(x, y)">;
def NN_MinOp : NN_Elementwise<"min", NN_NumberTensor, ["x", "y"], "min(x, y)">;
def NN_NegOp : NN_Elementwise<"neg", NN_NumberTensor, ["x"], "-x">;
def NN_AbsOp : NN_Elementwise<"abs", NN_NumberTensor, ["x"], "abs(x)">;
def NN_SignOp : NN_Elementwise<"sign", NN_NumberTensor, ["x"], "sign(x)">;
def NN_ReciprocalOp : NN_Elementwise<"reciprocal", NN_FloatTensor, ["x"], "1 / x">;
def NN_SqrtOp : NN_Elementwise<"sqrt", NN_FloatTensor, ["x"], "sqrt(x)">;
def NN_FloorOp : NN_Elementwise<"floor", NN_FloatTensor, ["x"], "floor(x)">;
def NN_CeilOp : NN_Elementwise<"ceil", NN_FloatTensor, ["x"], "ceil(x)">;
def NN_RoundOp : NN_Elementwise<"round", NN_FloatTensor, ["x"], "round(x)">;
// low and high are no NaN: clip(NaN) is NaN.
def NN_ClipOp : NN_Elementwise<"clip", NN_NumberTensor, ["x", "low", "high"], "atMost(atLeast(x, low), high)">;

// Transcendental functions.
def NN_ExpOp : NN_Elementwise<"exp", NN_FloatTensor, ["x"], "exp(x)">;
def NN_LogOp : NN_Elementwise<"log", NN_FloatTensor, ["x"], "log(x)">;
def NN_ErfOp : NN_Elementwise<"erf", NN_FloatTensor, ["x"], "erf(x)">;
def NN_SinOp : NN_Elementwise<"sin", NN_FloatTensor, ["x"], "sin(x)">;
def NN_CosOp : NN_Elementwise<"cos", NN_FloatTensor, ["x"], "cos(x)">;
def NN_TanOp : NN_Elementwise<"tan", NN_FloatTensor, ["x"], "tan(x)">;
def NN_AsinOp : NN_Elementwise<"asin", NN_FloatTensor, ["x"], "asin(x)">;
def NN_AcosOp : NN_Elementwise<"acos", NN_FloatTensor, ["x"], "acos(x)">;
def NN_AtanOp : NN_Elementwise<"atan", NN_FloatTensor, ["x"], "atan(x)">;
def NN_SinhOp : NN_Elementwise<"sinh", NN_FloatTensor, ["x"], "sinh(x)">;
def NN_CoshOp : NN_Elementwise<"cosh", NN_FloatTensor, ["x"], "cosh(x)">;
def NN_TanhOp : NN_Elementwise<"tanh", NN_FloatTensor, ["x"], "tanh(x)">;
def NN_AsinhOp : NN_Elementwise<"asinh", NN_FloatTensor, ["x"], "asinh(x)">;
def NN_AcoshOp : NN_Elementwise<"acosh", NN_FloatTensor, ["x"], "acosh(x)">;
def NN_AtanhOp : NN_Elementwise<"atanh", NN_FloatTensor, ["x"], "atanh(x)">;

// Activations.
def NN_ReluOp : NN_Elementwise<"relu", NN_NumberTensor, ["x"], "atLeast(x, 0)">;
def NN_LeakyReluOp : NN_Elementwise<"leaky_relu", NN_FloatTensor, ["x"], "select(x < 0, x * alpha, x)", ["alpha"]>;
def NN_PReluOp : NN_Elementwise<"prelu", NN_NumberTensor, ["x", "slope"], "select(x < 0, x * slope, x)">;
def NN_EluOp : NN_Elementwise<"elu", NN_FloatTensor, ["x"], "select(x < 0, alpha * expm1(x), x)", ["alpha"]>;
def NN_SeluOp : NN_Elementwise<"selu", NN_FloatTensor, ["x"], "gamma * select(x < 0, alpha * expm1(x), x)",
                               ["alpha", "gamma"]>;
def NN_CeluOp : NN_Elementwise<"celu", NN_FloatTensor, ["x"], "select(x < 0, alpha * expm1(x / alpha), x)", ["alpha"]>;
def NN_ThresholdedReluOp : NN_Elementwise<"thresholded_relu", NN_FloatTensor, ["x"], "select(x <= alpha, x.like(0), x)",
                                          ["alpha"]>;
def NN_ShrinkOp : NN_Elementwise<"shrink", NN_FloatTensor, ["x"],
                                 "select(x < -lambd, x + bias, select(x > lambd, x - bias, x.like(0)))",
                                 ["lambd", "bias"]>;
def NN_SigmoidOp : NN_Elementwise<"sigmoid", NN_FloatTensor, ["x"], "sigmoid(x)">;
def NN_SiluOp : NN_Elementwise<"silu", NN_FloatTensor, ["x"], "x * sigmoid(x)">;
def NN_HardSigmoidOp : NN_Elementwise<"hard_sigmoid", NN_FloatTensor, ["x"],
                                      "atMost(atLeast(x * alpha + beta, 0), 1)", ["alpha", "beta"]>;
def NN_HardSwishOp : NN_Elementwise<"hard_swish", NN_FloatTensor, ["x"],
                                    "x * atMost(atLeast(x * (1.0 / 6) + 0.5, 0), 1)">;
def NN_SoftplusOp : NN_Elementwise<"softplus", NN_FloatTensor, ["x"], "softplus(x)">;
def NN_SoftsignOp : NN_Elementwise<"softsign", NN_FloatTensor, ["x"], "x / (1 + abs(x))">;
def NN_MishOp : NN_Elementwise<"mish", NN_FloatTensor, ["x"], "x * tanh(softplus(x))">;
def NN_GeluOp : NN_Elementwise<"gelu", NN_FloatTensor, ["x"], "gelu(x)">;
def NN_GeluTanhOp : NN_Elementwise<"gelu_tanh", NN_FloatTensor, ["x"], "geluTanh(x)">;

// Predicates, logic, bits.
def NN_EqualOp : NN_Predicate<"equal", NN_Tensor, ["x", "y"], "x == y">;
def NN_LessOp : NN_Predicate<"less", NN_NumberTensor, ["x", "y"], "x < y">;
def NN_LessOrEqualOp : NN_Predicate<"less_or_equal", NN_NumberTensor, ["x", "y"], "x <= y">;
def NN_GreaterOp : NN_Predicate<"greater", NN_NumberTensor, ["x", "y"], "x > y">;
def NN_GreaterOrEqualOp : NN_Predicate<"greater_or_equal", NN_NumberTensor, ["x", "y"], "x >= y">;
def NN_IsNanOp : NN_Predicate<"is_nan", NN_FloatTensor, ["x"], "isNan(x)">;
def NN_IsInfOp : NN_Predicate<"is_inf", NN_FloatTensor, ["x"], "isInf(x, negative, positive)", ["negative", "positive"]>;
// On bool and, bit by bit, on integers.
def NN_AndOp : NN_Elementwise<"and", NN_BitsTensor, ["x", "y"], "x & y">;
def NN_OrOp : NN_Elementwise<"or", NN_BitsTensor, ["x", "y"], "x | y">;
def NN_XorOp : NN_Elementwise<"xor", NN_BitsTensor, ["x", "y"], "x ^ y">;
def NN_NotOp : NN_Elementwise<"not", NN_BitsTensor, ["x"], "~x">;
def NN_ShiftLeftOp : NN_Elementwise<"shift_left", NN_IntegerTensor, ["x", "y"], "shiftLeft(x, y)">;
def NN_ShiftRightOp : NN_Elementwise<"shift_right", NN_IntegerTensor, ["x", "y"], "shiftRight(x, y)">;
def NN_WhereOp : NN_Elementwise<"where", NN_Tensor, ["condition", "x", "y"], "select(condition, x, y)">;

// The one elementwise op whose formula depends on its result's type.
def NN_CastOp : NN_Op<"cast", [Pure, NN_PermuteInterface, DeclareOpInterfaceMethods<NN_ElementwiseInterface>,
                               SameOperandsAndResultShape]> {
  let summary = "the nearest value of another element type; out of range saturates, NaN becomes 0, bool is x != 0";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
#endif
