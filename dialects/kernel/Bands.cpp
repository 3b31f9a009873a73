// Bands.h's implementation.
#include "dialects/kernel/Bands.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;
using namespace nncc::kernel;

//===-- Units as rows ---------------------------------------------------------------------------------------------===//

// Units of so many pixels, all images' one after another.
static std::optional<RowUnits> pixelUnits(RowUnits units, int64_t pixels) {
  constexpr int64_t mostRows = 16;
  const WindowGeometry &g = units.g;
  units.granule = pixels / std::gcd(g.out[2], pixels);
  units.unitsOfGranule = units.granule * g.out[2] / pixels;
  if (units.granule > mostRows || (g.batch > 1 && (g.out[1] * g.out[2]) % pixels != 0))
    return std::nullopt;
  return units;
}

std::optional<RowUnits> nncc::kernel::rowUnitsOf(Operation *op) {
  auto units = llvm::TypeSwitch<Operation *, std::optional<RowUnits>>(op)
                   .Case([](ConvOp conv) -> std::optional<RowUnits> {
                     if (conv.getWinograd())
                       return std::nullopt;
                     RowUnits units = {geometryOf(conv)};
                     return pixelsOf(conv) ? pixelUnits(units, conv.getTile()->getRows()) : units;
                   })
                   .Case([](DepthwiseOp depthwise) -> std::optional<RowUnits> {
                     return RowUnits{geometryOf(depthwise), depthwise.getTile()->getVectors(), 1};
                   })
                   .Case([](PoolOp pool) -> std::optional<RowUnits> { return RowUnits{geometryOf(pool)}; })
                   .Default([](Operation *) { return std::nullopt; });
  if (!units || units->g.spatial != 2)
    return std::nullopt;
  return units;
}

//===-- Plans -----------------------------------------------------------------------------------------------------===//

namespace {
/// Arithmetic of the emitters on plain numbers.
struct Numbers {
  int64_t c(int64_t x) { return x; }
  int64_t add(int64_t x, int64_t y) { return x + y; }
  int64_t mul(int64_t x, int64_t y) { return x * y; }
  int64_t min(int64_t x, int64_t y) { return std::min(x, y); }
  int64_t max(int64_t x, int64_t y) { return std::max(x, y); }
  int64_t div(int64_t x, int64_t y) { return x / y; }
  int64_t ceilDiv(int64_t x, int64_t y) { return llvm::divideCeil(x, y); }
};
} // namespace

// The bands of a task that begins with row `begin` of the last result and does all that follow, which is at least what
// any task needs. False where a band discards fewer rows than it keeps: they would change places with themselves.
static bool simulate(BandPlan &plan, int64_t begin) {
  Numbers n;
  MutableArrayRef<BandStep> steps = plan.steps;
  size_t last = steps.size() - 1;
  SmallVector<int64_t> done(steps.size()), kept(steps.size()), end(steps.size());
  done[last] = begin;
  double overlap = 0;
  for (size_t i = last; i-- > 0;) {
    kept[i] = done[i] = beginOfUnit(n, steps[i].units, firstRowRead(n, steps[i + 1].units, done[i + 1]));
    end[i] = endOfUnit(n, steps[i].units, endOfRowsRead(n, steps[i + 1].units, i + 1 == last ? begin : end[i + 1]));
    if (begin > 0)
      overlap += double(end[i] - done[i]) / double(steps[i].units.rows() * plan.batch()) *
                 cast<KernelInterface>(steps[i].op).getFlops();
  }
  plan.overlapFlops = std::max(plan.overlapFlops, overlap);
  for (int64_t row = begin; row < steps[last].units.rows(); row += plan.rows) {
    end[last] = std::min(row + plan.rows, steps[last].units.rows());
    for (size_t i = last; i-- > 0;) {
      BandStep &step = steps[i];
      end[i] = endOfUnit(n, step.units, endOfRowsRead(n, steps[i + 1].units, end[i + 1]));
      int64_t keep = std::min(firstRowRead(n, steps[i + 1].units, done[i + 1]), done[i]);
      step.halo = std::max(step.halo, done[i] - keep);
      if (row > begin && keep - kept[i] < done[i] - keep)
        return false;
      step.shift = std::max(step.shift, keep - kept[i]);
      step.capacity = std::max(step.capacity, end[i] - keep);
      kept[i] = keep;
    }
    done = end;
  }
  return true;
}

