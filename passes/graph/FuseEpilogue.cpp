// Absorbs elementwise consumers into the epilogue of the contraction that produces their operand. It knows no operator:
// whatever has a formula can be absorbed, and whatever has an epilogue can absorb.
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/graph/Passes.h"
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

bool isUsedOnlyIn(Operation *op, const SetVector<Operation *> &set) {
  return llvm::all_of(op->getUsers(), [&](Operation *user) { return set.contains(user); });
}

// The elementwise ops of `root`'s shape from which nothing but `root` escapes (x * sigmoid(x) is one group).
SetVector<Operation *> groupOf(Operation *root) {
  SetVector<Operation *> group;
  group.insert(root);
  for (size_t next = 0; next < group.size() && group.size() < maxEpilogueOps; next++) {
    // A user that joins the group later may free an operand's producer that was refused before: look at all again.
    for (size_t i = 0; i <= next; i++)
      for (Value v : group[i]->getOperands()) {
        Operation *def = v.getDefiningOp();
        if (isa_and_nonnull<ElementwiseInterface>(def) && !group.contains(def) && def->getBlock() == root->getBlock() &&
            shapeOf(v) == shapeOf(root->getResult(0)) && isUsedOnlyIn(def, group))
          group.insert(def);
      }
  }
  return group;
}

Location fuseLocations(MLIRContext *context, Location x, Location y) {
  SmallVector<Location> parts;
  for (Location loc : {x, y})
    if (auto fused = dyn_cast<FusedLoc>(loc))
      llvm::append_range(parts, fused.getLocations());
    else
      parts.push_back(loc);
  parts.resize(std::min(parts.size(), maxNames), x);
  return FusedLoc::get(context, parts);
}

// e(contraction(x){f}, y) => contraction(x, y){e(f, y)}
struct AbsorbElementwise : OpInterfaceRewritePattern<ElementwiseInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(ElementwiseInterface root, PatternRewriter &rewriter) const override {
    if (!llvm::any_of(root->getOperands(), [](Value v) { return v.getDefiningOp(); }))
      return rewriter.notifyMatchFailure(root, "no operand is computed");
    SetVector<Operation *> group = groupOf(root);
    for (Operation *op : group)
      for (Value v : op->getOperands()) {
        auto producer = v.getDefiningOp<EpilogueInterface>();
        if (producer && producer->getBlock() == root->getBlock() && isUsedOnlyIn(producer, group) &&
            shapeOf(v) == shapeOf(root->getResult(0)) &&
            producer.getEpilogue().front().getOperations().size() + group.size() <= maxEpilogueOps) {
          absorb(producer, group, root, rewriter);
          return success();
        }
      }
    return rewriter.notifyMatchFailure(root, "no operand is a contraction of this shape that is used here alone");
  }

  static void absorb(EpilogueInterface producer, const SetVector<Operation *> &group, Operation *root,
                     PatternRewriter &rewriter) {
    auto ops = llvm::to_vector(group);
    llvm::sort(ops, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
    rewriter.modifyOpInPlace(producer, [&] {
      Block &block = producer.getEpilogue().front();
      auto yield = cast<YieldOp>(block.getTerminator());
      OpBuilder b(yield);
      IRMapping scalar;
      scalar.map(producer->getResult(0), yield.getValue());
      for (Operation *op : ops) {
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
      producer->setLoc(fuseLocations(rewriter.getContext(), producer->getLoc(), root->getLoc()));
    });
    rewriter.moveOpBefore(producer, root); // every operand dominates `root`, and nothing between uses the result
    rewriter.replaceOp(root, producer->getResults());
    for (Operation *op : llvm::reverse(ops))
      if (op != root)
        rewriter.eraseOp(op);
  }
};

struct FuseEpiloguePass : impl::FuseEpilogueBase<FuseEpiloguePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AbsorbElementwise>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace nncc
