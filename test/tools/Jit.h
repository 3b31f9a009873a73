// What the programs that run kernels in process share: the way from emitted loops to optimised code.
#pragma once
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Target/TargetMachine.h"

/// The passes from scf, vector and memref to LLVM's dialect, in the compiler's order.
void addLoopsToLLVM(mlir::OpPassManager &pm, bool barePointers);
/// For the machine's CPU, as the compiler does.
void optimise(llvm::Module &module, llvm::TargetMachine &machine);
void writeAssembly(const llvm::Module &module, llvm::TargetMachine &machine, llvm::raw_pwrite_stream &os);
