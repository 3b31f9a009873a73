// Weights that are computed at run time are packed there, as PackWeights does for constant ones.
#include "dialects/kernel/Geometry.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/kernels/Emitter.h"

using namespace mlir;

namespace nncc {

LogicalResult emitPack(kernel::PackOp op, const KernelSite &site) {
  Emitter e(op);
  Buffer w = e.open(op.getW()), packed = e.open(op.getInit());
  ArrayRef<int64_t> depthShape = op.getTranspose() ? w.shape.drop_front() : w.shape.drop_back();
  ArrayRef<int64_t> depthStrides =
      op.getTranspose() ? ArrayRef(w.strides).drop_front() : ArrayRef(w.strides).drop_back();
  int64_t depth = llvm::product_of(depthShape), panel = op.getPanel(), groups = op.getGroups();
  int64_t columns = (op.getTranspose() ? w.shape.front() : w.shape.back()) / groups;
  int64_t columnStride = op.getTranspose() ? w.strides.front() : w.strides.back();
  int64_t panels = kernel::tilesOf(columns, panel), lanes = std::min(panel, e.target.lanesOf(w.element));

  // One panel, of `valid` columns from `first` on.
  auto pack = [&](Value unit, Value first, int64_t valid) {
    e.loop(e.c(0), e.c(depth), 1, [&](Value k) {
      Address from = e.add(Address(), first, columnStride), to = e.add(e.add(Address(), unit, depth * panel), k, panel);
      for (auto [index, stride] : llvm::zip(e.delinearize(k, depthShape), depthStrides))
        from = e.add(from, index, stride);
      if (columnStride == 1) {
        for (int64_t v = 0; v < panel; v += lanes) {
          Value vector =
              v < valid ? e.load(w, e.add(from, v), lanes, e.mask(lanes, valid - v)) : e.zeros(w.element, lanes);
          e.store(vector, packed, e.add(to, v));
        }
        return;
      }
      auto put = [&](Value value, Value n) {
        memref::StoreOp::create(e.b, value, packed.flat, ValueRange{e.value(e.add(e.add(to, n), packed.offset))});
      };
      e.loop(e.c(0), e.c(valid), 1, [&](Value n) { put(e.loadScalar(w, e.add(from, n, columnStride)), n); });
      Value zero = arith::ConstantOp::create(e.b, e.b.getZeroAttr(w.element));
      if (valid < panel)
        e.loop(e.c(valid), e.c(panel), 1, [&](Value n) { put(zero, n); });
    });
  };
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value unit) {
    Value index = e.rem(unit, panels), first = e.add(e.mul(e.div(unit, panels), columns), e.mul(index, panel));
    int64_t rest = columns % panel;
    if (!rest)
      return pack(unit, first, panel);
    Value isLast = e.b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, index, e.c(panels - 1));
    e.onlyIf(isLast, [&] { pack(unit, first, rest); });
    if (panels > 1)
      e.onlyIf(e.b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, index, e.c(panels - 1)),
               [&] { pack(unit, first, panel); });
  });
  return success();
}

} // namespace nncc
