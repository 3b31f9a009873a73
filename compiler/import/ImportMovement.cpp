// Operators that move elements by constant positions.
#include "compiler/import/Node.h"
using namespace mlir;

namespace nncc {

LogicalResult importTranspose(Node &node) {
  int64_t rank = node.type(0).getRank();
  auto reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  return node.results(node.transpose(node.operand(0), node.integers("perm", reversed)));
}

LogicalResult importConcat(Node &node) {
  if (failed(node.require("axis")))
    return failure();
  for (Value operand : node.allOperands())
    if (!operand)
      return node.error() << "expected every input to be given";
  FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), node.type(0).getRank());
  if (failed(axis))
    return failure();
  return node.results(
      node.build<nn::ConcatOp>(node.allOperands(), [&](auto &p) { p.setAxis(node.builder.getI64IntegerAttr(*axis)); }));
}

} // namespace nncc
