// Chains of image ops in bands. The kernels are those of whole ops: a kernel addresses row r of a band buffer as if the
// buffer were whole, because the caller subtracts the buffer's first row from its address. The rows that the next band
// reads again move to the buffer's start between two bands; a ring of rows would save that (about a percent of the
// time) and cost every kernel a way to address it.
#include "dialects/kernel/Bands.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/kernels/OutlineKernels.h"

using namespace mlir;

namespace nncc {
namespace {

struct BandCaller {
  BandCaller(kernel::BandsOp op, OpBuilder &at, KernelOutliner &outliner)
      : plan(kernel::planOf(op)), outliner(outliner), last(plan.steps.size() - 1), e(op) {
    e.b.setInsertionPoint(at.getInsertionBlock(), at.getInsertionPoint());
  }

  kernel::BandPlan plan;
  KernelOutliner &outliner;
  size_t last;
  Emitter e;
  SmallVector<Value> buffers; // of each op but the last, as bytes
  Value opScratch;

  using Rows = SmallVector<Value>; // a row of each op

  void run(ArrayRef<int64_t> tasks, Value arena);
  void runImage(Value image, KernelSite::Range rows);
  void runBand(Value image, const Rows &done, const Rows &end, const Rows &kept);
  void moveHalo(const kernel::BandStep &step, Value buffer, Value shift);
  Value shifted(Value result, const kernel::BandStep &step, Value buffer, Value image, Value firstRow);
};

// Tasks divide the granules of the last op's rows, all images' one after another.
void BandCaller::run(ArrayRef<int64_t> tasks, Value arena) {
  const kernel::RowUnits &units = plan.last().units;
  int64_t granules = llvm::divideCeil(units.rows(), units.granule);
  Location loc = e.b.getLoc();
  forEachTask(e.b, loc, {plan.batch() * granules}, tasks, [&](OpBuilder &b, ArrayRef<KernelSite::Range> ranges) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
    for (const kernel::BandStep &step : ArrayRef(plan.steps).drop_back())
      buffers.push_back(outliner.scratch(e.b, loc, arena, step.offset, step.capacity * step.rowBytes));
    if (int64_t bytes = plan.scratchBytes - plan.bufferBytes)
      opScratch = outliner.scratch(e.b, loc, arena, plan.bufferBytes, bytes);
    KernelSite::Range range = ranges[0];
    e.loop(e.div(range.from, granules), e.ceilDiv(range.to, granules), 1, [&](Value image) {
      Value first = e.mul(image, granules);
      Value begin = e.max(e.sub(range.from, first), e.c(0)), end = e.min(e.sub(range.to, first), e.c(granules));
      runImage(image, {e.mul(begin, units.granule), e.min(e.mul(end, units.granule), e.c(units.rows()))});
    });
  });
}

void BandCaller::runImage(Value image, KernelSite::Range rows) {
  ArrayRef<kernel::BandStep> steps = plan.steps;
  Rows begin(steps.size());
  begin[last] = rows.from;
  for (size_t i = last; i-- > 0;)
    begin[i] = beginOfUnit(e, steps[i].units, firstRowRead(e, steps[i + 1].units, begin[i + 1]));
  // Carried: the rows of each op that are done, and the first one in its buffer.
  Rows carried(begin);
  carried.append(begin.begin(), begin.begin() + last);
  e.loop(rows.from, rows.to, plan.rows, carried, [&](Value row, Rows &carried) {
    Rows done(ArrayRef(carried).take_front(steps.size())), kept(ArrayRef(carried).drop_front(steps.size()));
    Rows end(steps.size());
    end[last] = e.min(e.add(row, plan.rows), rows.to);
    for (size_t i = last; i-- > 0;) {
      end[i] = endOfUnit(e, steps[i].units, endOfRowsRead(e, steps[i + 1].units, end[i + 1]));
      Value keep = e.min(firstRowRead(e, steps[i + 1].units, done[i + 1]), done[i]);
      if (steps[i].halo)
        e.onlyIf(arith::CmpIOp::create(e.b, arith::CmpIPredicate::sgt, keep, kept[i]),
                 [&] { moveHalo(steps[i], buffers[i], e.sub(keep, kept[i])); });
      kept[i] = keep;
    }
    runBand(image, done, end, kept);
    carried = end;
    carried.append(kept);
  });
}

// Rows [shift, shift + halo) of the buffer become its first ones.
void BandCaller::moveHalo(const kernel::BandStep &step, Value buffer, Value shift) {
  Type element =
      cast<MemRefType>(cast<DestinationStyleOpInterface>(step.op).getDpsInits()[0].getType()).getElementType();
  auto type = MemRefType::get({step.halo * step.rowElements}, element);
  auto rows = [&](Value first) {
    return memref::ViewOp::create(e.b, type, buffer, e.mul(first, step.rowBytes), ValueRange()).getResult();
  };
  auto copy = linalg::CopyOp::create(e.b, rows(shift), rows(e.c(0)));
  Work work = workOf(copy);
  KernelOutliner::Kernel kernel = outliner.outline(e.b, copy, work, copy->getOperands());
  outliner.call(e.b, e.b.getLoc(), kernel, {}, {{e.c(0), e.c(work.units[0])}});
  copy->erase();
}

// The buffer as if it held the whole result.
Value BandCaller::shifted(Value result, const kernel::BandStep &step, Value buffer, Value image, Value firstRow) {
  auto type = cast<MemRefType>(result.getType());
  auto elements = MemRefType::get({step.capacity * step.rowElements}, type.getElementType());
  Value flat = memref::ViewOp::create(e.b, elements, buffer, e.c(0), ValueRange());
  Value rows = e.add(e.mul(image, step.units.rows()), firstRow);
  auto [strides, offset] = type.getStridesAndOffset();
  auto layout = StridedLayoutAttr::get(e.b.getContext(), ShapedType::kDynamic, strides);
  return memref::ReinterpretCastOp::create(e.b, MemRefType::get(type.getShape(), type.getElementType(), layout), flat,
                                           getAsOpFoldResult(e.sub(e.c(0), e.mul(rows, step.rowElements))),
                                           getAsIndexOpFoldResult(e.b.getContext(), type.getShape()),
                                           getAsIndexOpFoldResult(e.b.getContext(), strides));
}

void BandCaller::runBand(Value image, const Rows &done, const Rows &end, const Rows &kept) {
  Value between;
  for (size_t i = 0; i <= last; i++) {
    const kernel::BandStep &step = plan.steps[i];
    auto op = cast<DestinationStyleOpInterface>(step.op);
    SmallVector<Value> operands(op->getOperands());
    if (between)
      operands[0] = between;
    if (i < last) {
      unsigned init = op.getDpsInitOperand(0)->getOperandNumber();
      operands[init] = between = shifted(operands[init], step, buffers[i], image, kept[i]);
    }
    Work work = workOf(op);
    KernelOutliner::Kernel kernel = outliner.outline(e.b, op, work, operands);
    // Near the image's end an op may be done before the last one is.
    Value first = done[i], behind = end[i];
    e.onlyIf(arith::CmpIOp::create(e.b, arith::CmpIPredicate::slt, first, behind), [&] {
      auto unit = [&](Value row) {
        Value inImage = e.ceilDiv(e.mul(row, step.units.unitsOfGranule), step.units.granule);
        return e.add(e.mul(image, step.units.unitsOfImage()), inImage);
      };
      SmallVector<KernelSite::Range> ranges = {{unit(first), unit(behind)}};
      if (work.units.size() > 1)
        ranges.push_back({e.c(0), e.c(work.units[1])});
      outliner.call(e.b, op->getLoc(), kernel, opScratch, ranges);
    });
  }
}

} // namespace

void callBands(kernel::BandsOp op, OpBuilder &b, KernelOutliner &outliner, ArrayRef<int64_t> tasks, Value arena) {
  BandCaller(op, b, outliner).run(tasks, arena);
}

} // namespace nncc
