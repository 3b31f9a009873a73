// EmitGenericLanes.h's implementation.
#include "passes/kernels/EmitGenericLanes.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace nncc {

GenericLanes::GenericLanes(OpBuilder &builder, const GenericPlan &plan)
    : Emitter(linalg::LinalgOp(plan.op).getOperation()), plan(plan), op(plan.op), at(plan.loops.size()) {
  b.restoreInsertionPoint(builder.saveInsertionPoint());
  for (const GenericCombiner &combiner : plan.combiners)
    combining.insert(combiner.ops.begin(), combiner.ops.end());
  for (const GenericOperand &operand : plan.operands)
    buffers.push_back(operand.scalar ? Buffer() : open(operand.operand->get()));
}

// The address of lane `lane`.
Address GenericLanes::address(unsigned k, int64_t lane) {
  const GenericOperand &operand = plan.operands[k];
  Address address = {{}, operand.offset};
  for (auto [stride, index] : llvm::zip_equal(operand.strides, at))
    if (stride)
      address = add(address, index, stride);
  if (!operand.terms.empty()) {
    SmallVector<Value> dims(op.getNumLoops());
    for (auto [i, loop] : llvm::enumerate(plan.loops))
      if (operand.bent[i])
        dims[loop.original] = add(at[i], plan.vectorLoop == i ? lane : 0);
    for (Value &dim : dims)
      if (!dim)
        dim = c(0);
    for (auto &[expr, stride] : operand.terms)
      address = add(address, affine::expandAffineExpr(b, b.getLoc(), expr, dims, {}), stride);
  }
  return add(address, plan.vectorLoop ? lane * operand.strides[*plan.vectorLoop] : 0);
}

void GenericLanes::holdInvariants(ArrayRef<unsigned> inner) {
  held.clear();
  heldValues.clear();
  for (const GenericOperand &operand : plan.operands)
    held.push_back(llvm::all_of(inner, [&](unsigned loop) { return operand.isInvariant(loop); }));
  holdBlock = b.getInsertionBlock();
  auto point = b.getInsertionPoint();
  holdAfter = point == holdBlock->begin() ? nullptr : &*std::prev(point);
}

ArrayRef<Value> GenericLanes::hold(unsigned k, LaneSlice slice, function_ref<SmallVector<Value>(LaneSlice)> load) {
  SmallVector<Value> &values = heldValues[{k, slice.lanes}];
  if (values.empty()) {
    OpBuilder::InsertionGuard guard(b);
    if (holdAfter)
      b.setInsertionPointAfter(holdAfter);
    else
      b.setInsertionPointToStart(holdBlock);
    values = load(LaneSlice{0, slice.lanes, slice.lanes});
  }
  return values;
}

Value GenericLanes::load(unsigned k, LaneSlice slice) {
  if (held.empty() || !held[k])
    return loadNow(k, slice);
  return hold(k, slice, [&](LaneSlice whole) { return SmallVector<Value>{loadNow(k, whole)}; }).front();
}

Value GenericLanes::loadNow(unsigned k, LaneSlice slice) {
  const GenericOperand &operand = plan.operands[k];
  if (operand.scalar)
    return splat(operand.operand->get(), slice.lanes);
  if (slice.lanes == 1 || operand.isInvariant(*plan.vectorLoop))
    return splat(loadScalar(buffers[k], address(k, slice.offset)), slice.lanes);
  if (operand.isContiguous(*plan.vectorLoop))
    return loadAt(k, address(k, slice.offset), slice);
  if (!operand.bent[*plan.vectorLoop] && operand.strides[*plan.vectorLoop] == -1 && slice.whole()) {
    Value reversed = loadAt(k, address(k, slice.offset + slice.lanes - 1), slice);
    return shuffle(reversed, reversed, llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, slice.lanes))));
  }
  return elements(k, slice);
}

