// Convolutions. Inside they are channels-last: a transpose stands on each side, and the weights are transposed too.
#include "compiler/import/Window.h"
using namespace mlir;

namespace nncc {

/// conv(x, w) + b => transpose(nn.conv(transpose(x), transpose(w)) + b)
LogicalResult importConv(Node &node) {
  RankedTensorType x = node.type(0), w = node.type(1);
  if (x.getRank() < 3 || x.getRank() > 5 || w.getRank() != x.getRank())
    return node.error() << "expected input and weights of equal rank 3 to 5, found " << x << " and " << w;
  FailureOr<Window> window = readWindow(node, x.getShape().drop_front(2), w.getShape().drop_front(2));
  if (failed(window))
    return failure();
  // [out, in / groups, kernel...] => [kernel..., in / groups, out]
  auto perm = llvm::to_vector(llvm::seq<int64_t>(2, w.getRank()));
  perm.append({1, 0});
  OpBuilder &b = node.builder;
  int64_t groups = node.integer("group", 1);
  Value result = node.build<nn::ConvOp>({node.toChannelsLast(node.operand(0)), node.transpose(node.operand(1), perm)},
                                        [&](auto &p) {
                                          p.setStrides(b.getDenseI64ArrayAttr(window->strides));
                                          p.setPads(b.getDenseI64ArrayAttr(window->pads));
                                          p.setDilations(b.getDenseI64ArrayAttr(window->dilations));
                                          p.setGroups(b.getI64IntegerAttr(groups));
                                        });
  if (Value bias = node.operand(2)) {
    if (Node::typeOf(bias).getShape() != ArrayRef(w.getDimSize(0)))
      return node.error() << "expected a bias of " << w.getDimSize(0) << " elements, found " << bias.getType();
    result = node.build<nn::AddOp>({result, bias});
  }
  return node.results(node.toChannelsFirst(result));
}

} // namespace nncc
