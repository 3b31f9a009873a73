// Moves each kernel and linalg op into a function over a range of its work units. Equal functions become one afterwards
// (upstream's duplicate function elimination), so that a network's kernels are compiled once for each distinct shape;
// the same function serves a call on the whole and tasks on parts.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/kernels/Passes.h"
#include "passes/kernels/Work.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/kernels/Passes.h.inc"
namespace {

constexpr StringLiteral arenaBytes = "nncc.arena_bytes", workerBytes = "nncc.worker_bytes";

// A slice's offset becomes an argument, so that equal slices at different places share a kernel.
Value withDynamicOffset(OpBuilder &b, Value v) {
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

Value findArena(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), "nncc.arena"))
      return argument;
  return {};
}

bool isConstant(Value v) { return matchPattern(v, m_Constant()); }

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  // What the function takes besides ranges: the op's operands, then values that its region captures; constants move
  // into the function.
  func::FuncOp outline(Operation *op, const Work &work, ArrayRef<Type> operandTypes, ArrayRef<Value> captures) {
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    SmallVector<Type> types(operandTypes);
    if (work.scratchBytes)
      types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
    types.append(2 * work.units.size(), b.getIndexType());
    std::string name = ("k_" + op->getName().stripDialect()).str();
    auto function = func::FuncOp::create(b, op->getLoc(), name, b.getFunctionType(types, {}));
    function.setPrivate();
    function->setAttr("kernel.units", b.getI64IntegerAttr(int64_t(work.units.size())));
    if (work.scratchBytes)
      function->setAttr("kernel.scratch", b.getUnitAttr());
    symbols->insert(function); // makes the name unique
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToEnd(entry);
    IRMapping map;
    map.map(op->getOperands(), entry->getArguments().take_front(op->getNumOperands()));
    for (auto [i, v] : llvm::enumerate(captures))
      map.map(v, entry->getArgument(op->getNumOperands() + i));
    SetVector<Value> used;
    getUsedValuesDefinedAbove(op->getRegions(), used);
    for (Value v : used)
      if (isConstant(v))
        b.clone(*v.getDefiningOp(), map);
    b.clone(*op, map);
    func::ReturnOp::create(b, op->getLoc());
    return function;
  }

  // Part `task` of `tasks` equal parts of `units`.
  static std::pair<Value, Value> part(OpBuilder &b, Location loc, Value task, int64_t tasks, int64_t units) {
    auto constant = [&](int64_t x) { return arith::ConstantIndexOp::create(b, loc, x).getResult(); };
    if (tasks == 1)
      return {constant(0), constant(units)};
    auto bound = [&](Value t) -> Value {
      Value scaled = arith::MulIOp::create(b, loc, t, constant(units));
      return arith::DivUIOp::create(b, loc, scaled, constant(tasks));
    };
    return {bound(task), bound(arith::AddIOp::create(b, loc, task, constant(1)))};
  }

  void call(OpBuilder &b, Operation *op, func::FuncOp function, ArrayRef<Value> operands, const Work &work,
            ArrayRef<int64_t> tasks, Value arena, int64_t scratchOffset) {
    Location loc = op->getLoc();
    int64_t count = llvm::product_of(tasks);
    auto body = [&](OpBuilder &b, Value task) {
      SmallVector<Value> arguments(operands);
      if (work.scratchBytes) {
        Value worker = kernel::WorkerOp::create(b, loc, b.getIndexType());
        Value at = arith::MulIOp::create(b, loc, worker, arith::ConstantIndexOp::create(b, loc, scratchPerWorker));
        at = arith::AddIOp::create(b, loc, at, arith::ConstantIndexOp::create(b, loc, scratchOffset));
        Value size = arith::ConstantIndexOp::create(b, loc, work.scratchBytes);
        arguments.push_back(
            memref::ViewOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), arena, at, size));
      }
      SmallVector<Value> indices(tasks.size(), task);
      if (tasks.size() == 2 && tasks[1] > 1) {
        Value columns = arith::ConstantIndexOp::create(b, loc, tasks[1]);
        indices = {arith::DivUIOp::create(b, loc, task, columns), arith::RemUIOp::create(b, loc, task, columns)};
      }
      for (auto [d, units] : llvm::enumerate(work.units)) {
        auto [from, to] = part(b, loc, indices[d], tasks[d], units);
        arguments.append({from, to});
      }
      func::CallOp::create(b, loc, function, arguments);
    };
    if (count == 1)
      return body(b, arith::ConstantIndexOp::create(b, loc, 0));
    auto forall =
        scf::ForallOp::create(b, loc, ArrayRef<OpFoldResult>{b.getIndexAttr(count)}, ValueRange(), std::nullopt);
    OpBuilder inner = OpBuilder::atBlockBegin(forall.getBody());
    body(inner, forall.getInductionVars()[0]);
  }

  void runOnOperation() override {
    SymbolTable table(getOperation());
    symbols = &table;
    struct Item {
      Operation *op;
      Work work;
    };
    SmallVector<Item> items;
    scratchPerWorker = 0;
    getOperation().walk([&](Operation *op) {
      if (!isa<kernel::KernelInterface, linalg::LinalgOp>(op))
        return;
      Work work = workOf(op);
      if (work.units.empty())
        return;
      scratchPerWorker = std::max<int64_t>(scratchPerWorker, llvm::alignTo(work.scratchBytes, 64));
      items.push_back({op, std::move(work)});
    });
    // Each worker's scratch memory lies behind the arena's temporaries.
    auto planned = getOperation()->getAttrOfType<IntegerAttr>(arenaBytes);
    int64_t scratchOffset = llvm::alignTo(planned ? planned.getInt() : 0, 64);
    if (scratchPerWorker) {
      Builder b(&getContext());
      getOperation()->setAttr(arenaBytes, b.getI64IntegerAttr(scratchOffset + scratchPerWorker));
      getOperation()->setAttr(workerBytes, b.getI64IntegerAttr(scratchPerWorker));
    }

    kernel::TargetAttr target = kernel::TargetAttr::of(getOperation());
    for (const Item &item : items) {
      Value arena;
      if (item.work.scratchBytes && !(arena = findArena(item.op->getParentOfType<func::FuncOp>()))) {
        item.op->emitError("expected an argument 'nncc.arena' for the scratch memory of this op");
        return signalPassFailure();
      }
      OpBuilder b(item.op);
      SmallVector<Value> operands;
      for (Value v : item.op->getOperands())
        operands.push_back(withDynamicOffset(b, v));
      SetVector<Value> used;
      getUsedValuesDefinedAbove(item.op->getRegions(), used);
      SmallVector<Value> captures;
      llvm::copy_if(used, std::back_inserter(captures), [](Value v) { return !isConstant(v); });
      llvm::append_range(operands, captures);
      func::FuncOp function = outline(item.op, item.work, llvm::to_vector(ValueRange(operands).getTypes()), captures);
      // What a pass cut into parts is one node already.
      if (!item.op->getParentOfType<kernel::NodeOp>()) {
        auto node = kernel::NodeOp::create(b, item.op->getLoc(), nodeName(item.op), item.work.flops, item.work.bytes);
        b.setInsertionPointToEnd(&node.getBody().front());
      }
      call(b, item.op, function, operands, item.work, chooseTasks(item.work, target), arena, scratchOffset);
      item.op->erase();
    }
  }

  SymbolTable *symbols = nullptr;
  int64_t scratchPerWorker = 0;
};

} // namespace
} // namespace nncc
