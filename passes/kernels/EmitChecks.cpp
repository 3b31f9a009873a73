// Checks of values that a shape or an address depends on: the status keeps the first code that is stored.
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Indexed.h"
#include "runtime/nncc.h"

using namespace mlir;

namespace nncc {
namespace {

// Stores `code` when `fails` and the status is still 0.
void report(IndexedEmitter &e, Value fails, Value status, int code) {
  e.onlyIf(fails, [&] {
    Value old = memref::LoadOp::create(e.b, status, ValueRange());
    Value isFirst = e.compare(arith::CmpIPredicate::eq, old, arith::ConstantIntOp::create(e.b, 0, 32));
    e.onlyIf(isFirst,
             [&] { memref::StoreOp::create(e.b, arith::ConstantIntOp::create(e.b, code, 32), status, ValueRange()); });
  });
}

Type typeOf(IndexedEmitter &e, int64_t lanes, Type element) {
  return lanes == 1 ? element : VectorType::get({lanes}, element);
}

// Whether i < -extent or i >= extent: i + extent is no unsigned number below 2 * extent.
Value isOutside(IndexedEmitter &e, Value i, int64_t extent, int64_t lanes) {
  Type i64 = e.b.getI64Type();
  if (getElementTypeOrSelf(i) != i64)
    i = arith::ExtSIOp::create(e.b, typeOf(e, lanes, i64), i);
  auto constant = [&](int64_t x) -> Value {
    if (lanes == 1)
      return arith::ConstantIntOp::create(e.b, x, 64);
    return e.splat(e.b.getI64IntegerAttr(x), lanes);
  };
  Value sum = arith::AddIOp::create(e.b, i, constant(extent));
  return e.compare(arith::CmpIPredicate::uge, sum, constant(2 * extent));
}

} // namespace

LogicalResult emitCheckIndex(kernel::CheckIndexOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer indices = e.open(op.getIndices());
  kernel::Space space = kernel::spaceOf(op);
  bool single = op.getExtents().size() == 1;
  int64_t stride = single ? 0 : indices.strides.back();
  bool isRun = space.isDense() && space.extents.size() == 1;
  int64_t lanes = single && isRun ? e.target.lanesOf(e.b.getI64Type()) : 1;
  if (llvm::is_contained(indices.shape, 0))
    return success();
  auto fails = [&](Address at, int64_t lanes, Value sum) {
    for (auto [d, extent] : llvm::enumerate(op.getExtents())) {
      Value i = e.loadLanes(indices, e.add(at, int64_t(d) * stride), lanes);
      sum = arith::OrIOp::create(e.b, sum, isOutside(e, i, extent, lanes));
    }
    return sum;
  };
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value) {
    int64_t count = space.count(), whole = lanes > 1 ? count / lanes * lanes : 0;
    Value no = arith::ConstantIntOp::create(e.b, 0, 1), sum = no;
    if (whole) {
      Value none = e.splat(e.b.getBoolAttr(false), lanes);
      Value any = e.loop(e.c(0), e.c(whole), lanes, none, [&](Value i, SmallVector<Value> &sum) {
        sum[0] = fails(e.add(Address(), i), lanes, sum[0]);
      })[0];
      sum = vector::ReductionOp::create(e.b, vector::CombiningKind::OR, any);
    }
    sum = e.loop(e.c(whole), e.c(count), 1, sum,
                 [&](Value i, SmallVector<Value> &sum) { sum[0] = fails(e.at(space, i)[0], 1, sum[0]); })[0];
    report(e, sum, op.getStatus(), NNCC_E_INDEX);
  });
  return success();
}

LogicalResult emitCheckValue(kernel::CheckValueOp op, const KernelSite &site) {
  IndexedEmitter e(op);
  Buffer values = e.open(op.getValue());
  kernel::Space space = kernel::spaceOf(op);
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value) {
    Value differs = arith::ConstantIntOp::create(e.b, 0, 1);
    for (auto [i, expected] : llvm::enumerate(op.getExpected())) {
      Value v = e.loadScalar(values, e.at(space, e.c(int64_t(i)))[0]);
      Value constant = arith::ConstantOp::create(e.b, e.b.getIntegerAttr(values.element, expected));
      differs = arith::OrIOp::create(e.b, differs, e.compare(arith::CmpIPredicate::ne, v, constant));
    }
    report(e, differs, op.getStatus(), NNCC_E_SHAPE);
  });
  return success();
}

} // namespace nncc
