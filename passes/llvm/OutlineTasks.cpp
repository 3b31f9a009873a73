// Makes tasks of parallel loops: functions that the caller's parallel_for runs, or a plain loop where there is none.
// Regions run one after another, so one closure in the entry's frame serves them all, however many there are.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/llvm/FlatValues.h"
#include "passes/llvm/Hooks.h"
#include "passes/llvm/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_OUTLINETASKS
#include "passes/llvm/Passes.h.inc"
namespace {
// What a task computes for itself: constants, and views of what it has.
bool isComputedAgain(Value v) {
  Operation *op = v.getDefiningOp();
  return op && op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         (matchPattern(op, m_Constant()) || isa<ViewLikeOpInterface>(op));
}

struct Outliner {
  ModuleOp module;
  Hooks hooks;
  func::FuncOp entry;
  LLVMTypeConverter types;
  DataLayout layout;
  uint64_t closureBytes = 0;
  unsigned tasks = 0;
  Value closure;

  Outliner(ModuleOp module, func::FuncOp entry)
      : module(module), hooks(module), entry(entry), types(module.getContext()), layout(module) {}

  // The values from outside that a task is given, in the order of their use; `again` are the ops to clone, in order.
  void findCaptures(scf::ForallOp loop, SetVector<Value> &captures, SetVector<Operation *> &again) {
    SetVector<Value> used;
    getUsedValuesDefinedAbove(loop.getRegion(), used);
    SmallVector<std::pair<Value, bool>> stack; // a value, and whether its operands are done
    for (Value v : used)
      stack.emplace_back(v, false);
    std::reverse(stack.begin(), stack.end());
    while (!stack.empty()) {
      auto [v, done] = stack.pop_back_val();
      if (!isComputedAgain(v)) {
        captures.insert(v);
      } else if (done) {
        again.insert(v.getDefiningOp());
      } else if (!again.contains(v.getDefiningOp())) {
        stack.emplace_back(v, true);
        for (Value operand : v.getDefiningOp()->getOperands())
          stack.emplace_back(operand, false);
      }
    }
  }

  // The induction variables of task number `task`.
  SmallVector<Value> delinearize(OpBuilder &b, scf::ForallOp loop, ArrayRef<int64_t> counts, Value task) {
    Location loc = loop.getLoc();
    SmallVector<Value> indices(counts.size());
    for (int64_t d = counts.size() - 1; d >= 0; d--) {
      Value count = arith::ConstantIndexOp::create(b, loc, counts[d]), number = task;
      if (d > 0) {
        number = arith::RemUIOp::create(b, loc, task, count);
        task = arith::DivUIOp::create(b, loc, task, count);
      }
      Value step = arith::ConstantIndexOp::create(b, loc, loop.getStaticStep()[d]);
      Value lower = arith::ConstantIndexOp::create(b, loc, loop.getStaticLowerBound()[d]);
      indices[d] = arith::AddIOp::create(b, loc, lower, arith::MulIOp::create(b, loc, number, step));
    }
    return indices;
  }

