// After bufferisation a settled loop still hands its buffers round and an `if` returns the one that it was given. Every
// later pass is simpler when control flow carries numbers only, so each memref is replaced by the one from outside.
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/memory/Passes.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/TypeSwitch.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_DROPCARRIEDBUFFERS
#include "passes/memory/Passes.h.inc"
namespace {

bool isBuffer(Value v) { return isa<BaseMemRefType>(v.getType()); }

/// The positions of `values` that hold a buffer.
llvm::BitVector buffersIn(ValueRange values) {
  llvm::BitVector buffers(values.size());
  for (auto [i, v] : llvm::enumerate(values))
    buffers[i] = isBuffer(v);
  return buffers;
}

SmallVector<Value> without(ValueRange values, const llvm::BitVector &dropped) {
  SmallVector<Value> kept;
  for (auto [i, v] : llvm::enumerate(values))
    if (!dropped[i])
      kept.push_back(v);
  return kept;
}

/// Replaces `op` by `smaller`, which lacks the results in `dropped`; those have no uses any more.
void replaceBySmaller(Operation *op, Operation *smaller, const llvm::BitVector &dropped) {
  smaller->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), smaller->getRegions())) {
    to.getBlocks().clear();
    to.takeBody(from);
  }
  for (auto [from, to] : llvm::zip_equal(without(op->getResults(), dropped), smaller->getResults()))
    from.replaceAllUsesWith(to);
  op->erase();
}

LogicalResult notSettled(Operation *op, unsigned position) {
  return op->emitOpError("makes a buffer for value ") << position << " where one from outside was expected";
}

LogicalResult drop(scf::ForOp loop) {
  llvm::BitVector buffers = buffersIn(loop.getInitArgs());
  if (buffers.none())
    return success();
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  for (unsigned i : buffers.set_bits()) {
    loop.getRegionIterArg(i).replaceAllUsesWith(loop.getInitArgs()[i]);
    if (yield.getOperand(i) != loop.getInitArgs()[i])
      return notSettled(loop, i);
    loop.getResult(i).replaceAllUsesWith(loop.getInitArgs()[i]);
  }
  yield->setOperands(without(yield.getOperands(), buffers));
  for (unsigned i = buffers.size(); i-- > 0;)
    if (buffers[i])
      loop.getBody()->eraseArgument(loop.getNumInductionVars() + i);
  OpBuilder b(loop);
  auto smaller = scf::ForOp::create(b, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(),
                                    without(loop.getInitArgs(), buffers), nullptr, loop.getUnsignedCmp());
  replaceBySmaller(loop, smaller, buffers);
  return success();
}

LogicalResult drop(scf::WhileOp loop) {
  llvm::BitVector carried = buffersIn(loop.getInits()), returned = buffersIn(loop.getResults());
  if (carried.none() && returned.none())
    return success();
  scf::ConditionOp condition = loop.getConditionOp();
  scf::YieldOp yield = loop.getYieldOp();
  for (unsigned i : carried.set_bits())
    loop.getBeforeArguments()[i].replaceAllUsesWith(loop.getInits()[i]);
  for (unsigned i : returned.set_bits()) {
    Value outside = condition.getArgs()[i];
    if (!loop.isDefinedOutsideOfLoop(outside))
      return notSettled(loop, i);
    loop.getAfterArguments()[i].replaceAllUsesWith(outside);
    loop.getResult(i).replaceAllUsesWith(outside);
  }
  for (unsigned i : carried.set_bits())
    if (yield.getOperand(i) != loop.getInits()[i])
      return notSettled(loop, i);
  yield->setOperands(without(yield.getOperands(), carried));
  condition.getArgsMutable().assign(without(condition.getArgs(), returned));
  loop.getBeforeBody()->eraseArguments(carried);
  loop.getAfterBody()->eraseArguments(returned);
  OpBuilder b(loop);
  SmallVector<Value> results = without(loop.getResults(), returned);
  auto smaller =
      scf::WhileOp::create(b, loop.getLoc(), TypeRange(ValueRange(results)), without(loop.getInits(), carried));
  replaceBySmaller(loop, smaller, returned);
  return success();
}

LogicalResult drop(scf::IfOp branch) {
  llvm::BitVector buffers = buffersIn(branch->getResults());
  if (buffers.none())
    return success();
  scf::YieldOp yields[] = {branch.thenYield(), branch.elseYield()};
  for (unsigned i : buffers.set_bits()) {
    Value outside = yields[0].getOperand(i);
    if (outside != yields[1].getOperand(i) || branch->isProperAncestor(outside.getParentBlock()->getParentOp()) ||
        outside.getParentBlock()->getParentOp() == branch)
      return notSettled(branch, i);
    branch.getResult(i).replaceAllUsesWith(outside);
  }
  for (scf::YieldOp yield : yields)
    yield->setOperands(without(yield.getOperands(), buffers));
  OpBuilder b(branch);
  SmallVector<Value> results = without(branch->getResults(), buffers);
  auto smaller = scf::IfOp::create(b, branch.getLoc(), TypeRange(ValueRange(results)), branch.getCondition(),
                                   /*addThenBlock=*/false, /*addElseBlock=*/false);
  replaceBySmaller(branch, smaller, buffers);
  return success();
}

struct DropCarriedBuffersPass : impl::DropCarriedBuffersBase<DropCarriedBuffersPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops; // inner ones first
    getOperation()->walk([&](Operation *op) {
      if (isa<scf::ForOp, scf::WhileOp, scf::IfOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(llvm::TypeSwitch<Operation *, LogicalResult>(op).Case<scf::ForOp, scf::WhileOp, scf::IfOp>(
              [](auto op) { return drop(op); })))
        return signalPassFailure();
  }
};
} // namespace
} // namespace nncc
