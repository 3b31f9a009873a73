// Moves each kernel and linalg op into a function over a range of its work units. Equal functions become one afterwards
// (upstream's duplicate function elimination), so that a network's kernels are compiled once for each distinct shape;
// the same function serves a call on the whole, tasks on parts, and bands of a chain.
#include "passes/kernels/OutlineKernels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/kernels/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/kernels/Passes.h.inc"

static constexpr StringLiteral arenaBytes = "nncc.arena_bytes", workerBytes = "nncc.worker_bytes";

static bool isConstant(Value v) { return matchPattern(v, m_Constant()); }

// A slice's offset becomes an argument, so that equal slices at different places share a kernel.
static Value withDynamicOffset(OpBuilder &b, Value v) {
  auto type = dyn_cast<MemRefType>(v.getType());
  if (!type || type.getLayout().isIdentity())
    return v;
  auto [strides, offset] = type.getStridesAndOffset();
  if (ShapedType::isDynamic(offset))
    return v;
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, strides);
  return memref::CastOp::create(
      b, v.getLoc(), MemRefType::get(type.getShape(), type.getElementType(), layout, type.getMemorySpace()), v);
}

//===-- Kernels and their calls -----------------------------------------------------------------------------------===//

// What the function takes besides ranges: the op's operands, then values that its region captures; constants move into
// the function.
KernelOutliner::Kernel KernelOutliner::outline(OpBuilder &builder, Operation *op, const Work &work,
                                               ValueRange operands) {
  Kernel kernel = {{}, {}, work.scratchBytes};
  for (Value v : operands)
    kernel.operands.push_back(withDynamicOffset(builder, v));
  SetVector<Value> used;
  getUsedValuesDefinedAbove(op->getRegions(), used);
  llvm::copy_if(used, std::back_inserter(kernel.operands), [](Value v) { return !isConstant(v); });

  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types(ValueRange(kernel.operands).getTypes());
  if (work.scratchBytes)
    types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  types.append(2 * work.units.size(), b.getIndexType());
  std::string name = ("k_" + op->getName().stripDialect()).str();
  auto function = kernel.function = func::FuncOp::create(b, op->getLoc(), name, b.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("kernel.units", b.getI64IntegerAttr(int64_t(work.units.size())));
  if (work.scratchBytes)
    function->setAttr("kernel.scratch", b.getUnitAttr());
  symbols.insert(function); // makes the name unique
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  IRMapping map;
  map.map(op->getOperands(), entry->getArguments().take_front(op->getNumOperands()));
  unsigned argument = op->getNumOperands();
  for (Value v : used)
    if (isConstant(v))
      b.clone(*v.getDefiningOp(), map);
    else
      map.map(v, entry->getArgument(argument++));
  b.clone(*op, map);
  func::ReturnOp::create(b, op->getLoc());
  return kernel;
}

void KernelOutliner::call(OpBuilder &b, Location loc, const Kernel &kernel, Value scratch,
                          ArrayRef<KernelSite::Range> ranges) {
  SmallVector<Value> arguments(kernel.operands);
  if (kernel.scratchBytes)
    arguments.push_back(scratch);
  for (KernelSite::Range range : ranges)
    arguments.append({range.from, range.to});
  func::CallOp::create(b, loc, kernel.function, arguments);
}

Value KernelOutliner::scratch(OpBuilder &b, Location loc, Value arena, int64_t from, int64_t bytes) {
  auto constant = [&](int64_t x) { return arith::ConstantIndexOp::create(b, loc, x).getResult(); };
  Value worker = kernel::WorkerOp::create(b, loc, b.getIndexType());
  Value at = arith::MulIOp::create(b, loc, worker, constant(scratchPerWorker));
  at = arith::AddIOp::create(b, loc, at, constant(scratchOffset + from));
  return memref::ViewOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), arena, at,
                                constant(bytes));
}

// Part `task` of `tasks` equal parts of `units`.
static KernelSite::Range part(OpBuilder &b, Location loc, Value task, int64_t tasks, int64_t units) {
  auto constant = [&](int64_t x) { return arith::ConstantIndexOp::create(b, loc, x).getResult(); };
  if (tasks == 1)
    return {constant(0), constant(units)};
  auto bound = [&](Value t) -> Value {
    Value scaled = arith::MulIOp::create(b, loc, t, constant(units));
    return arith::DivUIOp::create(b, loc, scaled, constant(tasks));
  };
  Value from = bound(task);
  return {from, bound(arith::AddIOp::create(b, loc, task, constant(1)))};
}