  LLVM::LLVMFuncOp createTask(scf::ForallOp loop, ArrayRef<int64_t> counts, LLVM::LLVMStructType closureType,
                              const SetVector<Value> &captures, const SetVector<Operation *> &again) {
    Location loc = loop.getLoc();
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto ptr = LLVM::LLVMPointerType::get(b.getContext());
    auto type =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {ptr, b.getI32Type(), b.getI32Type()});
    auto task = LLVM::LLVMFuncOp::create(b, loc, "task_" + std::to_string(tasks++), type, LLVM::Linkage::Internal);
    Block *block = task.addEntryBlock(b);
    b.setInsertionPointToStart(block);
    IRMapping map;
    unsigned field = 0;
    for (Value v : captures) {
      SmallVector<Value> flat;
      for (Type part : flatTypes(types, v.getType())) {
        Value at = LLVM::GEPOp::create(b, loc, ptr, closureType, block->getArgument(0),
                                       ArrayRef<LLVM::GEPArg>{0, int32_t(field++)});
        flat.push_back(LLVM::LoadOp::create(b, loc, part, at));
      }
      map.map(v, unflatten(b, loc, types, v.getType(), flat));
    }
    for (Operation *op : again)
      b.clone(*op, map);
    Value number = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), block->getArgument(1));
    for (auto [from, to] : llvm::zip_equal(loop.getInductionVars(), delinearize(b, loop, counts, number)))
      map.map(from, to);
    for (Operation &op : loop.getBody()->without_terminator())
      b.clone(op, map);
    LLVM::ReturnOp::create(b, loc, ValueRange());
    task.walk([&](kernel::WorkerOp op) {
      b.setInsertionPoint(op);
      op.replaceAllUsesWith(
          arith::IndexCastUIOp::create(b, op.getLoc(), b.getIndexType(), block->getArgument(2)).getResult());
      op.erase();
    });
    return task;
  }

  LogicalResult outline(scf::ForallOp loop) {
    Location loc = loop.getLoc();
    SmallVector<int64_t> counts;
    int64_t total = 1;
    for (auto [lower, upper, step] :
         llvm::zip_equal(loop.getStaticLowerBound(), loop.getStaticUpperBound(), loop.getStaticStep())) {
      if (ShapedType::isDynamic(lower) || ShapedType::isDynamic(upper) || ShapedType::isDynamic(step))
        return loop.emitOpError("expected constant bounds");
      counts.push_back(upper > lower ? llvm::divideCeilSigned(upper - lower, step) : 0);
      if (llvm::MulOverflow(total, counts.back(), total) || total > std::numeric_limits<int32_t>::max())
        return loop.emitOpError("expected fewer tasks");
    }
    if (loop.getNumResults())
      return loop.emitOpError("expected no results");
    if (total == 0)
      return loop.erase(), success();

    SetVector<Value> captures;
    SetVector<Operation *> again;
    findCaptures(loop, captures, again);
    SmallVector<Type> fields;
    for (Value v : captures)
      llvm::append_range(fields, flatTypes(types, v.getType()));
    auto closureType = LLVM::LLVMStructType::getLiteral(module.getContext(), fields);
    closureBytes = std::max<uint64_t>(closureBytes, layout.getTypeSize(closureType).getFixedValue());
    auto task = createTask(loop, counts, closureType, captures, again);

    OpBuilder b(loop);
    auto ptr = LLVM::LLVMPointerType::get(b.getContext());
    int32_t field = 0;
    for (Value v : captures)
      for (Value part : flatten(b, loc, types, v)) {
        Value at = LLVM::GEPOp::create(b, loc, ptr, closureType, closure, ArrayRef<LLVM::GEPArg>{0, field++});
        LLVM::StoreOp::create(b, loc, part, at);
      }
    Value n = LLVM::ConstantOp::create(b, loc, b.getI32Type(), total);
    Value address = LLVM::AddressOfOp::create(b, loc, task);
    LLVM::CallOp::create(b, loc, hooks.get("nncc_parallel_for"), ValueRange{execArgument(entry), n, address, closure});
    loop.erase();
    return success();
  }

  LogicalResult run() {
    IRRewriter rewriter(module.getContext());
    SmallVector<scf::ForallOp> loops, inner;
    entry.walk<WalkOrder::PreOrder>(
        [&](scf::ForallOp loop) { (loop->getParentOfType<scf::ForallOp>() ? inner : loops).push_back(loop); });
    for (scf::ForallOp loop : llvm::reverse(inner)) {
      rewriter.setInsertionPoint(loop);
      if (failed(scf::forallToForLoop(rewriter, loop)))
        return failure();
    }
    OpBuilder b = OpBuilder::atBlockBegin(&entry.front());
    Location loc = entry.getLoc();
    auto ptr = LLVM::LLVMPointerType::get(b.getContext());
    auto size = LLVM::ConstantOp::create(b, loc, b.getI64Type(), 0);
    if (!loops.empty())
      closure = LLVM::AllocaOp::create(b, loc, ptr, b.getI8Type(), size, /*alignment=*/16);
    for (scf::ForallOp loop : loops)
      if (failed(outline(loop)))
        return failure();
    size.setValueAttr(b.getI64IntegerAttr(closureBytes));
    entry.walk([&](kernel::WorkerOp op) {
      b.setInsertionPoint(op);
      op.replaceAllUsesWith(arith::ConstantIndexOp::create(b, op.getLoc(), 0).getResult());
      op.erase();
    });
    return success();
  }
};

struct OutlineTasksPass : impl::OutlineTasksBase<OutlineTasksPass> {
  void runOnOperation() override {
    for (auto func : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (func.getName() == entryName) {
        if (failed(Outliner(getOperation(), func).run()))
          return signalPassFailure();
        continue;
      }
      // A kernel is told its worker, and its tasks are its caller's.
      WalkResult found = func.walk([](Operation *op) {
        if (!isa<scf::ForallOp, kernel::WorkerOp>(op))
          return WalkResult::advance();
        op->emitOpError("expected in @") << entryName;
        return WalkResult::interrupt();
      });
      if (found.wasInterrupted())
        return signalPassFailure();
    }
  }
};
} // namespace
} // namespace nncc
