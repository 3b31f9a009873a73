// EmitGenericLanes.h's implementation.
#include "passes/kernels/EmitGenericLanes.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace nncc {

GenericLanes::GenericLanes(OpBuilder &builder, const GenericPlan &plan)
    : b(linalg::LinalgOp(plan.op).getLoc(), builder), plan(plan), op(plan.op), at(plan.loops.size()) {
  for (const GenericCombiner &combiner : plan.combiners)
    combining.insert(combiner.ops.begin(), combiner.ops.end());
  // Every buffer as a flat one: all addresses are linear.
  for (const GenericOperand &operand : plan.operands) {
    flat.push_back(operand.operand->get());
    base.push_back({});
    if (operand.scalar)
      continue;
    auto type = cast<MemRefType>(operand.operand->get().getType());
    auto meta = memref::ExtractStridedMetadataOp::create(b, operand.operand->get());
    auto flatType = MemRefType::get({ShapedType::kDynamic}, type.getElementType(), MemRefLayoutAttrInterface(),
                                    type.getMemorySpace());
    flat.back() = memref::ReinterpretCastOp::create(b, flatType, meta.getBaseBuffer(), b.getIndexAttr(0),
                                                    ArrayRef<OpFoldResult>{b.getIndexAttr(INT64_MAX)},
                                                    ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    (void)type.getStridesAndOffset(strides, offset);
    base.back() = add(ShapedType::isDynamic(offset) ? Value(meta.getOffset()) : constant(offset), operand.offset);
  }
}

Value GenericLanes::mul(Value x, int64_t y) {
  return y == 1 ? x : b.createOrFold<arith::MulIOp>(x, constant(y), arith::IntegerOverflowFlags::nsw);
}

// The address of lane `lane`.
Value GenericLanes::address(unsigned k, int64_t lane) {
  const GenericOperand &operand = plan.operands[k];
  Value address = base[k];
  for (auto [stride, index] : llvm::zip_equal(operand.strides, at))
    if (stride)
      address = add(address, mul(index, stride));
  if (!operand.terms.empty()) {
    SmallVector<Value> dims(op.getNumLoops());
    for (auto [i, loop] : llvm::enumerate(plan.loops))
      if (operand.bent[i])
        dims[loop.original] = add(at[i], plan.vectorLoop == i ? lane : 0);
    for (Value &dim : dims)
      if (!dim)
        dim = constant(0);
    for (auto &[expr, stride] : operand.terms)
      address = add(address, mul(affine::expandAffineExpr(b, b.getLoc(), expr, dims, {}), stride));
  }
  int64_t moved = plan.vectorLoop ? lane * operand.strides[*plan.vectorLoop] : 0;
  return add(address, moved);
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

Value GenericLanes::load(unsigned k, LaneSlice slice) {
  if (held.empty() || !held[k])
    return loadNow(k, slice);
  Value &value = heldValues[{k, slice.lanes}];
  if (!value) {
    OpBuilder::InsertionGuard guard(b);
    if (holdAfter)
      b.setInsertionPointAfter(holdAfter);
    else
      b.setInsertionPointToStart(holdBlock);
    value = loadNow(k, {0, slice.lanes, slice.lanes});
  }
  return value;
}

Value GenericLanes::loadNow(unsigned k, LaneSlice slice) {
  const GenericOperand &operand = plan.operands[k];
  if (operand.scalar)
    return splat(flat[k], slice.lanes);
  if (slice.lanes == 1 || operand.isInvariant(*plan.vectorLoop)) {
    Value scalar = memref::LoadOp::create(b, flat[k], ValueRange{address(k, slice.offset)});
    return splat(scalar, slice.lanes);
  }
  if (operand.isContiguous(*plan.vectorLoop))
    return loadAt(k, address(k, slice.offset), slice);
  if (!operand.bent[*plan.vectorLoop] && operand.strides[*plan.vectorLoop] == -1 && slice.whole()) {
    Value reversed = loadAt(k, address(k, slice.offset + slice.lanes - 1), slice);
    return shuffle(reversed, reversed, llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, slice.lanes))));
  }
  return elements(k, slice);
}

