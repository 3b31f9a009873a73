// Work.h's implementation.
#include "passes/kernels/Work.h"
#include "dialects/kernel/Bands.h"
#include "dialects/kernel/Winograd.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/kernels/EmitGeneric.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;

namespace nncc {

static void addSharedBytes(Operation *op, Work &work) {
  llvm::TypeSwitch<Operation *>(op)
      .Case<kernel::GemmOp>([&](auto gemm) {
        work.rowPartBytes = kernel::countBytes(gemm.getB());
        work.panelPartBytes = kernel::countBytes(gemm.getA());
      })
      .Case<kernel::ConvOp>([&](auto conv) {
        work.rowPartBytes = kernel::countBytes(conv.getW());
        work.panelPartBytes = kernel::countBytes(conv.getX());
        if (conv.getWinograd()) {
          kernel::WinogradGeometry w = kernel::winogradOf(conv);
          kernel::WindowGeometry g = kernel::geometryOf(conv);
          double products = double(w.count * w.products());
          work.arithmetic = 2 * products * double(w.directTaps * (g.ic / g.groups)) * double(g.oc);
          // Some six instructions for each vector, of which loads and stores are not paired as multiply-adds are.
          constexpr double transform = 13;
          work.panelPartArithmetic = transform * products * double(g.ic);
          work.rowPartArithmetic = transform * double(w.halo() * w.products() * g.ic);
        }
      })
      .Case<kernel::BatchMatmulOp>([&](auto matmul) { work.panelPartBytes = kernel::countBytes(matmul.getA()); });
}

Work workOf(Operation *op) {
  if (auto kernelOp = dyn_cast<kernel::KernelInterface>(op)) {
    Work work = {SmallVector<int64_t, 2>(kernelOp.getUnits()), kernelOp.getScratchBytes(), kernelOp.getFlops(),
                 kernelOp.getBytes()};
    work.arithmetic = work.flops;
    addSharedBytes(op, work);
    return work;
  }
  if (auto bands = dyn_cast<kernel::BandsOp>(op)) {
    kernel::BandPlan plan = kernel::planOf(bands);
    const kernel::RowUnits &units = plan.last().units;
    Work work = {{plan.batch() * int64_t(llvm::divideCeil(units.rows(), units.granule))},
                 plan.scratchBytes,
                 plan.flops,
                 plan.bytes};
    work.arithmetic = plan.flops;
    work.rowPartBytes = plan.weightBytes;
    work.rowPartArithmetic = plan.overlapFlops;
    return work;
  }
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureBufferSemantics())
    return {};
  Work work;
  work.units = {getGenericUnits(linalgOp)};
  work.bytes = kernel::countBytes(op->getOperands());
  double iterations = 1;
  for (int64_t extent : linalgOp.getStaticLoopRanges())
    iterations *= double(extent);
  work.arithmetic = work.flops = double(kernel::costOf(*linalgOp.getBlock())) * iterations;
  return work;
}

static void collectNames(Location location, SmallVectorImpl<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(location)) {
    if (!llvm::is_contained(names, name.getName()))
      names.push_back(name.getName());
  } else if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      collectNames(part, names);
  } else if (auto call = dyn_cast<CallSiteLoc>(location))
    collectNames(call.getCallee(), names);
}
std::string nodeName(Operation *op) {
  SmallVector<StringRef> names;
  collectNames(op->getLoc(), names);
  return names.empty() ? op->getName().getStringRef().str() : llvm::join(names, "+");
}

// Nominal speeds of one core: what a task's length is judged by, so that it is the same on every machine of a level.
static constexpr double bytesPerMicrosecond = 15000;
static double timeOf(double arithmetic, kernel::TargetAttr target) {
  return arithmetic / (double(target.getLanes()) * (target.hasFma() ? 6000 : 3000));
}

// The time of one of a x b tasks: its share of the arithmetic, if all units take the same time, and the memory traffic,
// which hides behind arithmetic only in part: every cut between rows reads all weights once more. What stays in L2
// between tasks costs a third.
static double taskTime(const Work &work, kernel::TargetAttr target, int64_t a, int64_t b) {
  int64_t rows = work.units[0], panels = work.units.size() > 1 ? work.units[1] : 1;
  double share =
      double(llvm::divideCeil(rows, a)) * double(llvm::divideCeil(panels, b)) / (double(rows) * double(panels));
  auto cost = [&](double bytes) { return bytes * 2 <= double(target.getL2()) ? bytes / 3 : bytes; };
  double own = std::max(work.bytes - work.rowPartBytes - work.panelPartBytes, 0.0);
  double traffic = cost(work.rowPartBytes / double(b)) + cost(work.panelPartBytes / double(a)) + own * share;
  double arithmetic = work.arithmetic * share + work.panelPartArithmetic / double(a);
  if (a > 1)
    arithmetic += work.rowPartArithmetic / double(b);
  return timeOf(arithmetic, target) + traffic / bytesPerMicrosecond;
}

SmallVector<int64_t, 2> chooseTasks(const Work &work, kernel::TargetAttr target) {
  constexpr double leastMicroseconds = 30;
  constexpr int64_t mostTasks = 16;
  double total = timeOf(work.arithmetic + work.panelPartArithmetic, target) + work.bytes / bytesPerMicrosecond;
  int64_t limit = std::clamp<int64_t>(int64_t(total / leastMicroseconds), 1, mostTasks);
  int64_t rows = work.units[0], panels = work.units.size() > 1 ? work.units[1] : 1;
  double best = std::numeric_limits<double>::max();
  int64_t bestRows = 1, bestPanels = 1;
  for (int64_t a = 1; a <= std::min(rows, limit); a++)
    for (int64_t b = 1; b <= std::min(panels, limit / a); b++) {
      // How much longer than the whole work divided by the workers, over some numbers of them.
      double task = taskTime(work, target, a, b), score = 0;
      for (auto [workers, weight] : {std::pair(1, 0.3), std::pair(2, 0.4), std::pair(4, 0.2), std::pair(8, 0.1)})
        score += weight * double(llvm::divideCeil(a * b, workers)) * task * workers / total;
      // A cut between panels is a little worse than one between rows, and a task more costs something.
      score += 0.01 * (b > 1) + 0.001 * double(a * b);
      if (score < best)
        best = score, bestRows = a, bestPanels = b;
    }
  SmallVector<int64_t, 2> tasks = {bestRows};
  if (work.units.size() > 1)
    tasks.push_back(bestPanels);
  return tasks;
}

} // namespace nncc
