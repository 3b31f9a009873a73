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
struct BracketNodesPass : impl::BracketNodesBase<BracketNodesPass> {
  void callNode(OpBuilder &b, Location loc, Value exec, int32_t node, bool enter) {
    Value number = LLVM::ConstantOp::create(b, loc, b.getI32Type(), node);
    Value entering = LLVM::ConstantOp::create(b, loc, b.getI32Type(), enter);
    LLVM::CallOp::create(b, loc, getHook(getOperation(), "nncc_node"), ValueRange{exec, number, entering});
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder b(&getContext());
    SmallVector<Attribute> table;
    for (auto func : module.getOps<func::FuncOp>()) {
      SmallVector<kernel::NodeOp> nodes;
      func.walk<WalkOrder::PreOrder>([&](kernel::NodeOp node) { nodes.push_back(node); });
      if (!nodes.empty() && func.getName() != entryName) {
        nodes.front().emitOpError("expected in @") << entryName;
        return signalPassFailure();
      }
      for (kernel::NodeOp node : nodes) {
        Value exec = execArgument(func);
        b.setInsertionPoint(node);
        callNode(b, node.getLoc(), exec, table.size(), /*enter=*/true);
        node->getBlock()->getOperations().splice(node->getIterator(), node.getBody().front().getOperations());
        callNode(b, node.getLoc(), exec, table.size(), /*enter=*/false);
        table.push_back(b.getDictionaryAttr({{b.getStringAttr("name"), node.getNameAttr()},
                                             {b.getStringAttr("flops"), node.getFlopsAttr()},
                                             {b.getStringAttr("bytes"), node.getBytesAttr()}}));
        node.erase();
      }
    }
    module->setAttr("nncc.nodes", b.getArrayAttr(table));

    auto entry = module.lookupSymbol<func::FuncOp>(entryName);
    if (!entry)
      return;
    b.setInsertionPointToStart(&entry.front());
    LLVM::CallOp::create(b, entry.getLoc(), getHook(module, "nncc_begin"), execArgument(entry));
    b.setInsertionPoint(entry.front().getTerminator());
    LLVM::CallOp::create(b, entry.getLoc(), getHook(module, "nncc_end"), execArgument(entry));
  }
};
} // namespace
} // namespace nncc
