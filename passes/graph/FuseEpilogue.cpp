// Absorbs elementwise consumers into the epilogue of the contraction that produces their operand. It knows no operator:
// whatever has a formula can be absorbed, and whatever has an epilogue can absorb. One walk from the last contraction
// to the first: of two that are added, the later one takes the sum.
#include "mlir/IR/IRMapping.h"
#include "passes/graph/Passes.h"
#include "llvm/ADT/SetVector.h"
#include <queue>
using namespace mlir;
using namespace nncc::nn;

namespace nncc {
#define GEN_PASS_DEF_FUSEEPILOGUE
#include "passes/graph/Passes.h.inc"
namespace {
// An epilogue is held in registers beside the tile: more ops than this are left to a loop of their own.
constexpr size_t maxEpilogueOps = 64;
// Names that a fused location keeps.
constexpr size_t maxNames = 8;

ArrayRef<int64_t> shapeOf(Value v) { return cast<ShapedType>(v.getType()).getShape(); }

Location fuseLocations(MLIRContext *context, ArrayRef<Location> locs) {
  llvm::SmallSetVector<Location, maxNames> parts;
  for (Location loc : locs)
    if (auto fused = dyn_cast<FusedLoc>(loc); fused && !fused.getMetadata())
      parts.insert(fused.getLocations().begin(), fused.getLocations().end());
    else
      parts.insert(loc);
  return FusedLoc::get(context, parts.getArrayRef().take_front(maxNames));
}

class Fusion {
public:
  explicit Fusion(Operation *root) {
    root->walk<WalkOrder::PreOrder>([&](Operation *op) {
      position[op] = position.size();
      if (auto contraction = dyn_cast<EpilogueInterface>(op))
        contractions.push_back(contraction);
    });
  }
  void run() {
    for (EpilogueInterface contraction : llvm::reverse(contractions))
      for (auto group = groupBehind(contraction); !group.empty(); group = groupBehind(contraction))
        absorb(contraction, group);
  }

private:
  SmallVector<Operation *> groupBehind(EpilogueInterface producer);
  void absorb(EpilogueInterface producer, ArrayRef<Operation *> group);

  DenseMap<Operation *, size_t> position;
  SmallVector<EpilogueInterface> contractions;
};

// The fewest elementwise ops behind `producer`, in order, of which only the last is used by others: relu(x) alone, or
// x * sigmoid(x) whole. None if something else reads the producer, or too many ops come before such a last one.
SmallVector<Operation *> Fusion::groupBehind(EpilogueInterface producer) {
  auto later = [&](Operation *x, Operation *y) { return position[x] > position[y]; };
  std::priority_queue<Operation *, SmallVector<Operation *>, decltype(later)> next(later);
  SmallVector<Operation *> group;
  llvm::SmallPtrSet<Operation *, 16> seen;
  size_t room = producer.getEpilogue().front().getOperations().size();
  room = room < maxEpilogueOps ? maxEpilogueOps - room : 0;
  // Puts the users of `op` into the queue; false where one cannot belong to the group.
  auto push = [&](Operation *op) {
    for (Operation *user : op->getUsers()) {
      if (!isa<ElementwiseInterface>(user) || user->getBlock() != producer->getBlock() ||
          shapeOf(user->getResult(0)) != shapeOf(producer->getResult(0)))
        return false;
      if (seen.insert(user).second)
        next.push(user);
      if (seen.size() > room)
        return false;
    }
    return true;
  };
  if (producer->use_empty() || !push(producer))
    return {};
  while (!next.empty()) {
    Operation *op = next.top();
    next.pop();
    group.push_back(op);
    if (next.empty()) // everything so far meets here
      return group;
    if (op->use_empty() || !push(op))
      return {};
  }
  return {};
}

// e(contraction(x){f}, y) => contraction(x, y){e(f, y)}
void Fusion::absorb(EpilogueInterface producer, ArrayRef<Operation *> group) {
  Operation *root = group.back();
  Block &block = producer.getEpilogue().front();
  auto yield = cast<YieldOp>(block.getTerminator());
  OpBuilder b(yield);
  IRMapping scalar;
  scalar.map(producer->getResult(0), yield.getValue());
  for (auto [extra, arg] : llvm::zip(producer.getExtrasMutable(), block.getArguments().drop_front()))
    if (!scalar.contains(extra.get()))
      scalar.map(extra.get(), arg);
  SmallVector<Location> locs = {producer->getLoc()};
  for (Operation *op : group) {
    locs.push_back(op->getLoc());
    for (Value v : op->getOperands())
      if (!scalar.contains(v)) {
        producer.getExtrasMutable().append(v);
        scalar.map(v, block.addArgument(computationType(getElementTypeOrSelf(v)), op->getLoc()));
      }
    auto args = llvm::map_to_vector(op->getOperands(), [&](Value v) { return scalar.lookup(v); });
    scalar.map(op->getResult(0), cast<ElementwiseInterface>(op).buildFormula(b, op->getLoc(), args));
  }
  yield.getValueMutable().assign(scalar.lookup(root->getResult(0)));
  producer->getResult(0).setType(root->getResult(0).getType());
  producer->setLoc(fuseLocations(producer->getContext(), locs));
  producer->moveBefore(root); // every operand dominates `root`, and nothing between uses the result
  position[producer] = position[root];
  root->getResult(0).replaceAllUsesWith(producer->getResult(0));
  for (Operation *op : llvm::reverse(group)) {
    position.erase(op);
    op->erase();
  }
}

struct FuseEpiloguePass : impl::FuseEpilogueBase<FuseEpiloguePass> {
  void runOnOperation() override { Fusion(getOperation()).run(); }
};
} // namespace
} // namespace nncc
