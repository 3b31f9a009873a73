// Gives the model its one C entry: arrays of pointers in, a status out. Whatever a program knows about the tensors is
// in the descriptor, so that every model has the same entry type and a generic caller needs no foreign-function
// library.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/llvm/FlatValues.h"
#include "passes/llvm/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_BUILDENTRY
#include "passes/llvm/Passes.h.inc"
namespace {
enum EntryArgument { Inputs, Outputs, Weights, Arena, Exec, EntryArguments };
constexpr unsigned trailing = 3; // of @main: status, arena, weights

// The first op of the block that uses the value or holds what does.
Operation *firstUser(Value value, Block &block) {
  Operation *first = nullptr;
  for (Operation *user : value.getUsers())
    if (Operation *ancestor = block.findAncestorOpInBlock(*user); !first || ancestor->isBeforeInBlock(first))
      first = ancestor;
  return first;
}

struct BuildEntryPass : impl::BuildEntryBase<BuildEntryPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    auto inputs = module->getAttrOfType<ArrayAttr>("nncc.inputs");
    if (!main || !inputs || main.getNumArguments() < inputs.size() + trailing) {
      module.emitError("expected a function @main(inputs..., outputs..., status, arena, weights) and 'nncc.inputs'");
      return signalPassFailure();
    }
    MLIRContext *c = &getContext();
    Location loc = main.getLoc();
    auto ptr = LLVM::LLVMPointerType::get(c);
    OpBuilder b(main);
    auto entry = func::FuncOp::create(b, loc, entryName,
                                      b.getFunctionType(SmallVector<Type>(EntryArguments, ptr), b.getI32Type()));
    for (EntryArgument aligned : {Weights, Arena}) {
      entry.setArgAttr(aligned, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(64));
      entry.setArgAttr(aligned, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    }
    Block *block = entry.addEntryBlock();
    b.setInsertionPointToStart(block);

    LLVMTypeConverter types(c);
    Value status =
        LLVM::AllocaOp::create(b, loc, ptr, b.getI32Type(), LLVM::ConstantOp::create(b, loc, b.getI32Type(), 1));
    LLVM::StoreOp::create(b, loc, LLVM::ConstantOp::create(b, loc, b.getI32Type(), 0), status);
    auto load = [&](EntryArgument array, unsigned i) -> Value {
      Value at = LLVM::GEPOp::create(b, loc, ptr, ptr, block->getArgument(array), ArrayRef<LLVM::GEPArg>{int32_t(i)});
      return LLVM::LoadOp::create(b, loc, ptr, at);
    };
    unsigned count = main.getNumArguments() - trailing;
    Block &body = main.getBody().front();
    Operation *start = &body.front();
    for (BlockArgument argument : body.getArguments()) {
      unsigned i = argument.getArgNumber();
      // A pointer is loaded where it is needed first: thousands that live from the start on take long to allocate.
      if (i < count && argument.use_empty())
        continue;
      b.setInsertionPoint(i < count ? firstUser(argument, body) : start);
      SmallVector<Value> flat{i < inputs.size() ? load(Inputs, i)
                              : i < count       ? load(Outputs, i - inputs.size())
                              : i == count      ? status
                                                : block->getArgument(i == count + 1 ? Arena : Weights)};
      // Nothing asks for the extent of the arena, nor of the weights.
      for (size_t rest = flatTypes(types, argument.getType()).size() - 1; rest; rest--)
        flat.push_back(LLVM::ConstantOp::create(b, loc, types.getIndexType(), std::numeric_limits<int64_t>::max()));
      argument.replaceAllUsesWith(unflatten(b, loc, types, argument.getType(), flat));
    }

    Operation *end = body.getTerminator();
    block->getOperations().splice(block->end(), body.getOperations());
    b.setInsertionPoint(end);
    func::ReturnOp::create(b, loc, Value(LLVM::LoadOp::create(b, loc, b.getI32Type(), status)));
    end->erase();
    main.erase();
  }
};
} // namespace
} // namespace nncc