void forEachTask(OpBuilder &b, Location loc, ArrayRef<int64_t> units, ArrayRef<int64_t> tasks, TaskBody body) {
  auto run = [&](OpBuilder &b, Value task) {
    SmallVector<Value> indices(tasks.size(), task);
    if (tasks.size() == 2 && tasks[1] > 1) {
      Value columns = arith::ConstantIndexOp::create(b, loc, tasks[1]);
      indices = {arith::DivUIOp::create(b, loc, task, columns), arith::RemUIOp::create(b, loc, task, columns)};
    }
    SmallVector<KernelSite::Range> ranges;
    for (auto [d, count] : llvm::enumerate(units))
      ranges.push_back(part(b, loc, indices[d], tasks[d], count));
    body(b, ranges);
  };
  int64_t count = llvm::product_of(tasks);
  if (count == 1)
    return run(b, arith::ConstantIndexOp::create(b, loc, 0));
  auto forall =
      scf::ForallOp::create(b, loc, ArrayRef<OpFoldResult>{b.getIndexAttr(count)}, ValueRange(), std::nullopt);
  OpBuilder inner = OpBuilder::atBlockBegin(forall.getBody());
  run(inner, forall.getInductionVars()[0]);
}

//===-- The pass --------------------------------------------------------------------------------------------------===//

namespace {

Value findArena(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), "nncc.arena"))
      return argument;
  return {};
}

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  struct Item {
    Operation *op;
    Work work;
  };

  SmallVector<Item> findWork() {
    SmallVector<Item> items;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isa<kernel::KernelInterface, kernel::BandsOp, linalg::LinalgOp>(op))
        return WalkResult::advance();
      Work work = workOf(op);
      if (!work.units.empty())
        items.push_back({op, std::move(work)});
      return WalkResult::skip();
    });
    return items;
  }

  void runOnOperation() override {
    SmallVector<Item> items = findWork();
    int64_t scratchPerWorker = 0;
    for (const Item &item : items)
      scratchPerWorker = std::max<int64_t>(scratchPerWorker, llvm::alignTo(item.work.scratchBytes, 64));
    // Each worker's scratch memory lies behind the arena's temporaries.
    auto planned = getOperation()->getAttrOfType<IntegerAttr>(arenaBytes);
    int64_t scratchOffset = llvm::alignTo(planned ? planned.getInt() : 0, 64);
    if (scratchPerWorker) {
      Builder b(&getContext());
      getOperation()->setAttr(arenaBytes, b.getI64IntegerAttr(scratchOffset + scratchPerWorker));
      getOperation()->setAttr(workerBytes, b.getI64IntegerAttr(scratchPerWorker));
    }

    kernel::TargetAttr target = kernel::TargetAttr::of(getOperation());
    KernelOutliner outliner(getOperation(), scratchOffset, scratchPerWorker);
    for (const Item &item : items) {
      Operation *op = item.op;
      const Work &work = item.work;
      Location loc = op->getLoc();
      Value arena;
      if (work.scratchBytes && !(arena = findArena(op->getParentOfType<func::FuncOp>()))) {
        op->emitError("expected an argument 'nncc.arena' for the scratch memory of this op");
        return signalPassFailure();
      }
      OpBuilder b(op);
      auto beginNode = [&] { // what a pass cut into parts is one node already
        if (op->getParentOfType<kernel::NodeOp>())
          return;
        auto node = kernel::NodeOp::create(b, loc, nodeName(op), work.flops, work.bytes);
        b.setInsertionPointToEnd(&node.getBody().front());
      };
      SmallVector<int64_t, 2> tasks = chooseTasks(work, target);
      if (auto bands = dyn_cast<kernel::BandsOp>(op)) {
        beginNode();
        callBands(bands, b, outliner, tasks, arena);
      } else {
        KernelOutliner::Kernel kernel = outliner.outline(b, op, work, op->getOperands());
        beginNode();
        forEachTask(b, loc, work.units, tasks, [&](OpBuilder &b, ArrayRef<KernelSite::Range> ranges) {
          Value scratch = work.scratchBytes ? outliner.scratch(b, loc, arena, 0, work.scratchBytes) : Value();
          outliner.call(b, loc, kernel, scratch, ranges);
        });
      }
      op->erase();
    }
  }
};

} // namespace
} // namespace nncc
