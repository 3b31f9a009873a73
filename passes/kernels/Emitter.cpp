// Emitter.h's implementation.
#include "passes/kernels/Emitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace nncc {

// Constants stand in the entry block, one for each value, so that nothing is emitted twice.
Value Emitter::c(int64_t x) {
  Block &entry = function.getBody().front();
  for (Operation &op : entry) {
    auto constant = dyn_cast<arith::ConstantIndexOp>(op);
    if (!constant)
      break;
    if (constant.value() == x)
      return constant;
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&entry);
  return arith::ConstantIndexOp::create(b, x);
}

SmallVector<Value> Emitter::delinearize(Value linear, ArrayRef<int64_t> extents) {
  SmallVector<Value> indices(extents.size());
  for (size_t d = extents.size(); d-- > 0;) {
    indices[d] = d ? rem(linear, extents[d]) : linear;
    if (d)
      linear = div(linear, extents[d]);
  }
  return indices;
}

Address Emitter::add(Address a, Value x, int64_t scale) {
  if (scale == 0)
    return a;
  if (auto constant = getConstantIntValue(x))
    return {a.base, a.constant + *constant * scale};
  x = mul(x, scale);
  return {a.base ? add(a.base, x) : x, a.constant};
}

//===-- Memory --------------------------------------------------------------------------------------------------===//

static Value flatten(ImplicitLocOpBuilder &b, Value base, Type element) {
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  return memref::ReinterpretCastOp::create(b, type, base, b.getIndexAttr(0),
                                           ArrayRef<OpFoldResult>{b.getIndexAttr(INT64_MAX)},
                                           ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

Buffer Emitter::open(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto meta = memref::ExtractStridedMetadataOp::create(b, memref);
  auto [strides, offset] = type.getStridesAndOffset();
  assert((takesStrides || strides.empty() || strides.back() == 1 || type.getShape().back() == 1) &&
         "the elements of a row lie side by side");
  Value start = ShapedType::isDynamic(offset) ? Value(meta.getOffset()) : c(offset);
  return {flatten(b, meta.getBaseBuffer(), type.getElementType()), start, strides, type.getShape(),
          type.getElementType()};
}

Buffer Emitter::openScratch(Value scratch, int64_t byteOffset, int64_t count, Type element) {
  auto type = MemRefType::get({count}, element);
  return open(memref::ViewOp::create(b, type, scratch, c(byteOffset), ValueRange()));
}

Buffer Emitter::allocate(int64_t count, Type element) {
  Value array;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getBody().front());
    array = memref::AllocaOp::create(b, MemRefType::get({count}, element), b.getI64IntegerAttr(64));
  }
  return open(array);
}

Value Emitter::mask(int64_t lanes, int64_t valid) {
  if (valid >= lanes)
    return {};
  return vector::ConstantMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()), ArrayRef<int64_t>{valid});
}

Value Emitter::load(const Buffer &m, Address at, int64_t lanes, Value mask) {
  auto type = VectorType::get({lanes}, m.element);
  Value index = value(add(at, m.offset));
  if (!mask)
    return vector::LoadOp::create(b, type, m.flat, ValueRange{index});
  return vector::MaskedLoadOp::create(b, type, m.flat, ValueRange{index}, mask, zeros(m.element, lanes));
}

Value Emitter::loadScalar(const Buffer &m, Address at) {
  return memref::LoadOp::create(b, m.flat, ValueRange{value(add(at, m.offset))});
}

Value Emitter::broadcast(Value scalar, int64_t lanes) {
  return vector::BroadcastOp::create(b, VectorType::get({lanes}, scalar.getType()), scalar);
}

void Emitter::store(Value vector, const Buffer &m, Address at, Value mask) {
  Value index = value(add(at, m.offset));
  auto valid = mask ? mask.getDefiningOp<vector::ConstantMaskOp>() : vector::ConstantMaskOp();
  if (valid && valid.getMaskDimSizes() == ArrayRef<int64_t>{1}) // LLVM 22 would store one lane before narrowing it
    memref::StoreOp::create(b, vector::ExtractOp::create(b, vector, 0), m.flat, ValueRange{index});
  else if (mask)
    vector::MaskedStoreOp::create(b, m.flat, ValueRange{index}, mask, vector);
  else
    vector::StoreOp::create(b, vector, m.flat, ValueRange{index});
}

void Emitter::prefetchWrite(const Buffer &m, Address at) {
  memref::PrefetchOp::create(b, m.flat, ValueRange{value(add(at, m.offset))}, /*isWrite=*/true, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

//===-- Control -------------------------------------------------------------------------------------------------===//

void Emitter::loop(Value from, Value to, int64_t step, function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(b, from, to, c(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

SmallVector<Value> Emitter::loop(Value from, Value to, int64_t step, ValueRange init,
                                 function_ref<void(Value, SmallVector<Value> &)> body) {
  auto op = scf::ForOp::create(b, from, to, c(step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> carried(op.getRegionIterArgs());
  body(op.getInductionVar(), carried);
  scf::YieldOp::create(b, carried);
  return op.getResults();
}

void Emitter::onlyIf(Value condition, function_ref<void()> body) {
  if (auto known = getConstantIntValue(condition)) {
    if (*known)
      body();
    return;
  }
  auto op = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&op.getThenRegion().front());
  body();
}

//===-- Lanes ---------------------------------------------------------------------------------------------------===//

Value Emitter::splat(TypedAttr scalar, int64_t lanes) {
  auto type = VectorType::get({lanes}, scalar.getType());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, Attribute(scalar)));
}

Value Emitter::zeros(Type element, int64_t lanes) { return splat(b.getZeroAttr(element), lanes); }

Value Emitter::multiplyAdd(Value x, Value y, Value sum) {
  if (!isa<FloatType>(getElementTypeOrSelf(x)))
    return arith::AddIOp::create(b, arith::MulIOp::create(b, x, y), sum);
  if (target.hasFma())
    return vector::FMAOp::create(b, x, y, sum);
  return arith::AddFOp::create(b, arith::MulFOp::create(b, x, y), sum);
}

Value Emitter::runOnVectors(Region &region, ValueRange args, int64_t lanes, Operation *done) {
  IRMapping map;
  map.map(region.getArguments(), args);
  for (Operation &op : region.front().without_terminator()) {
    if (&op == done) {
      map.map(op.getResult(0), args[0]);
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      map.map(constant.getResult(), splat(constant.getValue(), lanes));
      continue;
    }
    assert(OpTrait::hasElementwiseMappableTraits(&op) && "expected an elementwise op in an epilogue");
    SmallVector<Type> types;
    for (Type t : op.getResultTypes())
      types.push_back(VectorType::get({lanes}, t));
    auto operands = llvm::map_to_vector(op.getOperands(), [&](Value v) { return map.lookup(v); });
    map.map(op.getResults(), cloneWithoutRegions(b, &op, types, operands)->getResults());
  }
  return map.lookup(cast<nn::YieldOp>(region.front().getTerminator()).getValue());
}

} // namespace nncc
