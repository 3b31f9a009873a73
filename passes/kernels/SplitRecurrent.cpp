// Where a recurrent layer's states live outside of scratch memory, its steps become ops of their own, which several
// workers share: a loop whose body is one region of tasks for each part of the cell.
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/kernels/Passes.h"
#include "passes/kernels/Work.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_SPLITRECURRENT
#include "passes/kernels/Passes.h.inc"
namespace {
void split(kernel::RecurrentOp op) {
  Location loc = op.getLoc();
  OpBuilder b(op);
  auto node = kernel::NodeOp::create(b, loc, nodeName(op), op.getFlops(), op.getBytes());
  b.setInsertionPointToEnd(&node.getBody().front());
  cast<kernel::RecurrentOp>(b.clone(*op)).setBegins(true);
  auto index = [&](int64_t x) { return arith::ConstantIndexOp::create(b, loc, x); };
  int64_t steps = cast<ShapedType>(op.getX().getType()).getDimSize(0);
  auto loop = scf::ForOp::create(b, loc, index(0), index(steps), index(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    for (size_t part = 0; part < op.getParts().size(); part++) {
      auto step = cast<kernel::RecurrentOp>(b.clone(*op));
      step.getStepMutable().assign(loop.getInductionVar());
      step.setPart(int64_t(part));
    }
  }
  cast<kernel::RecurrentOp>(b.clone(*op)).setEnds(true);
  op.erase();
}

struct SplitRecurrentPass : impl::SplitRecurrentBase<SplitRecurrentPass> {
  void runOnOperation() override {
    SmallVector<kernel::RecurrentOp> all;
    getOperation()->walk([&](kernel::RecurrentOp op) {
      if (op.getState())
        all.push_back(op);
    });
    llvm::for_each(all, split);
  }
};
} // namespace
} // namespace nncc
