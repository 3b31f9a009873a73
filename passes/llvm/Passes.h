// The passes of the stage `llvm`, and the names that it shares with the emitter.
#pragma once
#include "mlir/Pass/Pass.h"

namespace nncc {
/// The one function that the emitter calls, and its last argument, the caller's nncc_exec or null.
inline constexpr llvm::StringLiteral entryName = "entry";

#define GEN_PASS_DECL
#include "passes/llvm/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/llvm/Passes.h.inc"
} // namespace nncc
