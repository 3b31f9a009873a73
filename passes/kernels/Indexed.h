// What emitters of ops with data-dependent addresses share: positions in index spaces, indices that stay in range, and
// runs of neighbouring elements.
#pragma once
#include "dialects/kernel/IndexedSpaces.h"
#include "passes/kernels/Emitter.h"

namespace nncc {

class IndexedEmitter : public Emitter {
public:
  using Emitter::Emitter;

  /// Where each operand of `space` is at a linear position.
  llvm::SmallVector<Address> at(const kernel::Space &space, Value position);
  /// An element of a tensor of indices: negative ones count from `extent`, what is out of range is clamped.
  Value index(const Buffer &indices, Address at, int64_t extent);
  /// The offset that a tuple of indices stands for, along dimensions of `to` from `first` on.
  Address tuple(const Buffer &indices, Address at, int64_t stride, const Buffer &to, size_t first, size_t count);

  /// Runs `body` over the elements of `space` whose first index is in [from, to), as vectors where they lie densely:
  /// it gets where each operand is, and how many lanes.
  using Body = llvm::function_ref<void(llvm::ArrayRef<Address>, int64_t lanes)>;
  void forEachRun(const kernel::Space &space, Value from, Value to, int64_t lanes, Body body);
  /// Copies all elements of `space`; the buffers don't overlap.
  void copy(const kernel::Space &space, const Buffer &x, Address xAt, const Buffer &y, Address yAt);

  Value loadLanes(const Buffer &m, Address at, int64_t lanes) {
    return lanes == 1 ? loadScalar(m, at) : load(m, at, lanes);
  }
  void storeLanes(Value v, const Buffer &m, Address at, int64_t lanes);
  Value compare(mlir::arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<mlir::arith::CmpIOp>(predicate, x, y);
  }

private:
  void copyRun(int64_t count, const Buffer &x, Address xAt, const Buffer &y, Address yAt);
};

} // namespace nncc
