// The first k elements of a row in order, kept where they will stay: a few by insertion, more in a heap whose root is
// the last of them, sorted in place at the end. Neither needs other memory.
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Indexed.h"

using namespace mlir;

namespace nncc {
namespace {

/// Up to this many elements are kept sorted from the start.
constexpr int64_t mostInserted = 24;

struct TopKEmitter : IndexedEmitter {
  TopKEmitter(kernel::TopKOp op, const KernelSite &site)
      : IndexedEmitter(op), op(op), site(site), x(open(op.getX())), values(open(op.getInits()[0])),
        indices(open(op.getInits()[1])), axis(op.getAxis()), count(x.shape[axis]), k(values.shape[axis]) {}

  kernel::TopKOp op;
  const KernelSite &site;
  Buffer x, values, indices;
  size_t axis;
  int64_t count, k;
  Address row, valueRow, indexRow; // of the current row

  struct Item {
    Value value, index;
  };
  /// An element and its index; the index is an i64.
  Item element(Value i) {
    return {loadScalar(x, add(row, i, x.strides[axis])), arith::IndexCastOp::create(b, b.getI64Type(), i)};
  }
  Address valueAt(Value slot) { return add(valueRow, slot, values.strides[axis]); }
  Address indexAt(Value slot) { return add(indexRow, slot, indices.strides[axis]); }
  Item slot(Value s) { return {loadScalar(values, valueAt(s)), loadScalar(indices, indexAt(s))}; }
  void setSlot(Value s, Item item) {
    storeScalar(item.value, values, valueAt(s));
    storeScalar(item.index, indices, indexAt(s));
  }
  Value both(Value p, Value q) { return b.createOrFold<arith::AndIOp>(p, q); }

