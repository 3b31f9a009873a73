// A DenseNet block concatenates all it has made so far, again for each layer. Flat, each concat copies every part but
// the newest; nested, the planner puts all of a block into one buffer and copies nothing.
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_NESTCONCATS
#include "passes/memory/Passes.h.inc"
namespace {

/// The concats of one block, found by dimension, first part and second part; the latest of each length.
class Prefixes {
public:
  /// concat(a, b, c, d) => concat(concat(a, b, c), d) with the longest concat(a, b, ...) seen so far
  void nest(tensor::ConcatOp op) {
    if (op.getInputs().size() < 2)
      return;
    SmallVector<Value> parts = op.getInputs(); // spelt out, without the nesting that is done here
    auto &candidates = seen[std::make_tuple(op.getDim(), parts[0], parts[1])];
    tensor::ConcatOp longest;
    size_t longestSize = 0;
    for (auto &[other, otherParts] : candidates)
      if (otherParts.size() < parts.size() && otherParts.size() > longestSize &&
          llvm::equal(otherParts, ArrayRef(parts).take_front(otherParts.size()))) {
        longest = other;
        longestSize = otherParts.size();
      }
    if (longest) {
      SmallVector<Value> nested = {longest.getResult()};
      llvm::append_range(nested, ArrayRef(parts).drop_front(longestSize));
      op->setOperands(nested);
    }
    candidates.push_back({op, std::move(parts)});
  }

private:
  DenseMap<std::tuple<uint64_t, Value, Value>, SmallVector<std::pair<tensor::ConcatOp, SmallVector<Value>>, 1>> seen;
};

struct NestConcatsPass : impl::NestConcatsBase<NestConcatsPass> {
  void runOnOperation() override {
    DenseMap<Block *, Prefixes> blocks;
    getOperation()->walk<WalkOrder::PreOrder>([&](tensor::ConcatOp op) { blocks[op->getBlock()].nest(op); });
  }
};
} // namespace
} // namespace nncc
