// What a mask does, found by computing its elements one by one: masks that a graph builds are comparisons of positions.
#pragma once
#include "dialects/nn/NN.h"
#include "llvm/ADT/DenseMap.h"

namespace nncc::graph {

// Nothing is hidden; query i sees the keys up to i + keys - queries; anything else, or too much to compute.
enum class MaskKind { none, causal, other };

// One mask serves all layers.
class MaskCache {
public:
  MaskKind kindOf(mlir::Value mask, int64_t queries, int64_t keys);

private:
  llvm::DenseMap<mlir::Value, MaskKind> known;
};

} // namespace nncc::graph
