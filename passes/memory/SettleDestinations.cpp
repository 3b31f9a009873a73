// One-shot bufferisation refuses a loop that yields another buffer than it carries, and lets each branch of an `if`
// make its own. Naming the destination first answers both. The copies that this leaves are the planner's matter: it
// lets the producer write into the destination wherever nothing there is still to be read.
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_SETTLEDESTINATIONS
#include "passes/memory/Passes.h.inc"
namespace {

/// The value whose buffer `v` lies in once everything is done in place.
Value bufferOwner(Value v) {
  while (auto result = dyn_cast<OpResult>(v)) {
    Operation *op = result.getOwner();
    if (isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp, tensor::ReshapeOp>(
            op))
      v = op->getOperand(0);
    else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      v = destination.getTiedOpOperand(result)->get();
    else if (auto loop = dyn_cast<LoopLikeOpInterface>(op))
      v = loop.getTiedLoopInit(result) ? loop.getTiedLoopInit(result)->get() : Value();
    else
      break;
    if (!v)
      break;
  }
  return v;
}

/// yield v => yield (v materialised in destination)
void settle(OpOperand &yielded, Value destination) {
  if (!isa<RankedTensorType>(yielded.get().getType()) || yielded.get() == destination)
    return;
  OpBuilder b(yielded.getOwner());
  auto settled =
      bufferization::MaterializeInDestinationOp::create(b, yielded.getOwner()->getLoc(), yielded.get(), destination);
  yielded.set(settled.getResult());
}

/// yield (b, a) for carried (a, b) => yield (copy b, copy a): settling one would overwrite the other.
void copyOthersState(MutableArrayRef<OpOperand> yielded, ArrayRef<Value> carried) {
  for (auto [operand, own] : llvm::zip_equal(yielded, carried)) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    Value owner = type ? bufferOwner(operand.get()) : Value();
    if (!owner || owner == own || !llvm::is_contained(carried, owner))
      continue;
    OpBuilder b(operand.getOwner());
    operand.set(
        bufferization::AllocTensorOp::create(b, operand.getOwner()->getLoc(), type, ValueRange(), operand.get()));
  }
}

/// loop (v) => loop (copy v), unless v is a tensor.empty: then nothing but the loop reads or writes that buffer. The
/// planner drops the copy where v dies.
void ownInits(LoopLikeOpInterface loop) {
  OpBuilder b(loop);
  for (OpOperand &init : loop.getInitsMutable())
    if (auto type = dyn_cast<RankedTensorType>(init.get().getType());
        type && !init.get().getDefiningOp<tensor::EmptyOp>())
      init.set(bufferization::AllocTensorOp::create(b, loop.getLoc(), type, ValueRange(), init.get()));
}

void settleLoop(LoopLikeOpInterface loop, Operation *yield, ArrayRef<Value> carried) {
  ownInits(loop);
  copyOthersState(yield->getOpOperands(), carried);
  for (auto [operand, destination] : llvm::zip_equal(yield->getOpOperands(), carried))
    settle(operand, destination);
}

LogicalResult settleWhile(scf::WhileOp loop) {
  SmallVector<Value> carried;
  for (BlockArgument arg : loop.getBeforeArguments()) {
    auto forwarded = llvm::find(loop.getConditionOp().getArgs(), arg);
    bool found = forwarded != loop.getConditionOp().getArgs().end();
    if (!found && isa<TensorType>(arg.getType()))
      return loop.emitOpError("does not pass its tensor ") << arg.getArgNumber() << " on to its body";
    carried.push_back(found ? loop.getAfterArguments()[forwarded.getIndex()] : Value());
  }
  settleLoop(loop, loop.getYieldOp(), carried);
  return success();
}

void settleIf(scf::IfOp branch) {
  for (OpResult result : branch->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !type.hasStaticShape())
      continue;
    OpBuilder b(branch);
    Value destination = tensor::EmptyOp::create(b, branch.getLoc(), type.getShape(), type.getElementType());
    for (scf::YieldOp yield : {branch.thenYield(), branch.elseYield()})
      settle(yield->getOpOperand(result.getResultNumber()), destination);
  }
}

struct SettleDestinationsPass : impl::SettleDestinationsBase<SettleDestinationsPass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        settleLoop(loop, loop.getBody()->getTerminator(), llvm::to_vector_of<Value>(loop.getRegionIterArgs()));
      else if (auto loop = dyn_cast<scf::WhileOp>(op))
        return WalkResult(settleWhile(loop));
      else if (auto branch = dyn_cast<scf::IfOp>(op))
        settleIf(branch);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
} // namespace nncc
