// Normalisations. Those over axes of one example are nn.norm; the others are arithmetic that folding and fusion know.
#include "compiler/import/Reduce.h"
using namespace mlir;

namespace nncc {

/// [C] as [C, 1, ...], which broadcasts along dimension 1 of an input of rank `rank`.
static Value alongChannels(Node &node, Value v, int64_t rank) {
  if (node.isBroken())
    return {};
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = Node::typeOf(v).getNumElements();
  return node.reshape(v, shape);
}

/// Operands `from` to `to` have one element for each of `extent` channels.
static LogicalResult expectVectors(Node &node, unsigned from, unsigned to, int64_t extent) {
  for (unsigned i = from; i <= to; ++i)
    if (node.operand(i) && node.type(i).getShape() != ArrayRef(extent))
      return node.error() << "expected " << extent << " elements as operand " << i << ", found " << node.type(i);
  return success();
}

static Value norm(Node &node, ArrayRef<Value> operands, ArrayRef<int64_t> axes, double epsilon, bool rms = false) {
  return node.build<nn::NormOp>(operands, [&](auto &p) {
    p.setAxes(node.builder.getDenseI64ArrayAttr(axes));
    p.setEpsilon(node.builder.getF64FloatAttr(epsilon));
    if (rms)
      p.setRms(node.builder.getUnitAttr());
  });
}

/// x * s + t with s = scale / sqrt(variance + epsilon) and t = bias - mean * s, which are constant as a rule.
LogicalResult importBatchNorm(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() < 2)
    return node.error() << "expected a batch and channels, found " << x;
  double epsilon = node.number("epsilon", 1e-5f);
  (void)node.number("momentum", 0.9f);
  if (node.integer("training_mode", 0) != 0 || (node.opset < 7 && node.integer("is_test", 0) == 0))
    return node.error() << "training mode is not supported";
  if (node.opset < 9 && node.integer("spatial", 1) == 0)
    return node.error() << "statistics for each element (spatial = 0) are not supported";
  if (failed(expectVectors(node, 1, 4, x.getDimSize(1))))
    return failure();
  Value scale = node.operand(1), bias = node.operand(2), average = node.operand(3), variance = node.operand(4);
  Value shifted = node.build<nn::AddOp>({variance, node.scalar(node.type(4).getElementType(), epsilon)});
  Value s = node.build<nn::DivOp>({scale, node.build<nn::SqrtOp>(shifted)});
  Value t = node.build<nn::SubOp>({bias, node.build<nn::MulOp>({average, s})});
  Value scaled = node.build<nn::MulOp>({node.operand(0), alongChannels(node, s, x.getRank())});
  return node.results(node.build<nn::AddOp>({scaled, alongChannels(node, t, x.getRank())}));
}

LogicalResult importInstanceNorm(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() < 3)
    return node.error() << "expected a batch, channels and spatial dimensions, found " << x;
  if (failed(expectVectors(node, 1, 2, x.getDimSize(1))))
    return failure();
  Value scale = alongChannels(node, node.operand(1), x.getRank()),
        bias = alongChannels(node, node.operand(2), x.getRank());
  return node.results(norm(node, {node.operand(0), scale, bias}, llvm::to_vector(llvm::seq<int64_t>(2, x.getRank())),
                           node.number("epsilon", 1e-5f)));
}

/// Over all dimensions from the axis on. The mean and the inverse deviation are results too.
LogicalResult importLayerNorm(Node &node) {
  RankedTensorType x = node.type(0);
  FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), x.getRank());
  if (failed(axis))
    return failure();
  double epsilon = node.number("epsilon", 1e-5f);
  (void)node.integer("stash_type", 1);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(*axis, x.getRank()));
  SmallVector<Value> results = {norm(node, node.allOperands(), axes, epsilon, node.form.args == "rms")};
  if (node.wants(1) || node.wants(2)) {
    Value average = mean(node, node.operand(0), axes);
    Value centred = node.build<nn::SubOp>({node.operand(0), average});
    Value variance = mean(node, node.build<nn::MulOp>({centred, centred}), axes);
    Value shifted = node.build<nn::AddOp>({variance, node.scalar(x.getElementType(), epsilon)});
    results.append({average, node.build<nn::ReciprocalOp>(node.build<nn::SqrtOp>(shifted))});
  }
  return node.results(results);
}

