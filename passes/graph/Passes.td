include "mlir/Pass/PassBase.td"

def RecogniseActivation : Pass<"nncc-recognise-activation"> {
  let summary = "x * gate(x) as exporters spell it => gelu, gelu_tanh, silu, hard_swish; 1 / (1 + exp(-x)) => sigmoid";
  let dependentDialects = ["nn::NNDialect"];
}
def RecogniseNorm : Pass<"nncc-recognise-norm"> {
  let summary = "means, squares and roots => nn.norm; exp(x - max) / sum => nn.softmax";
  let dependentDialects = ["nn::NNDialect"];
}
def RecogniseAttention : Pass<"nncc-recognise-attention"> {
  let summary = "matmul(softmax(matmul(q, k^T) * scale + mask), v) => nn.attention";
  let dependentDialects = ["nn::NNDialect"];
  let options = [Option<"remarks", "remarks", "bool", "false", "say what kept a softmax from being an attention">];
}
def PropagateTransposes : Pass<"nncc-propagate-transposes"> {
  let summary = "op(transpose(x)) <=> transpose(op'(x)), in regions, where that leaves fewer elements to move";
  let dependentDialects = ["nn::NNDialect"];
}
def FoldFlatten : Pass<"nncc-fold-flatten"> {
  let summary = "matmul(reshape(transpose(x)), w) => matmul(reshape(x), w with its rows in x's order), for constant w";
  let dependentDialects = ["nn::NNDialect"];
}
def FoldScales : Pass<"nncc-fold-scales"> {
  let summary = "contraction(x, w) * c + d => contraction(x, w * c) + d, for a constant c with an element per column";
  let dependentDialects = ["nn::NNDialect"];
}
def FoldWeights : Pass<"nncc-fold-weights"> {
  let summary = "movement and exactly rounded arithmetic on constants => constants of any size";
  let dependentDialects = ["nn::NNDialect"];
}
def ScaleWeights : Pass<"nncc-scale-weights"> {
  let summary = "contraction(x * s, w) => contraction(x, w * s), for an s with an element per channel, where w is less";
  let dependentDialects = ["nn::NNDialect", "mlir::arith::ArithDialect"];
  let options = [Option<"remarks", "remarks", "bool", "false", "say what the products cost">];
}
def FuseProjections : Pass<"nncc-fuse-projections"> {
  let summary = "matmul(x, w1), matmul(x, w2), ... before one attention => slices of matmul(x, concat(w1, w2, ...))";
  let dependentDialects = ["nn::NNDialect"];
}
def MergeReshapes : Pass<"nncc-merge-reshapes"> {
  let summary = "reshape(matmul(x, w) + row) => matmul(reshape(x), w) + row, where the last dimension stays";
  let dependentDialects = ["nn::NNDialect"];
}
def FuseEpilogue : Pass<"nncc-fuse-epilogue"> {
  let summary = "e(contraction(x), ...) => contraction(x) with e in its epilogue, for any group e of elementwise ops";
  let dependentDialects = ["nn::NNDialect"];
}
def BroadcastRepeats : Pass<"nncc-broadcast-repeats"> {
  let summary = "e(gather(x, [0, 0, 1, 1, ...]), y) => reshape(e(reshape(x) broadcast, reshape(y))), for elementwise e";
  let dependentDialects = ["nn::NNDialect"];
}
