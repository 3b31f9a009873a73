// One-shot bufferisation looks at every pair of uses of a tensor and of what may share its buffer. This pass keeps
// those sets small: a destination belongs to one op, and a tensor that is only read is another tensor for each reader.
// The planner decides about sharing later, on buffers.
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_OWNDESTINATIONS
#include "passes/memory/Passes.h.inc"
namespace {
/// From this many readers on a result is read through read-only views of its buffer.
constexpr unsigned manyReaders = 16;

bool isRead(OpOperand &init) {
  auto op = dyn_cast<bufferization::BufferizableOpInterface>(init.getOwner());
  bufferization::BufferizationOptions options;
  return !op || op.bufferizesToMemoryRead(init, bufferization::AnalysisState(options));
}

/// op outs(t) => op outs(empty) where t's elements are not read
void ownInit(OpOperand &init) {
  auto type = dyn_cast<RankedTensorType>(init.get().getType());
  if (!type || init.get().getDefiningOp<tensor::EmptyOp>() || !type.hasStaticShape() || isRead(init))
    return;
  OpBuilder b(init.getOwner());
  init.set(tensor::EmptyOp::create(b, init.getOwner()->getLoc(), type.getShape(), type.getElementType()));
}

/// Each use of `op`'s result gets a clone of `op` before it.
void cloneForEachUse(Operation *op) {
  if (op->hasOneUse() && op->getUsers().begin()->getBlock() == op->getBlock())
    return;
  for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
    OpBuilder b(use.getOwner());
    use.set(b.clone(*op)->getResult(0));
  }
  op->erase();
}

/// Whether `use` may be written: then a fill of its own is cheaper than a copy of a shared one.
bool isDestination(OpOperand &use) {
  if (auto op = dyn_cast<DestinationStyleOpInterface>(use.getOwner()))
    return op.isDpsInit(&use);
  return isa<LoopLikeOpInterface, bufferization::MaterializeInDestinationOp>(use.getOwner());
}

/// op(fill) ... op'(fill) => op(fill) ... op'(fill') where op' writes there
void ownFill(linalg::FillOp fill) {
  if (!fill->getNumResults() || fill->getResult(0).hasOneUse())
    return;
  for (OpOperand &use : llvm::make_early_inc_range(fill->getUses()))
    if (isDestination(use)) {
      OpBuilder b(use.getOwner());
      use.set(b.clone(*fill)->getResult(0));
    }
}

/// A result whose buffer nothing can write again: made in a destination of its own, seen through reshapes and slices of
/// what has no other user, which could write there.
bool isFresh(Value v) {
  Operation *op = v.getDefiningOp();
  while (isa_and_nonnull<tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op)) {
    if (!op->getOperand(0).hasOneUse())
      return false;
    op = op->getOperand(0).getDefiningOp();
  }
  if (isa_and_nonnull<tensor::ConcatOp>(op))
    return true;
  auto destination = dyn_cast_if_present<DestinationStyleOpInterface>(op);
  return destination && llvm::all_of(destination.getDpsInits(), [](Value init) {
           return !isa<TensorType>(init.getType()) || init.getDefiningOp<tensor::EmptyOp>() ||
                  init.getDefiningOp<linalg::FillOp>();
         });
}

/// v read n times => to_buffer v, read by n tensors of it
void splitReaders(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  if (!type || !type.hasStaticShape() || !v.hasNUsesOrMore(manyReaders) || !isFresh(v))
    return;
  SmallVector<OpOperand *> uses = llvm::map_to_vector(v.getUses(), [](OpOperand &use) { return &use; });
  OpBuilder b(v.getContext());
  b.setInsertionPointAfterValue(v);
  auto bufferType = MemRefType::get(type.getShape(), type.getElementType());
  Value buffer = bufferization::ToBufferOp::create(b, v.getLoc(), bufferType, v, /*read_only=*/true);
  for (OpOperand *use : uses) {
    b.setInsertionPoint(use->getOwner());
    use->set(bufferization::ToTensorOp::create(b, v.getLoc(), type, buffer, /*restrict=*/true, /*writable=*/false));
  }
}

struct OwnDestinationsPass : impl::OwnDestinationsBase<OwnDestinationsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (auto destination = dyn_cast<DestinationStyleOpInterface>(op); destination && op->getNumResults())
        for (OpOperand &init : destination.getDpsInitsMutable())
          ownInit(init);
    for (Operation *op : ops)
      if (auto fill = dyn_cast<linalg::FillOp>(op))
        ownFill(fill);
    ops.clear(); // with those that are new
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      auto read = dyn_cast<bufferization::ToTensorOp>(op);
      if (isa<tensor::EmptyOp>(op) || (read && !read.getWritable()))
        cloneForEachUse(op);
      else
        for (Value result : op->getResults())
          splitReaders(result);
    }
  }
};
} // namespace
} // namespace nncc
