// What passes know of ops without knowing them: that one computes each element from a formula, ends in a region over its
// accumulator, or can follow a permutation of its dimensions.
#ifndef NN_INTERFACES
#define NN_INTERFACES
include "mlir/IR/OpBase.td"

// Implemented by every elementwise op from its formula; fusion, lowering and folding know nothing else about such an op.
def NN_ElementwiseInterface : OpInterface<"ElementwiseInterface"> {
  let cppNamespace = "::nncc::nn";
  let methods = [
    InterfaceMethod<[{
      Builds the formula on `args`, which are all scalars or all vectors of the operands' computation types (signless
      integers, i1 for bool); returns a value of the result's computation type.}],
      "::mlir::Value", "buildFormula",
      (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc, "::mlir::ValueRange":$args)>,
  ];
}

// Implemented by every contraction: a region over the accumulator and one scalar per extra operand.
def NN_EpilogueInterface : OpInterface<"EpilogueInterface"> {
  let cppNamespace = "::nncc::nn";
  let methods = [
    InterfaceMethod<"Extra operands, broadcast to the result by numpy's rule.",
                    "::mlir::MutableOperandRange", "getExtrasMutable">,
    InterfaceMethod<"One block (accumulator, one scalar per extra) that ends in nn.yield.",
                    "::mlir::Region &", "getEpilogue">,
  ];
}

// Implemented by ops with one result that compute transpose(result) from transposed operands: moving a transpose through
// such an op is one clone. A permutation is one of nn.transpose; an empty one leaves the operand as it is; an operand of
// lower rank than its permutation gets leading dimensions of 1 first. The defaults are those of an elementwise op.
def NN_PermuteInterface : OpInterface<"PermuteInterface"> {
  let cppNamespace = "::nncc::nn";
  let methods = [
    InterfaceMethod<[{
      The permutation of the result that goes with operand `i` permuted by `perm`; failure where there is none.}],
      "::mlir::FailureOr<::llvm::SmallVector<int64_t>>", "permuteResult",
      (ins "unsigned":$i, "::llvm::ArrayRef<int64_t>":$perm), "",
      "return ::nncc::nn::permuteLikeElementwise($_op, perm);">,
    InterfaceMethod<"The permutation of operand `i` that goes with the result permuted by `perm`, or failure.",
      "::mlir::FailureOr<::llvm::SmallVector<int64_t>>", "permuteOperand",
      (ins "unsigned":$i, "::llvm::ArrayRef<int64_t>":$perm), "",
      "return ::nncc::nn::permuteLikeElementwise($_op, i, perm);">,
    InterfaceMethod<"Sets the attributes for operand 0 and the result permuted by `operand` and `perm`.",
      "void", "permuteAttributes",
      (ins "::llvm::ArrayRef<int64_t>":$operand, "::llvm::ArrayRef<int64_t>":$perm), "", "(void)operand;">,
  ];
}
#endif
