// A pool of 2x2 behind a convolution by minimal filtering reads what whole tiles have just had in registers: the
// maximum is taken there, so that the outputs are never stored.
#include "dialects/kernel/Geometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/Passes.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_POOLCONVOLUTIONS
#include "passes/schedule/Passes.h.inc"
namespace {

// Whether the epilogue never falls as the sum grows, in rounded arithmetic too: then its maximum is that of the sums,
// to the bit.
bool isMonotonic(Region &epilogue) {
  if (epilogue.empty())
    return true;
  Block &body = epilogue.front();
  llvm::SmallDenseSet<Value, 4> rising = {body.getArgument(0)}; // with the sum, or comparisons of what does
  auto rises = [&](Value v) { return rising.contains(v); };
  for (Operation &op : body.without_terminator()) {
    if (llvm::none_of(op.getOperands(), rises))
      continue;
    bool holds = false;
    if (isa<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(op))
      holds = true;
    else if (isa<arith::SubFOp>(op))
      holds = !rises(op.getOperand(1));
    else if (isa<arith::CmpFOp>(op))
      holds = true; // read by such selections alone, as nothing else below takes it
    else if (auto select = dyn_cast<arith::SelectOp>(op)) {
      // x < c ? c : x and x > c ? c : x, of whatever strictness.
      auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
      Value taken = select.getTrueValue(), other = select.getFalseValue();
      holds = compare && compare.getLhs() == other && compare.getRhs() == taken && rises(other) && !rises(taken);
      using Predicate = arith::CmpFPredicate;
      holds = holds && llvm::is_contained({Predicate::OLT, Predicate::OLE, Predicate::OGT, Predicate::OGE},
                                          compare.getPredicate());
    }
    if (!holds)
      return false;
    rising.insert(op.getResult(0));
  }
  return true;
}

struct PoolConvolutionsPass : impl::PoolConvolutionsBase<PoolConvolutionsPass> {
  using PoolConvolutionsBase::PoolConvolutionsBase;

  void runOnOperation() override {
    getOperation().walk([](kernel::PoolOp pool) {
      auto conv = pool.getX().getDefiningOp<kernel::ConvOp>();
      if (conv && canPool(conv, pool))
        fuse(conv, pool);
    });
  }

  static bool canPool(kernel::ConvOp conv, kernel::PoolOp pool) {
    auto areAll = [](ArrayRef<int64_t> values, int64_t n) {
      return llvm::all_of(values, [=](int64_t v) { return v == n; });
    };
    auto isEven = [](int64_t outputs) { return outputs % 2 == 0; };
    bool isSmall = pool.getKind() == nn::PoolKind::max && pool.getKernel().size() == 2 && areAll(pool.getKernel(), 2) &&
                   areAll(pool.getStrides(), 2) && areAll(pool.getDilations(), 1) &&
                   areAll(pool.getPads().take_front(2), 0);
    if (!isSmall || !conv.getWinograd() || conv.getPooled() || !llvm::all_of(*conv.getWinograd(), isEven) ||
        !conv->hasOneUse() || !isMonotonic(conv.getEpilogue()))
      return false;
    // A last row or column alone is left out, or else padded.
    kernel::WindowGeometry of = kernel::geometryOf(conv), to = kernel::geometryOf(pool);
    if (to.out[1] * 2 > of.out[1] || to.out[2] * 2 > of.out[2])
      return false;
    return llvm::all_of(conv.getExtras(), [&](Value extra) {
      SmallVector<int64_t> strides = kernel::broadcastStrides(extra, kernel::shapeOf(conv.getInit()));
      return areAll(ArrayRef(strides).drop_back(), 0);
    });
  }

  static void fuse(kernel::ConvOp conv, kernel::PoolOp pool) {
    OpBuilder b(pool);
    auto fused = kernel::ConvOp::create(b, b.getFusedLoc({conv.getLoc(), pool.getLoc()}), pool->getResultTypes(),
                                        conv.getX(), conv.getW(), conv.getExtras(), pool.getInit(), conv.getStrides(),
                                        conv.getPads(), conv.getDilations(), conv.getGroups(), conv.getNchwInput(),
                                        /*pooled=*/true, conv.getWinogradAttr(), conv.getTileAttr());
    fused.getEpilogue().takeBody(conv.getEpilogue());
    pool->replaceAllUsesWith(fused);
    pool->erase();
    conv->erase();
  }
};

} // namespace
} // namespace nncc
