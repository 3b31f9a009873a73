// Operators that move elements by constant positions.
#include "compiler/import/Limits.h"
#include "compiler/import/RunTime.h"
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

/// The parts' sizes are given, or equal; from opset 18 on the last of num_outputs parts may be smaller.
LogicalResult importSplit(Node &node) {
  RankedTensorType x = node.type(0);
  FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), x.getRank());
  if (failed(axis))
    return failure();
  int64_t extent = x.getDimSize(*axis), parts = node.proto.output_size();
  SmallVector<int64_t> declared;
  for (int64_t i = 0; i < parts; ++i)
    if (auto part = node.declaredType(i); part && part->getRank() == x.getRank())
      declared.push_back(part->getDimSize(*axis));
  FailureOr<Node::OptionalInts> given = Node::OptionalInts(declared);
  if (node.operand(1) && !node.isConstant(1) && int64_t(declared.size()) == parts)
    node.checkValue(node.convert(node.operand(1), node.signed64()), declared);
  else
    given = node.intsOperandOrAttribute(1, "split");
  if (failed(given))
    return failure();
  SmallVector<int64_t> sizes;
  if (*given) {
    sizes = **given;
  } else {
    if (node.integer("num_outputs", parts) != parts)
      return node.error() << "expected num_outputs to be the number of outputs, " << parts;
    if (!parts || (extent % parts && !node.has("num_outputs")))
      return node.error() << "expected an extent that " << parts << " outputs divide, found " << extent;
    int64_t size = llvm::divideCeil(extent, parts);
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<int64_t>(extent - i * size, 0, size));
  }
  int64_t rest = extent;
  for (int64_t size : sizes)
    rest = size < 0 || size > rest ? -1 : rest - size;
  if (rest != 0 || int64_t(sizes.size()) != parts)
    return node.error() << "expected " << parts << " sizes whose sum is " << extent;
  SmallVector<Value> results;
  int64_t start = 0;
  for (int64_t size : sizes) {
    results.push_back(node.slice(node.operand(0), *axis, start, size));
    start += size;
  }
  return node.results(results);
}

/// Bounds are clamped to the extent. A negative step reads backwards: a gather with constant indices.
LogicalResult importSlice(Node &node) {
  RankedTensorType x = node.type(0);
  int64_t rank = x.getRank();
  auto varies = [&](unsigned i) { return node.operand(i) && !node.isConstant(i); };
  if (auto declared = node.declaredType(0);
      declared && node.operand(1) && (varies(1) || varies(2) || varies(3) || varies(4)))
    return sliceAtRunTime(node, *declared);
  FailureOr<Node::OptionalInts> starts = node.intsOperandOrAttribute(1, "starts");
  FailureOr<Node::OptionalInts> ends = node.intsOperandOrAttribute(2, "ends");
  FailureOr<Node::OptionalInts> given = node.intsOperandOrAttribute(3, "axes");
  FailureOr<Node::OptionalInts> steps = node.intsOperandOrAttribute(4, "steps");
  if (failed(starts) || failed(ends) || failed(given) || failed(steps))
    return failure();
  if (!*starts || !*ends || (*starts)->size() != (*ends)->size())
    return node.error() << "expected as many starts as ends";
  size_t count = (*starts)->size();
  if ((*given && (*given)->size() != count) || (*steps && (*steps)->size() != count) || int64_t(count) > rank)
    return node.error() << "expected as many axes and steps as starts, at most " << rank;
  FailureOr<SmallVector<int64_t>> axes =
      node.axes(*given ? **given : llvm::to_vector(llvm::seq<int64_t>(0, int64_t(count))), rank);
  if (failed(axes))
    return failure();
  SmallVector<int64_t> low(rank, 0), sizes(x.getShape()), strides(rank, 1);
  Value result = node.operand(0);
  for (size_t i = 0; i < count; ++i) {
    int64_t axis = (*axes)[i], extent = x.getDimSize(axis), step = *steps ? (**steps)[i] : 1;
    int64_t start = (**starts)[i], end = (**ends)[i];
    if (step == 0)
      return node.error() << "expected a step other than 0 along axis " << axis;
    start = start < 0 ? start + extent : start;
    end = end < 0 ? end + extent : end;
    if (step > 0) {
      low[axis] = std::clamp<int64_t>(start, 0, extent);
      int64_t room = std::max<int64_t>(std::clamp<int64_t>(end, 0, extent) - low[axis], 0);
      sizes[axis] = room ? (room - 1) / step + 1 : 0;
      // A step beyond the end reaches nothing; keep it small.
      strides[axis] = sizes[axis] > 1 ? step : 1;
      continue;
    }
    if (extent > limits::constantIndices)
      return node.error() << "expected at most " << limits::constantIndices << " elements to read backwards, found "
                          << extent;
    if (!node.spend(extent * 8))
      return failure();
    SmallVector<int64_t> indices;
    int64_t at = std::clamp<int64_t>(start, -1, extent - 1), last = std::clamp<int64_t>(end, -1, extent - 1);
    for (; at > last; at = step < -at ? -1 : at + step)
      indices.push_back(at);
    sizes[axis] = int64_t(indices.size());
    result = node.gather(result, indices, axis);
  }
  OpBuilder &b = node.builder;
  return node.results(node.build<nn::SliceOp>(result, [&](auto &p) {
    p.setStarts(b.getDenseI64ArrayAttr(low));
    p.setSizes(b.getDenseI64ArrayAttr(sizes));
    p.setSteps(b.getDenseI64ArrayAttr(strides));
  }));
}

