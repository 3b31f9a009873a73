// Ops that move elements, ops with data-dependent addresses, and the checks that guard them.
#ifndef NN_MOVEMENT
#define NN_MOVEMENT
include "dialects/nn/NNBase.td"


def NN_ReshapeOp : NN_Op<"reshape", [Pure, NN_PermutesShape]> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasVerifier = 1;
}
def NN_TransposeOp : NN_PureOp<"transpose"> {
  let summary = "result dimension d is dimension perm[d] of x";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$perm);
  let assemblyFormat = "$x `perm` $perm attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def NN_BroadcastOp : NN_Op<"broadcast", [Pure, NN_PermuteInterface]> {
  let summary = "repeats x along its dimensions of 1 and in front, by numpy's rule";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasVerifier = 1;
}
def NN_SliceOp : NN_PureOp<"slice", [NN_Permutes]> {
  let summary = "sizes[d] elements from starts[d] on, steps[d] >= 1 apart";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$steps);
  let assemblyFormat = "$x `starts` $starts `sizes` $sizes `steps` $steps attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def NN_ConcatOp : NN_PureOp<"concat", [NN_Permutes]> {
  let arguments = (ins Variadic<NN_Tensor>:$xs, I64Attr:$axis);
  let assemblyFormat = "$xs `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def NN_PadOp : NN_PureOp<"pad", [NN_Permutes]> {
  let summary = "x with low[d] and high[d] >= 0 elements of `value` (a scalar tensor) before and after";
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let assemblyFormat = "$x `,` $value `low` $low `high` $high attr-dict `:` functional-type(operands, results)";
}
def NN_IotaOp : NN_Op<"iota", [Pure]> {
  let summary = "the index along axis";
  let arguments = (ins I64Attr:$axis);
  let results = (outs NN_NumberTensor:$result);
  let assemblyFormat = "`axis` $axis attr-dict `:` type($result)";
  let hasFolder = 1;
}

// Between control flow's scalars and the tensors that a model computes with.
def NN_FromScalarOp : NN_Op<"from_scalar", [Pure]> {
  let summary = "an index as a tensor of one integer, or an i1 as a tensor of one bool";
  let arguments = (ins AnyTypeOf<[Index, I1]>:$value);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def NN_ToScalarOp : NN_Op<"to_scalar", [Pure]> {
  let summary = "the one element of a tensor: an integer as an index, a bool as an i1";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs AnyTypeOf<[Index, I1]>:$value);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

// Indices are si32 or si64; negative ones count from the end. What is out of range is clamped: nn.check_index tells.
def NN_GatherOp : NN_PureOp<"gather", [NN_PermutesAll]> {
  let summary = "result[a..., i..., b...] = x[a..., indices[i...], b...]";
  let arguments = (ins NN_Tensor:$x, NN_IndexTensor:$indices, I64Attr:$axis);
  let assemblyFormat = "$x `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def NN_GatherElementsOp : NN_PureOp<"gather_elements"> {
  let summary = "result[..., i, ...] = x[..., indices[..., i, ...], ...]";
  let arguments = (ins NN_Tensor:$x, NN_IndexTensor:$indices, I64Attr:$axis);
  let assemblyFormat = "$x `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def NN_GatherNDOp : NN_PureOp<"gather_nd"> {
  let summary = "result[b..., i..., r...] = x[b..., indices[b..., i..., :]..., r...]";
  let arguments = (ins NN_Tensor:$x, NN_IndexTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batchDims);
  let assemblyFormat = "$x `,` $indices attr-dict `:` functional-type(operands, results)";
}
def NN_ScatterElementsOp : NN_PureOp<"scatter_elements"> {
  let summary = "x with updates combined in at [..., indices[..., i, ...], ...], in row-major order of the updates";
  let arguments = (ins NN_Tensor:$x, NN_IndexTensor:$indices, NN_Tensor:$updates, I64Attr:$axis,
                       DefaultValuedAttr<NN_ScatterKind, "::nncc::nn::ScatterKind::none">:$kind);
  let assemblyFormat = "$x `,` $indices `,` $updates `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def NN_ScatterNDOp : NN_PureOp<"scatter_nd"> {
  let summary = "x with slices of updates combined in at [indices[i..., :]..., r...], in row-major order";
  let arguments = (ins NN_Tensor:$x, NN_IndexTensor:$indices, NN_Tensor:$updates,
                       DefaultValuedAttr<NN_ScatterKind, "::nncc::nn::ScatterKind::none">:$kind);
  let assemblyFormat = "$x `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
}
def NN_CumSumOp : NN_PureOp<"cumsum", [NN_Permutes]> {
  let arguments = (ins NN_NumberTensor:$x, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let assemblyFormat = "$x `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def NN_TopKOp : NN_Op<"topk", [Pure, InferTypeOpAdaptor]> {
  let summary = "the k largest (smallest) elements along axis in order, and their si64 indices; of equals the first";
  let arguments = (ins NN_NumberTensor:$x, I64Attr:$k, I64Attr:$axis, UnitAttr:$smallest);
  let results = (outs NN_NumberTensor:$values, NN_IndexTensor:$indices);
  let assemblyFormat = "$x `k` $k `axis` $axis attr-dict `:` functional-type(operands, results)";
}

// What can go wrong with values at run time only. `status` keeps the first code that is stored.
class NN_Check<string mnemonic> : NN_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]>;
def NN_CheckIndexOp : NN_Check<"check_index"> {
  let summary = "stores NNCC_E_INDEX unless -extents[d] <= indices[..., d] < extents[d]";
  let description = [{One extent holds for all elements; several for the entries of the last dimension.}];
  let arguments = (ins NN_IndexTensor:$indices, MemRefRankOf<[I32], [0]>:$status, DenseI64ArrayAttr:$extents);
  let assemblyFormat = "$indices `extents` $extents `status` $status attr-dict `:` type($indices) `,` type($status)";
}
def NN_CheckValueOp : NN_Check<"check_value"> {
  let summary = "stores NNCC_E_SHAPE unless the elements of value are the expected ones";
  let arguments = (ins NN_IntegerTensor:$value, MemRefRankOf<[I32], [0]>:$status, DenseI64ArrayAttr:$expected);
  let assemblyFormat = "$value `expected` $expected `status` $status attr-dict `:` type($value) `,` type($status)";
}
def NN_TrapOp : NN_Check<"trap"> {
  let summary = "stores NNCC_E_BRANCH: this branch cannot be computed for the given shapes, for `reason`";
  let arguments = (ins MemRefRankOf<[I32], [0]>:$status, StrAttr:$reason);
  let assemblyFormat = "$reason `status` $status attr-dict `:` type($status)";
}
#endif