Value GenericLanes::loadAt(unsigned k, Address address, LaneSlice slice) {
  if (slice.whole())
    return Emitter::load(buffers[k], address, slice.lanes);
  if (plan.masks && slice.valid > 1)
    return Emitter::load(buffers[k], address, slice.lanes, mask(slice.lanes, slice.valid));
  Type element = plan.operands[k].element;
  SmallVector<Value> elements(slice.lanes, splat(cast<TypedAttr>(b.getZeroAttr(element)), 1));
  for (int64_t i = 0; i < slice.valid; i++)
    elements[i] = loadScalar(buffers[k], add(address, i));
  return vector::FromElementsOp::create(b, VectorType::get({slice.lanes}, element), elements);
}

// Lane by lane, for strides and maps that no vector load reads.
Value GenericLanes::elements(unsigned k, LaneSlice slice) {
  auto type = VectorType::get({slice.lanes}, plan.operands[k].element);
  SmallVector<Value> elements(slice.lanes);
  for (int64_t i = 0; i < slice.lanes; i++)
    elements[i] = i < slice.valid ? loadScalar(buffers[k], address(k, slice.offset + i))
                                  : splat(cast<TypedAttr>(b.getZeroAttr(type.getElementType())), 1);
  return vector::FromElementsOp::create(b, type, elements);
}

void GenericLanes::store(unsigned k, Value value, LaneSlice slice) {
  const GenericOperand &operand = plan.operands[k];
  if (slice.lanes == 1)
    return storeScalar(value, buffers[k], address(k, slice.offset));
  if (operand.isContiguous(*plan.vectorLoop))
    return storeAt(k, value, address(k, slice.offset), slice);
  for (int64_t i = 0; i < slice.valid; i++)
    storeScalar(vector::ExtractOp::create(b, value, i), buffers[k], address(k, slice.offset + i));
}

void GenericLanes::storeAt(unsigned k, Value value, Address address, LaneSlice slice) {
  if (slice.whole() || (plan.masks && slice.valid > 1))
    return Emitter::store(value, buffers[k], address, mask(slice.lanes, slice.valid));
  for (int64_t i = 0; i < slice.valid; i++)
    storeScalar(vector::ExtractOp::create(b, value, i), buffers[k], add(address, i));
}

SmallVector<Value> GenericLanes::loadInputs(LaneSlice slice) {
  SmallVector<Value> values;
  for (auto [k, operand] : llvm::enumerate(plan.operands)) {
    bool accumulator = k >= plan.inputs && plan.isReduction();
    values.push_back(operand.read && !accumulator ? load(k, slice) : Value());
  }
  return values;
}

Value GenericLanes::index(linalg::IndexOp op, LaneSlice slice) {
  for (auto [i, loop] : llvm::enumerate(plan.loops)) {
    if (loop.original != op.getDim())
      continue;
    if (plan.mixed && slice.lanes > 1 && (plan.vectorLoop == i || plan.narrowLoop == i)) {
      SmallVector<int64_t> elements;
      for (int64_t lane = 0; lane < slice.lanes; lane++) {
        int64_t element = slice.step * slice.lanes + lane;
        elements.push_back(plan.narrowLoop == i ? element % plan.narrowSize() : element / plan.narrowSize());
      }
      auto type = VectorType::get({slice.lanes}, b.getIndexType());
      Value steps = arith::ConstantOp::create(b, DenseIntElementsAttr::get(type, elements));
      return plan.narrowLoop == i ? steps
                                  : arith::AddIOp::create(b, splat(add(at[i], slice.offset), slice.lanes), steps);
    }
    if (plan.vectorLoop != i)
      return splat(at[i], slice.lanes);
    Value first = splat(add(at[i], slice.offset), slice.lanes);
    if (slice.lanes == 1)
      return first;
    auto type = VectorType::get({slice.lanes}, b.getIndexType());
    SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, slice.lanes));
    Value iota = arith::ConstantOp::create(b, DenseIntElementsAttr::get(type, steps));
    return arith::AddIOp::create(b, first, iota);
  }
  return splat(c(0), slice.lanes); // a loop of one trip
}

