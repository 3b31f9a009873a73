// Which machine the code is for: LLVM's target machine, the module's `kernel.target`, and what the descriptor says of
// it.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>

namespace nncc {

struct TargetOptions {
  std::string triple; ///< --target; empty: this machine's
  std::string cpu; ///< -march or -mcpu: a level, a CPU or `native`; empty: native without --target, else the baseline
  std::string features; ///< -mattr
};

struct Target {
  std::unique_ptr<llvm::TargetMachine> machine;
  std::string triple;    ///< as the user knows it
  std::string cpu;       ///< an x86-64 level, or LLVM's name of the CPU
  std::string tune;      ///< LLVM's name of the CPU to tune for
  std::string features;  ///< beyond the CPU's, as LLVM spells them
  uint32_t required = 0; ///< NNCC_CPU_*
  bool isNative = false; ///< compiled for the host, by name
  bool runsHere = false; ///< an object for it can be linked and loaded on this machine
  kernel::TargetAttr attribute(mlir::MLIRContext *context) const;
};

/// The target, or an error that says which option is wrong.
llvm::Expected<Target> selectTarget(const TargetOptions &options, unsigned optLevel);

} // namespace nncc
