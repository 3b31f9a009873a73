// How a linalg op is emitted: its loops sorted and collapsed, its operands as linear addresses, and which loop runs in
// the lanes. Nothing here builds IR; the unit count and the emitter read the same plan.
#pragma once
#include "mlir/IR/AffineMap.h"
#include "passes/kernels/EmitGeneric.h"
#include "llvm/ADT/SmallBitVector.h"
#include <optional>

namespace nncc {

struct GenericLoop {
  unsigned original; // loop of the op; of collapsed ones the innermost
  int64_t size;
  bool reduction;
};

/// Element addresses are `offset + sum(strides[i] * loop i)`, plus the terms that are not linear in the loops.
struct GenericOperand {
  mlir::OpOperand *operand;
  mlir::BlockArgument argument;
  mlir::Type element;
  bool scalar = false;                // not a memref
  bool read = true;                   // the body uses it
  int64_t offset = 0;                 // constant part of the map
  mlir::SmallVector<int64_t> strides; // one for each loop of the plan
  // Terms that are not linear: an expression over the op's loops, times a stride.
  mlir::SmallVector<std::pair<mlir::AffineExpr, int64_t>> terms;
  llvm::SmallBitVector bent; // by loop of the plan: a term depends on it
  bool isContiguous(unsigned loop) const { return !scalar && !bent[loop] && strides[loop] == 1; }
  bool isInvariant(unsigned loop) const { return scalar || (!bent[loop] && strides[loop] == 0); }
};

/// How one result of a reduction is accumulated: `ops` take the accumulator and `value`, and nothing else.
struct GenericCombiner {
  mlir::SmallVector<mlir::Operation *> ops;
  mlir::Value value;
  mlir::TypedAttr neutral; // null: combining twice changes nothing, so that lanes start with the initial value
};

struct GenericPlan {
  mlir::linalg::LinalgOp op;
  mlir::SmallVector<GenericLoop> loops; // parallel loops, then reductions, each outermost first
  unsigned parallel = 0;
  mlir::SmallVector<GenericOperand> operands; // inputs, then inits
  unsigned inputs = 0;
  mlir::SmallVector<GenericCombiner> combiners; // one for each result, when all results have one
  int64_t lanes = 1;
  int64_t vectors = 1;                   // side by side in the vector loop
  bool masks = false;                    // tails are masked
  bool heavy = false;                    // the body is too long to be copied for each tail size
  std::optional<unsigned> vectorLoop;    // runs in the lanes
  std::optional<unsigned> transposeLoop; // operands that are contiguous along it are transposed block by block
  // A loop of few steps, all done for each vector of the vector loop: dense operands alternate between its steps.
  std::optional<unsigned> narrowLoop;
  bool mixed = false; // vectors hold elements as a dense operand does, else all of a vector are of one narrow step
  struct Unit {
    unsigned loop;
    int64_t block, count;
  };
  mlir::SmallVector<Unit> units;

  int64_t numUnits() const;
  bool isReduction() const { return parallel < loops.size(); }
  bool vectorisesReduction() const { return vectorLoop && *vectorLoop >= parallel; }
  bool isUnit(unsigned loop) const;
  int64_t narrowSize() const { return loops[*narrowLoop].size; }
  /// `operand` has no gaps along the vector loop and `narrow`, which is the inner one.
  bool isDense(const GenericOperand &operand, unsigned vector, unsigned narrow) const {
    return operand.isContiguous(narrow) && !operand.bent[vector] && operand.strides[vector] == loops[narrow].size;
  }
  /// `operand` is contiguous along `loop` and strided along the loop in the lanes.
  bool canTranspose(const GenericOperand &operand, unsigned loop, unsigned inner) const {
    return operand.isContiguous(loop) && !operand.isInvariant(inner) && !operand.isContiguous(inner) &&
           !operand.bent[inner];
  }
};

mlir::FailureOr<GenericPlan> planGeneric(mlir::linalg::LinalgOp op);

} // namespace nncc
