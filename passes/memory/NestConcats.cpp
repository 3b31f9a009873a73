// A DenseNet block concatenates all it has made so far, again for each layer. Flat, each concat copies every part but
// the newest; nested, the planner puts all of a block into one buffer and copies nothing.
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/memory/Passes.h"
#include "llvm/ADT/Hashing.h"
#include <unordered_map>
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_NESTCONCATS
#include "passes/memory/Passes.h.inc"
namespace {

/// The concats of one block by a hash of their dimension and parts; of equal ones the first.
class Prefixes {
public:
  /// concat(a, b, c, d) => concat(concat(a, b, c), d) with the longest concat(a, b, ...) seen so far
  void nest(tensor::ConcatOp op) {
    SmallVector<Value> parts = op.getInputs(); // spelt out, without the nesting that is done here
    SmallVector<size_t> hashes = {size_t(llvm::hash_value(op.getDim()))}; // of the first 0, 1, 2 ... parts
    for (Value part : parts)
      hashes.push_back(llvm::hash_combine(hashes.back(), part));
    for (size_t count = parts.size(); count-- > 2;)
      if (tensor::ConcatOp longest = find(hashes[count], op.getDim(), ArrayRef(parts).take_front(count))) {
        SmallVector<Value> nested = {longest.getResult()};
        llvm::append_range(nested, ArrayRef(parts).drop_front(count));
        op->setOperands(nested);
        break;
      }
    if (parts.size() >= 2)
      seen[hashes.back()].push_back({op, std::move(parts)});
  }

private:
  tensor::ConcatOp find(size_t hash, uint64_t dim, ArrayRef<Value> parts) {
    auto found = seen.find(hash);
    if (found == seen.end())
      return {};
    for (auto &[other, otherParts] : found->second)
      if (tensor::ConcatOp(other).getDim() == dim && ArrayRef(otherParts) == parts)
        return other;
    return {};
  }

  std::unordered_map<size_t, SmallVector<std::pair<tensor::ConcatOp, SmallVector<Value>>, 1>> seen;
};

struct NestConcatsPass : impl::NestConcatsBase<NestConcatsPass> {
  void runOnOperation() override {
    DenseMap<Block *, Prefixes> blocks;
    getOperation()->walk<WalkOrder::PreOrder>([&](tensor::ConcatOp op) { blocks[op->getBlock()].nest(op); });
  }
};
} // namespace
} // namespace nncc
