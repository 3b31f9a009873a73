// An elementwise op may write over an operand that dies there. After the merge both are one value, so that whoever
// emits the op sees that they overlap, and different values stay different memory.
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_REUSEBUFFERS
#include "passes/memory/Passes.h.inc"
namespace {

/// Where a buffer is touched first and last, as numbers of operations; all of a loop counts as touched by what is used
/// in it but made outside.
struct Life {
  int64_t first = INT64_MAX, last = INT64_MIN;
};

class Reuse {
public:
  explicit Reuse(func::FuncOp func) : func(func), order(func) {}

  void run() {
    SmallVector<Operation *> ops;
    func->walk<WalkOrder::PreOrder>([&](Operation *op) {
      ops.push_back(op);
      noteRoot(op);
      for (Value operand : op->getOperands())
        if (auto alloc = viewSource(op) ? memref::AllocOp() : allocOf(operand))
          extend(alloc, op);
    });
    roots.clear(); // noted anew while merging, after the merges of earlier ops
    for (Operation *op : ops) {
      noteRoot(op);
      if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp>(op))
        shareView(op);
      else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
        for (Value init : SmallVector<Value>(destination.getDpsInits()))
          reuse(op, init);
    }
  }

private:
  void noteRoot(Operation *op) {
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      roots[alloc] = alloc;
    else if (Value source = viewSource(op))
      if (auto alloc = allocOf(source))
        roots[op->getResult(0)] = alloc;
  }
  memref::AllocOp allocOf(Value buffer) { return roots.lookup(buffer); }

  /// expand_shape (... (collapse_shape x)) of x's type => x, or chains of views would grow with those of merged ops
  void shareView(Operation *op) {
    auto type = cast<MemRefType>(op->getResult(0).getType());
    memref::AllocOp alloc = allocOf(op->getResult(0));
    if (!alloc || !type.getLayout().isIdentity() || type.getNumElements() != alloc.getType().getNumElements())
      return;
    Value &view =
        wholeViews.try_emplace({alloc, type}, alloc.getType() == type ? alloc.getResult() : Value()).first->second;
    if (!view || !view.getParentBlock()->findAncestorOpInBlock(*op)) {
      view = op->getResult(0);
    } else {
      op->getResult(0).replaceAllUsesWith(view);
      op->erase();
    }
  }

  void extend(memref::AllocOp alloc, Operation *op) {
    Operation *whole = op;
    for (Operation *p = op->getParentOp(); p != alloc->getParentOp(); p = p->getParentOp())
      if (isa<LoopLikeOpInterface>(p))
        whole = p;
    Life &life = lives[alloc];
    life.first = std::min(life.first, order.first(whole));
    life.last = std::max(life.last, whole == op ? order.first(op) : order.last(whole));
  }

  /// op ins(x) outs(alloc y) => op ins(x) outs(x) and x for every later y
  void reuse(Operation *op, Value init) {
    auto made = init.getDefiningOp<memref::AllocOp>();
    if (!made || made->getBlock() != op->getBlock() || lives[made].first != order.first(op))
      return;
    for (Value operand : op->getOperands()) {
      memref::AllocOp dying = operand.getType() == init.getType() ? allocOf(operand) : memref::AllocOp();
      if (!dying || dying == made || lives[dying].last != order.first(op) ||
          dying.getType().getNumElements() != made.getType().getNumElements() || !onlyOperandOf(op, operand, dying) ||
          !allowsInPlace(op, operand, init) || !viewedOnlyAfter(op, made))
        continue;
      lives[dying].last = lives[made].last;
      init.replaceAllUsesWith(operand);
      made.erase();
      return;
    }
  }

  /// No other operand of `op` looks into the same buffer in another way.
  bool onlyOperandOf(Operation *op, Value operand, memref::AllocOp alloc) {
    return llvm::all_of(op->getOperands(), [&](Value other) { return other == operand || allocOf(other) != alloc; });
  }

  bool viewedOnlyAfter(Operation *op, memref::AllocOp alloc) {
    return llvm::all_of(alloc->getUsers(), [&](Operation *user) { return order.first(user) >= order.first(op); });
  }

  func::FuncOp func;
  ProgramOrder order;
  DenseMap<Operation *, Life> lives;
  DenseMap<Value, memref::AllocOp> roots;
  DenseMap<std::pair<Operation *, Type>, Value> wholeViews; // an allocation seen whole, as that type
};

struct ReuseBuffersPass : impl::ReuseBuffersBase<ReuseBuffersPass> {
  void runOnOperation() override {
    if (!getOperation().isExternal())
      Reuse(getOperation()).run();
  }
};
} // namespace
} // namespace nncc
