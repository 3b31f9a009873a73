// Gives every temporary an offset in one arena. A buffer's life is an interval of operation numbers; one that is used
// inside a loop but made outside of it lives through the whole loop. What is made inside a body lives within it, so
// buffers of one body share bytes among themselves, and so do those of two branches.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "passes/memory/ArenaPacking.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
#include "llvm/Support/CheckedArithmetic.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_PLANARENA
#include "passes/memory/Passes.h.inc"
namespace {
constexpr int64_t alignment = 64;

/// The constant extent, or the least constant bound of one that is not.
FailureOr<int64_t> boundOfExtent(memref::AllocOp alloc, int64_t dim) {
  if (!alloc.getType().isDynamicDim(dim))
    return alloc.getType().getDimSize(dim);
  // The default condition stops at the first bound it meets; the chain has to be walked to its end.
  auto never = [](Value, std::optional<int64_t>, ValueBoundsConstraintSet &) { return false; };
  return ValueBoundsConstraintSet::computeConstantBound(presburger::BoundType::UB, {alloc.getResult(), dim}, never,
                                                        /*closedUB=*/true);
}

/// Bytes to reserve, a multiple of the alignment.
FailureOr<int64_t> reservedBytes(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    FailureOr<int64_t> extent = boundOfExtent(alloc, dim);
    if (failed(extent))
      return alloc.emitOpError("extent ") << dim << " has no constant bound";
    shape.push_back(*extent);
  }
  std::optional<int64_t> bytes = staticBytes(MemRefType::get(shape, type.getElementType()));
  if (!bytes || *bytes > INT64_MAX - alignment)
    return alloc.emitOpError("size exceeds 64 bits");
  return llvm::alignTo(*bytes, alignment);
}

struct Temporary {
  memref::AllocOp alloc;
  Placement placement;
};

class Lives {
public:
  explicit Lives(func::FuncOp func) : order(func) {
    func->walk<WalkOrder::PreOrder>([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (auto known = root.find(operand); known != root.end() && !viewSource(op))
          extend(temporaries[known->second], op);
      if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
        root[alloc] = temporaries.size();
        temporaries.push_back({alloc, {INT64_MAX, INT64_MIN, 0}});
      } else if (Value source = viewSource(op)) {
        if (auto known = root.find(source); known != root.end()) {
          unsigned index = known->second;
          root[op->getResult(0)] = index;
        }
      }
    });
  }
  SmallVector<Temporary> temporaries;

private:
  void extend(Temporary &t, Operation *op) {
    Operation *whole = op; // the outermost loop that does not hold the allocation too
    for (Operation *p = op->getParentOp(); p != t.alloc->getParentOp(); p = p->getParentOp())
      if (isa<LoopLikeOpInterface>(p))
        whole = p;
    t.placement.first = std::min(t.placement.first, order.first(whole));
    t.placement.last = std::max(t.placement.last, order.last(whole));
  }
  ProgramOrder order;
  DenseMap<Value, unsigned> root;
};

struct PlanArenaPass : impl::PlanArenaBase<PlanArenaPass> {
  void runOnOperation() override {
    func::FuncOp func = entryFunction(getOperation());
    if (!func)
      return;
    Lives lives(func);
    SmallVector<Temporary> used;
    SmallVector<Placement> placements;
    for (Temporary &t : lives.temporaries) {
      if (t.placement.first > t.placement.last) { // nothing touches it
        eraseWithViews(t.alloc);
        continue;
      }
      if (t.alloc->getParentOfType<scf::ForallOp>()) {
        t.alloc.emitOpError("inside a parallel region has no place in the arena");
        return signalPassFailure();
      }
      FailureOr<int64_t> bytes = reservedBytes(t.alloc);
      if (failed(bytes))
        return signalPassFailure();
      t.placement.bytes = *bytes;
      used.push_back(t);
      placements.push_back(t.placement);
    }
    std::optional<int64_t> total = packArena(placements);
    if (!total) {
      func.emitOpError("needs an arena of more than 64 bits");
      return signalPassFailure();
    }
    Builder b(&getContext());
    getOperation()->setAttr("nncc.arena_bytes", b.getI64IntegerAttr(*total));
    Value arena = addArena(func);
    for (auto [temporary, placement] : llvm::zip_equal(used, placements))
      replace(temporary.alloc, arena, placement.offset);
  }

  static void eraseWithViews(memref::AllocOp alloc) {
    SmallVector<Operation *> dead = {alloc};
    for (size_t i = 0; i < dead.size(); ++i)
      llvm::append_range(dead, dead[i]->getUsers());
    for (Operation *op : llvm::reverse(dead))
      op->erase();
  }

  // The argument before the weights.
  static Value addArena(func::FuncOp func) {
    unsigned at = func.getNumArguments();
    if (at && func.getArgAttr(at - 1, "nncc.weights"))
      --at;
    Builder b(func.getContext());
    auto attributes = DictionaryAttr::get(func.getContext(), {b.getNamedAttr("nncc.arena", b.getUnitAttr())});
    (void)func.insertArgument(at, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), attributes, func.getLoc());
    return func.getArgument(at);
  }

  static void replace(memref::AllocOp alloc, Value arena, int64_t offset) {
    OpBuilder b(alloc);
    Value at = arith::ConstantIndexOp::create(b, alloc.getLoc(), offset);
    Value view = memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), arena, at, alloc.getDynamicSizes());
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
};
} // namespace
} // namespace nncc
