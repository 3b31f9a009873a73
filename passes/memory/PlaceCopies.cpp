// One-shot analysis does not see that slices of one buffer are disjoint, and what makes its own result (concat,
// reshape) does not know where it will end up. On memrefs the question is plain: may the source of a copy live in its
// target from the start? Static shapes only; everything else keeps its copy.
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_PLACECOPIES
#include "passes/memory/Passes.h.inc"
namespace {

//===-- Views ------------------------------------------------------------------------------------------------===//

/// Two static slices of one buffer that share no element.
bool disjoint(memref::SubViewOp x, memref::SubViewOp y) {
  for (auto [xo, xn, xs, yo, yn, ys] : llvm::zip(x.getStaticOffsets(), x.getStaticSizes(), x.getStaticStrides(),
                                                 y.getStaticOffsets(), y.getStaticSizes(), y.getStaticStrides()))
    if (!llvm::is_contained({xo, xn, xs, yo, yn, ys}, ShapedType::kDynamic) &&
        (xo + (xn - 1) * xs < yo || yo + (yn - 1) * ys < xo))
      return true;
  return false;
}

/// Whether two paths of views from one buffer part at disjoint slices.
bool disjoint(ViewPath x, ViewPath y) {
  auto [xi, yi] = std::mismatch(x.begin(), x.end(), y.begin(), y.end());
  if (xi == x.end() || yi == y.end())
    return false;
  auto xs = dyn_cast<memref::SubViewOp>(*xi), ys = dyn_cast<memref::SubViewOp>(*yi);
  return xs && ys && disjoint(xs, ys);
}

/// The views from the buffer behind `v` to `v`.
SmallVector<Operation *> pathTo(Value v) {
  SmallVector<Operation *> path;
  for (; Value source = viewSource(v.getDefiningOp()); v = source)
    path.push_back(v.getDefiningOp());
  std::reverse(path.begin(), path.end());
  return path;
}

/// The type of `view` over a source of type `source`; null where it has none.
MemRefType retyped(Operation *view, MemRefType source) {
  if (auto slice = dyn_cast<memref::SubViewOp>(view))
    return memref::SubViewOp::inferRankReducedResultType(slice.getType().getShape(), source, slice.getMixedOffsets(),
                                                         slice.getMixedSizes(), slice.getMixedStrides());
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(view)) {
    auto type = memref::ExpandShapeOp::computeExpandedType(source, expand.getResultType().getShape(),
                                                           expand.getReassociationIndices());
    return succeeded(type) ? *type : MemRefType();
  }
  if (auto collapse = dyn_cast<memref::CollapseShapeOp>(view))
    if (memref::CollapseShapeOp::isGuaranteedCollapsible(source, collapse.getReassociationIndices()))
      return memref::CollapseShapeOp::computeCollapsedType(source, collapse.getReassociationIndices());
  return {};
}

/// The type of the buffer of which `reshape` makes `target`: the inverse of a reshape, on types.
MemRefType inverted(Operation *reshape, MemRefType target) {
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(reshape)) {
    if (memref::CollapseShapeOp::isGuaranteedCollapsible(target, expand.getReassociationIndices()))
      return memref::CollapseShapeOp::computeCollapsedType(target, expand.getReassociationIndices());
    return {};
  }
  auto collapse = cast<memref::CollapseShapeOp>(reshape);
  auto type = memref::ExpandShapeOp::computeExpandedType(target, collapse.getSrcType().getShape(),
                                                         collapse.getReassociationIndices());
  return succeeded(type) ? *type : MemRefType();
}

//===-- Neighbours ----------------------------------------------------------------------------------------------===//

/// Of a buffer, what each copy into it asks: its uses that are no views, and whether its views share no element.
struct Neighbours {
  explicit Neighbours(Value buffer) {
    for (OpOperand &use : buffer.getUses()) {
      if (viewSource(use.getOwner()) != buffer)
        touches.push_back(&use);
      else if (auto slice = dyn_cast<memref::SubViewOp>(use.getOwner()))
        slices.push_back(slice);
      else
        viewsAreDisjoint = false;
    }
    int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
    viewsAreDisjoint &= llvm::any_of(llvm::seq(rank), [&](int64_t dim) { return disjointAlong(dim); });
  }

