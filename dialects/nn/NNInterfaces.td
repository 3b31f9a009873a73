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
#endif
