// The stage `graph`: fusion and clean-up on the nn dialect, without a target.
#pragma once
#include "dialects/nn/NN.h"
#include "mlir/Pass/Pass.h"
namespace nncc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/graph/Passes.h.inc"
} // namespace nncc
