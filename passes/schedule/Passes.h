// Constructors of the stage's passes.
#pragma once
#include "mlir/Pass/Pass.h"

namespace nncc {
class TileChoices;
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/schedule/Passes.h.inc"
/// ChooseTiles by another than the table; it outlives the pass.
std::unique_ptr<mlir::Pass> createChooseTiles(TileChoices *choices);
} // namespace nncc
