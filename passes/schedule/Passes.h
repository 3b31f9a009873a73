// Constructors of the stage's passes.
#pragma once
#include "mlir/Pass/Pass.h"

namespace nncc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/schedule/Passes.h.inc"
} // namespace nncc
