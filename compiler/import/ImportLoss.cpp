// Losses over classes, which lie along dimension 1.
#include "compiler/import/Reduce.h"
using namespace mlir;

namespace nncc {

/// -x[n, target[n, d...], d...] * weight[target], picked by a mask over the classes; then none, the sum, or the mean
/// over the weights that were picked. Targets equal to ignore_index count for nothing.
static Value negativeLogLikelihood(Node &node, Value x, RankedTensorType type) {
  RankedTensorType target = node.type(1);
  Type element = type.getElementType(), i64 = node.signed64();
  SmallVector<int64_t> expected(type.getShape()), line(type.getRank(), 1);
  int64_t classes = expected[1];
  expected.erase(expected.begin() + 1);
  if (target.getShape() != ArrayRef<int64_t>(expected) ||
      (node.operand(2) && node.type(2).getShape() != ArrayRef(classes))) {
    node.error() << "expected a target and weights that fit " << type << ", found " << target;
    return {};
  }
  SmallVector<int64_t> column(type.getShape());
  column[1] = 1;
  line[1] = classes;
  Value index = node.reshape(node.convert(node.operand(1), i64), column);
  Value isTarget = node.build<nn::EqualOp>({index, node.iota(i64, line, 1)});
  if (node.has("ignore_index")) {
    Value ignored = node.build<nn::EqualOp>({index, node.scalar(i64, double(node.integer("ignore_index", 0)))});
    isTarget = node.build<nn::AndOp>({isTarget, node.build<nn::NotOp>(ignored)});
  }
  Value zero = node.scalar(element, 0);
  Value weight = node.operand(2) ? node.reshape(node.operand(2), line) : node.scalar(element, 1);
  Value weights = reduce(node, nn::ReduceKind::sum, node.build<nn::WhereOp>({isTarget, weight, zero}), {1});
  Value picked = reduce(node, nn::ReduceKind::sum, node.build<nn::WhereOp>({isTarget, x, zero}), {1});
  Value loss = node.build<nn::NegOp>(node.build<nn::MulOp>({picked, weights}));
  StringRef reduction = node.string("reduction", "mean");
  if (reduction == "none")
    return node.reshape(loss, expected);
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  Value sum = reduce(node, nn::ReduceKind::sum, loss, all);
  if (reduction == "mean")
    sum = node.build<nn::DivOp>({sum, reduce(node, nn::ReduceKind::sum, weights, all)});
  else if (reduction != "sum")
    node.error() << "expected reduction none, sum or mean, found " << quoted(reduction);
  return node.reshape(sum, {});
}

static LogicalResult expectClasses(Node &node) {
  if (node.type(0).getRank() >= 2)
    return success();
  return node.error() << "expected a batch and classes, found " << node.type(0);
}

LogicalResult importNegativeLogLikelihood(Node &node) {
  if (failed(expectClasses(node)))
    return failure();
  return node.results(negativeLogLikelihood(node, node.operand(0), node.type(0)));
}

/// The second result is the logarithm of the softmax.
LogicalResult importSoftmaxCrossEntropy(Node &node) {
  if (failed(expectClasses(node)))
    return failure();
  Value logarithms = node.build<nn::SoftmaxOp>(node.operand(0), [&](auto &p) {
    p.setAxis(node.builder.getI64IntegerAttr(1));
    p.setLog(node.builder.getUnitAttr());
  });
  return node.results({negativeLogLikelihood(node, logarithms, node.type(0)), logarithms});
}

} // namespace nncc