IRMapping GenericLanes::runBody(ArrayRef<Value> args, LaneSlice slice) {
  IRMapping map;
  for (auto [operand, value] : llvm::zip_equal(plan.operands, args))
    if (value && operand.argument)
      map.map(operand.argument, value);
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (combining.contains(&inner))
      continue;
    if (auto linalgIndex = dyn_cast<linalg::IndexOp>(inner)) {
      map.map(linalgIndex.getResult(), index(linalgIndex, slice));
      continue;
    }
    TypedAttr constant;
    if (matchPattern(&inner, m_Constant(&constant))) {
      map.map(inner.getResult(0), splat(constant, slice.lanes));
      continue;
    }
    if (slice.lanes == 1) {
      b.clone(inner, map);
      continue;
    }
    SmallVector<Value> operands =
        llvm::map_to_vector(inner.getOperands(), [&](Value v) { return result(map, v, slice.lanes); });
    SmallVector<Type> types =
        llvm::map_to_vector(inner.getResultTypes(), [&](Type type) { return lanesOf(type, slice.lanes); });
    Operation *copy = cloneWithoutRegions(b, &inner, types, operands);
    map.map(inner.getResults(), copy->getResults());
  }
  return map;
}

Value GenericLanes::combine(unsigned result, Value accumulator, Value value, LaneSlice slice) {
  const GenericCombiner &combiner = plan.combiners[result];
  IRMapping map;
  map.map(plan.operands[plan.inputs + result].argument, accumulator);
  map.map(combiner.value, value);
  auto type = dyn_cast<VectorType>(accumulator.getType());
  Value combined;
  for (Operation *op : combiner.ops) {
    SmallVector<Value> operands = llvm::map_to_vector(op->getOperands(), [&](Value v) { return map.lookup(v); });
    Type element = op->getResult(0).getType();
    Operation *copy =
        cloneWithoutRegions(b, op, TypeRange(lanesOf(element, type ? type.getNumElements() : 1)), operands);
    map.map(op->getResults(), copy->getResults());
    combined = copy->getResult(0);
  }
  return slice.whole() ? combined : arith::SelectOp::create(b, mask(slice.lanes, slice.valid), combined, accumulator);
}

Value GenericLanes::combineLanes(unsigned result, Value accumulator) {
  while (auto type = dyn_cast<VectorType>(accumulator.getType())) {
    int64_t half = type.getNumElements() / 2;
    Value low, high;
    if (half == 1) {
      low = vector::ExtractOp::create(b, accumulator, 0);
      high = vector::ExtractOp::create(b, accumulator, 1);
    } else {
      low = shuffle(accumulator, accumulator, llvm::to_vector(llvm::seq<int64_t>(0, half)));
      high = shuffle(accumulator, accumulator, llvm::to_vector(llvm::seq<int64_t>(half, 2 * half)));
    }
    accumulator = combine(result, low, high, {0, half, half});
  }
  return accumulator;
}

Value GenericLanes::splat(TypedAttr value, int64_t lanes) {
  return lanes == 1 ? arith::ConstantOp::create(b, value) : Emitter::splat(value, lanes);
}

// Values from outside the body, and scalars of it, as wide as the rest.
Value GenericLanes::widen(Value value, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  TypedAttr constant;
  return matchPattern(value, m_Constant(&constant)) ? splat(constant, lanes) : splat(value, lanes);
}

Value GenericLanes::shuffle(Value x, Value y, ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(b, x, y, lanes);
}

SmallVector<Value> GenericLanes::loadTransposed(unsigned k, LaneSlice slice, int64_t columns) {
  SmallVector<Value> rows;
  for (int64_t i = 0; i < slice.lanes; i++)
    rows.push_back(i < slice.valid ? loadAt(k, address(k, slice.offset + i), {0, slice.lanes, columns})
                                   : zeros(plan.operands[k].element, slice.lanes));
  rows = transposed(rows);
  rows.resize(columns);
  return rows;
}

} // namespace nncc