  SmallVector<OpOperand *> touches;
  bool viewsAreDisjoint = true;

private:
  bool disjointAlong(int64_t dim) {
    auto offset = [&](memref::SubViewOp slice) { return slice.getStaticOffsets()[dim]; };
    llvm::sort(slices, [&](auto x, auto y) { return offset(x) < offset(y); });
    int64_t end = INT64_MIN;
    for (memref::SubViewOp slice : slices) {
      int64_t size = slice.getStaticSizes()[dim];
      if (offset(slice) == ShapedType::kDynamic || size == ShapedType::kDynamic || slice.getStaticStrides()[dim] != 1 ||
          offset(slice) < end)
        return false;
      end = offset(slice) + size;
    }
    return true;
  }
  SmallVector<memref::SubViewOp> slices;
};

//===-- Placement --------------------------------------------------------------------------------------------===//

/// Parts of parts are asked about again for each copy around them, so that deep nesting would take cubic time; a copy
/// at every so many levels costs little.
constexpr size_t maxNesting = 64;

/// One copy whose source shall become its target.
class Placement {
public:
  Placement(memref::CopyOp copy, ProgramOrder &order, DenseMap<Value, Neighbours> &known)
      : copy(copy), block(copy->getBlock()), order(order), known(known) {}

  LogicalResult place() {
    return success(findPart() && findSpan() && targetIsFree() && planMoves() && planTypes() && (commit(), true));
  }

private:
  /// The allocation behind the source, and the reshapes between them.
  bool findPart() {
    Value v = copy.getSource();
    while (isa_and_nonnull<memref::ExpandShapeOp, memref::CollapseShapeOp>(v.getDefiningOp())) {
      reshapes.push_back(v.getDefiningOp());
      v = viewSource(v.getDefiningOp());
    }
    part = v.getDefiningOp<memref::AllocOp>();
    path = pathTo(copy.getTarget());
    root = rootBuffer(copy.getTarget());
    return part && part->getBlock() == block && part.getType().hasStaticShape() && root != part.getResult();
  }

  /// From the first touch of the part to the last; after the copy it may only be read.
  bool findSpan() {
    first = last = copy;
    bool ok = true;
    auto touch = [&](OpOperand &use, ViewPath) {
      Operation *op = block->findAncestorOpInBlock(*use.getOwner());
      if (use.getOwner() == copy)
        return;
      ok &= !isa<CallOpInterface>(use.getOwner()) && !use.getOwner()->hasTrait<OpTrait::IsTerminator>();
      if (order.first(op) > order.first(copy))
        ok &= !mayWrite(use.getOwner(), use.get());
      if (order.first(op) < order.first(first))
        first = op;
      if (order.first(op) > order.first(last))
        last = op;
    };
    forEachTouch(part, touch, [&](ViewPath path) { return ok = ok && path.size() <= maxNesting; });
    return ok;
  }

  /// Whether `op` is the first to touch the target, which it fills, and the target is not much larger than the part: a
  /// pad. Then the fill can go before the part.
  bool isPadding(Operation *op, Value filled) {
    auto alloc = root.getDefiningOp<memref::AllocOp>();
    if (!isa<linalg::FillOp>(op) || !alloc || filled != root || alloc->getBlock() != block || fill ||
        alloc.getType().getNumElements() > 2 * part.getType().getNumElements())
      return false;
    bool isFirst = true;
    forEachTouch(root, [&](OpOperand &use, ViewPath) {
      isFirst &= order.first(block->findAncestorOpInBlock(*use.getOwner())) >= order.first(op);
    });
    return isFirst;
  }

  /// Nobody else touches that part of the target while the part is in use, but for readers after the copy, and for an
  /// elementwise op that reads the old elements as it writes the new ones.
  bool targetIsFree() {
    bool ok = true;
    auto touch = [&](OpOperand &use, ViewPath) {
      Operation *op = block->findAncestorOpInBlock(*use.getOwner());
      if (!ok || !op || use.getOwner() == copy || order.first(op) < order.first(first) ||
          order.first(op) > order.first(last))
        return;
      if (order.first(op) > order.first(copy) && !mayWrite(use.getOwner(), use.get()))
        return;
      if (op == use.getOwner() && op != first && order.first(op) < order.first(copy) && isPadding(op, use.get())) {
        fill = op;
        return;
      }
      ok = op == first && use.getOwner() == op && use.get() == copy.getTarget() && reshapes.empty() &&
           allowsInPlace(op, use.get(), part);
    };
    if (path.empty()) {
      forEachTouch(root, touch);
      return ok;
    }
    const Neighbours &neighbours = known.try_emplace(root, root).first->second;
    if (!neighbours.viewsAreDisjoint) {
      forEachTouch(root, touch, [&](ViewPath other) { return ok && !disjoint(path, other); });
      return ok;
    }
    for (OpOperand *use : neighbours.touches)
      touch(*use, {});
    Operation *slice = path.front();
    forEachTouch(slice->getResult(0), touch,
                 [&](ViewPath other) { return ok && !disjoint(ArrayRef(path).drop_front(), other); });
    return ok;
  }

