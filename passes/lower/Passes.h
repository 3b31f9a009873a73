// The stage `lower`: each nn op's one way down.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/NN.h"
#include "mlir/Pass/Pass.h"
namespace nncc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/lower/Passes.h.inc"
} // namespace nncc
