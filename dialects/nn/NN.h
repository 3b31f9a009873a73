// The nn dialect: what is computed, on ranked tensors, without layout or target.
#pragma once
#include "dialects/nn/Formulas.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <array>
#include <atomic>
namespace nncc::nn {
// The defaults of PermuteInterface; see there.
mlir::FailureOr<llvm::SmallVector<int64_t>> permuteLikeElementwise(mlir::Operation *op, llvm::ArrayRef<int64_t> perm);
mlir::FailureOr<llvm::SmallVector<int64_t>> permuteLikeElementwise(mlir::Operation *op, unsigned operand,
                                                                   llvm::ArrayRef<int64_t> perm);
} // namespace nncc::nn
// Generated code, in the order in which its parts need each other.
#include "dialects/nn/NNDialect.h.inc"
#include "dialects/nn/NNEnums.h.inc"
#include "dialects/nn/NNInterfaces.h.inc"

namespace nncc::nn {
inline mlir::RankedTensorType typeOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }
inline bool isUnsignedOrBool(mlir::Type element) { return element.isUnsignedInteger() || element.isInteger(1); }

// The type in which elements are computed: signless integers, everything else as it is.
mlir::Type computationType(mlir::Type element);

//===-- Elementwise ops -----------------------------------------------------------------------------------------===//

// Row-major offset in a constant of shape `shape`, broadcast by numpy's rule, of element `linear` of `result`.
int64_t broadcastOffset(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> result, int64_t linear);
// The type to which the operands broadcast, with the last one's element type or bool.
mlir::LogicalResult inferBroadcast(std::optional<mlir::Location> loc, mlir::ValueRange operands, bool isPredicate,
                                   llvm::SmallVectorImpl<mlir::Type> &types);
// Operands of one element type, but for the condition of `where`.
mlir::LogicalResult verifyElementwise(mlir::Operation *op);
// Whether a folder may compute the elements of `type`: they are few, and so were those before.
bool mayFold(mlir::RankedTensorType type);
// The constant whose elements are `evaluate` of the operands' elements; null where one is no small constant.
mlir::OpFoldResult foldElementwise(mlir::Type type, llvm::ArrayRef<mlir::Attribute> operands,
                                   llvm::function_ref<Number(llvm::ArrayRef<Number>)> evaluate);

template <size_t N, class S, class F> auto applyFormula(const std::array<S, N> &args, F f) {
  return std::apply(f, args);
}

template <size_t Operands, size_t Params, class F>
mlir::Value buildFormula(mlir::OpBuilder &b, mlir::Location loc, mlir::Operation *op, mlir::ValueRange args,
                         std::array<double, Params> params, F f) {
  mlir::ImplicitLocOpBuilder ib(loc, b);
  std::array<Scalar, Operands + Params> s;
  for (size_t i = 0; i < Operands; i++) {
    mlir::Type element = mlir::getElementTypeOrSelf(op->getOperand(i));
    s[i] = {&ib, args[i], isUnsignedOrBool(element)};
  }
  for (size_t i = 0; i < Params; i++)
    s[Operands + i] = s[0].like(params[i]);
  return applyFormula(s, f).v;
}

template <size_t Operands, size_t Params, class F>
mlir::OpFoldResult foldFormula(mlir::Type type, llvm::ArrayRef<mlir::Attribute> operands,
                               std::array<double, Params> params, F f) {
  return foldElementwise(type, operands, [&](llvm::ArrayRef<Number> args) {
    std::array<Number, Operands + Params> s;
    for (size_t i = 0; i < Operands; i++)
      s[i] = args[i];
    for (size_t i = 0; i < Params; i++)
      s[Operands + i] = s[0].like(params[i]);
    return applyFormula(s, f);
  });
}

//===-- Epilogues -----------------------------------------------------------------------------------------------===//

// Spelt `epilogue(%acc: f32, %b: f32 = %bias : tensor<64xf32>) { ... }`; nothing for the identity, whose element type
// is that of `result`, the op's result or destination.
mlir::ParseResult parseEpilogue(mlir::OpAsmParser &p, mlir::Type result,
                                llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &extras,
                                llvm::SmallVectorImpl<mlir::Type> &types, mlir::Region &region);
void printEpilogue(mlir::OpAsmPrinter &p, mlir::Operation *op, mlir::Type result, mlir::ValueRange extras,
                   mlir::TypeRange types, mlir::Region &region);
// The block fits the extra operands, which broadcast to the result, and yields the result's computation type.
mlir::LogicalResult verifyEpilogue(mlir::Operation *op, mlir::ValueRange extras, mlir::ShapedType result,
                                   mlir::Region &region);
// Fills an empty region with the block that yields the accumulator, of the given computation type.
void makeIdentityEpilogue(mlir::Region &region, mlir::Type element, mlir::Location loc);
// Whether the region yields the accumulator as it is.
bool isIdentityEpilogue(mlir::Region &region);
// Whether shaped types agree one by one, whatever their element types.
bool haveSameShape(mlir::TypeRange x, mlir::TypeRange y);
} // namespace nncc::nn

#define GET_OP_CLASSES
#include "dialects/nn/NNOps.h.inc"
