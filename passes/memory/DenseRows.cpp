// Emitters load vectors along the last dimension. A slice of a bigger step, or one that lost its last dimension, has no
// two elements side by side there, so it is copied first. Done on buffers, where the strides are plain, and after every
// pass that could make or remove one.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_DENSEROWS
#include "passes/memory/Passes.h.inc"
namespace {

/// op ins(x with a last stride of n) => copy x to alloc a; op ins(a)
void densify(kernel::KernelInterface op) {
  auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
  DenseMap<Value, Value> copies;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || !type.hasStaticShape() || hasUnitStride(type))
      continue;
    assert(!destination.isDpsInit(&operand) && "destinations are placed with rows side by side");
    Value &copy = copies[operand.get()];
    if (!copy) {
      OpBuilder b(op);
      copy = memref::AllocOp::create(b, op->getLoc(), MemRefType::get(type.getShape(), type.getElementType()));
      linalg::CopyOp::create(b, op->getLoc(), operand.get(), copy);
    }
    operand.set(copy);
  }
}

struct DenseRowsPass : impl::DenseRowsBase<DenseRowsPass> {
  void runOnOperation() override {
    getOperation()->walk([](kernel::KernelInterface op) {
      if (!op.takesStrides())
        densify(op);
    });
  }
};
} // namespace
} // namespace nncc
