// Hooks.h's implementation: the functions are made from text, of which they share the way to the hook.
#include "passes/llvm/Hooks.h"
#include "mlir/Parser/Parser.h"
using namespace mlir;

namespace nncc {
namespace {
/// A function that calls the hook at `field` of nncc_exec with exec's user and the function's own `arguments`, and goes
/// to `otherwise` where the caller has no such hook.
struct Hook {
  StringRef name;
  unsigned field;
  StringRef parameters, arguments, types, otherwise, rest;
};

constexpr StringLiteral serial = R"(
^serial(%i: i32):
  %one = llvm.mlir.constant(1 : i32) : i32
  llvm.call %task(%closure, %i, %zero) : !llvm.ptr, (!llvm.ptr, i32, i32) -> ()
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "ult" %next, %tasks : i32
  llvm.cond_br %more, ^serial(%next : i32), ^done
)";
const Hook hooks[] = {
    {"nncc_begin", 4, "", "", "", "^done", ""},
    {"nncc_end", 5, "", "", "", "^done", ""},
    {"nncc_node", 6, ", %node: i32, %enter: i32", ", %node, %enter", ", i32, i32", "^done", ""},
    {"nncc_parallel_for", 3, ", %tasks: i32, %task: !llvm.ptr, %closure: !llvm.ptr", ", %tasks, %task, %closure",
     ", i32, !llvm.ptr, !llvm.ptr", "^serial(%zero : i32)", serial},
};

std::string textOf(const Hook &hook) {
  // nncc_exec's fields; `size` has a pointer's width.
  StringRef exec = "!llvm.struct<(ptr, ptr, i32, ptr, ptr, ptr, ptr)>";
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "llvm.func internal @" << hook.name << "(%exec: !llvm.ptr" << hook.parameters
      << ") attributes {passthrough = [\"noinline\"]} {\n"
      << "%null = llvm.mlir.zero : !llvm.ptr\n%zero = llvm.mlir.constant(0 : i32) : i32\n"
      << "%none = llvm.icmp \"eq\" %exec, %null : !llvm.ptr\nllvm.cond_br %none, " << hook.otherwise << ", ^ask\n"
      << "^ask:\n"
      << "%at = llvm.getelementptr inbounds %exec[0, " << hook.field << "] : (!llvm.ptr) -> !llvm.ptr, " << exec << "\n"
      << "%hook = llvm.load %at : !llvm.ptr -> !llvm.ptr\n"
      << "%unset = llvm.icmp \"eq\" %hook, %null : !llvm.ptr\nllvm.cond_br %unset, " << hook.otherwise << ", ^call\n"
      << "^call:\n"
      << "%user_at = llvm.getelementptr inbounds %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, " << exec << "\n"
      << "%user = llvm.load %user_at : !llvm.ptr -> !llvm.ptr\n"
      << "llvm.call %hook(%user" << hook.arguments << ") : !llvm.ptr, (!llvm.ptr" << hook.types << ") -> ()\n"
      << "llvm.br ^done" << hook.rest << "\n^done:\nllvm.return\n}\n";
  return text;
}
} // namespace

LLVM::LLVMFuncOp Hooks::get(StringRef name) {
  LLVM::LLVMFuncOp &hook = known[name];
  if (hook || (hook = module.lookupSymbol<LLVM::LLVMFuncOp>(name)))
    return hook;
  const Hook *form = llvm::find_if(hooks, [&](const Hook &h) { return h.name == name; });
  assert(form != std::end(hooks) && "expected one of the hooks");
  auto parsed = parseSourceString<ModuleOp>(textOf(*form), module.getContext());
  hook = parsed->lookupSymbol<LLVM::LLVMFuncOp>(name);
  hook->remove();
  hook->walk([](Operation *op) { op->setLoc(UnknownLoc::get(op->getContext())); });
  module.push_back(hook);
  return hook;
}
} // namespace nncc
