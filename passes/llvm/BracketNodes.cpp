// Numbers the model's steps and tells the caller when each begins and ends, which is all that a profile by ONNX node
// needs. A caller without such a hook pays one predictable branch.
#include "dialects/kernel/Kernel.h"
#include "passes/llvm/Hooks.h"
#include "passes/llvm/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_BRACKETNODES
#include "passes/llvm/Passes.h.inc"
namespace {
constexpr size_t maxNodes = 4096;

struct BracketNodesPass : impl::BracketNodesBase<BracketNodesPass> {
  std::optional<Hooks> hooks;

  void callNode(OpBuilder &b, Location loc, Value exec, int32_t node, bool enter) {
    Value number = LLVM::ConstantOp::create(b, loc, b.getI32Type(), node);
    Value entering = LLVM::ConstantOp::create(b, loc, b.getI32Type(), enter);
    LLVM::CallOp::create(b, loc, hooks->get("nncc_node"), ValueRange{exec, number, entering});
  }

  // Brackets neighbours together; returns their entry of the table.
  Attribute bracket(OpBuilder &b, ArrayRef<kernel::NodeOp> nodes, Value exec, int32_t number) {
    kernel::NodeOp first = nodes.front(), last = nodes.back();
    std::string name = first.getName().str();
    if (nodes.size() > 1)
      name += (nodes.size() > 2 ? "+...+" : "+") + last.getName().str();
    double flops = 0, bytes = 0;
    b.setInsertionPoint(first);
    callNode(b, first.getLoc(), exec, number, /*enter=*/true);
    b.setInsertionPointAfter(last);
    callNode(b, last.getLoc(), exec, number, /*enter=*/false);
    for (kernel::NodeOp node : nodes) {
      flops += node.getFlops().convertToDouble();
      bytes += node.getBytes().convertToDouble();
      node->getBlock()->getOperations().splice(node->getIterator(), node.getBody().front().getOperations());
      node.erase();
    }
    return b.getDictionaryAttr({{b.getStringAttr("name"), b.getStringAttr(name)},
                                {b.getStringAttr("flops"), b.getF64FloatAttr(flops)},
                                {b.getStringAttr("bytes"), b.getF64FloatAttr(bytes)}});
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    hooks.emplace(module);
    OpBuilder b(&getContext());
    SmallVector<Attribute> table;
    for (auto func : module.getOps<func::FuncOp>()) {
      SmallVector<kernel::NodeOp> nodes;
      func.walk<WalkOrder::PreOrder>([&](kernel::NodeOp node) { nodes.push_back(node); });
      if (!nodes.empty() && func.getName() != entryName) {
        nodes.front().emitOpError("expected in @") << entryName;
        return signalPassFailure();
      }
      // A table of more lines helps nobody, and two calls for each of 100,000 nodes cost seconds in LLVM.
      size_t group = llvm::divideCeil(nodes.size(), maxNodes);
      for (ArrayRef<kernel::NodeOp> rest = nodes; !rest.empty();) {
        size_t count = 1;
        while (count < std::min(group, rest.size()) && rest[count]->getBlock() == rest[0]->getBlock())
          count++;
        table.push_back(bracket(b, rest.take_front(count), execArgument(func), table.size()));
        rest = rest.drop_front(count);
      }
    }
    module->setAttr("nncc.nodes", b.getArrayAttr(table));

    auto entry = module.lookupSymbol<func::FuncOp>(entryName);
    if (!entry)
      return;
    b.setInsertionPointToStart(&entry.front());
    LLVM::CallOp::create(b, entry.getLoc(), hooks->get("nncc_begin"), execArgument(entry));
    b.setInsertionPoint(entry.front().getTerminator());
    LLVM::CallOp::create(b, entry.getLoc(), hooks->get("nncc_end"), execArgument(entry));
  }
};
} // namespace
} // namespace nncc
