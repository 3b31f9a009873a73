// Hooks.h's implementation: the functions are written down as text, once.
#include "passes/llvm/Hooks.h"
#include "mlir/Parser/Parser.h"
using namespace mlir;

namespace nncc {
namespace {
// nncc_exec's fields; `size` has a pointer's width.
#define EXEC "!llvm.struct<(ptr, ptr, i32, ptr, ptr, ptr, ptr)>"
constexpr StringLiteral hooks = R"(
llvm.func internal @nncc_begin(%exec: !llvm.ptr) attributes {passthrough = ["noinline"]} {
  %null = llvm.mlir.zero : !llvm.ptr
  %none = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %none, ^done, ^ask
^ask:
  %at = llvm.getelementptr inbounds %exec[0, 4] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %hook = llvm.load %at : !llvm.ptr -> !llvm.ptr
  %unset = llvm.icmp "eq" %hook, %null : !llvm.ptr
  llvm.cond_br %unset, ^done, ^call
^call:
  %user_at = llvm.getelementptr inbounds %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %user = llvm.load %user_at : !llvm.ptr -> !llvm.ptr
  llvm.call %hook(%user) : !llvm.ptr, (!llvm.ptr) -> ()
  llvm.br ^done
^done:
  llvm.return
}
llvm.func internal @nncc_end(%exec: !llvm.ptr) attributes {passthrough = ["noinline"]} {
  %null = llvm.mlir.zero : !llvm.ptr
  %none = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %none, ^done, ^ask
^ask:
  %at = llvm.getelementptr inbounds %exec[0, 5] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %hook = llvm.load %at : !llvm.ptr -> !llvm.ptr
  %unset = llvm.icmp "eq" %hook, %null : !llvm.ptr
  llvm.cond_br %unset, ^done, ^call
^call:
  %user_at = llvm.getelementptr inbounds %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %user = llvm.load %user_at : !llvm.ptr -> !llvm.ptr
  llvm.call %hook(%user) : !llvm.ptr, (!llvm.ptr) -> ()
  llvm.br ^done
^done:
  llvm.return
}
llvm.func internal @nncc_node(%exec: !llvm.ptr, %node: i32, %enter: i32) attributes {passthrough = ["noinline"]} {
  %null = llvm.mlir.zero : !llvm.ptr
  %none = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %none, ^done, ^ask
^ask:
  %at = llvm.getelementptr inbounds %exec[0, 6] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %hook = llvm.load %at : !llvm.ptr -> !llvm.ptr
  %unset = llvm.icmp "eq" %hook, %null : !llvm.ptr
  llvm.cond_br %unset, ^done, ^call
^call:
  %user_at = llvm.getelementptr inbounds %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %user = llvm.load %user_at : !llvm.ptr -> !llvm.ptr
  llvm.call %hook(%user, %node, %enter) : !llvm.ptr, (!llvm.ptr, i32, i32) -> ()
  llvm.br ^done
^done:
  llvm.return
}
llvm.func internal @nncc_parallel_for(%exec: !llvm.ptr, %tasks: i32, %task: !llvm.ptr, %closure: !llvm.ptr)
    attributes {passthrough = ["noinline"]} {
  %null = llvm.mlir.zero : !llvm.ptr
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %none = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %none, ^serial(%zero : i32), ^ask
^ask:
  %at = llvm.getelementptr inbounds %exec[0, 3] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %hook = llvm.load %at : !llvm.ptr -> !llvm.ptr
  %unset = llvm.icmp "eq" %hook, %null : !llvm.ptr
  llvm.cond_br %unset, ^serial(%zero : i32), ^call
^call:
  %user_at = llvm.getelementptr inbounds %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, )" EXEC R"(
  %user = llvm.load %user_at : !llvm.ptr -> !llvm.ptr
  llvm.call %hook(%user, %tasks, %task, %closure) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr) -> ()
  llvm.return
^serial(%i: i32):
  llvm.call %task(%closure, %i, %zero) : !llvm.ptr, (!llvm.ptr, i32, i32) -> ()
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "ult" %next, %tasks : i32
  llvm.cond_br %more, ^serial(%next : i32), ^done
^done:
  llvm.return
}
)";
#undef EXEC
} // namespace

LLVM::LLVMFuncOp getHook(ModuleOp module, StringRef name) {
  if (auto hook = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return hook;
  auto all = parseSourceString<ModuleOp>(hooks, module.getContext());
  auto hook = all->lookupSymbol<LLVM::LLVMFuncOp>(name);
  hook->remove();
  hook->walk([](Operation *op) { op->setLoc(UnknownLoc::get(op->getContext())); });
  module.push_back(hook);
  return hook;
}
} // namespace nncc