  Value isBefore(Value p, Value q);
  Value isBefore(Item p, Item q);
  void run();
  void forEachCandidate(Value from, Value threshold, function_ref<void(Item)> body);
  void insert(Item item, Value last);
  void sink(Value size, Value hole, Item item);
};

// Whether value p comes before q, whatever their indices; scalars or vectors.
Value TopKEmitter::isBefore(Value p, Value q) {
  if (isa<FloatType>(x.element)) {
    // Unordered comparisons put NaN above all; the other one must be a number then.
    auto predicate = op.getSmallest() ? arith::CmpFPredicate::ULT : arith::CmpFPredicate::UGT;
    Value number = op.getSmallest() ? p : q;
    return both(arith::CmpFOp::create(b, predicate, p, q),
                arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, number, number));
  }
  bool isUnsigned = op.getIsUnsigned();
  return compare(op.getSmallest() ? (isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt)
                                  : (isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt),
                 p, q);
}

Value TopKEmitter::isBefore(Item p, Item q) {
  Value no = arith::ConstantIntOp::create(b, 0, 1), first = compare(arith::CmpIPredicate::slt, p.index, q.index);
  Value equalOrAfter = arith::SelectOp::create(b, isBefore(q.value, p.value), no, first);
  return arith::OrIOp::create(b, isBefore(p.value, q.value), equalOrAfter);
}

// Runs `body` on the elements from `from` on that come before the value in slot `threshold`; vectors of elements of
// which none does are passed over.
void TopKEmitter::forEachCandidate(Value from, Value threshold, function_ref<void(Item)> body) {
  auto scalars = [&](Value from, Value to) {
    loop(from, to, 1, [&](Value i) {
      Item item = element(i);
      onlyIf(isBefore(item.value, loadScalar(values, valueAt(threshold))), [&] { body(item); });
    });
  };
  int64_t lanes = target.lanesOf(x.element), rest = count - k;
  if (x.strides[axis] != 1 || rest < 2 * lanes)
    return scalars(from, c(count));
  Value whole = c(k + rest / lanes * lanes);
  loop(from, whole, lanes, [&](Value i) {
    Value bound = broadcast(values, valueAt(threshold), lanes);
    Value any = isBefore(load(x, add(row, i), lanes), bound);
    any = vector::ReductionOp::create(b, vector::CombiningKind::OR, any);
    onlyIf(any, [&] { scalars(i, add(i, lanes)); });
  });
  scalars(whole, c(count));
}

// Slots [0, last) are sorted: those behind the item move up by one, over slot `last`.
void TopKEmitter::insert(Item item, Value last) {
  auto move = scf::WhileOp::create(
      b, TypeRange(b.getIndexType()), ValueRange(last),
      [&](OpBuilder &nested, Location, ValueRange args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        Value previous = max(sub(args[0], c(1)), c(0));
        Value isBehind = isBefore(item.value, loadScalar(values, valueAt(previous)));
        Value more = both(compare(arith::CmpIPredicate::sgt, args[0], c(0)), isBehind);
        scf::ConditionOp::create(b, more, args);
      },
      [&](OpBuilder &nested, Location, ValueRange args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        Value previous = sub(args[0], c(1));
        setSlot(args[0], slot(previous));
        scf::YieldOp::create(b, previous);
      });
  setSlot(move.getResult(0), item);
}

// Puts the item at or below `hole` in the heap of the first `size` slots, every one of which comes after its children.
void TopKEmitter::sink(Value size, Value hole, Item item) {
  Type index = b.getIndexType();
  SmallVector<Type> types = {index, index, x.element, b.getI64Type()};
  auto move = scf::WhileOp::create(
      b, types, ValueRange(hole),
      [&](OpBuilder &nested, Location, ValueRange args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        Value left = add(mul(args[0], 2), 1), right = add(left, 1), end = max(sub(size, c(1)), c(0));
        // Slots that don't exist are read from the last one that does.
        Item l = slot(min(left, end)), r = slot(min(right, end));
        Value takesRight = both(compare(arith::CmpIPredicate::slt, right, size), isBefore(l, r));
        Value child = arith::SelectOp::create(b, takesRight, right, left);
        Item chosen = {arith::SelectOp::create(b, takesRight, r.value, l.value),
                       arith::SelectOp::create(b, takesRight, r.index, l.index)};
        Value more = both(compare(arith::CmpIPredicate::slt, left, size), isBefore(item, chosen));
        scf::ConditionOp::create(b, more, {args[0], child, chosen.value, chosen.index});
      },
      [&](OpBuilder &nested, Location, ValueRange args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        setSlot(args[0], {args[2], args[3]});
        scf::YieldOp::create(b, args[1]);
      });
  setSlot(move.getResult(0), item);
}

void TopKEmitter::run() {
  kernel::Space rows = kernel::spaceOf(op);
  loop(site.units[0].from, site.units[0].to, 1, [&](Value r) {
    SmallVector<Address> start = at(rows, r);
    row = start[0], valueRow = start[1], indexRow = start[2];
    if (k <= mostInserted) {
      loop(c(0), c(k), 1, [&](Value i) { insert(element(i), i); });
      return forEachCandidate(c(k), c(k - 1), [&](Item item) { insert(item, c(k - 1)); });
    }
    loop(c(0), c(k), 1, [&](Value i) { setSlot(i, element(i)); });
    loop(c(0), c(k / 2), 1, [&](Value i) {
      Value hole = sub(c(k / 2 - 1), i);
      sink(c(k), hole, slot(hole));
    });
    forEachCandidate(c(k), c(0), [&](Item item) { sink(c(k), c(0), item); });
    loop(c(0), c(k - 1), 1, [&](Value i) {
      Value last = sub(c(k - 1), i);
      Item item = slot(last);
      setSlot(last, slot(c(0)));
      sink(last, c(0), item);
    });
  });
}

} // namespace

LogicalResult emitTopK(kernel::TopKOp op, const KernelSite &site) {
  TopKEmitter emitter(op, site);
  if (emitter.k)
    emitter.run();
  return success();
}

} // namespace nncc