/// Scale and bias have an element per group up to opset 20, per channel from 21 on.
LogicalResult importGroupNorm(Node &node) {
  RankedTensorType x = node.type(0);
  int64_t groups = node.integer("num_groups", 0);
  (void)node.integer("stash_type", 1);
  if (x.getRank() < 2 || groups < 1 || x.getDimSize(1) % groups)
    return node.error() << "expected channels in " << groups << " groups, found " << x;
  int64_t channels = x.getDimSize(1), perGroup = channels / groups;
  bool isPerChannel = node.opset >= 21;
  if (failed(expectVectors(node, 1, 2, isPerChannel ? channels : groups)))
    return failure();
  SmallVector<int64_t> split = {x.getDimSize(0), groups, perGroup};
  llvm::append_range(split, x.getShape().drop_front(2));
  auto affine = [&](unsigned i) {
    SmallVector<int64_t> shape(split.size() - 1, 1);
    shape[0] = groups;
    shape[1] = isPerChannel ? perGroup : 1;
    return node.reshape(node.operand(i), shape);
  };
  Value result = norm(node, {node.reshape(node.operand(0), split), affine(1), affine(2)},
                      llvm::to_vector(llvm::seq<int64_t>(2, int64_t(split.size()))), node.number("epsilon", 1e-5f));
  return node.results(node.reshape(result, x.getShape()));
}

/// (x - mean) / (deviation + 1e-9)
LogicalResult importMeanVariance(Node &node) {
  RankedTensorType x = node.type(0);
  FailureOr<SmallVector<int64_t>> axes = node.axes(node.integers("axes", {0, 2, 3}), x.getRank());
  if (failed(axes))
    return failure();
  Value centred = node.build<nn::SubOp>({node.operand(0), mean(node, node.operand(0), *axes)});
  Value variance = mean(node, node.build<nn::MulOp>({centred, centred}), *axes);
  Value deviation = node.build<nn::SqrtOp>(variance);
  Value shifted = node.build<nn::AddOp>({deviation, node.scalar(x.getElementType(), 1e-9)});
  return node.results(node.build<nn::DivOp>({centred, shifted}));
}

/// x over its 1-norm or 2-norm along the axis; zeros stay zeros.
LogicalResult importLpNorm(Node &node) {
  RankedTensorType x = node.type(0);
  FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), x.getRank());
  int64_t p = node.integer("p", 2);
  if (failed(axis))
    return failure();
  if (p != 1 && p != 2)
    return node.error() << "expected p 1 or 2, found " << p;
  Value in = node.operand(0), element = p == 1 ? node.build<nn::AbsOp>(in) : node.build<nn::MulOp>({in, in});
  Value length = reduce(node, nn::ReduceKind::sum, element, *axis);
  length = p == 1 ? length : node.build<nn::SqrtOp>(length);
  Type type = x.getElementType();
  Value isZero = node.build<nn::EqualOp>({length, node.scalar(type, 0)});
  Value divisor = node.build<nn::WhereOp>({isZero, node.scalar(type, 1), length});
  return node.results(node.build<nn::DivOp>({in, divisor}));
}

/// x / (bias + alpha * m)^beta, where m is the mean of the squares in a window over the channels: an average pool along
/// them that counts its padding.
LogicalResult importLRN(Node &node) {
  RankedTensorType x = node.type(0);
  Type element = x.getElementType();
  int64_t size = node.integer("size", 0);
  if (x.getRank() < 2 || size < 1 || size > (1 << 24))
    return node.error() << "expected channels and a size of at least 1, found " << x << " and " << size;
  int64_t pixels = 1;
  for (int64_t extent : x.getShape().drop_front(2))
    pixels *= extent;
  Value in = node.operand(0), square = node.build<nn::MulOp>({in, in});
  OpBuilder &b = node.builder;
  Value means = node.build<nn::PoolOp>(node.reshape(square, {x.getDimSize(0), x.getDimSize(1), pixels}), [&](auto &p) {
    p.setKind(nn::PoolKindAttr::get(b.getContext(), nn::PoolKind::average));
    p.setKernel(b.getDenseI64ArrayAttr(size));
    p.setStrides(b.getDenseI64ArrayAttr(1));
    p.setPads(b.getDenseI64ArrayAttr({(size - 1) / 2, size / 2}));
    p.setDilations(b.getDenseI64ArrayAttr(1));
    p.setCountPad(b.getUnitAttr());
  });
  Value scaled =
      node.build<nn::MulOp>({node.reshape(means, x.getShape()), node.scalar(element, node.number("alpha", 1e-4f))});
  Value base = node.build<nn::AddOp>({scaled, node.scalar(element, node.number("bias", 1))});
  double beta = node.number("beta", 0.75f);
  if (!element.isF32())
    return node.results(node.build<nn::DivOp>({in, node.build<nn::PowOp>({base, node.scalar(element, beta)})}));
  // A power is computed in double, for bases of any size; this one's logarithm is small.
  Value exponent = node.build<nn::MulOp>({node.build<nn::LogOp>(base), node.scalar(element, -beta)});
  return node.results(node.build<nn::MulOp>({in, node.build<nn::ExpOp>(exponent)}));
}

} // namespace nncc