Value GenericLanes::loadAt(unsigned k, Value address, LaneSlice slice) {
  auto type = VectorType::get({slice.lanes}, plan.operands[k].element);
  if (slice.whole())
    return vector::LoadOp::create(b, type, flat[k], ValueRange{address});
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  if (plan.masks && slice.valid > 1)
    return vector::MaskedLoadOp::create(b, type, flat[k], ValueRange{address}, mask(slice), zero);
  SmallVector<Value> elements(slice.lanes, splat(cast<TypedAttr>(b.getZeroAttr(plan.operands[k].element)), 1));
  for (int64_t i = 0; i < slice.valid; i++)
    elements[i] = memref::LoadOp::create(b, flat[k], ValueRange{add(address, i)});
  return vector::FromElementsOp::create(b, type, elements);
}

// Lane by lane, for strides and maps that no vector load reads.
Value GenericLanes::elements(unsigned k, LaneSlice slice) {
  auto type = VectorType::get({slice.lanes}, plan.operands[k].element);
  SmallVector<Value> elements(slice.lanes);
  for (int64_t i = 0; i < slice.lanes; i++)
    elements[i] = i < slice.valid ? Value(memref::LoadOp::create(b, flat[k], ValueRange{address(k, slice.offset + i)}))
                                  : splat(cast<TypedAttr>(b.getZeroAttr(type.getElementType())), 1);
  return vector::FromElementsOp::create(b, type, elements);
}

void GenericLanes::store(unsigned k, Value value, LaneSlice slice) {
  const GenericOperand &operand = plan.operands[k];
  if (slice.lanes == 1) {
    memref::StoreOp::create(b, value, flat[k], ValueRange{address(k, slice.offset)});
    return;
  }
  bool contiguous = operand.isContiguous(*plan.vectorLoop);
  if (contiguous && slice.whole())
    vector::StoreOp::create(b, value, flat[k], ValueRange{address(k, slice.offset)});
  else if (contiguous && plan.masks && slice.valid > 1) // one lane: LLVM 22 would store it before narrowing it
    vector::MaskedStoreOp::create(b, flat[k], ValueRange{address(k, slice.offset)}, mask(slice), value);
  else
    for (int64_t i = 0; i < slice.valid; i++)
      memref::StoreOp::create(b, extract(value, i), flat[k], ValueRange{address(k, slice.offset + i)});
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
  return splat(constant(0), slice.lanes); // a loop of one trip
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
  return slice.whole() ? combined : arith::SelectOp::create(b, mask(slice), combined, accumulator);
}

Value GenericLanes::combineLanes(unsigned result, Value accumulator) {
  while (auto type = dyn_cast<VectorType>(accumulator.getType())) {
    int64_t half = type.getNumElements() / 2;
    Value low, high;
    if (half == 1) {
      low = extract(accumulator, 0);
      high = extract(accumulator, 1);
    } else {
      low = shuffle(accumulator, accumulator, llvm::to_vector(llvm::seq<int64_t>(0, half)));
      high = shuffle(accumulator, accumulator, llvm::to_vector(llvm::seq<int64_t>(half, 2 * half)));
    }
    accumulator = combine(result, low, high, {0, half, half});
  }
  return accumulator;
}

Value GenericLanes::splat(Value scalar, int64_t lanes) {
  return lanes == 1 ? scalar : vector::BroadcastOp::create(b, VectorType::get({lanes}, scalar.getType()), scalar);
}

Value GenericLanes::splat(TypedAttr value, int64_t lanes) {
  if (lanes > 1)
    value = cast<TypedAttr>(DenseElementsAttr::get(VectorType::get({lanes}, value.getType()), Attribute(value)));
  return arith::ConstantOp::create(b, value);
}

