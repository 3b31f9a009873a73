// What every op of the nn dialect is made of.
#ifndef NN_BASE
#define NN_BASE
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/nn/NNEnums.td"
include "dialects/nn/NNInterfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::nncc::nn";
  let summary = "what is computed, on ranked tensors, without layout or target";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// Whether a folder may compute so many elements more: a few always, as shapes need them; of others there is a
    /// total for each context, so that a chain of constants takes neither the time nor the memory of its length.
    bool mayFold(int64_t elements);

  private:
    std::atomic<int64_t> folded{0};
  }];
}

// The model's own element types: floats, integers with a sign, i1 for bool.
def NN_Float : AnyTypeOf<[F32, F64]>;
def NN_Integer : AnyTypeOf<[SI8, SI16, SI32, SI64, UI8, UI16, UI32, UI64]>;
def NN_Bool : TypeAlias<I1, "bool">;
def NN_Number : AnyTypeOf<[NN_Float, NN_Integer]>;
def NN_Element : AnyTypeOf<[NN_Float, NN_Integer, NN_Bool]>;
def NN_Tensor : RankedTensorOf<[NN_Element]>;
def NN_NumberTensor : RankedTensorOf<[NN_Number]>;
def NN_FloatTensor : RankedTensorOf<[NN_Float]>;
def NN_IntegerTensor : RankedTensorOf<[NN_Integer]>;
def NN_BoolTensor : RankedTensorOf<[NN_Bool]>;
// What has bits: bool, and integers bit by bit.
def NN_BitsTensor : RankedTensorOf<[NN_Integer, NN_Bool]>;
def NN_IndexTensor : RankedTensorOf<[SI64, SI32]>;

class NN_Op<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic, traits>;

// An op with one result whose type follows from operands and attributes.
class NN_PureOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, [Pure, InferTypeOpAdaptor] # traits> {
  let results = (outs NN_Tensor:$result);
}

// Permuted by giving attributes that name dimensions their new numbers, and by a mapping of the op's own.
defvar NN_Permutes = DeclareOpInterfaceMethods<NN_PermuteInterface, ["permuteAttributes"]>;
defvar NN_PermutesShape = DeclareOpInterfaceMethods<NN_PermuteInterface, ["permuteResult", "permuteOperand"]>;
defvar NN_PermutesAll = DeclareOpInterfaceMethods<NN_PermuteInterface, ["permuteResult", "permuteOperand",
                                                                        "permuteAttributes"]>;
#endif
