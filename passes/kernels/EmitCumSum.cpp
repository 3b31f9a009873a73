// Cumulative sums: the axis is walked in order, with positions behind it in the lanes.
#include "passes/kernels/Indexed.h"

using namespace mlir;

namespace nncc {

LogicalResult emitCumSum(kernel::CumSumOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer x = e.open(op.getX()), y = e.open(op.getInit());
  size_t axis = op.getAxis();
  auto [before, behind] = kernel::spacesOf(op);
  int64_t lanes = kernel::lanesOf(op), count = x.shape[axis];
  if (llvm::is_contained(x.shape, 0))
    return success();

  auto walk = [&](Address from, Address to, int64_t lanes) {
    Value zero =
        lanes == 1 ? arith::ConstantOp::create(e.b, e.b.getZeroAttr(x.element)).getResult() : e.zeros(x.element, lanes);
    e.loop(e.c(0), e.c(count), 1, zero, [&](Value i, SmallVector<Value> &sum) {
      Value at = op.getReverse() ? e.sub(e.c(count - 1), i) : i;
      Address target = e.add(to, at, y.strides[axis]);
      Value v = e.loadLanes(x, e.add(from, at, x.strides[axis]), lanes);
      if (op.getExclusive())
        e.storeLanes(sum[0], y, target, lanes);
      sum[0] = isa<FloatType>(x.element) ? arith::AddFOp::create(e.b, sum[0], v).getResult()
                                         : arith::AddIOp::create(e.b, sum[0], v).getResult();
      if (!op.getExclusive())
        e.storeLanes(sum[0], y, target, lanes);
    });
  };

  e.loop(site.units[0].from, site.units[0].to, 1, [&, &before = before, &behind = behind](Value o) {
    SmallVector<Address> outer = e.at(before, o);
    e.loop(site.units[1].from, site.units[1].to, 1, [&](Value unit) {
      if (behind.extents.empty())
        return walk(outer[0], outer[1], 1);
      // A unit is a vector within a row; the last one of a row may be partial.
      int64_t extent = behind.extents.back(), whole = extent / lanes, vectors = llvm::divideCeil(extent, lanes);
      SmallVector<Address> row = e.at(behind.dropBack(), e.div(unit, vectors));
      Value vector = e.rem(unit, vectors);
      int64_t xStride = behind.strides[0].back(), yStride = behind.strides[1].back();
      Address from = e.add(outer[0], row[0]), to = e.add(outer[1], row[1]);
      from = e.add(from, vector, lanes * xStride);
      to = e.add(to, vector, lanes * yStride);
      if (whole == vectors)
        return walk(from, to, lanes);
      e.onlyIf(e.compare(arith::CmpIPredicate::slt, vector, e.c(whole)), [&] { walk(from, to, lanes); });
      e.onlyIf(e.compare(arith::CmpIPredicate::eq, vector, e.c(whole)), [&] {
        e.loop(e.c(0), e.c(extent % lanes), 1,
               [&](Value i) { walk(e.add(from, i, xStride), e.add(to, i, yStride), 1); });
      });
    });
  });
  return success();
}

} // namespace nncc