/// The shape that numpy's rule makes of both; none after a diagnostic.
static FailureOr<SmallVector<int64_t>> broadcastShapes(Node &node, ArrayRef<int64_t> x, ArrayRef<int64_t> y) {
  SmallVector<int64_t> shape(std::max(x.size(), y.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t a = i < x.size() ? x[x.size() - 1 - i] : 1, b = i < y.size() ? y[y.size() - 1 - i] : 1;
    if (a != b && a != 1 && b != 1)
      return node.error() << "expected shapes that broadcast, found dimensions " << a << " and " << b;
    shape[shape.size() - 1 - i] = a == 1 ? b : a;
  }
  return shape;
}

/// Both shapes broadcast to each other. A shape known only at run time must say what the model declares.
LogicalResult importExpand(Node &node) {
  RankedTensorType x = node.type(0);
  if (auto declared = node.declaredType(0); declared && !node.isConstant(1)) {
    RankedTensorType shapeType = node.type(1);
    int64_t rank = declared->getRank();
    if (shapeType.getRank() != 1 || shapeType.getDimSize(0) > rank || x.getRank() > rank)
      return node.error() << "expected a shape for " << *declared << ", found " << shapeType;
    // Where the shape says 1 the input's extent holds.
    SmallVector<int64_t> floor(rank - x.getRank(), 1);
    llvm::append_range(floor, x.getShape());
    ArrayRef<int64_t> tail = ArrayRef(floor).take_back(shapeType.getDimSize(0));
    Value least = node.convert(node.constantIndices(tail, int64_t(tail.size())), shapeType.getElementType());
    node.checkValue(node.build<nn::MaxOp>({node.operand(1), least}),
                    declared->getShape().take_back(shapeType.getDimSize(0)));
    return node.results(node.broadcast(node.operand(0), declared->getShape()));
  }
  FailureOr<SmallVector<int64_t>> shape = node.constantInts(1);
  if (failed(shape))
    return failure();
  FailureOr<SmallVector<int64_t>> both = broadcastShapes(node, x.getShape(), *shape);
  return failed(both) ? failure() : node.results(node.broadcast(node.operand(0), *both));
}

/// tile(x) => reshape(broadcast(reshape(x))), where each repeated dimension gets one of 1 in front of it.
LogicalResult importTile(Node &node) {
  RankedTensorType x = node.type(0);
  FailureOr<SmallVector<int64_t>> repeats = failure();
  auto declared = node.declaredType(0);
  if (declared && !node.isConstant(1) && declared->getRank() == x.getRank() && x.getNumElements()) {
    repeats = SmallVector<int64_t>();
    for (auto [from, to] : llvm::zip(x.getShape(), declared->getShape()))
      repeats->push_back(to / from);
    node.checkValue(node.operand(1), *repeats);
  } else {
    repeats = node.constantInts(1);
  }
  if (failed(repeats))
    return failure();
  if (int64_t(repeats->size()) != x.getRank())
    return node.error() << "expected " << x.getRank() << " repeats, found " << repeats->size();
  SmallVector<int64_t> split, repeated, joined;
  for (auto [extent, times] : llvm::zip(x.getShape(), *repeats)) {
    if (times < 0 || (extent && times > (int64_t(1) << 40) / extent))
      return node.error() << "expected repeats of at least 0 and a result that can be addressed, found " << times;
    if (times != 1) {
      split.push_back(1);
      repeated.push_back(times);
    }
    split.push_back(extent);
    repeated.push_back(extent);
    joined.push_back(extent * times);
  }
  return node.results(node.reshape(node.broadcast(node.reshape(node.operand(0), split), repeated), joined));
}

/// Depth to space: [n, c, h, w] => [n, c / b^2, h * b, w * b]; DCR takes the block's row and column from the slow end
/// of the channels, CRD from the fast end. Space to depth is the inverse of DCR.
LogicalResult importBlocks(Node &node) {
  RankedTensorType x = node.type(0);
  if (x.getRank() != 4 || failed(node.require("blocksize")))
    return node.error() << "expected a 4-D input, found " << x;
  bool toSpace = node.form.args == "space";
  int64_t block = node.integer("blocksize", 1);
  StringRef mode = toSpace ? node.string("mode", "DCR") : "DCR";
  int64_t n = x.getDimSize(0), c = x.getDimSize(1), h = x.getDimSize(2), w = x.getDimSize(3);
  if (block < 1 || block > (1 << 16) || (toSpace ? c % (block * block) : h % block || w % block))
    return node.error() << "expected a blocksize that divides the input " << x << ", found " << block;
  if (mode != "DCR" && mode != "CRD")
    return node.error() << "expected mode DCR or CRD, found " << quoted(mode);
  Value in = node.operand(0);
  if (!toSpace) {
    Value blocks = node.transpose(node.reshape(in, {n, c, h / block, block, w / block, block}), {0, 3, 5, 1, 2, 4});
    return node.results(node.reshape(blocks, {n, c * block * block, h / block, w / block}));
  }
  int64_t depth = c / (block * block);
  Value blocks = mode == "DCR" ? node.transpose(node.reshape(in, {n, block, block, depth, h, w}), {0, 3, 4, 1, 5, 2})
                               : node.transpose(node.reshape(in, {n, depth, block, block, h, w}), {0, 1, 4, 2, 5, 3});
  return node.results(node.reshape(blocks, {n, depth, h * block, w * block}));
}

} // namespace nncc