// Values from outside the body, and scalars of it, as wide as the rest.
Value GenericLanes::widen(Value value, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  TypedAttr constant;
  return matchPattern(value, m_Constant(&constant)) ? splat(constant, lanes) : splat(value, lanes);
}

Value GenericLanes::mask(LaneSlice slice) {
  SmallVector<bool> bits(slice.lanes);
  std::fill_n(bits.begin(), slice.valid, true);
  return arith::ConstantOp::create(b, DenseElementsAttr::get(VectorType::get({slice.lanes}, b.getI1Type()), bits));
}

Value GenericLanes::extract(Value vector, int64_t lane) { return vector::ExtractOp::create(b, vector, lane); }

Value GenericLanes::shuffle(Value x, Value y, ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(b, x, y, lanes);
}

// Rows are read along the transposed loop. Within 16 bytes rows are interleaved, which every instruction set does in
// one instruction; then blocks of 16 bytes change places.
SmallVector<Value> GenericLanes::loadTransposed(unsigned k, LaneSlice slice, int64_t columns) {
  int64_t n = slice.lanes, width = plan.operands[k].element.getIntOrFloatBitWidth();
  int64_t group = std::min<int64_t>(n, 128 / width);
  SmallVector<Value> rows(n);
  LaneSlice row{0, n, columns};
  for (int64_t i = 0; i < n; i++)
    rows[i] = i < slice.valid ? loadAt(k, address(k, slice.offset + i), row)
                              : splat(cast<TypedAttr>(b.getZeroAttr(plan.operands[k].element)), n);
  auto interleave = [&](Value x, Value y, int64_t unit, bool high) {
    SmallVector<int64_t> lanes;
    for (int64_t block = 0; block < n; block += group)
      for (int64_t i = 0; i < group; i += unit) {
        int64_t from = block + (high ? group / 2 : 0) + i / (2 * unit) * unit;
        for (int64_t j = 0; j < unit; j++)
          lanes.push_back(from + j + (i / unit % 2 ? n : 0));
      }
    return shuffle(x, y, lanes);
  };
  // After the stages row r of a group holds column bitreverse-free r of each block.
  for (int64_t unit = 1; unit < group; unit *= 2)
    for (int64_t first = 0; first < n; first += group) {
      SmallVector<Value> next(group);
      for (int64_t i = 0; i < group / 2; i++) {
        // Pairs whose indices differ in the bit `unit`.
        int64_t low = i / unit * 2 * unit + i % unit;
        next[low] = interleave(rows[first + low], rows[first + low + unit], unit, false);
        next[low + unit] = interleave(rows[first + low], rows[first + low + unit], unit, true);
      }
      std::copy(next.begin(), next.end(), rows.begin() + first);
    }
  // Interleaving leaves the columns of a group in bit-reversed order.
  SmallVector<Value> sorted(n);
  int64_t bits = llvm::Log2_64(group);
  for (int64_t i = 0; i < n; i++) {
    int64_t r = i % group, reversed = 0;
    for (int64_t bit = 0; bit < bits; bit++)
      reversed |= (r >> bit & 1) << (bits - 1 - bit);
    sorted[i / group * group + reversed] = rows[i];
  }
  for (int64_t distance = group; distance < n; distance *= 2) {
    SmallVector<Value> next(n);
    for (int64_t i = 0; i < n; i++) {
      if (i & distance)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t j = 0; j < n; j++) {
        low.push_back(j & distance ? n + j - distance : j);
        high.push_back(j & distance ? n + j : j + distance);
      }
      next[i] = shuffle(sorted[i], sorted[i + distance], low);
      next[i + distance] = shuffle(sorted[i], sorted[i + distance], high);
    }
    sorted = next;
  }
  sorted.resize(columns);
  return sorted;
}

} // namespace nncc
