// Emitter.h's implementation.
#include "passes/kernels/Emitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace nncc {

// Constants stand at the start of the entry block, one for each value, so that nothing is emitted twice.
Value Emitter::c(int64_t x) {
  Value &constant = constants[x];
  if (!constant) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getBody().front());
    constant = arith::ConstantIndexOp::create(b, x);
  }
  return constant;
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
    storeScalar(vector::ExtractOp::create(b, vector, 0), m, at);
  else if (mask)
    vector::MaskedStoreOp::create(b, m.flat, ValueRange{index}, mask, vector);
  else
    vector::StoreOp::create(b, vector, m.flat, ValueRange{index});
}

void Emitter::storeScalar(Value v, const Buffer &m, Address at) {
  memref::StoreOp::create(b, v, m.flat, ValueRange{value(add(at, m.offset))});
}

void Emitter::prefetchWrite(const Buffer &m, Address at) {
  memref::PrefetchOp::create(b, m.flat, ValueRange{value(add(at, m.offset))}, /*isWrite=*/true, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

void Emitter::prefetchRead(const Buffer &m, Address at) {
  memref::PrefetchOp::create(b, m.flat, ValueRange{value(add(at, m.offset))}, /*isWrite=*/false, /*localityHint=*/2,
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

void Emitter::either(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  if (auto known = getConstantIntValue(condition))
    return *known ? then() : otherwise();
  auto op = scf::IfOp::create(b, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&op.getThenRegion().front());
  then();
  b.setInsertionPointToStart(&op.getElseRegion().front());
  otherwise();
}

Value Emitter::either(Value condition, function_ref<Value()> then, Value otherwise) {
  if (auto known = getConstantIntValue(condition))
    return *known ? then() : otherwise;
  auto op = scf::IfOp::create(b, TypeRange{otherwise.getType()}, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&op.getThenRegion().front());
  scf::YieldOp::create(b, then());
  b.setInsertionPointToStart(&op.getElseRegion().front());
  scf::YieldOp::create(b, otherwise);
  return op.getResult(0);
}

//===-- Lanes ---------------------------------------------------------------------------------------------------===//

Value Emitter::splat(TypedAttr scalar, int64_t lanes) {
  auto type = VectorType::get({lanes}, scalar.getType());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, Attribute(scalar)));
}

Value Emitter::zeros(Type element, int64_t lanes) { return splat(b.getZeroAttr(element), lanes); }

// Within 16 bytes rows are interleaved, which every instruction set does in one instruction; then blocks of 16 bytes
// change places.
SmallVector<Value> Emitter::transposed(SmallVector<Value> rows) {
  auto type = cast<VectorType>(rows.front().getType());
  int64_t n = rows.size(), group = std::min<int64_t>(n, 128 / type.getElementTypeBitWidth());
  assert(type.getNumElements() == n && "expected a square");
  auto interleave = [&](Value x, Value y, int64_t unit, bool high) {
    SmallVector<int64_t> lanes;
    for (int64_t block = 0; block < n; block += group)
      for (int64_t i = 0; i < group; i += unit) {
        int64_t from = block + (high ? group / 2 : 0) + i / (2 * unit) * unit;
        for (int64_t j = 0; j < unit; j++)
          lanes.push_back(from + j + (i / unit % 2 ? n : 0));
      }
    return vector::ShuffleOp::create(b, x, y, lanes);
  };
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
      next[i] = vector::ShuffleOp::create(b, sorted[i], sorted[i + distance], low);
      next[i + distance] = vector::ShuffleOp::create(b, sorted[i], sorted[i + distance], high);
    }
    sorted = next;
  }
  return sorted;
}

// For odd n no two elements of one place lie in the same lane: lane l of vector q holds place q*lanes + l mod n. So
// each lane's elements are rotated among the vectors, by blends in log2(n) steps, and then lanes within each vector.
static SmallVector<SmallVector<int64_t>> oddPlaces(int64_t n, int64_t lanes, SmallVector<int64_t> &rotation,
                                                   SmallVector<int64_t> &vectorOf) {
  SmallVector<SmallVector<int64_t>> from(n, SmallVector<int64_t>(lanes));
  rotation.assign(lanes, 0);
  vectorOf.assign(n, 0);
  // Place p in lane 0 is vector q's with q*lanes = p mod n; the others lie `rotation` vectors on.
  for (int64_t q = 0; q < n; q++)
    vectorOf[q * lanes % n] = q;
  for (int64_t lane = 0; lane < lanes; lane++)
    while ((rotation[lane] * lanes + lane) % n)
      rotation[lane]++;
  for (int64_t place = 0; place < n; place++)
    for (int64_t record = 0; record < lanes; record++)
      from[place][record] = (record * n + place) % lanes;
  return from;
}

