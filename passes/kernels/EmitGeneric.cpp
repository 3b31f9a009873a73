// EmitGeneric.h's implementation: the loops. What happens inside them is EmitGenericLanes'.
#include "passes/kernels/EmitGeneric.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/kernels/EmitGenericLanes.h"
using namespace mlir;

namespace nncc {
namespace {

class GenericEmitter {
public:
  GenericEmitter(OpBuilder &builder, const GenericPlan &plan) : plan(plan), lanes(builder, plan), b(lanes.b) {}

  void run(Value lo, Value hi) {
    if (plan.units.empty()) {
      // One unit: a task that has it has everything.
      scf::ForOp once = forLoop(lo, hi, 1);
      inside(once, [&] { parallelLoops(0); });
      return;
    }
    if (plan.units.size() == 1) {
      const GenericPlan::Unit &unit = plan.units.front();
      if (plan.vectorLoop == unit.loop) {
        vectorLo = lanes.mul(lo, unit.block);
        vectorHi = least(lanes.mul(hi, unit.block), plan.loops[unit.loop].size);
        parallelLoops(0);
        return;
      }
    }
    scf::ForOp loop = forLoop(lo, hi, 1);
    inside(loop, [&] {
      Value rest = loop.getInductionVar();
      for (unsigned i = plan.units.size(); i-- > 0;) {
        const GenericPlan::Unit &unit = plan.units[i];
        Value index = rest;
        if (i) {
          index = b.createOrFold<arith::RemUIOp>(rest, lanes.c(unit.count));
          rest = b.createOrFold<arith::DivUIOp>(rest, lanes.c(unit.count));
        }
        Value first = lanes.mul(index, unit.block);
        if (plan.vectorLoop == unit.loop) {
          vectorLo = first;
          vectorHi = least(lanes.add(first, unit.block), plan.loops[unit.loop].size);
        } else {
          lanes.at[unit.loop] = first;
        }
      }
      parallelLoops(0);
    });
  }

private:
  const GenericPlan &plan;
  GenericLanes lanes;
  ImplicitLocOpBuilder &b;
  Value vectorLo, vectorHi; // of the vector loop in this unit; null: all of it

  scf::ForOp forLoop(Value lo, Value hi, int64_t step, ValueRange init = {}) {
    return scf::ForOp::create(b, lo, hi, lanes.c(step), init);
  }
  void inside(scf::ForOp loop, function_ref<void()> body) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body();
  }
  void when(Value condition, function_ref<void()> body, function_ref<void()> otherwise = {}) {
    auto branch = scf::IfOp::create(b, condition, bool(otherwise));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    body();
    if (!otherwise)
      return;
    b.setInsertionPointToStart(&branch.getElseRegion().front());
    otherwise();
  }
  Value least(Value x, int64_t y) { return b.createOrFold<arith::MinSIOp>(x, lanes.c(y)); }

  // The parallel loops that are neither divided into units nor run in the lanes, then the innermost ones.
  void parallelLoops(unsigned from) {
    for (unsigned loop = from; loop < plan.parallel; loop++) {
      if (plan.isUnit(loop) || plan.vectorLoop == loop || plan.transposeLoop == loop || plan.narrowLoop == loop)
        continue;
      scf::ForOp op = forLoop(lanes.c(0), lanes.c(plan.loops[loop].size), 1);
      inside(op, [&] {
        lanes.at[loop] = op.getInductionVar();
        parallelLoops(loop + 1);
      });
      return;
    }
    if (plan.transposeLoop)
      return transposedBlocks();
    if (plan.vectorisesReduction())
      return reduceInLanes();
    SmallVector<unsigned> inner;
    if (plan.vectorLoop)
      inner.push_back(*plan.vectorLoop);
    for (unsigned loop = plan.parallel; loop < plan.loops.size(); loop++)
      if (plan.narrowLoop != loop)
        inner.push_back(loop);
    lanes.holdInvariants(inner);
    if (plan.vectorLoop)
      forEachChunk([&](ArrayRef<LaneSlice> slices) { chunk(slices); });
    else
      chunk(LaneSlice());
    lanes.releaseInvariants();
  }

