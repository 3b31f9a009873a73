// Passes memrefs between internal functions as pointers: a descriptor of rank 4 is eleven words, most of which a callee
// of static types never reads, and only a pointer can carry noalias and an alignment.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/llvm/FlatValues.h"
#include "passes/llvm/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_FLATTENSIGNATURES
#include "passes/llvm/Passes.h.inc"
namespace {
struct FlattenSignaturesPass : impl::FlattenSignaturesBase<FlattenSignaturesPass> {
  void flattenFunction(func::FuncOp func, const LLVMTypeConverter &types) {
    MLIRContext *c = &getContext();
    func->setAttr("llvm.linkage",
                  LLVM::LinkageAttr::get(c, func.isExternal() ? LLVM::Linkage::External : LLVM::Linkage::Internal));
    if (func.isExternal())
      return;
    func.setPrivate();
    func->setAttr("passthrough", ArrayAttr::get(c, StringAttr::get(c, "noinline")));

    Block &block = func.front();
    OpBuilder b = OpBuilder::atBlockBegin(&block);
    SmallVector<Type> inputs;
    SmallVector<DictionaryAttr> attributes;
    unsigned count = block.getNumArguments();
    for (unsigned i = 0; i < count; i++) {
      BlockArgument old = block.getArgument(0);
      SmallVector<Value> flat;
      for (Type type : flatTypes(types, old.getType())) {
        flat.push_back(block.addArgument(type, old.getLoc()));
        inputs.push_back(type);
        attributes.push_back(flat.size() == 1 ? func.getArgAttrDict(i) : DictionaryAttr());
      }
      old.replaceAllUsesWith(unflatten(b, old.getLoc(), types, old.getType(), flat));
      block.eraseArgument(0);
    }
    func.setFunctionType(FunctionType::get(c, inputs, func.getResultTypes()));
    func.setAllArgAttrs(attributes);
  }

  void runOnOperation() override {
    LLVMTypeConverter types(&getContext());
    SymbolTable symbols(getOperation());
    getOperation().walk([&](func::CallOp call) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      if (callee.isExternal())
        return;
      OpBuilder b(call);
      SmallVector<Value> operands;
      for (Value v : call.getOperands())
        llvm::append_range(operands, flatten(b, call.getLoc(), types, v));
      call->setOperands(operands);
    });
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (func.getName() != entryName)
        flattenFunction(func, types);
  }
};
} // namespace
} // namespace nncc
