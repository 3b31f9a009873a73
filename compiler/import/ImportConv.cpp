// Convolutions. Inside they are channels-last: a transpose stands on each side, and the weights are transposed too.
#include "compiler/import/Window.h"
using namespace mlir;

namespace nncc {

/// Adds the bias along the channels, which come last, and puts them back in front.
static LogicalResult finishConv(Node &node, Value result) {
  Value bias = node.operand(2);
  if (bias && result) {
    int64_t channels = Node::typeOf(result).getShape().back();
    if (Node::typeOf(bias).getShape() != ArrayRef(channels))
      return node.error() << "expected a bias of " << channels << " elements, found " << bias.getType();
    result = node.build<nn::AddOp>({result, bias});
  }
  return node.results(node.toChannelsFirst(result));
}

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
  return finishConv(node, result);
}

/// The output's extents are given, or follow from pads. With auto_pad the padding is what is left over; SAME_UPPER puts
/// the larger part at the end.
static FailureOr<SmallVector<int64_t>> transposedExtents(Node &node, Window &window, ArrayRef<int64_t> extents) {
  size_t spatial = extents.size();
  SmallVector<int64_t> extra = node.integers("output_padding", SmallVector<int64_t>(spatial, 0));
  SmallVector<int64_t> output = node.integers("output_shape");
  StringRef automatic = node.string("auto_pad", "NOTSET");
  bool isSame = automatic.starts_with("SAME");
  // Some exporters write the whole shape.
  if (output.size() == spatial + 2)
    output.erase(output.begin(), output.begin() + 2);
  if (extra.size() != spatial || (!output.empty() && output.size() != spatial))
    return node.error() << "expected " << spatial << " output paddings and output extents";
  for (ArrayRef<int64_t> list : {extents, ArrayRef<int64_t>(extra), ArrayRef<int64_t>(output)})
    for (int64_t value : list)
      if (value < 0 || value > windowLimit)
        return node.error() << "expected extents and output paddings from 0 to 2^30, found " << value;
  if (node.isBroken())
    return failure();
  bool isGiven = !output.empty();
  for (size_t d = 0; d < spatial; ++d) {
    int64_t full = (extents[d] - 1) * window.strides[d] + (window.kernel[d] - 1) * window.dilations[d] + 1 + extra[d];
    if (!isGiven && isSame)
      output.push_back(extents[d] * window.strides[d]);
    if (!isGiven && !isSame) {
      output.push_back(full - window.pads[d] - window.pads[spatial + d]);
      continue;
    }
    int64_t total = std::max<int64_t>(full - output[d], 0);
    window.pads[d] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  return output;
}

/// conv_transpose(x, w) + b => transpose(nn.conv_transpose(transpose(x), transpose(w)) + b)
LogicalResult importConvTranspose(Node &node) {
  RankedTensorType x = node.type(0), w = node.type(1);
  if (x.getRank() < 3 || x.getRank() > 5 || w.getRank() != x.getRank())
    return node.error() << "expected input and weights of equal rank 3 to 5, found " << x << " and " << w;
  ArrayRef<int64_t> extents = x.getShape().drop_front(2);
  FailureOr<Window> window = readWindow(node, extents, w.getShape().drop_front(2));
  if (failed(window))
    return failure();
  FailureOr<SmallVector<int64_t>> output = transposedExtents(node, *window, extents);
  if (failed(output))
    return failure();
  // [in, out / groups, kernel...] => [kernel..., in, out / groups]
  auto perm = llvm::to_vector(llvm::seq<int64_t>(2, w.getRank()));
  perm.append({0, 1});
  OpBuilder &b = node.builder;
  int64_t groups = node.integer("group", 1);
  Value result = node.build<nn::ConvTransposeOp>(
      {node.toChannelsLast(node.operand(0)), node.transpose(node.operand(1), perm)}, [&](auto &p) {
        p.setStrides(b.getDenseI64ArrayAttr(window->strides));
        p.setLows(b.getDenseI64ArrayAttr(ArrayRef(window->pads).take_front(extents.size())));
        p.setDilations(b.getDenseI64ArrayAttr(window->dilations));
        p.setOutput(b.getDenseI64ArrayAttr(*output));
        p.setGroups(b.getI64IntegerAttr(groups));
      });
  return finishConv(node, result);
}

} // namespace nncc