  void chunk(ArrayRef<LaneSlice> slices) {
    if (plan.isReduction())
      return reduceAcrossLoops(slices);
    for (LaneSlice slice : slices)
      if (plan.narrowLoop)
        narrowSteps(slice);
      else
        storeResults(body(lanes.loadInputs(slice), slice), slice);
  }

  void narrowSteps(LaneSlice slice) {
    SmallVector<SmallVector<Value>> results(plan.operands.size() - plan.inputs);
    forEachStep(slice, [&](ArrayRef<Value> args, LaneSlice part) {
      for (auto [i, value] : llvm::enumerate(body(args, part)))
        results[i].push_back(value);
    });
    for (auto [i, values] : llvm::enumerate(results))
      lanes.storeNarrow(plan.inputs + i, values, slice);
  }

  // What the body reads at each step of the narrow loop, whose index stands in `at` where a vector is of one step.
  void forEachStep(LaneSlice slice, function_ref<void(SmallVector<Value>, LaneSlice)> body) {
    SmallVector<SmallVector<Value>> inputs(plan.operands.size());
    for (auto [k, operand] : llvm::enumerate(plan.operands))
      if (operand.read && !(k >= plan.inputs && plan.isReduction()))
        inputs[k] = lanes.loadNarrow(k, slice);
    for (int64_t step = 0; step < plan.narrowSize(); step++) {
      lanes.at[*plan.narrowLoop] = lanes.c(step);
      body(llvm::map_to_vector(inputs, [&](ArrayRef<Value> values) { return values.empty() ? Value() : values[step]; }),
           {slice.offset, slice.lanes, slice.lanes, step});
    }
  }

  // Runs the whole body.
  SmallVector<Value> body(ArrayRef<Value> args, LaneSlice slice) {
    IRMapping map = lanes.runBody(args, slice);
    SmallVector<Value> results;
    for (Value value : lanes.op.getBlock()->getTerminator()->getOperands())
      results.push_back(lanes.result(map, value, slice.lanes));
    return results;
  }

  void storeResults(ArrayRef<Value> results, LaneSlice slice) {
    for (auto [i, value] : llvm::enumerate(results))
      lanes.store(plan.inputs + i, value, slice);
  }

  // The rest of the vector loop after whole chunks: whole vectors, then what is left of one.
  SmallVector<LaneSlice> restSlices(int64_t rest) {
    SmallVector<LaneSlice> slices;
    int64_t offset = 0;
    for (; rest - offset >= plan.lanes; offset += plan.lanes)
      slices.push_back({offset, plan.lanes, plan.lanes});
    if (offset == rest)
      return slices;
    if (plan.masks || plan.heavy || plan.vectorisesReduction() || plan.transposeLoop) {
      slices.push_back({offset, plan.lanes, rest - offset});
      return slices;
    }
    for (int64_t size = plan.lanes / 2; size; size /= 2)
      if ((rest - offset) & size) {
        slices.push_back({offset, size, size});
        offset += size;
      }
    return slices;
  }

  // The vector loop: chunks of several vectors, and the rest where the range ends with the loop.
  void forEachChunk(function_ref<void(ArrayRef<LaneSlice>)> body) {
    unsigned loop = *plan.vectorLoop;
    int64_t size = plan.loops[loop].size, step = plan.lanes * plan.vectors, main = size / step * step;
    Value lo = vectorLo ? vectorLo : lanes.c(0);
    if (main) {
      SmallVector<LaneSlice> slices;
      for (int64_t i = 0; i < plan.vectors; i++)
        slices.push_back({i * plan.lanes, plan.lanes, plan.lanes});
      scf::ForOp op = forLoop(lo, vectorHi ? least(vectorHi, main) : lanes.c(main), step);
      inside(op, [&] {
        lanes.at[loop] = op.getInductionVar();
        body(slices);
      });
    }
    if (main == size)
      return;
    auto rest = [&] {
      lanes.at[loop] = lanes.c(main);
      body(restSlices(size - main));
    };
    if (!vectorHi)
      return rest();
    when(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, vectorHi, lanes.c(size)), rest);
  }

