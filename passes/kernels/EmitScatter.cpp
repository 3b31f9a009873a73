// Scatters: updates that may meet one element are taken in their order by one task; the units are independent of them.
#include "passes/kernels/Indexed.h"

using namespace mlir;

namespace nncc {
namespace {

// Combines an update into an element of y, or a vector of neighbours.
void update(IndexedEmitter &e, nn::ScatterKind kind, bool isUnsigned, const Buffer &updates, Address from,
            const Buffer &y, Address to, int64_t lanes) {
  Value v = e.loadLanes(updates, from, lanes);
  if (kind == nn::ScatterKind::none)
    return e.storeLanes(v, y, to, lanes);
  Value old = e.loadLanes(y, to, lanes);
  bool isFloat = isa<FloatType>(y.element);
  switch (kind) {
  case nn::ScatterKind::add:
    v = isFloat ? arith::AddFOp::create(e.b, old, v).getResult() : arith::AddIOp::create(e.b, old, v).getResult();
    break;
  case nn::ScatterKind::mul:
    v = isFloat ? arith::MulFOp::create(e.b, old, v).getResult() : arith::MulIOp::create(e.b, old, v).getResult();
    break;
  case nn::ScatterKind::max:
    v = isFloat      ? arith::MaximumFOp::create(e.b, old, v).getResult()
        : isUnsigned ? arith::MaxUIOp::create(e.b, old, v).getResult()
                     : arith::MaxSIOp::create(e.b, old, v).getResult();
    break;
  default:
    v = isFloat      ? arith::MinimumFOp::create(e.b, old, v).getResult()
        : isUnsigned ? arith::MinUIOp::create(e.b, old, v).getResult()
                     : arith::MinSIOp::create(e.b, old, v).getResult();
  }
  e.storeLanes(v, y, to, lanes);
}

} // namespace

LogicalResult emitScatterElements(kernel::ScatterElementsOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer indices = e.open(op.getIndices()), updates = e.open(op.getUpdates()), y = e.open(op.getInit());
  size_t axis = op.getAxis();
  auto [before, behind] = kernel::spacesOf(op);
  if (llvm::is_contained(updates.shape, 0) || llvm::is_contained(y.shape, 0))
    return success();
  e.loop(site.units[0].from, site.units[0].to, 1, [&, &behind = behind, &before = before](Value o) {
    SmallVector<Address> outer = e.at(before, o);
    e.loop(e.c(0), e.c(updates.shape[axis]), 1, [&](Value a) {
      Address indexAt = e.add(outer[0], a, indices.strides[axis]), from = e.add(outer[1], a, updates.strides[axis]);
      e.loop(site.units[1].from, site.units[1].to, 1, [&](Value i) {
        SmallVector<Address> inner = e.at(behind, i);
        Value chosen = e.index(indices, e.add(indexAt, inner[0]), y.shape[axis]);
        update(e, op.getKind(), op.getIsUnsigned(), updates, e.add(from, inner[1]), y,
               e.add(e.add(outer[2], inner[2]), chosen, y.strides[axis]), /*lanes=*/1);
      });
    });
  });
  return success();
}

LogicalResult emitScatterND(kernel::ScatterNDOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer indices = e.open(op.getIndices()), updates = e.open(op.getUpdates()), y = e.open(op.getInit());
  auto [slices, slice] = kernel::spacesOf(op);
  if (llvm::is_contained(updates.shape, 0) || llvm::is_contained(y.shape, 0))
    return success();
  int64_t lanes = e.target.lanesOf(y.element);
  e.loop(e.c(0), e.c(slices.count()), 1, [&, &slice = slice, &slices = slices](Value p) {
    SmallVector<Address> from = e.at(slices, p);
    Address to = e.tuple(indices, from[0], indices.strides.back(), y, 0, indices.shape.back());
    e.forEachRun(slice, site.units[0].from, site.units[0].to, lanes, [&](ArrayRef<Address> at, int64_t lanes) {
      update(e, op.getKind(), op.getIsUnsigned(), updates, e.add(from[1], at[0]), y, e.add(to, at[1]), lanes);
    });
  });
  return success();
}

} // namespace nncc
