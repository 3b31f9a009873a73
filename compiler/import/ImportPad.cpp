// Padding. A constant border is nn.pad; borders that repeat the input are gathers with constant indices.
#include "compiler/import/Limits.h"
#include "compiler/import/Node.h"
using namespace mlir;

namespace nncc {

/// Where element `at`, from -low to extent + high - 1, of a padded axis comes from.
static int64_t sourceIndex(StringRef mode, int64_t at, int64_t extent) {
  if (mode == "edge")
    return std::clamp<int64_t>(at, 0, extent - 1);
  int64_t period = mode == "wrap" || extent == 1 ? extent : 2 * (extent - 1);
  at = ((at % period) + period) % period;
  return at < extent ? at : period - at;
}

/// The pads of every axis, all low ones and then all high ones.
static FailureOr<SmallVector<int64_t>> readPads(Node &node) {
  int64_t rank = node.type(0).getRank();
  FailureOr<Node::OptionalInts> pads = node.intsOperandOrAttribute(1, "pads");
  FailureOr<Node::OptionalInts> given = node.intsOperandOrAttribute(3, "axes");
  if (failed(pads) || failed(given))
    return failure();
  if (!*pads)
    return node.error() << "expected pads";
  FailureOr<SmallVector<int64_t>> axes =
      node.axes(*given ? **given : llvm::to_vector(llvm::seq<int64_t>(0, rank)), rank);
  if (failed(axes))
    return failure();
  if ((*pads)->size() != 2 * axes->size())
    return node.error() << "expected " << 2 * axes->size() << " pads, found " << (*pads)->size();
  SmallVector<int64_t> all(2 * rank, 0);
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    all[axis] = (**pads)[i];
    all[rank + axis] = (**pads)[axes->size() + i];
  }
  constexpr int64_t limit = int64_t(1) << 40;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t low = all[d], high = all[rank + d], extent = node.type(0).getDimSize(d);
    if (low < -limit || low > limit || high < -limit || high > limit || extent + low + high < 0)
      return node.error() << "expected pads that leave an extent of at least 0 along axis " << d << ", found " << low
                          << " and " << high;
  }
  return all;
}

LogicalResult importPad(Node &node) {
  RankedTensorType x = node.type(0);
  int64_t rank = x.getRank();
  StringRef mode = node.string("mode", "constant");
  FailureOr<SmallVector<int64_t>> pads = readPads(node);
  if (failed(pads))
    return failure();
  Value fill = node.operand(2);
  if (fill && node.type(2).getNumElements() != 1)
    return node.error() << "expected a scalar value, found " << node.type(2);
  fill = fill ? node.reshape(fill, {}) : node.scalar(x.getElementType(), node.opset < 11 ? node.number("value", 0) : 0);
  // A negative pad cuts off.
  Value result = node.operand(0);
  SmallVector<int64_t> low, high;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t before = (*pads)[d], after = (*pads)[rank + d];
    int64_t start = std::max<int64_t>(-before, 0), end = x.getDimSize(d) + std::min<int64_t>(after, 0);
    if (mode == "constant") {
      // What one side cuts beyond the input, it cuts from the other side's padding.
      start = std::min(start, x.getDimSize(d));
      end = std::max(end, start);
      if (start || end != x.getDimSize(d))
        result = node.slice(result, d, start, end - start);
      int64_t total = x.getDimSize(d) + before + after;
      low.push_back(std::clamp<int64_t>(before, 0, total));
      high.push_back(total - low.back() - (end - start));
      if (high.back() < 0)
        return node.error() << "expected pads that cut off no more than the input, found " << before << " and "
                            << after;
      continue;
    }
    if (before == 0 && after == 0)
      continue;
    if (x.getDimSize(d) == 0 || x.getDimSize(d) + before + after > limits::constantIndices)
      return node.error() << "expected elements to repeat along axis " << d << ", and a result of at most "
                          << limits::constantIndices;
    if (!node.spend((x.getDimSize(d) + before + after) * 8))
      return failure();
    SmallVector<int64_t> indices;
    for (int64_t at = -before; at < x.getDimSize(d) + after; ++at)
      indices.push_back(sourceIndex(mode, at, x.getDimSize(d)));
    result = node.gather(result, indices, d);
  }
  if (mode == "reflect" || mode == "edge" || mode == "wrap")
    return node.results(result);
  if (mode != "constant")
    return node.error() << "expected mode constant, reflect, edge or wrap, found " << quoted(mode);
  if (llvm::all_of(low, [](int64_t p) { return p == 0; }) && llvm::all_of(high, [](int64_t p) { return p == 0; }))
    return node.results(result);
  return node.results(node.build<nn::PadOp>({result, fill}, [&](auto &p) {
    p.setLow(node.builder.getDenseI64ArrayAttr(low));
    p.setHigh(node.builder.getDenseI64ArrayAttr(high));
  }));
}

} // namespace nncc
