// The form table: one record for each operator and opset from which on its form (inputs, attributes, meaning) holds; the
// importer takes a name's greatest `since` not above the model's. Forms that differ in details only share a record, and
// their importer asks for the opset.
include "llvm/TableGen/SearchableTable.td"

// `op`: what it becomes (the last op of several); `least` to `most` inputs, of which the first `least` must be given;
// 255, of inputs or outputs, is no limit;
// `importer`: a function LogicalResult importer(Node &) of the family's file.
class Form<string name, int since, string op, int least, int most, string importer, string args = "", int outputs = 1,
           string domain = ""> {
  string Domain = domain;
  string Name = name;
  bits<8> Since = since;
  string Op = op;
  string Args = args;
  bits<8> MinInputs = least;
  bits<8> MaxInputs = most;
  bits<8> MaxOutputs = outputs;
  string Importer = "[](Node &node) { llvm::LogicalResult " # importer # "(Node &); return " # importer # "(node); }";
}
def Forms : GenericTable {
  let FilterClass = "Form";
  let Fields = ["Domain", "Name", "Since", "Op", "Args", "MinInputs", "MaxInputs", "MaxOutputs", "Importer"];
  string TypeOf_Importer = "code";
}

// An elementwise op with as many operands as inputs; `params`: its float attributes and their defaults in ONNX.
class Elementwise<string name, int since, string op, int inputs, string params = "">
    : Form<name, since, "nn." # op, inputs, inputs, "importElementwise", params>;

// An operator that a later opset took away.
class Removed<string name, int since> : Form<name, since, "", 0, 0, ""> {
  let Importer = "nullptr";
}

//===-- Elementwise ---------------------------------------------------------------------------------------------===//

foreach name = ["Add", "Sub", "Mul", "Div", "Equal", "Less", "Greater"] in
  def : Elementwise<name, 7, !tolower(name), 2>;
def : Elementwise<"LessOrEqual", 12, "less_or_equal", 2>;
def : Elementwise<"GreaterOrEqual", 12, "greater_or_equal", 2>;
foreach name = ["Neg", "Abs", "Reciprocal", "Sqrt", "Floor", "Ceil", "Exp", "Log", "Tanh", "Relu", "Sigmoid",
                "Softplus", "Softsign"] in
  def : Elementwise<name, 1, !tolower(name), 1>;
foreach name = ["Sin", "Cos", "Tan", "Asin", "Acos", "Atan"] in
  def : Elementwise<name, 7, !tolower(name), 1>;
