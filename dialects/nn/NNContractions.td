// Contractions: each has an epilogue, a region over the accumulator and one scalar per extra operand, that is computed
// in registers when a tile is stored. IsolatedFromAbove keeps the region's constants inside it.
#ifndef NN_CONTRACTIONS
#define NN_CONTRACTIONS
include "dialects/nn/NNBase.td"

def NN_YieldOp : NN_Op<"yield", [Pure, Terminator]> {
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

class NN_Contraction<string mnemonic>
    : NN_Op<mnemonic, [Pure, IsolatedFromAbove, InferTypeOpAdaptorWithIsCompatible, NN_EpilogueInterface]> {
  let results = (outs NN_Tensor:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::nncc::nn::verifyEpilogue(*this, getExtras(), getType(), getEpilogue());
    }
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange x, ::mlir::TypeRange y) {
      return ::nncc::nn::haveSameShape(x, y); // the element type is what the epilogue yields
    }
  }];
}

def NN_MatmulOp : NN_Contraction<"matmul"> {
  let summary = "result[..., m, n] = epilogue(sum_k x[..., m, k] * w[..., k, n]); leading dimensions broadcast";
  let description = [{`transposeW`: w is [..., n, k].}];
  let arguments = (ins NN_NumberTensor:$x, NN_NumberTensor:$w, Variadic<NN_Tensor>:$extras, UnitAttr:$transposeW);
  let assemblyFormat = [{$x `,` $w attr-dict `:` type($x) `,` type($w) `->` type($result)
                         custom<Epilogue>(ref(type($result)), $extras, type($extras), $epilogue)}];
}

// 1-D to 3-D. x is [N, spatial..., C]; w is [kernel..., C / groups, OC]; pads are all the low ones, then all the high.
def NN_ConvOp : NN_Contraction<"conv"> {
  let summary = "result[n, o, c] = epilogue(sum_{k,i} x[n, o * stride + k * dilation - low, i] * w[k, i, c])";
  let arguments = (ins NN_NumberTensor:$x, NN_NumberTensor:$w, Variadic<NN_Tensor>:$extras,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = [{$x `,` $w `strides` $strides `pads` $pads `dilations` $dilations attr-dict
                         `:` type($x) `,` type($w) `->` type($result)
                         custom<Epilogue>(ref(type($result)), $extras, type($extras), $epilogue)}];
}

// x is [N, spatial..., C]; w is [kernel..., C, OC / groups]; `output` are the result's spatial extents.
def NN_ConvTransposeOp : NN_Contraction<"conv_transpose"> {
  let summary = "result[n, i * stride + k * dilation - low, c] += x[n, i, ic] * w[k, ic, c], then the epilogue";
  let arguments = (ins NN_NumberTensor:$x, NN_NumberTensor:$w, Variadic<NN_Tensor>:$extras,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$lows, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$output, DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = [{$x `,` $w `strides` $strides `lows` $lows `dilations` $dilations `output` $output attr-dict
                         `:` type($x) `,` type($w) `->` type($result)
                         custom<Epilogue>(ref(type($result)), $extras, type($extras), $epilogue)}];
}
#endif
