// Products of matrices.
#include "compiler/import/Node.h"
using namespace mlir;

namespace nncc {

/// numpy's matmul: a vector on the left is a row, on the right a column, and that dimension goes again.
LogicalResult importMatMul(Node &node) {
  Value x = node.operand(0), w = node.operand(1);
  int64_t xRank = node.type(0).getRank(), wRank = node.type(1).getRank();
  if (!xRank || !wRank)
    return node.error() << "expected operands of rank 1 or more, found " << x.getType() << " and " << w.getType();
  if (xRank == 1)
    x = node.reshape(x, {1, node.type(0).getDimSize(0)});
  if (wRank == 1)
    w = node.reshape(w, {node.type(1).getDimSize(0), 1});
  Value result = node.build<nn::MatmulOp>({x, w}, [](auto &) {});
  if (!result)
    return failure();
  SmallVector<int64_t> shape(Node::typeOf(result).getShape());
  if (wRank == 1)
    shape.pop_back();
  if (xRank == 1)
    shape.erase(shape.end() - (wRank == 1 ? 1 : 2));
  return node.results(node.reshape(result, shape));
}

/// alpha * A B + beta * C, where A and B may be transposed.
LogicalResult importGemm(Node &node) {
  double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  (void)node.integer("broadcast", 0);
  bool transposeA = node.integer("transA", 0) != 0, transposeB = node.integer("transB", 0) != 0;
  for (unsigned i : {0, 1})
    if (node.type(i).getRank() != 2)
      return node.error() << "expected matrices, found " << node.type(i);
  Value a = transposeA ? node.transpose(node.operand(0), {1, 0}) : node.operand(0);
  Type element = node.type(0).getElementType();
  Value result = node.build<nn::MatmulOp>({a, node.operand(1)}, [&](auto &properties) {
    if (transposeB)
      properties.setTransposeW(node.builder.getUnitAttr());
  });
  if (!result)
    return failure();
  if (alpha != 1)
    result = node.build<nn::MulOp>({result, node.scalar(element, alpha)});
  Value c = node.operand(2);
  if (c && beta != 0) {
    if (beta != 1)
      c = node.build<nn::MulOp>({c, node.scalar(element, beta)});
    Type product = result.getType();
    result = node.build<nn::AddOp>({result, c});
    if (result && result.getType() != product)
      return node.error() << "expected C to broadcast to " << product << ", found " << node.type(2);
  }
  return node.results(result);
}

} // namespace nncc