foreach name = ["Sign", "Erf", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"] in
  def : Elementwise<name, 9, !tolower(name), 1>;
def : Elementwise<"IsNaN", 9, "is_nan", 1>;
def : Elementwise<"Round", 11, "round", 1>;
def : Elementwise<"HardSwish", 14, "hard_swish", 1>;
def : Elementwise<"Mish", 18, "mish", 1>;
foreach name = ["And", "Or", "Xor"] in {
  def : Form<name, 7, "nn." # !tolower(name), 2, 2, "importLogic", "bool">;
  def : Form<"Bitwise" # name, 18, "nn." # !tolower(name), 2, 2, "importLogic", "integer">;
}
def : Form<"Not", 1, "nn.not", 1, 1, "importLogic", "bool">;
def : Form<"BitwiseNot", 18, "nn.not", 1, 1, "importLogic", "integer">;
foreach form = [["Add", "add"], ["Sub", "sub"], ["Mul", "mul"], ["Div", "div"], ["Pow", "pow"], ["Equal", "equal"],
                ["Less", "less"], ["Greater", "greater"], ["And", "and"], ["Or", "or"], ["Xor", "xor"]] in
  def : Form<form[0], 1, "nn." # form[1], 2, 2, "importLegacyBinary">;
def : Elementwise<"LeakyRelu", 1, "leaky_relu", 1, "alpha=0.01">;
def : Elementwise<"Elu", 1, "elu", 1, "alpha=1">;
def : Elementwise<"Selu", 6, "selu", 1, "alpha=1.67326319217681884765625,gamma=1.05070102214813232421875">;
def : Elementwise<"Celu", 12, "celu", 1, "alpha=1">;
def : Elementwise<"ThresholdedRelu", 10, "thresholded_relu", 1, "alpha=1">;
def : Elementwise<"HardSigmoid", 1, "hard_sigmoid", 1, "alpha=0.2,beta=0.5">;
def : Form<"Shrink", 9, "nn.shrink", 1, 1, "importShrink", "lambd=0.5,bias=0">;
def : Elementwise<"Where", 9, "where", 3>;
def : Form<"PRelu", 1, "nn.prelu", 2, 2, "importPRelu">;
def : Form<"Clip", 1, "nn.clip", 1, 1, "importClip">;
def : Form<"Clip", 11, "nn.clip", 1, 3, "importClip">;
def : Form<"Pow", 7, "nn.pow", 2, 2, "importPow">;
def : Form<"Mod", 10, "nn.mod", 2, 2, "importMod">;
def : Form<"Gelu", 20, "nn.gelu", 1, 1, "importGelu">;
def : Form<"Swish", 24, "nn.silu", 1, 1, "importSwish">;
def : Form<"IsInf", 10, "nn.is_inf", 1, 1, "importIsInf">;
def : Form<"BitShift", 11, "nn.shift_left", 2, 2, "importBitShift">;
def : Form<"Sum", 1, "nn.add", 1, 255, "importVariadic">;
def : Form<"Mean", 1, "nn.add", 1, 255, "importVariadic", "mean">;
def : Form<"Max", 1, "nn.max", 1, 255, "importVariadic">;
def : Form<"Min", 1, "nn.min", 1, 255, "importVariadic">;
def : Form<"Cast", 6, "nn.cast", 1, 1, "importCast">;
def : Form<"CastLike", 15, "nn.cast", 2, 2, "importCastLike">;

//===-- Constants and shapes ------------------------------------------------------------------------------------===//

def : Form<"Constant", 1, "arith.constant", 0, 0, "importConstant">;
def : Form<"ConstantOfShape", 9, "nn.broadcast", 1, 1, "importConstantOfShape">;
def : Form<"Range", 11, "nn.iota", 3, 3, "importRange">;
def : Form<"EyeLike", 9, "nn.equal", 1, 1, "importEyeLike">;
def : Form<"Identity", 1, "", 1, 1, "importIdentity">;
def : Form<"Dropout", 1, "", 1, 1, "importDropout", "", 2>;
def : Form<"Dropout", 12, "", 1, 3, "importDropout", "", 2>;
def : Form<"Shape", 1, "arith.constant", 1, 1, "importShape">;
def : Form<"Size", 1, "arith.constant", 1, 1, "importSize">;
def : Form<"Reshape", 1, "nn.reshape", 1, 1, "importReshape">;
def : Form<"Reshape", 5, "nn.reshape", 2, 2, "importReshape">;
def : Form<"Flatten", 1, "nn.reshape", 1, 1, "importFlatten">;
def : Form<"Squeeze", 1, "nn.reshape", 1, 1, "importSqueeze">;
def : Form<"Squeeze", 13, "nn.reshape", 1, 2, "importSqueeze">;
def : Form<"Unsqueeze", 1, "nn.reshape", 1, 1, "importUnsqueeze">;
def : Form<"Unsqueeze", 13, "nn.reshape", 2, 2, "importUnsqueeze">;

//===-- Movement ------------------------------------------------------------------------------------------------===//

def : Form<"Transpose", 1, "nn.transpose", 1, 1, "importTranspose">;
def : Form<"Concat", 4, "nn.concat", 1, 255, "importConcat">;
def : Form<"Split", 2, "nn.slice", 1, 1, "importSplit", "", 255>;
def : Form<"Split", 13, "nn.slice", 1, 2, "importSplit", "", 255>;
def : Form<"Slice", 1, "nn.slice", 1, 1, "importSlice">;
def : Form<"Slice", 10, "nn.slice", 3, 5, "importSlice">;
def : Form<"Expand", 8, "nn.broadcast", 2, 2, "importExpand">;
def : Form<"Tile", 6, "nn.broadcast", 2, 2, "importTile">;
def : Form<"Pad", 2, "nn.pad", 1, 1, "importPad">;
def : Form<"Pad", 11, "nn.pad", 2, 3, "importPad">;
def : Form<"Pad", 18, "nn.pad", 2, 4, "importPad">;
def : Form<"DepthToSpace", 1, "nn.transpose", 1, 1, "importBlocks", "space">;
def : Form<"SpaceToDepth", 1, "nn.transpose", 1, 1, "importBlocks", "depth">;

def : Form<"Upsample", 7, "nn.gather", 1, 1, "importResize">;
def : Form<"Upsample", 9, "nn.gather", 2, 2, "importResize">;
def : Removed<"Upsample", 10>;
def : Form<"Resize", 10, "nn.gather", 2, 2, "importResize">;
def : Form<"Resize", 11, "nn.gather", 1, 4, "importResize">;

//===-- Addresses and order that depend on data -----------------------------------------------------------------===//

def : Form<"Gather", 1, "nn.gather", 2, 2, "importGather">;
def : Form<"GatherElements", 11, "nn.gather_elements", 2, 2, "importGatherElements">;
def : Form<"GatherND", 11, "nn.gather_nd", 2, 2, "importGatherND">;
def : Form<"Scatter", 9, "nn.scatter_elements", 3, 3, "importScatterElements">;
def : Removed<"Scatter", 11>;
def : Form<"ScatterElements", 11, "nn.scatter_elements", 3, 3, "importScatterElements">;
def : Form<"ScatterND", 11, "nn.scatter_nd", 3, 3, "importScatterND">;
def : Form<"ReverseSequence", 10, "nn.gather_nd", 2, 2, "importReverseSequence">;
def : Form<"Trilu", 14, "nn.where", 1, 2, "importTrilu">;
def : Form<"OneHot", 9, "nn.where", 3, 3, "importOneHot">;
def : Form<"CumSum", 11, "nn.cumsum", 2, 2, "importCumSum">;
def : Form<"TopK", 1, "nn.topk", 1, 1, "importTopK", "", 2>;
def : Form<"TopK", 10, "nn.topk", 2, 2, "importTopK", "", 2>;

//===-- Contractions and pools ----------------------------------------------------------------------------------===//

def : Form<"Conv", 1, "nn.conv", 2, 3, "importConv">;
def : Form<"ConvTranspose", 1, "nn.conv_transpose", 2, 3, "importConvTranspose">;
def : Form<"MatMul", 1, "nn.matmul", 2, 2, "importMatMul">;
def : Form<"Gemm", 1, "nn.matmul", 2, 3, "importGemm">;
def : Form<"MaxPool", 1, "nn.pool", 1, 1, "importPool", "max", 2>;
def : Form<"AveragePool", 1, "nn.pool", 1, 1, "importPool", "average">;
def : Form<"LpPool", 2, "nn.pool", 1, 1, "importPool", "lp">;
def : Form<"GlobalMaxPool", 1, "nn.reduce", 1, 1, "importGlobalPool", "max">;
def : Form<"GlobalAveragePool", 1, "nn.reduce", 1, 1, "importGlobalPool", "average">;
def : Form<"GlobalLpPool", 2, "nn.reduce", 1, 1, "importGlobalPool", "lp">;
def : Form<"Einsum", 12, "nn.matmul", 1, 255, "importEinsum">;

def : Form<"NegativeLogLikelihoodLoss", 12, "nn.reduce", 2, 3, "importNegativeLogLikelihood">;
def : Form<"SoftmaxCrossEntropyLoss", 12, "nn.reduce", 2, 3, "importSoftmaxCrossEntropy", "", 2>;

//===-- Reductions and normalisations ---------------------------------------------------------------------------===//

def : Form<"ReduceSum", 1, "nn.reduce", 1, 1, "importReduce", "Sum">;
def : Form<"ReduceSum", 13, "nn.reduce", 1, 2, "importReduce", "Sum">;
foreach kind = ["Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"] in {
  def : Form<"Reduce" # kind, 1, "nn.reduce", 1, 1, "importReduce", kind>;
  def : Form<"Reduce" # kind, 18, "nn.reduce", 1, 2, "importReduce", kind>;
}
def : Form<"ArgMax", 1, "nn.arg_reduce", 1, 1, "importArgReduce", "max">;
def : Form<"ArgMin", 1, "nn.arg_reduce", 1, 1, "importArgReduce", "min">;
def : Form<"Softmax", 1, "nn.softmax", 1, 1, "importSoftmax">;
def : Form<"LogSoftmax", 1, "nn.softmax", 1, 1, "importSoftmax", "log">;
def : Form<"Hardmax", 1, "nn.arg_reduce", 1, 1, "importSoftmax", "hard">;
def : Form<"BatchNormalization", 1, "nn.add", 5, 5, "importBatchNorm", "", 5>;
def : Form<"InstanceNormalization", 1, "nn.norm", 3, 3, "importInstanceNorm">;
def : Form<"LayerNormalization", 17, "nn.norm", 2, 3, "importLayerNorm", "", 3>;
def : Form<"RMSNormalization", 23, "nn.norm", 2, 2, "importLayerNorm", "rms">;
def : Form<"GroupNormalization", 18, "nn.norm", 3, 3, "importGroupNorm">;
def : Form<"MeanVarianceNormalization", 9, "nn.div", 1, 1, "importMeanVariance">;
def : Form<"LpNormalization", 1, "nn.div", 1, 1, "importLpNorm">;
def : Form<"LRN", 1, "nn.pool", 1, 1, "importLRN">;

//===-- Recurrent layers ----------------------------------------------------------------------------------------===//

def : Form<"LSTM", 7, "nn.recurrent", 3, 8, "importRecurrent", "lstm", 3>;
def : Form<"GRU", 7, "nn.recurrent", 3, 6, "importRecurrent", "gru", 2>;
def : Form<"RNN", 7, "nn.recurrent", 3, 6, "importRecurrent", "rnn", 2>;

//===-- Control flow --------------------------------------------------------------------------------------------===//

def : Form<"If", 1, "scf.if", 1, 1, "importIf", "", 255>;
def : Form<"Loop", 1, "scf.for", 0, 255, "importLoop", "", 255>;
def : Form<"Scan", 8, "scf.for", 0, 255, "importBatchScan", "", 255>;
def : Form<"Scan", 9, "scf.for", 1, 255, "importScan", "", 255>;
