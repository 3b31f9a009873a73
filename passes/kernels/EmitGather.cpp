// Gathers: rows are copied by vectors, single elements one by one.
#include "passes/kernels/Indexed.h"

using namespace mlir;

namespace nncc {

LogicalResult emitGather(kernel::GatherOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer x = e.open(op.getX()), indices = e.open(op.getIndices()), y = e.open(op.getInit());
  size_t axis = op.getAxis();
  kernel::GatherSpaces spaces = kernel::spacesOf(op);
  if (llvm::is_contained(x.shape, 0) || llvm::is_contained(y.shape, 0))
    return success();
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value a) {
    SmallVector<Address> outer = e.at(spaces.outer, a);
    e.loop(site.units[1].from, site.units[1].to, 1, [&](Value p) {
      SmallVector<Address> position = e.at(spaces.positions, p);
      Address from = e.add(outer[0], e.index(indices, position[0], x.shape[axis]), x.strides[axis]);
      e.copy(spaces.inner, x, from, y, e.add(outer[1], position[1]));
    });
  });
  return success();
}

LogicalResult emitGatherND(kernel::GatherNDOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer x = e.open(op.getX()), indices = e.open(op.getIndices()), y = e.open(op.getInit());
  size_t batch = op.getBatchDims(), count = indices.shape.back();
  kernel::GatherSpaces spaces = kernel::spacesOf(op);
  if (llvm::is_contained(x.shape, 0) || llvm::is_contained(y.shape, 0))
    return success();
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value a) {
    SmallVector<Address> outer = e.at(spaces.outer, a);
    e.loop(site.units[1].from, site.units[1].to, 1, [&](Value p) {
      SmallVector<Address> position = e.at(spaces.positions, p);
      Address chosen = e.tuple(indices, e.add(outer[0], position[0]), indices.strides.back(), x, batch, count);
      e.copy(spaces.inner, x, e.add(outer[1], chosen), y, e.add(outer[2], position[1]));
    });
  });
  return success();
}

LogicalResult emitGatherElements(kernel::GatherElementsOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer x = e.open(op.getX()), indices = e.open(op.getIndices()), y = e.open(op.getInit());
  size_t axis = op.getAxis();
  kernel::Space columns = kernel::spaceOf(op), rows;
  if (llvm::is_contained(x.shape, 0) || llvm::is_contained(y.shape, 0))
    return success();
  rows.strides.resize(columns.strides.size());
  if (!columns.extents.empty()) {
    rows = columns.dropBack();
    columns = columns.dropFront(rows.extents.size());
  }
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value r) {
    SmallVector<Address> row = e.at(rows, r);
    e.forEachRun(columns, site.units[1].from, site.units[1].to, /*lanes=*/1, [&](ArrayRef<Address> column, int64_t) {
      Value i = e.index(indices, e.add(row[0], column[0]), x.shape[axis]);
      Value element = e.loadScalar(x, e.add(e.add(row[2], column[2]), i, x.strides[axis]));
      e.storeScalar(element, y, e.add(row[1], column[1]));
    });
  });
  return success();
}

} // namespace nncc
