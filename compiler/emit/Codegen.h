// From the LLVM dialect to native code: translation, LLVM's optimiser and its code generator.
#pragma once
#include "compiler/emit/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

namespace nncc {

/// The module in LLVM's form for the target; null when it cannot be translated, after diagnostics.
std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, llvm::LLVMContext &context, const Target &target,
                                        llvm::StringRef name);
/// Runs LLVM's optimiser. Kernels come vectorised, so that neither loops nor straight lines are vectorised here.
void optimize(llvm::Module &module, const Target &target, unsigned optLevel);
/// Writes assembly or an object file.
void generateCode(llvm::Module &module, const Target &target, bool assembly, llvm::raw_pwrite_stream &os);

} // namespace nncc
