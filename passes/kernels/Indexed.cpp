// Indexed.h's implementation.
#include "passes/kernels/Indexed.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace nncc {

SmallVector<Address> IndexedEmitter::at(const kernel::Space &space, Value position) {
  SmallVector<Address> addresses(space.strides.size());
  if (space.extents.empty())
    return addresses;
  SmallVector<Value> indices = delinearize(position, space.extents);
  for (auto [address, strides] : llvm::zip(addresses, space.strides))
    for (auto [i, stride] : llvm::zip(indices, strides))
      address = add(address, i, stride);
  return addresses;
}

Value IndexedEmitter::index(const Buffer &indices, Address at, int64_t extent) {
  Value i = b.createOrFold<arith::IndexCastOp>(b.getIndexType(), loadScalar(indices, at));
  // A wrap-around is out of range before and after.
  Value fromEnd = b.createOrFold<arith::AddIOp>(i, c(extent));
  i = b.createOrFold<arith::SelectOp>(compare(arith::CmpIPredicate::slt, i, c(0)), fromEnd, i);
  return min(max(i, c(0)), c(extent - 1));
}

Address IndexedEmitter::tuple(const Buffer &indices, Address at, int64_t stride, const Buffer &to, size_t first,
                              size_t count) {
  Address offset;
  for (size_t d = 0; d < count; d++)
    offset = add(offset, index(indices, add(at, int64_t(d) * stride), to.shape[first + d]), to.strides[first + d]);
  return offset;
}

void IndexedEmitter::storeLanes(Value v, const Buffer &m, Address at, int64_t lanes) {
  if (lanes == 1)
    storeScalar(v, m, at);
  else
    store(v, m, at);
}

void IndexedEmitter::forEachRun(const kernel::Space &space, Value from, Value to, int64_t lanes, Body body) {
  size_t operands = space.strides.size();
  auto moved = [&](ArrayRef<Address> by, Value i) {
    SmallVector<Address> addresses(by);
    for (auto [address, strides] : llvm::zip(addresses, space.strides))
      address = add(address, i, strides.front());
    return addresses;
  };
  SmallVector<Address> start(operands);
  if (space.extents.empty())
    return loop(from, to, 1, [&](Value) { body(start, 1); });
  if (space.extents.size() > 1) {
    kernel::Space inner = space.dropFront(1);
    loop(from, to, 1, [&](Value i) {
      SmallVector<Address> outer = moved(start, i);
      forEachRun(inner, c(0), c(inner.extents.front()), lanes, [&](ArrayRef<Address> addresses, int64_t lanes) {
        SmallVector<Address> sums;
        for (auto [x, y] : llvm::zip(outer, addresses))
          sums.push_back(add(x, y));
        body(sums, lanes);
      });
    });
    return;
  }
  Value whole = from;
  if (space.isDense() && space.extents.front() >= lanes && lanes > 1) {
    whole = add(from, mul(div(sub(to, from), lanes), lanes));
    loop(from, whole, lanes, [&](Value i) { body(moved(start, i), lanes); });
  }
  loop(whole, to, 1, [&](Value i) { body(moved(start, i), 1); });
}

void IndexedEmitter::copy(const kernel::Space &space, const Buffer &x, Address xAt, const Buffer &y, Address yAt) {
  if (space.extents.empty())
    return storeScalar(loadScalar(x, xAt), y, yAt);
  if (space.isDense() && space.extents.size() == 1)
    return copyRun(space.extents.front(), x, xAt, y, yAt);
  kernel::Space inner = space.dropFront(1);
  loop(c(0), c(space.extents.front()), 1, [&](Value i) {
    copy(inner, x, add(xAt, i, space.strides[0].front()), y, add(yAt, i, space.strides[1].front()));
  });
}

// Vectors, then what remains by one more that overlaps the one before. In a run shorter than a vector they have the
// greatest power of two of lanes that it holds.
void IndexedEmitter::copyRun(int64_t count, const Buffer &x, Address xAt, const Buffer &y, Address yAt) {
  int64_t lanes = std::min<int64_t>(target.lanesOf(x.element), llvm::bit_floor<uint64_t>(count));
  constexpr int64_t together = 4;
  int64_t done = count / (together * lanes) * (together * lanes);
  auto move = [&](Address offset) { storeLanes(loadLanes(x, add(xAt, offset), lanes), y, add(yAt, offset), lanes); };
  if (done > together * lanes)
    loop(c(0), c(done), together * lanes, [&](Value i) {
      SmallVector<Value> values;
      for (int64_t v = 0; v < together; v++)
        values.push_back(loadLanes(x, add(add(xAt, i), v * lanes), lanes));
      for (int64_t v = 0; v < together; v++)
        storeLanes(values[v], y, add(add(yAt, i), v * lanes), lanes);
    });
  else
    done = 0;
  for (; done + lanes <= count; done += lanes)
    move({{}, done});
  if (done < count)
    move({{}, count - lanes});
}

} // namespace nncc
