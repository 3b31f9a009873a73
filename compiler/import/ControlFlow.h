// What If, Loop and Scan share: the scalars that control them, and a loop's body, which is imported once, before it is
// known what kind of loop it belongs to and what rows it collects.
#pragma once
#include "compiler/import/Node.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace nncc {

std::optional<bool> knownBool(mlir::Value v);
/// The one element of a tensor as an index or an i1; fails where there is not exactly one.
mlir::FailureOr<mlir::Value> toScalar(Node &node, mlir::Value tensor, mlir::Type scalar, llvm::StringRef what);
mlir::Value fromScalar(Node &node, mlir::Value scalar, mlir::Type element);
/// Row `index` of `rows`, along the first axis.
mlir::Value extractRow(Node &node, mlir::Value rows, mlir::Value index);
/// The `index`-th from the end where `backwards`, of `trips`.
mlir::Value tripFrom(Node &node, mlir::Value index, int64_t trips, bool backwards);

/// A loop's body under construction: while this lives, the builder inserts into it. A call of `count` or `repeat` makes
/// the loop.
class LoopBody {
public:
  LoopBody(Node &node, mlir::ValueRange inits);

  mlir::Value index() const { return block->getArgument(0); }
  mlir::ValueRange carried() const { return block->getArguments().drop_front(); }

  /// What a trip computes: the carried values of the next one, and rows to collect along a new first axis.
  struct Trip {
    mlir::ValueRange carried, rows;
  };
  using Results = mlir::FailureOr<llvm::SmallVector<mlir::Value>>;
  /// for index < trips: the last carried values and all rows, row i from the end on where `backwards` says so.
  Results count(int64_t trips, Trip trip, llvm::ArrayRef<bool> backwards = {});
  /// while condition and index < trips: condition = next; `rows` says how many rows the model declares, which is
  /// checked at run time. `trips` may be null.
  Results repeat(mlir::Value trips, mlir::Value condition, mlir::Value next, Trip trip, int64_t rows);

private:
  llvm::LogicalResult begin(Trip trip, int64_t rows, llvm::SmallVectorImpl<mlir::Value> &inits);
  void collect(Trip trip, int64_t trips, llvm::ArrayRef<bool> backwards, llvm::SmallVectorImpl<mlir::Value> &yields);

  Node &node;
  mlir::OpBuilder &b;
  mlir::OpBuilder::InsertionGuard guard;
  llvm::SmallVector<mlir::Value> inits;
  mlir::scf::ExecuteRegionOp holder;
  mlir::Block *block;
};

} // namespace nncc