  // ---- Reductions with the lanes along a parallel loop: accumulators in registers, the reductions inside.
  void reduceAcrossLoops(ArrayRef<LaneSlice> slices) {
    unsigned results = plan.operands.size() - plan.inputs;
    SmallVector<Value> accumulators;
    for (LaneSlice slice : slices)
      for (unsigned i = 0; i < results; i++)
        accumulators.push_back(lanes.load(plan.inputs + i, slice));
    auto step = [&](SmallVector<Value> carried) {
      for (auto [s, slice] : llvm::enumerate(slices)) {
        MutableArrayRef<Value> mine = MutableArrayRef<Value>(carried).slice(s * results, results);
        auto join = [&](SmallVector<Value> args, LaneSlice whole) {
          if (!plan.combiners.empty())
            return accumulate(args, mine, whole);
          std::copy(mine.begin(), mine.end(), args.begin() + plan.inputs);
          llvm::copy(body(args, whole), mine.begin());
        };
        if (plan.narrowLoop)
          forEachStep(slice, join);
        else
          join(lanes.loadInputs(slice), {slice.offset, slice.lanes, slice.lanes});
      }
      return carried;
    };
    accumulators = reductionLoops(plan.parallel, plan.loops.size(), accumulators, step);
    for (auto [s, slice] : llvm::enumerate(slices))
      storeResults(ArrayRef<Value>(accumulators).slice(s * results, results), slice);
  }

  void accumulate(ArrayRef<Value> args, MutableArrayRef<Value> accumulators, LaneSlice slice) {
    IRMapping map = lanes.runBody(args, slice);
    for (auto [i, combiner] : llvm::enumerate(plan.combiners))
      accumulators[i] = lanes.combine(i, accumulators[i], lanes.result(map, combiner.value, slice.lanes), slice);
  }

  using Carried = SmallVector<Value>;
  Carried reductionLoops(unsigned from, unsigned to, Carried init, function_ref<Carried(Carried)> body) {
    if (from == to)
      return body(init);
    if (plan.narrowLoop == from)
      return reductionLoops(from + 1, to, init, body);
    scf::ForOp op = forLoop(lanes.c(0), lanes.c(plan.loops[from].size), 1, init);
    inside(op, [&] {
      lanes.at[from] = op.getInductionVar();
      Carried carried = reductionLoops(from + 1, to, Carried(op.getRegionIterArgs()), body);
      scf::YieldOp::create(b, carried);
    });
    return Carried(op.getResults());
  }

  // ---- Reductions with the lanes along the innermost reduction: partial results, combined once at the end.
  void reduceInLanes() {
    unsigned results = plan.combiners.size(), inner = *plan.vectorLoop;
    lanes.holdInvariants(llvm::to_vector(llvm::seq<unsigned>(plan.parallel, plan.loops.size())));
    lanes.at[inner] = lanes.c(0);
    Carried initial, partial;
    for (unsigned i = 0; i < results; i++)
      initial.push_back(lanes.load(plan.inputs + i, LaneSlice()));
    for (int64_t v = 0; v < plan.vectors; v++)
      for (unsigned i = 0; i < results; i++) {
        TypedAttr neutral = plan.combiners[i].neutral;
        partial.push_back(neutral ? lanes.splat(neutral, plan.lanes) : lanes.splat(initial[i], plan.lanes));
      }
    auto row = [&](Carried carried) {
      int64_t size = plan.loops[inner].size, step = plan.lanes * plan.vectors, main = size / step * step;
      auto chunk = [&](ArrayRef<LaneSlice> slices) {
        for (auto [s, slice] : llvm::enumerate(slices)) {
          unsigned v = s % plan.vectors;
          accumulate(lanes.loadInputs(slice), MutableArrayRef<Value>(carried).slice(v * results, results), slice);
        }
      };
      if (main) {
        SmallVector<LaneSlice> slices;
        for (int64_t i = 0; i < plan.vectors; i++)
          slices.push_back({i * plan.lanes, plan.lanes, plan.lanes});
        scf::ForOp op = forLoop(lanes.c(0), lanes.c(main), step, carried);
        inside(op, [&] {
          lanes.at[inner] = op.getInductionVar();
          carried = Carried(op.getRegionIterArgs());
          chunk(slices);
          scf::YieldOp::create(b, carried);
        });
        carried = Carried(op.getResults());
      }
      lanes.at[inner] = lanes.c(main);
      chunk(restSlices(size - main));
      return carried;
    };
    partial = reductionLoops(plan.parallel, inner, partial, row);
    lanes.at[inner] = lanes.c(0);
    for (unsigned i = 0; i < results; i++) {
      Value sum = partial[i];
      for (int64_t v = 1; v < plan.vectors; v++)
        sum = lanes.combine(i, sum, partial[v * results + i], {0, plan.lanes, plan.lanes});
      Value scalar = lanes.combineLanes(i, sum);
      if (plan.combiners[i].neutral)
        scalar = lanes.combine(i, initial[i], scalar, LaneSlice());
      lanes.store(plan.inputs + i, scalar, LaneSlice());
    }
    lanes.releaseInvariants();
  }

