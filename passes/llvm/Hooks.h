// Calls of the caller's nncc_exec from emitted code, through small internal functions that look whether it is there.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace nncc {
/// The caller's nncc_exec in @entry.
inline mlir::Value execArgument(mlir::func::FuncOp entry) { return entry.getArguments().back(); }

class Hooks {
public:
  explicit Hooks(mlir::ModuleOp module) : module(module) {}
  /// The helper `nncc_begin`, `nncc_end` (exec), `nncc_node` (exec, node, enter) or `nncc_parallel_for` (exec, tasks,
  /// task, closure), added to the module when it is new there.
  mlir::LLVM::LLVMFuncOp get(llvm::StringRef name);

private:
  mlir::ModuleOp module;
  llvm::StringMap<mlir::LLVM::LLVMFuncOp> known; // to look through the module once for each
};
} // namespace nncc
