// Pools: channels-last inside, like convolutions.
#include "compiler/import/Reduce.h"
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
  if (p < 1)
    return node.error() << "expected p of at least 1, found " << p;
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
  if (node.form.args == "max")
    return node.results(reduce(node, nn::ReduceKind::max, node.operand(0), axes));
  if (node.form.args == "average")
    return node.results(mean(node, node.operand(0), axes));
  double p = double(node.integer("p", 2));
  if (p < 1)
    return node.error() << "expected p of at least 1, found " << int64_t(p);
  Type element = x.getElementType();
  auto power = [&](Value v, double e) { return e == 1 ? v : node.build<nn::PowOp>({v, node.scalar(element, e)}); };
  Value sum = reduce(node, nn::ReduceKind::sum, power(node.build<nn::AbsOp>(node.operand(0)), p), axes);
  return node.results(power(sum, 1 / p));
}

} // namespace nncc
