// The stage `kernels`: what remains on memrefs becomes loops over vectors.
#pragma once
#include "mlir/Pass/Pass.h"

namespace nncc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/kernels/Passes.h.inc"
} // namespace nncc
