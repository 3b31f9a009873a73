// The end of the stage. What is found here was left by a pass of this stage or is an op that no stage before it should
// have let through.
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_CHECKMEMORY
#include "passes/memory/Passes.h.inc"
namespace {

/// Why `op` may not stand here; empty where it may.
StringRef leftOver(Operation *op) {
  auto isTensor = [](Type type) { return isa<TensorType>(type); };
  auto isBuffer = [](Type type) { return isa<BaseMemRefType>(type); };
  auto isBits = [](Type type) { return isa<MemRefType>(type) && cast<MemRefType>(type).getElementType().isInteger(1); };
  if (isa_and_present<bufferization::BufferizationDialect>(op->getDialect()) ||
      llvm::any_of(op->getOperandTypes(), isTensor) || llvm::any_of(op->getResultTypes(), isTensor))
    return "is not on buffers";
  if (isa<memref::AllocOp, memref::AllocaOp, memref::ReallocOp, memref::DeallocOp>(op))
    return "is not in the arena";
  if (isa<memref::GlobalOp, memref::GetGlobalOp>(op))
    return "is not in the weights section";
  if (isa_and_present<scf::SCFDialect>(op->getDialect()) &&
      (llvm::any_of(op->getOperandTypes(), isBuffer) || llvm::any_of(op->getResultTypes(), isBuffer)))
    return "carries a buffer";
  if (isa<memref::CopyOp>(op))
    return "has no kernel";
  if (llvm::any_of(op->getResultTypes(), isBits))
    return "is a buffer of i1";
  return {};
}

struct CheckMemoryPass : impl::CheckMemoryBase<CheckMemoryPass> {
  void runOnOperation() override {
    bool bad = false;
    getOperation()->walk([&](Operation *op) {
      StringRef reason = leftOver(op);
      if (reason.empty())
        return;
      op->emitOpError(reason) << " after the memory stage";
      bad = true;
    });
    if (bad)
      signalPassFailure();
  }
};
} // namespace
} // namespace nncc
