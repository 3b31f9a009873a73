// The loops of ops with data-dependent addresses as plain numbers: index spaces over parts of their operands'
// dimensions. Units and emitters agree by asking here.
#pragma once
#include "dialects/kernel/Kernel.h"

namespace nncc::kernel {

/// An index space, row-major, and how far each of some operands moves along it. Dimensions of 1 are left out, and
/// neighbours are joined where every operand has one stride for both.
struct Space {
  llvm::SmallVector<int64_t> extents;
  llvm::SmallVector<llvm::SmallVector<int64_t>, 3> strides; // of each operand, one for each extent

  int64_t count() const { return llvm::product_of(extents); }
  /// The innermost dimension lies densely in every operand.
  bool isDense() const;
  /// The same without the first `n` dimensions.
  Space dropFront(size_t n) const;
  Space dropBack() const;
};

struct IndexedSpaces {
  Space outer, inner;
};
/// outer: a of x and init. positions: i of indices and init. inner: b of x and init.
struct GatherSpaces {
  Space outer, positions, inner;
};
GatherSpaces spacesOf(GatherOp op);
/// outer: b of indices, x and init. positions: i of indices and init. inner: r of x and init.
GatherSpaces spacesOf(GatherNDOp op);
/// The result's index space, of indices, init and x; x does not move along the axis.
Space spaceOf(GatherElementsOp op);
/// Before and behind the axis, of indices, updates and init.
IndexedSpaces spacesOf(ScatterElementsOp op);
/// outer: i of indices and updates. inner: r of updates and init.
IndexedSpaces spacesOf(ScatterNDOp op);
/// Before and behind the axis, of x and init.
IndexedSpaces spacesOf(CumSumOp op);
/// Lanes of a vector behind the axis; 1 where elements there are not neighbours.
int64_t lanesOf(CumSumOp op);
/// Rows: of x, values and indices.
Space spaceOf(TopKOp op);
/// Of indices, without the last dimension where it holds tuples.
Space spaceOf(CheckIndexOp op);
Space spaceOf(CheckValueOp op);

} // namespace nncc::kernel
