// Pools: channels-last inside, like convolutions.
#include "compiler/import/Window.h"
using namespace mlir;

namespace nncc {

/// The form's argument is the pool's kind: max, average or lp.
LogicalResult importPool(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() < 3 || x.getRank() > 5)
    return node.error() << "expected an input of rank 3 to 5, found " << x;
  if (failed(node.require("kernel_shape")))
    return failure();
  FailureOr<Window> window = readWindow(node, x.getShape().drop_front(2));
  if (failed(window))
    return failure();
  OpBuilder &b = node.builder;
  nn::PoolKind kind = *nn::symbolizePoolKind(node.form.args);
  bool ceil = node.integer("ceil_mode", 0) != 0;
  bool countPad = kind == nn::PoolKind::average && node.integer("count_include_pad", 0) != 0;
  bool columnMajor = kind == nn::PoolKind::max && node.integer("storage_order", 0) != 0;
  int64_t p = kind == nn::PoolKind::lp ? node.integer("p", 2) : 2;
  Value input = node.toChannelsLast(node.operand(0));
  auto setWindow = [&](auto &properties) {
    properties.setKernel(b.getDenseI64ArrayAttr(window->kernel));
    properties.setStrides(b.getDenseI64ArrayAttr(window->strides));
    properties.setPads(b.getDenseI64ArrayAttr(window->pads));
    properties.setDilations(b.getDenseI64ArrayAttr(window->dilations));
    if (ceil)
      properties.setCeil(b.getUnitAttr());
  };
  Value result = node.build<nn::PoolOp>(input, [&](auto &properties) {
    setWindow(properties);
    properties.setKind(nn::PoolKindAttr::get(b.getContext(), kind));
    if (countPad)
      properties.setCountPad(b.getUnitAttr());
    properties.setP(b.getI64IntegerAttr(p));
  });
  SmallVector<Value> results = {node.toChannelsFirst(result)};
  if (node.wants(1)) {
    Value index = node.build<nn::PoolIndexOp>(input, [&](auto &properties) {
      setWindow(properties);
      if (columnMajor)
        properties.setColumnMajor(b.getUnitAttr());
    });
    results.push_back(node.toChannelsFirst(index));
  }
  return node.results(results);
}

/// The mean, maximum or p-norm over all spatial dimensions.
LogicalResult importGlobalPool(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() < 2)
    return node.error() << "expected a batch and channels, found " << x;
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, x.getRank()));
  bool isMax = node.form.args == "max";
  Value result = node.build<nn::ReduceOp>(node.operand(0), [&](auto &properties) {
    properties.setKind(
        nn::ReduceKindAttr::get(node.builder.getContext(), isMax ? nn::ReduceKind::max : nn::ReduceKind::sum));
    properties.setAxes(node.builder.getDenseI64ArrayAttr(axes));
  });
  if (!isMax) {
    double count = 1;
    for (int64_t extent : x.getShape().drop_front(2))
      count *= double(extent);
    result = node.build<nn::DivOp>({result, node.splat(x.getElementType(), count)});
  }
  return node.results(result);
}

} // namespace nncc
