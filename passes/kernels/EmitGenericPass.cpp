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
      int64_t units = getGenericUnits(op), ranges = std::clamp<int64_t>(units, 1, parts); // none of them empty
      for (int64_t range = 0; range < ranges; range++) {
        Value lo = arith::ConstantIndexOp::create(b, op.getLoc(), units * range / ranges);
        Value hi = arith::ConstantIndexOp::create(b, op.getLoc(), units * (range + 1) / ranges);
        if (failed(emitGeneric(b, op, lo, hi)))
          return signalPassFailure();
      }
      op->erase();
    }
  }
};

} // namespace
} // namespace nncc