std::optional<BandPlan> nncc::kernel::planBands(ArrayRef<Operation *> chain, int64_t rows) {
  BandPlan plan;
  plan.rows = rows;
  llvm::SmallSetVector<Value, 16> outside;
  int64_t mostScratch = 0;
  for (Operation *op : chain) {
    auto units = rowUnitsOf(op);
    if (!units)
      return std::nullopt;
    auto kernelOp = cast<KernelInterface>(op);
    auto type = cast<ShapedType>(cast<DestinationStyleOpInterface>(op).getDpsInits()[0].getType());
    BandStep step = {op, *units};
    step.rowElements = units->g.out[2] * units->g.oc;
    step.rowBytes = step.rowElements * type.getElementTypeBitWidth() / 8;
    plan.steps.push_back(step);
    plan.flops += kernelOp.getFlops();
    mostScratch = std::max(mostScratch, kernelOp.getScratchBytes());
    for (OpOperand &operand : op->getOpOperands()) {
      bool isBetween = (op != chain.front() && operand.getOperandNumber() == 0) ||
                       (op != chain.back() && cast<DestinationStyleOpInterface>(op).isDpsInit(&operand));
      if (!isBetween && outside.insert(operand.get()))
        plan.bytes += countBytes(operand.get());
    }
    if (!isa<PoolOp>(op))
      plan.weightBytes += countBytes(op->getOperand(1));
  }
  const RowUnits &last = plan.last().units;
  if (rows < 1 || rows % last.granule != 0)
    return std::nullopt;
  for (int64_t begin = 0; begin < last.rows(); begin += last.granule)
    if (!simulate(plan, begin))
      return std::nullopt;
  for (BandStep &step : MutableArrayRef(plan.steps).drop_back()) {
    // A halo is copied as if it were as large in each band.
    step.capacity = std::max(step.capacity, step.shift + step.halo);
    step.offset = plan.bufferBytes;
    plan.bufferBytes += llvm::alignTo(step.capacity * step.rowBytes, 64);
  }
  plan.scratchBytes = plan.bufferBytes + llvm::alignTo(mostScratch, 64);
  return plan;
}

BandPlan nncc::kernel::planOf(BandsOp op) {
  auto plan = planBands(op.getChain(), op.getRows());
  assert(plan && "the verifier saw a plan");
  return *plan;
}

//===-- The op ----------------------------------------------------------------------------------------------------===//

SmallVector<Region *> BandsOp::getLoopRegions() { return {&getBody()}; }

SmallVector<Operation *> BandsOp::getChain() {
  SmallVector<Operation *> chain;
  for (Operation &op : getBody().front())
    if (isa<KernelInterface>(op))
      chain.push_back(&op);
  return chain;
}

LogicalResult BandsOp::verifyRegions() {
  SmallVector<Operation *> chain = getChain();
  if (chain.size() < 2)
    return emitOpError("expected a chain of ops");
  for (auto [op, next] : llvm::zip(ArrayRef(chain).drop_back(), ArrayRef(chain).drop_front())) {
    Value between = cast<DestinationStyleOpInterface>(op).getDpsInits()[0];
    if (!between.getDefiningOp<BandBufferOp>() || next->getOperand(0) != between ||
        llvm::range_size(between.getUses()) != 2)
      return op->emitOpError("expected a band buffer as destination that the next op alone reads, as its image");
  }
  if (!planBands(chain, getRows()))
    return emitOpError("expected ops whose units allow bands of ") << getRows() << " rows";
  return success();
}
