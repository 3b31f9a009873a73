// ControlFlow.h's implementation. A body lies in an op of its own until it is moved into the loop.
#include "compiler/import/ControlFlow.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;
using namespace nncc;

std::optional<bool> nncc::knownBool(Value v) {
  IntegerAttr value;
  if (v && matchPattern(v, m_Constant(&value)))
    return !value.getValue().isZero();
  return std::nullopt;
}

FailureOr<Value> nncc::toScalar(Node &node, Value tensor, Type scalar, StringRef what) {
  RankedTensorType type = Node::typeOf(tensor);
  bool fits = scalar.isIndex() ? isa<IntegerType>(type.getElementType()) && !type.getElementType().isInteger(1)
                               : type.getElementType().isInteger(1);
  if (!type.hasStaticShape() || type.getNumElements() != 1 || !fits)
    return node.error() << "expected one " << (scalar.isIndex() ? "integer" : "bool") << " as " << what << ", found "
                        << type;
  Value v = node.buildTyped<nn::ToScalarOp>(scalar, tensor);
  if (!v)
    return failure();
  return v;
}

Value nncc::fromScalar(Node &node, Value scalar, Type element) {
  return node.buildTyped<nn::FromScalarOp>(RankedTensorType::get({}, element), scalar);
}

//===-- Rows ----------------------------------------------------------------------------------------------------===//

namespace {
struct RowSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
};
} // namespace

static RowSlice rowSlice(OpBuilder &b, Value index, ArrayRef<int64_t> row) {
  RowSlice slice;
  slice.offsets.push_back(index);
  slice.sizes.push_back(b.getIndexAttr(1));
  for (int64_t extent : row) {
    slice.offsets.push_back(b.getIndexAttr(0));
    slice.sizes.push_back(b.getIndexAttr(extent));
  }
  slice.strides.assign(slice.sizes.size(), b.getIndexAttr(1));
  return slice;
}

static Value insertRow(Node &node, Value row, Value rows, Value index) {
  RowSlice s = rowSlice(node.builder, index, Node::typeOf(row).getShape());
  return tensor::InsertSliceOp::create(node.builder, node.loc, row, rows, s.offsets, s.sizes, s.strides);
}

Value nncc::extractRow(Node &node, Value rows, Value index) {
  RankedTensorType type = Node::typeOf(rows);
  RowSlice s = rowSlice(node.builder, index, type.getShape().drop_front());
  auto row = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  return tensor::ExtractSliceOp::create(node.builder, node.loc, row, rows, s.offsets, s.sizes, s.strides);
}

Value nncc::tripFrom(Node &node, Value index, int64_t trips, bool backwards) {
  if (!backwards)
    return index;
  Value last = arith::ConstantIndexOp::create(node.builder, node.loc, trips - 1);
  return arith::SubIOp::create(node.builder, node.loc, last, index);
}

//===-- Bodies --------------------------------------------------------------------------------------------------===//

LoopBody::LoopBody(Node &node, ValueRange inits)
    : node(node), b(node.builder), guard(node.builder), inits(inits),
      holder(scf::ExecuteRegionOp::create(node.builder, node.loc, TypeRange())) {
  SmallVector<Type> types = {b.getIndexType()};
  llvm::append_range(types, inits.getTypes());
  block = b.createBlock(&holder.getRegion(), {}, types, SmallVector<Location>(types.size(), node.loc));
}

/// Checks what the body computes, and adds the tensors that its rows go into, where the loop will be.
LogicalResult LoopBody::begin(Trip trip, int64_t rows, SmallVectorImpl<Value> &all) {
  for (auto [before, after] : llvm::zip(inits, trip.carried))
    if (before.getType() != after.getType())
      return node.error() << "not supported: a carried value that changes its type from " << before.getType() << " to "
                          << after.getType();
  b.setInsertionPoint(holder);
  llvm::append_range(all, inits);
  for (Value row : trip.rows) {
    SmallVector<int64_t> shape = {rows};
    llvm::append_range(shape, Node::typeOf(row).getShape());
    if (!node.fits(shape))
      return failure();
    all.push_back(tensor::EmptyOp::create(b, node.loc, shape, Node::typeOf(row).getElementType()));
    block->addArgument(all.back().getType(), node.loc);
  }
  return success();
}

/// Ends the body with the rows in their tensors; the values of the next trip without the index.
void LoopBody::collect(Trip trip, int64_t trips, ArrayRef<bool> backwards, SmallVectorImpl<Value> &yields) {
  b.setInsertionPointToEnd(block);
  llvm::append_range(yields, trip.carried);
  for (auto [i, row] : llvm::enumerate(trip.rows)) {
    Value at = tripFrom(node, index(), trips, i < backwards.size() && backwards[i]);
    yields.push_back(insertRow(node, row, block->getArgument(1 + unsigned(inits.size() + i)), at));
  }
}

LoopBody::Results LoopBody::count(int64_t trips, Trip trip, ArrayRef<bool> backwards) {
  SmallVector<Value> all, yields;
  if (failed(begin(trip, trips, all)))
    return failure();
  auto constant = [&](int64_t x) { return arith::ConstantIndexOp::create(b, node.loc, x); };
  Value from = constant(0), to = constant(trips), step = constant(1);
  auto op = scf::ForOp::create(b, node.loc, from, to, step, all);
  op.getRegion().takeBody(holder.getRegion());
  holder.erase();
  collect(trip, trips, backwards, yields);
  scf::YieldOp::create(b, node.loc, yields);
  return llvm::to_vector_of<Value>(op.getResults());
}

LoopBody::Results LoopBody::repeat(Value trips, Value condition, Value next, Trip trip, int64_t rows) {
  Location loc = node.loc;
  SmallVector<Value> all, yields;
  if (failed(begin(trip, rows, all)))
    return failure();
  all.insert(all.begin(), arith::ConstantIndexOp::create(b, loc, 0));
  all.push_back(condition);
  block->addArgument(condition.getType(), loc);
  SmallVector<Type> types = llvm::to_vector(ValueRange(all).getTypes());
  auto op = scf::WhileOp::create(b, loc, types, all);
  op.getAfter().takeBody(holder.getRegion());
  holder.erase();
  // Whether another trip follows the ones that `state` ends.
  auto goesOn = [&](ValueRange state) {
    Value goesOn = state.back();
    if (trips) {
      Value isBelow = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, state.front(), trips);
      goesOn = arith::AndIOp::create(b, loc, goesOn, isBelow);
    }
    return goesOn;
  };
  Block *before = b.createBlock(&op.getBefore(), {}, types, SmallVector<Location>(types.size(), loc));
  Value isWanted = goesOn(before->getArguments());
  if (!trip.rows.empty()) {
    Value room = arith::ConstantIndexOp::create(b, loc, rows);
    Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), room);
    isWanted = arith::AndIOp::create(b, loc, isWanted, fits);
  }
  scf::ConditionOp::create(b, loc, isWanted, before->getArguments());
  collect(trip, rows, {}, yields);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  yields.insert(yields.begin(), arith::AddIOp::create(b, loc, index(), one));
  yields.push_back(next);
  scf::YieldOp::create(b, loc, yields);
  if (!trip.rows.empty()) {
    b.setInsertionPointAfter(op);
    Type i64 = node.signed64();
    Value more = fromScalar(node, goesOn(op.getResults()), b.getI1Type());
    node.checkValue(node.reshape(fromScalar(node, op.getResult(0), i64), {1}), {rows});
    node.checkValue(node.reshape(node.convert(more, i64), {1}), {0});
  }
  return llvm::to_vector_of<Value>(op.getResults().drop_front().drop_back());
}
