// Work.h's implementation.
#include "passes/kernels/Work.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/kernels/EmitGeneric.h"

using namespace mlir;

namespace nncc {

static bool isExpensive(Operation &op) {
  return isa<math::MathDialect>(op.getDialect()) && !isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::FmaOp>(op);
}

Work workOf(Operation *op) {
  if (auto kernelOp = dyn_cast<kernel::KernelInterface>(op))
    return {SmallVector<int64_t, 2>(kernelOp.getUnits()), kernelOp.getScratchBytes(), kernelOp.getFlops(),
            kernelOp.getBytes()};
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureBufferSemantics())
    return {};
  Work work;
  work.units = {getGenericUnits(linalgOp)};
  work.bytes = kernel::countBytes(op->getOperands());
  double perElement = 0;
  for (Operation &inner : linalgOp.getBlock()->without_terminator())
    perElement += isExpensive(inner) ? 20 : 1;
  double iterations = 1;
  for (int64_t extent : linalgOp.getStaticLoopRanges())
    iterations *= double(extent);
  work.flops = perElement * iterations;
  return work;
}

// Nominal speeds of one core: what a task's length is judged by, so that it is the same on every machine of a level.
static double microseconds(const Work &work, kernel::TargetAttr target) {
  double flopsPerMicrosecond = double(target.getLanes()) * (target.hasFma() ? 6000 : 3000);
  constexpr double bytesPerMicrosecond = 15000;
  return std::max(work.flops / flopsPerMicrosecond, work.bytes / bytesPerMicrosecond);
}

SmallVector<int64_t, 2> chooseTasks(const Work &work, kernel::TargetAttr target) {
  constexpr double leastMicroseconds = 30;
  constexpr int64_t mostTasks = 16;
  int64_t limit = std::clamp<int64_t>(int64_t(microseconds(work, target) / leastMicroseconds), 1, mostTasks);
  int64_t rows = work.units[0], panels = work.units.size() > 1 ? work.units[1] : 1;
  double total = double(rows) * double(panels), best = 0;
  int64_t bestRows = 1, bestPanels = 1;
  for (int64_t a = 1; a <= std::min(rows, limit); a++)
    for (int64_t b = 1; b <= std::min(panels, limit / a); b++) {
      // The share of time that some numbers of workers are busy, if all units take the same time.
      double task = double(llvm::divideCeil(rows, a)) * double(llvm::divideCeil(panels, b)), score = 0;
      for (auto [workers, weight] : {std::pair(2, 0.4), std::pair(4, 0.3), std::pair(8, 0.2), std::pair(16, 0.1)})
        score += weight * total / (workers * double(llvm::divideCeil(a * b, workers)) * task);
      // A cut between panels reads all rows twice; a task more costs little, but something.
      score -= 0.02 * (b > 1) + 0.002 * double(a * b);
      if (score > best)
        best = score, bestRows = a, bestPanels = b;
    }
  SmallVector<int64_t, 2> tasks = {bestRows};
  if (work.units.size() > 1)
    tasks.push_back(bestPanels);
  return tasks;
}

} // namespace nncc
