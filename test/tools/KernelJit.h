// Compiles a module of linalg ops on memrefs in process, by our emitters or by upstream's plain loops.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <memory>
#include <string>

struct JitOptions {
  std::string cpu;      // x86-64, x86-64-v3 or x86-64-v4: sets the module's kernel.target
  bool plain = false;   // upstream's loops and libm
  std::string assembly; // file to write it to
  bool print = false;   // the loops, before they are lowered
  unsigned parts = 1;   // ranges in which the units are emitted
};

void registerJitDialects(mlir::DialectRegistry &registry);
/// Bare pointers for memrefs; null after a diagnostic.
std::unique_ptr<llvm::orc::LLJIT> compileKernels(mlir::ModuleOp module, const JitOptions &options);
using KernelFunction = void (*)(void *, void *, void *, void *, void *, void *);
KernelFunction findKernel(llvm::orc::LLJIT &jit, llvm::StringRef name);
/// Largest error of a math function over every `stride`-th float. Returns the process's exit status.
int checkUlp(llvm::StringRef function, const JitOptions &options, uint32_t stride);
