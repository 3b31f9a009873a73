// LSTM, GRU and RNN. The layout is brought to steps first, absent activations get their defaults, and both halves of
// the bias are added wherever the cell allows it.
#include "compiler/import/Node.h"
#include "llvm/ADT/StringExtras.h"
using namespace mlir;

namespace nncc {
namespace {
// What the operator's activation functions are called and consume; a function without a parameter ignores it.
struct Activation {
  StringLiteral name;
  bool usesAlpha, usesBeta;
  double alpha, beta;
};
constexpr Activation activations[] = {
    {"Sigmoid", false, false, 0, 0},  {"Tanh", false, false, 0, 0},          {"Relu", false, false, 0, 0},
    {"Affine", true, true, 1, 0},     {"LeakyRelu", true, false, 0.01, 0},   {"ThresholdedRelu", true, false, 1, 0},
    {"ScaledTanh", true, true, 1, 1}, {"HardSigmoid", true, true, 0.2, 0.5}, {"Elu", true, false, 1, 0},
    {"Softsign", false, false, 0, 0}, {"Softplus", false, false, 0, 0},
};

struct Cell {
  nn::CellKind kind;
  int64_t gates;
  SmallVector<StringRef> defaults; // activations of one direction
};

Cell cellOf(StringRef name) {
  if (name == "lstm")
    return {nn::CellKind::lstm, 4, {"Sigmoid", "Tanh", "Tanh"}};
  if (name == "gru")
    return {nn::CellKind::gru, 3, {"Sigmoid", "Tanh"}};
  return {nn::CellKind::rnn, 1, {"Tanh"}};
}

struct Activations {
  SmallVector<StringRef> names;
  SmallVector<double> alphas, betas;
};

// Alphas and betas are consumed in the order of the functions that have one.
LogicalResult readActivations(Node &node, const Cell &cell, int64_t directions, Activations &result) {
  SmallVector<StringRef> names = node.strings("activations");
  if (names.empty())
    for (int64_t d = 0; d < directions; d++)
      llvm::append_range(names, cell.defaults);
  if (names.size() != cell.defaults.size() * directions)
    return node.error() << "expected " << cell.defaults.size() * directions << " activations, found " << names.size();
  SmallVector<double> alphas = node.numbers("activation_alpha"), betas = node.numbers("activation_beta");
  size_t nextAlpha = 0, nextBeta = 0;
  for (StringRef name : names) {
    auto activation = llvm::find_if(activations, [&](auto &a) { return a.name.equals_insensitive(name); });
    if (activation == std::end(activations))
      return node.error() << "expected one of ONNX's activations, found '" << name << "'";
    auto consume = [](bool uses, ArrayRef<double> from, size_t &next, double otherwise) {
      return uses && next < from.size() ? from[next++] : otherwise;
    };
    result.names.push_back(activation->name);
    result.alphas.push_back(consume(activation->usesAlpha, alphas, nextAlpha, activation->alpha));
    result.betas.push_back(consume(activation->usesBeta, betas, nextBeta, activation->beta));
  }
  return success();
}

// bias [D, 2 * G * H] => what is added to the gates' input and, with linear_before_reset, the last gate's state part.
void splitBias(Node &node, Value bias, int64_t gates, int64_t hidden, bool linearBeforeReset, Value &sum,
               Value &hiddenBias) {
  Value input = node.slice(bias, 1, 0, gates * hidden), state = node.slice(bias, 1, gates * hidden, gates * hidden);
  if (!linearBeforeReset) {
    sum = node.build<nn::AddOp>({input, state});
    return;
  }
  int64_t before = (gates - 1) * hidden;
  Value both = node.build<nn::AddOp>({node.slice(input, 1, 0, before), node.slice(state, 1, 0, before)});
  sum = node.build<nn::ConcatOp>({both, node.slice(input, 1, before, hidden)},
                                 [&](auto &p) { p.setAxis(node.builder.getI64IntegerAttr(1)); });
  hiddenBias = node.slice(state, 1, before, hidden);
}
} // namespace

/// x, w, r, bias, lengths, h, c, peepholes => nn.recurrent; the form's argument names the cell.
LogicalResult importRecurrent(Node &node) {
  Cell cell = cellOf(node.form.args);
  OpBuilder &b = node.builder;
  StringRef directionName = node.string("direction", "forward");
  auto direction = nn::symbolizeDirection(directionName);
  if (!direction)
    return node.error() << "expected direction forward, reverse or bidirectional, found '" << directionName << "'";
  int64_t directions = *direction == nn::Direction::bidirectional ? 2 : 1;
  Activations functions;
  if (failed(readActivations(node, cell, directions, functions)))
    return failure();
  RankedTensorType r = node.type(2);
  int64_t hidden = r.getRank() ? r.getShape().back() : 0;
  if (int64_t stated = node.integer("hidden_size", hidden); stated != hidden)
    return node.error() << "expected hidden_size " << hidden << ", found " << stated;
  bool batchFirst = node.integer("layout", 0) == 1, linearBeforeReset = node.integer("linear_before_reset", 0);
  bool inputForget = node.integer("input_forget", 0);
  double clip = node.number("clip", 0);
  auto swapped = [&](Value v) -> Value {
    if (!v || !batchFirst)
      return v;
    auto perm = llvm::to_vector(llvm::seq<int64_t>(0, Node::typeOf(v).getRank()));
    if (perm.size() > 1)
      std::swap(perm[0], perm[1]);
    return node.transpose(v, perm);
  };
  Value sum, hiddenBias;
  if (Value bias = node.operand(3)) {
    if (Node::typeOf(bias).getShape() != ArrayRef<int64_t>{directions, 2 * cell.gates * hidden})
      return node.error() << "expected a bias of " << directions << "x" << 2 * cell.gates * hidden
                          << " elements, found " << bias.getType();
    splitBias(node, bias, cell.gates, hidden, linearBeforeReset && cell.kind == nn::CellKind::gru, sum, hiddenBias);
  }
  SmallVector<Value> values = {
      swapped(node.operand(0)), node.operand(1),          node.operand(2), sum, hiddenBias, node.operand(4),
      swapped(node.operand(5)), swapped(node.operand(6)), node.operand(7)};
  SmallVector<Value> results = node.buildAll<nn::RecurrentOp>(values, [&](auto &p) {
    MLIRContext *context = b.getContext();
    p.setCell(nn::CellKindAttr::get(context, cell.kind));
    p.setDirection(nn::DirectionAttr::get(context, *direction));
    p.setActivations(b.getStrArrayAttr(functions.names));
    p.setAlphas(b.getF64ArrayAttr(functions.alphas));
    p.setBetas(b.getF64ArrayAttr(functions.betas));
    if (clip > 0)
      p.setClip(b.getF64FloatAttr(clip));
    if (inputForget)
      p.setInputForget(b.getUnitAttr());
    if (linearBeforeReset)
      p.setLinearBeforeReset(b.getUnitAttr());
  });
  if (results.empty())
    return node.results({});
  if (batchFirst) { // [T, D, B, H] => [B, T, D, H]
    results[0] = node.transpose(results[0], {2, 0, 1, 3});
    results[1] = swapped(results[1]);
    results[2] = swapped(results[2]);
  }
  results.resize(std::min<size_t>(results.size(), node.form.maxOutputs));
  return node.results(results);
}

} // namespace nncc
