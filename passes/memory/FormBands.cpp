// Finds chains of image ops and what computing them band by band would save: what passes from op to op is written to
// memory and read again where it leaves the cache, and a band of it does not. The cost model is here and nowhere else.
#include "dialects/kernel/Bands.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_FORMBANDS
#include "passes/memory/Passes.h.inc"
namespace {

/// The op that alone reads the result of `op`, whole and as its image, next in the program but for ops without effect;
/// null where there is none.
Operation *readerOf(Operation *op) {
  Value result = cast<DestinationStyleOpInterface>(op).getDpsInits()[0];
  auto made = result.getDefiningOp<memref::AllocOp>();
  if (!made || made->getBlock() != op->getBlock() || range_size(result.getUses()) != 2)
    return nullptr;
  Operation *next = op->getNextNode();
  while (next && !isa<kernel::KernelInterface>(next) && (isMemoryEffectFree(next) || isa<memref::AllocOp>(next)))
    next = next->getNextNode();
  return next && isa<kernel::KernelInterface>(next) && next->getOperand(0) == result ? next : nullptr;
}

bool hasDenseOperands(Operation *op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) { return hasUnitStride(cast<MemRefType>(type)); });
}

class Former {
public:
  Former(func::FuncOp func, int64_t rows, bool remarks, bool missedRemarks)
      : func(func), forcedRows(rows), remarks(remarks), missedRemarks(missedRemarks),
        l2(double(kernel::TargetAttr::of(func).getL2())) {}

  void run() {
    SmallVector<SmallVector<Operation *>> chains;
    DenseSet<Operation *> taken;
    func->walk([&](Operation *op) {
      if (taken.contains(op) || !canBeInChain(op))
        return;
      SmallVector<Operation *> chain = {op};
      while (Operation *next = linkBehind(chain.back()))
        chain.push_back(next);
      taken.insert_range(chain);
      if (chain.size() > 1)
        chains.push_back(chain);
    });
    for (ArrayRef<Operation *> chain : chains)
      form(chain);
  }

private:
  static bool canBeInChain(Operation *op) {
    return isa<kernel::KernelInterface>(op) && hasDenseOperands(op) && kernel::rowUnitsOf(op);
  }

  /// The next op of the chain, where what lies between both would leave the cache.
  Operation *linkBehind(Operation *op) {
    Operation *next = readerOf(op);
    if (!next || !canBeInChain(next))
      return nullptr;
    double bytes = kernel::countBytes(next->getOperand(0));
    return forcedRows || bytes > l2 * leastShare ? next : nullptr;
  }

  /// The most rows whose buffers and weights leave room in the cache; as many as are forced, or a few more.
  std::optional<kernel::BandPlan> plan(ArrayRef<Operation *> chain) {
    std::optional<kernel::BandPlan> best;
    auto units = kernel::rowUnitsOf(chain.back());
    int64_t first = llvm::alignTo(std::max<int64_t>(forcedRows, 1), units->granule);
    int64_t most = forcedRows ? units->rows() : units->rows() / 2;
    for (int64_t rows = first; rows <= most; rows += units->granule)
      if (auto plan = kernel::planBands(chain, rows)) {
        if (forcedRows)
          return plan;
        if (double(plan->bufferBytes) > l2 * bufferShare || plan->weightBytes > l2 * weightShare)
          break;
        best = plan;
      }
    return best;
  }

  /// A chain whose bands do not fit the cache may fit in parts.
  void form(ArrayRef<Operation *> chain) {
    while (chain.size() > 1) {
      size_t length = chain.size();
      std::optional<kernel::BandPlan> found;
      while (length > 1 && !(found = plan(chain.take_front(length))))
        length--;
      if (found)
        make(chain.take_front(length), *found);
      else if (missedRemarks)
        chain.front()->emitRemark() << "not computed in bands: the rows and weights of one would fill the cache";
      chain = chain.drop_front(length);
    }
  }

  void make(ArrayRef<Operation *> chain, const kernel::BandPlan &plan) {
    if (remarks) {
      double between = 0;
      for (Operation *op : chain.drop_front())
        between += kernel::countBytes(op->getOperand(0));
      chain.back()->emitRemark() << "computed with the " << chain.size() - 1 << " ops before it in bands of "
                                 << plan.rows << " rows: the buffers between them take " << plan.bufferBytes / 1024
                                 << " KB, not " << int64_t(between) / 1024;
    }
    OpBuilder b(chain.back());
    SmallVector<Location> locations;
    for (Operation *op : chain)
      locations.push_back(op->getLoc());
    auto bands = kernel::BandsOp::create(b, b.getFusedLoc(locations), plan.rows);
    Block *body = &bands.getBody().front();
    for (Operation *op : chain) {
      op->moveBefore(body, body->end());
      if (op == chain.back())
        break;
      auto made = cast<DestinationStyleOpInterface>(op).getDpsInits()[0].getDefiningOp<memref::AllocOp>();
      b.setInsertionPoint(op);
      made.replaceAllUsesWith(kernel::BandBufferOp::create(b, made.getLoc(), made.getType()).getResult());
      made.erase();
    }
  }

  // Of the second-level cache: what passes between ops leaves it above the first share; buffers and weights of a band
  // stay in it below the others.
  static constexpr double leastShare = 0.4, bufferShare = 0.3, weightShare = 0.25;

  func::FuncOp func;
  int64_t forcedRows;
  bool remarks, missedRemarks;
  double l2;
};

struct FormBandsPass : impl::FormBandsBase<FormBandsPass> {
  using FormBandsBase::FormBandsBase;
  void runOnOperation() override {
    if (!getOperation().isExternal())
      Former(getOperation(), rows, remarks, missedRemarks).run();
  }
};
} // namespace
} // namespace nncc
