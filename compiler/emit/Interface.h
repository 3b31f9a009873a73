// The C side of a model in its LLVM module: the typed run function, the descriptor, and the weights.
#pragma once
#include "compiler/emit/ModelInfo.h"
#include "llvm/IR/Module.h"

namespace nncc {

/// Adds NAME_run and NAME_model with their hashed aliases around the module's @entry, makes everything else internal
/// and gives it the model's prefix. Weights are an external global until setWeights.
void buildInterface(llvm::Module &module, const ModelInfo &info, llvm::StringRef abiHash);
/// Gives the weights their bytes, which LLVM's optimiser has no need to see. Without `embed` they are zero, to be
/// overwritten in the object.
void setWeights(llvm::Module &module, const ModelInfo &info, llvm::ArrayRef<WeightRun> runs, bool embed);

} // namespace nncc