  /// Whether `v` is there before the part's first user.
  bool isThere(Value v) {
    Operation *op = v.getDefiningOp();
    return !op || op->getBlock() != block || order.first(op) < order.first(start);
  }

  /// Which ops have to move before the part's first user, in order: the target's allocation and its views.
  bool planMoves() {
    start = copy;
    for (Operation *user : part->getUsers())
      if (Operation *op = block->findAncestorOpInBlock(*user); order.first(op) < order.first(start))
        start = op;
    if (!isThere(root)) {
      auto alloc = root.getDefiningOp<memref::AllocOp>();
      if (!alloc || alloc->getNumOperands())
        return false;
      moves.push_back(alloc);
    }
    if (fill) {
      if (!isThere(fill->getOperand(0)))
        return false;
      moves.push_back(fill);
    }
    for (Operation *view : path) {
      if (isThere(view->getResult(0)))
        continue;
      Value source = viewSource(view);
      for (Value operand : view->getOperands())
        if (operand != source && !isThere(operand))
          return false;
      moves.push_back(view);
    }
    return true;
  }

  /// The types of the part, and of its views, in the target; views are to be retyped where the layout changes.
  bool planTypes() {
    auto type = cast<MemRefType>(copy.getTarget().getType());
    for (Operation *reshape : reshapes)
      if (!(type = inverted(reshape, type)))
        return false;
    if (!hasUnitStride(type) || type.getShape() != part.getType().getShape())
      return false;
    if (type == part.getType())
      return true;
    SmallVector<std::pair<Value, MemRefType>> pending = {{part, type}};
    while (!pending.empty()) {
      auto [value, valueType] = pending.pop_back_val();
      for (Operation *user : value.getUsers()) {
        if (viewSource(user) != value)
          continue;
        MemRefType newType = retyped(user, valueType);
        if (!newType || !hasUnitStride(newType))
          return false;
        newTypes.push_back({user->getResult(0), newType});
        pending.push_back(newTypes.back());
      }
    }
    return true;
  }

  void commit() {
    for (Operation *op : moves) {
      op->moveBefore(start);
      order.placed(op);
    }
    OpBuilder b(start);
    Value place = copy.getTarget();
    for (Operation *reshape : reshapes) {
      MemRefType type = inverted(reshape, cast<MemRefType>(place.getType()));
      if (auto expand = dyn_cast<memref::ExpandShapeOp>(reshape))
        place = memref::CollapseShapeOp::create(b, copy.getLoc(), type, place, expand.getReassociationIndices());
      else
        place = memref::ExpandShapeOp::create(b, copy.getLoc(), type, place,
                                              cast<memref::CollapseShapeOp>(reshape).getReassociationIndices());
      order.placed(place.getDefiningOp());
    }
    known.erase(part);
    if (path.empty())
      known.erase(root);
    for (auto [value, type] : newTypes)
      value.setType(type);
    part.replaceAllUsesWith(place);
    copy.erase();
    part.erase();
    for (Operation *reshape : reshapes)
      if (reshape->use_empty())
        reshape->erase();
  }

  memref::CopyOp copy;
  Block *block;
  ProgramOrder &order;
  DenseMap<Value, Neighbours> &known;
  memref::AllocOp part;
  SmallVector<Operation *> reshapes; // between the part and the copy, the last one first
  Value root;
  SmallVector<Operation *> path;               // views between the root and the copy's target
  Operation *first = nullptr, *last = nullptr; // the part's touches, in `block`
  Operation *fill = nullptr;                   // of the target, to go before the part
  Operation *start = nullptr;                  // the part's first user, view or touch
  SmallVector<Operation *> moves;
  SmallVector<std::pair<Value, MemRefType>> newTypes;
};

struct PlaceCopiesPass : impl::PlaceCopiesBase<PlaceCopiesPass> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    ProgramOrder order(getOperation());
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    DenseMap<Value, Neighbours> known;
    for (memref::CopyOp copy : copies)
      (void)Placement(copy, order, known).place();
  }
};
} // namespace
} // namespace nncc
