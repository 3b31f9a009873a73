// What a mask does, found by computing its elements one by one: masks that a graph builds are comparisons of positions.
#pragma once
#include "dialects/nn/NN.h"
#include "llvm/ADT/DenseMap.h"

namespace nncc::graph {

// Added to a score, this or less hides it: its exponential is 0 beside that of any score that is seen.
constexpr double hidden = -1e9;
// Added to a score, this or less gives itself, so that selecting and adding are one where all scores are hidden, too.
constexpr double absorbing = -1e30;

// Nothing is hidden; query i sees the keys up to i + keys - queries, and so each sees one; anything else, or too much
// to compute.
enum class MaskKind { none, causal, other };

// One mask serves all layers: what is built or computed for one layer is found by the next. Lives as long as no op of
// the graph is erased.
class MaskCache {
public:
  MaskKind kindOf(mlir::Value mask, int64_t queries, int64_t keys);
  // where(condition, 0, fill), or where(condition, fill, 0) if `isInverted`, and x + y; built in front of the builder's
  // place, which must not go back.
  mlir::Value additive(mlir::OpBuilder &b, mlir::Value condition, mlir::FloatType element, double fill,
                       bool isInverted);
  mlir::Value sum(mlir::OpBuilder &b, mlir::Value x, mlir::Value y, mlir::Type type);

private:
  llvm::DenseMap<std::tuple<mlir::Value, int64_t, int64_t>, MaskKind> kinds;
  llvm::DenseMap<std::tuple<mlir::Value, mlir::Block *, uint64_t, unsigned>, mlir::Value> additives;
  llvm::DenseMap<std::tuple<mlir::Value, mlir::Value, mlir::Block *>, mlir::Value> sums;
  int64_t steps = 0;
};

} // namespace nncc::graph
