// Operands along a narrow loop: its few steps are vectors side by side. What lies dense in memory alternates between
// the steps and changes places in registers, unless the lanes are to hold it so; what does not move along the loop is
// then repeated.
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/EmitGenericLanes.h"
using namespace mlir;

namespace nncc {

// What exists of the dense elements in vector `step`.
LaneSlice GenericLanes::partOf(LaneSlice slice, int64_t step) const {
  int64_t valid = slice.valid * plan.narrowSize() - step * slice.lanes;
  return {slice.offset, slice.lanes, std::clamp<int64_t>(valid, 0, slice.lanes), step};
}

SmallVector<Value> GenericLanes::loadNarrow(unsigned k, LaneSlice slice) {
  if (held.empty() || !held[k])
    return loadNarrowNow(k, slice);
  return SmallVector<Value>(hold(k, slice, [&](LaneSlice whole) { return loadNarrowNow(k, whole); }));
}

SmallVector<Value> GenericLanes::loadNarrowNow(unsigned k, LaneSlice slice) {
  const GenericOperand &operand = plan.operands[k];
  unsigned narrow = *plan.narrowLoop;
  int64_t size = plan.narrowSize();
  SmallVector<Value> values;
  at[narrow] = c(0);
  if (slice.lanes > 1 && plan.isDense(operand, *plan.vectorLoop, narrow)) {
    Address first = address(k, slice.offset);
    for (int64_t step = 0; step < size; step++)
      values.push_back(loadAt(k, add(first, step * slice.lanes), partOf(slice, step)));
    return plan.mixed ? values : separated(values);
  }
  if (operand.isInvariant(narrow)) {
    Value value = loadNow(k, slice);
    values.assign(size, value);
    if (!plan.mixed || slice.lanes == 1 || operand.isInvariant(*plan.vectorLoop))
      return values;
    for (int64_t step = 0; step < size; step++) {
      SmallVector<int64_t> from;
      for (int64_t lane = 0; lane < slice.lanes; lane++)
        from.push_back((step * slice.lanes + lane) / size);
      values[step] = shuffle(value, value, from);
    }
    return values;
  }
  for (int64_t step = 0; step < size; step++) {
    at[narrow] = c(step);
    values.push_back(loadNow(k, slice));
  }
  return plan.mixed && slice.lanes > 1 ? mixed(values) : values;
}

void GenericLanes::storeNarrow(unsigned k, SmallVector<Value> values, LaneSlice slice) {
  unsigned narrow = *plan.narrowLoop;
  bool isDense = plan.isDense(plan.operands[k], *plan.vectorLoop, narrow);
  if (slice.lanes > 1 && isDense != plan.mixed)
    values = isDense ? mixed(values) : separated(values);
  at[narrow] = c(0);
  Address first = address(k, slice.offset);
  for (auto [step, value] : llvm::enumerate(values)) {
    at[narrow] = c(step);
    if (slice.lanes > 1 && isDense)
      storeAt(k, value, add(first, step * slice.lanes), partOf(slice, step));
    else
      store(k, value, slice);
  }
}

} // namespace nncc
