// Makes ONNX node names visible to debuggers and profilers: a call that stands for node "conv1" gets the location
// "inlined from a subprogram called conv1", which perf, gdb and addr2line print as a frame of its own.
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/llvm/Passes.h"
#include "llvm/BinaryFormat/Dwarf.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_NAMENODES
#include "passes/llvm/Passes.h.inc"
namespace {
struct NameNodesPass : impl::NameNodesBase<NameNodesPass> {
  LLVM::DIFileAttr file;
  LLVM::DICompileUnitAttr unit;

  LLVM::DISubprogramAttr subprogram(StringAttr name, unsigned line) {
    MLIRContext *c = &getContext();
    auto type = LLVM::DISubroutineTypeAttr::get(c, llvm::dwarf::DW_CC_normal, {});
    return LLVM::DISubprogramAttr::get(c, DistinctAttr::create(UnitAttr::get(c)), unit, file, name, name, file, line,
                                       line, LLVM::DISubprogramFlags::Definition | LLVM::DISubprogramFlags::Optimized,
                                       type, {}, {});
  }

  void runOnOperation() override {
    MLIRContext *c = &getContext();
    auto name = getOperation()->getAttrOfType<StringAttr>("nncc.name");
    file = LLVM::DIFileAttr::get(c, name ? name.getValue() : "model", "");
    unit = LLVM::DICompileUnitAttr::get(DistinctAttr::create(UnitAttr::get(c)), llvm::dwarf::DW_LANG_C, file,
                                        StringAttr::get(c, "nncc"), /*isOptimized=*/true,
                                        LLVM::DIEmissionKind::LineTablesOnly);
    // One subprogram for each node of each function: a node's line is its number in the model.
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      if (func.isExternal())
        continue;
      Location inFunction =
          FusedLoc::get(c, {FileLineColLoc::get(c, file.getName(), 0, 0)}, subprogram(func.getSymNameAttr(), 0));
      DenseMap<NameLoc, Location> named;
      func->setLoc(inFunction);
      func.walk([&](Operation *op) {
        NameLoc node = isa<LLVM::CallOp>(op) ? op->getLoc()->findInstanceOf<NameLoc>() : NameLoc();
        if (op == func || !node) {
          op->setLoc(inFunction);
          return;
        }
        auto [at, isNew] = named.try_emplace(node, inFunction);
        if (isNew) {
          auto place = node.getChildLoc()->findInstanceOf<FileLineColLoc>();
          unsigned line = place ? place.getLine() : 0;
          Location call = FileLineColLoc::get(c, file.getName(), line, 0);
          at->second = CallSiteLoc::get(FusedLoc::get(c, {call}, subprogram(node.getName(), line)), inFunction);
        }
        op->setLoc(at->second);
      });
    }
  }
};
} // namespace
} // namespace nncc
