// What the vector emitter does at one position of its loops: reads operands into lanes, runs the body on vectors,
// writes results, transposes blocks in registers.
#pragma once
#include "mlir/IR/IRMapping.h"
#include "passes/kernels/EmitGenericPlan.h"
#include "passes/kernels/Emitter.h"
#include <map>

namespace nncc {

/// `lanes` elements of the vector loop from `offset` past the current position on; only `valid` of them exist. One
/// lane is a scalar, not a vector.
struct LaneSlice {
  int64_t offset = 0, lanes = 1, valid = 1;
  int64_t step = 0; // of mixed vectors: which one
  bool whole() const { return lanes == valid; }
};

class GenericLanes : public Emitter {
public:
  GenericLanes(mlir::OpBuilder &builder, const GenericPlan &plan);

  const GenericPlan &plan;
  mlir::linalg::LinalgOp op;
  mlir::SmallVector<mlir::Value> at; // current index of each loop of the plan

  /// From here inwards the loops of `inner` run: loads that depend on none of them are made here, once.
  void holdInvariants(mlir::ArrayRef<unsigned> inner);
  void releaseInvariants() { held.clear(); }
  mlir::Value load(unsigned operand, LaneSlice slice);
  void store(unsigned operand, mlir::Value value, LaneSlice slice);
  /// The operands' values that the body wants; null for those that it doesn't read and for accumulators.
  mlir::SmallVector<mlir::Value> loadInputs(LaneSlice slice);
  /// Runs the body but for the operations of combiners. `args` are by operand.
  mlir::IRMapping runBody(mlir::ArrayRef<mlir::Value> args, LaneSlice slice);
  mlir::Value result(mlir::IRMapping &map, mlir::Value value, int64_t lanes) {
    return widen(map.lookupOrDefault(value), lanes);
  }
  /// The accumulator after `value` has joined; lanes that do not exist keep theirs.
  mlir::Value combine(unsigned result, mlir::Value accumulator, mlir::Value value, LaneSlice slice);
  /// All lanes of an accumulator combined, as a scalar.
  mlir::Value combineLanes(unsigned result, mlir::Value accumulator);
  mlir::Value splat(mlir::Value scalar, int64_t lanes) { return lanes == 1 ? scalar : broadcast(scalar, lanes); }
  mlir::Value splat(mlir::TypedAttr value, int64_t lanes);
  mlir::Type lanesOf(mlir::Type element, int64_t lanes) {
    return lanes == 1 ? element : mlir::VectorType::get({lanes}, element);
  }
  /// Reads `operand` in a block of lanes x lanes elements of the vector loop and the transposed loop: one vector along
  /// the vector loop for each of the `columns` positions of the transposed loop.
  mlir::SmallVector<mlir::Value> loadTransposed(unsigned operand, LaneSlice slice, int64_t columns);
  /// One vector for each step of the narrow loop, in the plan's order of elements.
  mlir::SmallVector<mlir::Value> loadNarrow(unsigned operand, LaneSlice slice);
  void storeNarrow(unsigned operand, mlir::SmallVector<mlir::Value> values, LaneSlice slice);

private:
  Address address(unsigned operand, int64_t lane);
  mlir::Value loadAt(unsigned operand, Address address, LaneSlice slice);
  void storeAt(unsigned operand, mlir::Value value, Address address, LaneSlice slice);
  mlir::Value elements(unsigned operand, LaneSlice slice);
  mlir::Value loadNow(unsigned operand, LaneSlice slice);
  mlir::Value index(mlir::linalg::IndexOp op, LaneSlice slice);
  mlir::Value widen(mlir::Value value, int64_t lanes);
  mlir::SmallVector<mlir::Value> loadNarrowNow(unsigned operand, LaneSlice slice);
  LaneSlice partOf(LaneSlice slice, int64_t step) const;
  mlir::Value shuffle(mlir::Value x, mlir::Value y, mlir::ArrayRef<int64_t> lanes);

  mlir::SmallVector<Buffer> buffers; // by operand; nothing for scalars
  llvm::DenseSet<mlir::Operation *> combining;
  mlir::SmallVector<bool> held; // by operand: invariant from the hoisting point inwards
  mlir::Block *holdBlock = nullptr;
  mlir::Operation *holdAfter = nullptr; // null: at the start of holdBlock
  std::map<std::pair<unsigned, int64_t>, mlir::SmallVector<mlir::Value>> heldValues;
  llvm::ArrayRef<mlir::Value> hold(unsigned operand, LaneSlice slice,
                                   llvm::function_ref<mlir::SmallVector<mlir::Value>(LaneSlice)> load);
};

} // namespace nncc
