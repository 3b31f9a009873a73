// The recurrent layer's sizes: its gates, its packed parts, its scratch memory.
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/MathExtras.h"
using namespace mlir;
using namespace nncc;
using namespace nncc::kernel;

int64_t RecurrentOp::getHidden() { return shapeOf(getInits()[1]).back(); }
int64_t RecurrentOp::getDirections() { return shapeOf(getInits()[1])[0]; }
int64_t RecurrentOp::getGates() { return getCell() == nn::CellKind::rnn ? 1 : getCell() == nn::CellKind::gru ? 3 : 4; }

SmallVector<int64_t> RecurrentOp::getParts() {
  if (getCell() == nn::CellKind::gru && !getLinearBeforeReset())
    return {2, 1};
  return {getGates()};
}

int64_t RecurrentOp::getBlocks() { return llvm::divideCeil(getHidden(), getTile()->getPanel()); }
int64_t RecurrentOp::getStateSize() { return 5 * shapeOf(getX())[1] * getBlocks() * getTile()->getPanel(); }
Value RecurrentOp::getState() {
  unsigned own = getCell() == nn::CellKind::lstm ? 3 : 2;
  return getInits().size() > own ? getInits()[own] : Value();
}

SmallVector<int64_t> RecurrentOp::getUnits() {
  if (getStep())
    return {getBlocks()};
  return {getBegins() || getEnds() ? 1 : getDirections()};
}

int64_t RecurrentOp::getScratchBytes() {
  if (getState())
    return 0;
  int64_t element = cast<ShapedType>(getX().getType()).getElementTypeBitWidth() / 8;
  return llvm::alignTo(getStateSize() * element, 64);
}

// The share of the op that the phase at hand has of its arithmetic.
static double phaseShare(RecurrentOp op) {
  if (op.getBegins() || op.getEnds())
    return 0;
  double steps = double(shapeOf(op.getX())[0]);
  return op.getStep() ? double(op.getParts()[op.getPart()]) / double(op.getGates()) / std::max(steps, 1.0) : 1;
}

double RecurrentOp::getFlops() {
  ArrayRef<int64_t> x = shapeOf(getX());
  return phaseShare(*this) * 2.0 * x[0] * x[1] * getDirections() * getGates() * getHidden() * getHidden();
}

// Every step reads the weights.
double RecurrentOp::getBytes() {
  if (getBegins() || getEnds())
    return double(getStateSize()) * cast<ShapedType>(getX().getType()).getElementTypeBitWidth() / 8;
  double weights = countBytes(getR());
  return phaseShare(*this) * (countBytes(getOperands()) + (getStep() ? double(shapeOf(getX())[0]) - 1 : 0) * weights);
}