  // ---- Transposition: blocks of lanes x lanes elements of the transposed and the vector loop.
  void transposedBlocks() {
    unsigned loop = *plan.transposeLoop;
    int64_t size = plan.loops[loop].size, whole = size / plan.lanes * plan.lanes;
    if (plan.isUnit(loop)) {
      auto full = [&] { transposedRow(plan.lanes); };
      auto rest = [&] { transposedRow(size - whole); };
      if (whole == size)
        return full();
      if (!whole)
        return rest();
      Value isFull = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, lanes.at[loop], lanes.c(whole));
      return when(isFull, full, rest);
    }
    if (whole) {
      scf::ForOp op = forLoop(lanes.c(0), lanes.c(whole), plan.lanes);
      inside(op, [&] {
        lanes.at[loop] = op.getInductionVar();
        transposedRow(plan.lanes);
      });
    }
    lanes.at[loop] = lanes.c(whole);
    if (whole != size)
      transposedRow(size - whole);
  }

  void transposedRow(int64_t columns) {
    unsigned loop = *plan.transposeLoop;
    Value first = lanes.at[loop];
    forEachChunk([&](ArrayRef<LaneSlice> slices) {
      for (LaneSlice slice : slices)
        transposedBlock(first, columns, slice);
    });
    lanes.at[loop] = first;
  }

  void transposedBlock(Value first, int64_t columns, LaneSlice slice) {
    unsigned loop = *plan.transposeLoop;
    lanes.at[loop] = first;
    SmallVector<SmallVector<Value>> blocks(plan.operands.size());
    for (auto [k, operand] : llvm::enumerate(plan.operands)) {
      if (operand.read && slice.lanes > 1 && plan.canTranspose(operand, loop, *plan.vectorLoop))
        blocks[k] = lanes.loadTransposed(k, slice, columns);
    }
    for (int64_t column = 0; column < columns; column++) {
      lanes.at[loop] = lanes.add(first, column);
      SmallVector<Value> args(plan.operands.size());
      for (auto [k, operand] : llvm::enumerate(plan.operands))
        if (operand.read)
          args[k] = blocks[k].empty() ? lanes.load(k, slice) : blocks[k][column];
      storeResults(body(args, slice), slice);
    }
  }
};

} // namespace

int64_t getGenericUnits(linalg::LinalgOp op) {
  FailureOr<GenericPlan> plan = planGeneric(op);
  return failed(plan) ? 1 : plan->numUnits();
}

LogicalResult emitGeneric(OpBuilder &builder, linalg::LinalgOp op, Value lo, Value hi) {
  FailureOr<GenericPlan> plan = planGeneric(op);
  if (failed(plan))
    return failure();
  if (llvm::any_of(plan->loops, [](const GenericLoop &loop) { return loop.size == 0; }))
    return success();
  GenericEmitter(builder, *plan).run(lo, hi);
  return success();
}

} // namespace nncc
