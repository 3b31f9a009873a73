// The form table: one record for each operator and opset from which on its form (inputs, attributes, meaning) holds. It is
// the only place that knows opset numbers' ranges; the importer takes a name's greatest `since` not above the model's.
include "llvm/TableGen/SearchableTable.td"

// `op`: what it becomes (the last op of several); `least` to `most` inputs, of which the first `least` must be given;
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

//===-- Elementwise ---------------------------------------------------------------------------------------------===//

def : Elementwise<"Add", 7, "add", 2>;
def : Elementwise<"Relu", 1, "relu", 1>;

//===-- Movement ------------------------------------------------------------------------------------------------===//

def : Form<"Reshape", 5, "nn.reshape", 2, 2, "importReshape">;
def : Form<"Flatten", 1, "nn.reshape", 1, 1, "importFlatten">;
def : Form<"Transpose", 1, "nn.transpose", 1, 1, "importTranspose">;
def : Form<"Concat", 4, "nn.concat", 1, 255, "importConcat">;
def : Form<"Constant", 1, "arith.constant", 0, 0, "importConstant">;
def : Form<"Identity", 1, "", 1, 1, "importIdentity">;
def : Form<"Dropout", 7, "", 1, 3, "importDropout", "", 2>;

//===-- Contractions and pools ----------------------------------------------------------------------------------===//

def : Form<"Conv", 1, "nn.conv", 2, 3, "importConv">;
def : Form<"MatMul", 1, "nn.matmul", 2, 2, "importMatMul">;
def : Form<"Gemm", 7, "nn.matmul", 2, 3, "importGemm">;
def : Form<"MaxPool", 1, "nn.pool", 1, 1, "importPool", "max", 2>;
def : Form<"GlobalAveragePool", 1, "nn.reduce", 1, 1, "importGlobalPool", "average">;

//===-- Recurrent layers ----------------------------------------------------------------------------------------===//

def : Form<"LSTM", 7, "nn.recurrent", 3, 8, "importRecurrent", "lstm", 3>;
def : Form<"GRU", 7, "nn.recurrent", 3, 6, "importRecurrent", "gru", 2>;
def : Form<"RNN", 7, "nn.recurrent", 3, 6, "importRecurrent", "rnn", 2>;

//===-- Control flow --------------------------------------------------------------------------------------------===//

def : Form<"If", 1, "scf.if", 1, 1, "importIf", "", 255>;
def : Form<"Loop", 1, "scf.for", 2, 255, "importLoop", "", 255>;
def : Form<"Scan", 9, "scf.for", 1, 255, "importScan", "", 255>;
