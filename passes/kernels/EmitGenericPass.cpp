// The vector emitter alone, for tests: applied to every linalg op where it stands, in any number of ranges of units.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/EmitGeneric.h"
#include "passes/kernels/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_EMITGENERIC
#include "passes/kernels/Passes.h.inc"
namespace {

struct EmitGenericPass : impl::EmitGenericBase<EmitGenericPass> {
  using EmitGenericBase::EmitGenericBase;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      OpBuilder b(op);
      int64_t units = getGenericUnits(op);
      for (int64_t part = 0; part < parts; part++) {
        Value lo = arith::ConstantIndexOp::create(b, op.getLoc(), units * part / parts);
        Value hi = arith::ConstantIndexOp::create(b, op.getLoc(), units * (part + 1) / parts);
        if (failed(emitGeneric(b, op, lo, hi)))
          return signalPassFailure();
      }
      op->erase();
    }
  }
};

} // namespace

VectorIsa getVectorIsa(Operation *op) {
  kernel::TargetAttr target = kernel::TargetAttr::of(op);
  VectorIsa isa;
  isa.bytes = target.getLanes() * 4;
  isa.registers = target.getRegisters();
  isa.maskWords = target.hasMasks();
  isa.maskBytes = target.hasMasks() && isa.bytes == 64;
  return isa;
}

} // namespace nncc
