// Buffers.h's implementation. Nothing here recurses along chains of operations, and every answer costs no more than
// the uses that it looks at.
#include "passes/memory/Buffers.h"
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/Support/CheckedArithmetic.h"
using namespace mlir;

namespace nncc {

func::FuncOp entryFunction(ModuleOp module) {
  for (auto func : module.getOps<func::FuncOp>())
    if (!func.isExternal())
      return func;
  return {};
}

//===-- Order ------------------------------------------------------------------------------------------------===//

// Numbers lie far apart, so that ops can be placed between without renumbering those behind.
constexpr int64_t gap = int64_t(1) << 32;

void ProgramOrder::renumber() {
  int64_t next = 0;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    numbers[op] = {next, next};
    next += gap;
  });
  root->walk<WalkOrder::PostOrder>([&](Operation *op) {
    int64_t last = numbers[op].first;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (!block.empty())
          last = std::max(last, numbers[&block.back()].second);
    numbers[op].second = last;
  });
}

void ProgramOrder::placed(Operation *op) {
  int64_t after = first(op->getNextNode());
  int64_t before = op->getPrevNode() ? last(op->getPrevNode()) : first(op->getParentOp());
  int64_t number = before + (after - before) / 2;
  if (number == before)
    return renumber();
  numbers[op] = {number, number};
}

//===-- Views and touches ------------------------------------------------------------------------------------===//

Value viewSource(Operation *op) {
  auto view = dyn_cast_if_present<ViewLikeOpInterface>(op);
  return view && isa<BaseMemRefType>(view->getResult(0).getType()) ? view.getViewSource() : Value();
}

Value rootBuffer(Value buffer) {
  while (Value source = viewSource(buffer.getDefiningOp()))
    buffer = source;
  return buffer;
}

void forEachTouch(Value buffer, function_ref<void(OpOperand &, ViewPath)> touch, function_ref<bool(ViewPath)> enter) {
  SmallVector<std::pair<Value, unsigned>> pending = {{buffer, 0}}; // a view and the length of the path to it
  SmallVector<Operation *> path;
  while (!pending.empty()) {
    auto [value, depth] = pending.pop_back_val();
    path.resize(depth ? depth - 1 : 0);
    if (depth)
      path.push_back(value.getDefiningOp());
    for (OpOperand &use : value.getUses()) {
      if (viewSource(use.getOwner()) != value) {
        touch(use, path);
        continue;
      }
      path.push_back(use.getOwner());
      if (enter(path))
        pending.push_back({use.getOwner()->getResult(0), depth + 1});
      path.pop_back();
    }
  }
}

static bool hasEffect(Operation *op, Value buffer, bool write) {
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface)
    return true;
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffectsOnValue(buffer, effects);
  return llvm::any_of(effects, [&](auto &e) { return isa<MemoryEffects::Read>(e.getEffect()) != write; });
}
bool mayRead(Operation *op, Value buffer) { return hasEffect(op, buffer, /*write=*/false); }
bool mayWrite(Operation *op, Value buffer) { return hasEffect(op, buffer, /*write=*/true); }

//===-- In place ---------------------------------------------------------------------------------------------===//

bool allowsInPlace(Operation *op, Value in, Value out) {
  if (auto copy = dyn_cast<memref::CopyOp>(op))
    return copy.getSource() == in && copy.getTarget() == out;
  // Tiles are stored after their extra operands are read, and never read again.
  if (auto contraction = dyn_cast<nn::EpilogueInterface>(op)) {
    MutableOperandRange extras = contraction.getExtrasMutable();
    auto isExtra = [&](OpOperand &operand) { return llvm::is_contained(llvm::make_pointer_range(extras), &operand); };
    return cast<MemRefType>(in.getType()).getShape() == cast<MemRefType>(out.getType()).getShape() &&
           llvm::all_of(op->getOpOperands(),
                        [&](OpOperand &operand) { return operand.get() != in || isExtra(operand); });
  }
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || !linalgOp.isAllParallelLoops())
    return false;
  AffineMap written;
  for (OpOperand &init : linalgOp.getDpsInitsMutable())
    if (init.get() == out)
      written = linalgOp.getMatchingIndexingMap(&init);
  return written && written.isPermutation() && llvm::all_of(linalgOp->getOpOperands(), [&](OpOperand &operand) {
           return operand.get() != in || linalgOp.getMatchingIndexingMap(&operand) == written;
         });
}

bool hasUnitStride(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  return strides.empty() || strides.back() == 1 || type.getShape().back() == 1;
}

std::optional<int64_t> staticBytes(MemRefType type) {
  Type element = type.getElementType();
  std::optional<int64_t> bytes = element.isIndex() ? 8 : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  for (int64_t extent : type.getShape())
    bytes = bytes ? llvm::checkedMul(*bytes, extent) : std::nullopt;
  return bytes;
}
} // namespace nncc
