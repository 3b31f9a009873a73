// Pools, reductions, normalisations, attention and recurrent layers.
#ifndef NN_REDUCTIONS
#define NN_REDUCTIONS
include "dialects/nn/NNBase.td"


// x is [N, spatial..., C]. `ceil`: the last window may reach beyond the padding, as ONNX's ceil_mode says.
def NN_PoolOp : NN_PureOp<"pool"> {
  let summary = "the maximum, mean or p-norm of each window; an average counts padding only with countPad";
  let arguments = (ins NN_NumberTensor:$x, NN_PoolKind:$kind, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, UnitAttr:$ceil, UnitAttr:$countPad,
                       DefaultValuedAttr<I64Attr, "2">:$p);
  let assemblyFormat = [{$kind $x `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations attr-dict
                         `:` functional-type(operands, results)}];
}
def NN_PoolIndexOp : NN_PureOp<"pool_index"> {
  let summary = "where the maximum of each window lies: offset in the whole [N, C, spatial...] tensor";
  let description = [{`columnMajor`: spatial offsets count the first spatial dimension fastest.}];
  let arguments = (ins NN_NumberTensor:$x, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, UnitAttr:$ceil, UnitAttr:$columnMajor);
  let assemblyFormat = [{$x `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations attr-dict
                         `:` functional-type(operands, results)}];
}

def NN_ReduceOp : NN_PureOp<"reduce", [NN_Permutes]> {
  let summary = "combines along axes, which stay as dimensions of 1";
  let arguments = (ins NN_NumberTensor:$x, NN_ReduceKind:$kind, DenseI64ArrayAttr:$axes);
  let assemblyFormat = "$kind $x `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasVerifier = 1;
}
def NN_ArgReduceOp : NN_PureOp<"arg_reduce", [NN_Permutes]> {
  let summary = "si64 index of the smallest or largest element along axis, which stays as a dimension of 1";
  let arguments = (ins NN_NumberTensor:$x, NN_ReduceKind:$kind, I64Attr:$axis, UnitAttr:$last);
  let assemblyFormat = "$kind $x `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def NN_SoftmaxOp : NN_PureOp<"softmax", [NN_Permutes]> {
  let summary = "exp(x - max) / sum(exp(x - max)) along axis; its logarithm with `log`";
  let arguments = (ins NN_FloatTensor:$x, I64Attr:$axis, UnitAttr:$log);
  let assemblyFormat = "$x `axis` $axis attr-dict `:` functional-type(operands, results)";
}
// Scale and bias broadcast to x; both or none or scale alone.
def NN_NormOp : NN_PureOp<"norm", [NN_Permutes]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias over axes; with `rms`: x / sqrt(mean(x^2) + epsilon)";
  let arguments = (ins NN_FloatTensor:$x, Variadic<NN_FloatTensor>:$affine, DenseI64ArrayAttr:$axes, F64Attr:$epsilon,
                       UnitAttr:$rms);
  let assemblyFormat = "operands `axes` $axes `epsilon` $epsilon attr-dict `:` functional-type(operands, results)";
}

// q is [B, S, H, D] or, heads first, [B, H, S, D]; k and v have H / n heads. The mask is added to the scores
// [B, H, Sq, Sk] by numpy's rule. The result is laid out as q unless resultHeadsFirst differs.
def NN_AttentionOp : NN_PureOp<"attention"> {
  let summary = "softmax(scale * q k^T + mask) v for each head";
  let arguments = (ins NN_FloatTensor:$q, NN_FloatTensor:$k, NN_FloatTensor:$v, Optional<NN_FloatTensor>:$mask,
                       F64Attr:$scale, UnitAttr:$causal, UnitAttr:$qHeadsFirst, UnitAttr:$kHeadsFirst,
                       UnitAttr:$vHeadsFirst, UnitAttr:$resultHeadsFirst);
  let assemblyFormat = "$q `,` $k `,` $v (`mask` $mask^)? `scale` $scale attr-dict `:` functional-type(operands, results)";
}

// x [T, B, I]; w [D, G * H, I]; r [D, G * H, H]; bias [D, G * H] of input and state together, but for a GRU with
// linearBeforeReset the state's part of its last gate is hiddenBias [D, H]; lengths [B]; h, c [D, B, H]; peepholes
// [D, 3 * H]; gates in ONNX's order. y [T, D, B, H]; yh, yc [D, B, H].
def NN_RecurrentOp : NN_Op<"recurrent", [Pure, InferTypeOpAdaptor, AttrSizedOperandSegments]> {
  let summary = "an RNN, GRU or LSTM layer over all steps, as ONNX defines it with layout 0";
  let arguments = (ins NN_FloatTensor:$x, NN_FloatTensor:$w, NN_FloatTensor:$r, Optional<NN_FloatTensor>:$bias,
                       Optional<NN_FloatTensor>:$hiddenBias, Optional<RankedTensorOf<[SI32]>>:$lengths, Optional<NN_FloatTensor>:$h,
                       Optional<NN_FloatTensor>:$c, Optional<NN_FloatTensor>:$peepholes,
                       NN_CellKind:$cell, NN_Direction:$direction, StrArrayAttr:$activations, F64ArrayAttr:$alphas,
                       F64ArrayAttr:$betas, OptionalAttr<F64Attr>:$clip, UnitAttr:$inputForget,
                       UnitAttr:$linearBeforeReset);
  let results = (outs NN_FloatTensor:$y, NN_FloatTensor:$yh, NN_FloatTensor:$yc);
  let assemblyFormat = [{$cell $direction $x `,` $w `,` $r (`bias` $bias^)? (`hiddenBias` $hiddenBias^)? (`lengths` $lengths^)? (`h` $h^)?
                         (`c` $c^)? (`peepholes` $peepholes^)? attr-dict `:` functional-type(operands, results)}];
}
#endif