// Lane l of result q is lane l of vector q + rotation[l].
static SmallVector<Value> rotateLanes(ImplicitLocOpBuilder &b, SmallVector<Value> vectors, ArrayRef<int64_t> rotation) {
  int64_t n = vectors.size(), lanes = rotation.size();
  for (int64_t distance = 1; distance < n; distance *= 2) {
    SmallVector<int64_t> blend;
    for (int64_t lane = 0; lane < lanes; lane++)
      blend.push_back(rotation[lane] & distance ? lanes + lane : lane);
    SmallVector<Value> next;
    for (int64_t q = 0; q < n; q++)
      next.push_back(vector::ShuffleOp::create(b, vectors[q], vectors[(q + distance) % n], blend));
    vectors = next;
  }
  return vectors;
}

static SmallVector<int64_t> everySecond(int64_t first, int64_t lanes) {
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < lanes; i++)
    result.push_back(first + 2 * i);
  return result;
}

SmallVector<Value> Emitter::separated(SmallVector<Value> records) {
  int64_t n = records.size(), lanes = cast<VectorType>(records.front().getType()).getNumElements();
  if (n == 1)
    return records;
  SmallVector<Value> result(n);
  if (n % lanes == 0) { // a record is whole vectors
    for (int64_t part = 0; part < n / lanes; part++) {
      SmallVector<Value> square;
      for (int64_t record = 0; record < lanes; record++)
        square.push_back(records[record * (n / lanes) + part]);
      llvm::copy(transposed(square), result.begin() + part * lanes);
    }
    return result;
  }
  if (n % 2 == 0) {
    SmallVector<Value> halves[2];
    for (int64_t i = 0; i < n; i += 2)
      for (int64_t odd : {0, 1})
        halves[odd].push_back(vector::ShuffleOp::create(b, records[i], records[i + 1], everySecond(odd, lanes)));
    for (int64_t odd : {0, 1})
      for (auto [i, v] : llvm::enumerate(separated(halves[odd])))
        result[2 * i + odd] = v;
    return result;
  }
  SmallVector<int64_t> rotation, vectorOf;
  SmallVector<SmallVector<int64_t>> from = oddPlaces(n, lanes, rotation, vectorOf);
  records = rotateLanes(b, records, rotation);
  for (int64_t place = 0; place < n; place++) {
    Value v = records[vectorOf[place]];
    result[place] = vector::ShuffleOp::create(b, v, v, from[place]);
  }
  return result;
}

SmallVector<Value> Emitter::mixed(SmallVector<Value> places) {
  int64_t n = places.size(), lanes = cast<VectorType>(places.front().getType()).getNumElements();
  if (n == 1)
    return places;
  SmallVector<Value> result(n);
  if (n % lanes == 0) {
    for (int64_t part = 0; part < n / lanes; part++)
      for (auto [record, v] :
           llvm::enumerate(transposed(SmallVector<Value>(ArrayRef<Value>(places).slice(part * lanes, lanes)))))
        result[record * (n / lanes) + part] = v;
    return result;
  }
  if (n % 2 == 0) {
    SmallVector<Value> halves[2];
    for (auto [i, v] : llvm::enumerate(places))
      halves[i % 2].push_back(v);
    for (SmallVector<Value> &half : halves)
      half = mixed(half);
    for (int64_t i = 0; i < n; i++) {
      SmallVector<int64_t> from;
      for (int64_t lane = 0; lane < lanes; lane++)
        from.push_back(lane % 2 * lanes + i % 2 * (lanes / 2) + lane / 2);
      result[i] = vector::ShuffleOp::create(b, halves[0][i / 2], halves[1][i / 2], from);
    }
    return result;
  }
  SmallVector<int64_t> rotation, vectorOf;
  SmallVector<SmallVector<int64_t>> from = oddPlaces(n, lanes, rotation, vectorOf);
  for (int64_t place = 0; place < n; place++) {
    SmallVector<int64_t> to(lanes);
    for (int64_t record = 0; record < lanes; record++)
      to[from[place][record]] = record;
    result[vectorOf[place]] = vector::ShuffleOp::create(b, places[place], places[place], to);
  }
  for (int64_t &r : rotation)
    r = (n - r) % n;
  return rotateLanes(b, result, rotation);
}

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
