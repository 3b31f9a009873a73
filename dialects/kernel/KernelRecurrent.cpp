// The recurrent layer's sizes: its gates, its packed parts, its scratch memory.
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/MathExtras.h"
using namespace mlir;
using namespace nncc;
using namespace nncc::kernel;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<ShapedType>(v.getType()).getShape(); }

int64_t RecurrentOp::getHidden() { return shapeOf(getInits()[1]).back(); }
int64_t RecurrentOp::getDirections() { return shapeOf(getInits()[1])[0]; }
int64_t RecurrentOp::getGates() { return getCell() == nn::CellKind::rnn ? 1 : getCell() == nn::CellKind::gru ? 3 : 4; }

SmallVector<int64_t> RecurrentOp::getParts() {
  if (getCell() == nn::CellKind::gru && !getLinearBeforeReset())
    return {2, 1};
  return {getGates()};
}

SmallVector<int64_t> RecurrentOp::getUnits() { return {getDirections()}; }

// Both states (the old and the new h) of every row, c, and what the last gate of a two-part GRU waits for (r * h, z).
int64_t RecurrentOp::getScratchBytes() {
  int64_t width = getTile() ? llvm::alignTo(getHidden(), getTile()->getPanel()) : getHidden();
  int64_t rows = shapeOf(getX())[1], element = cast<ShapedType>(getX().getType()).getElementTypeBitWidth() / 8;
  return llvm::alignTo(5 * rows * width * element, 64);
}

double RecurrentOp::getFlops() {
  ArrayRef<int64_t> x = shapeOf(getX());
  return 2.0 * x[0] * x[1] * getDirections() * getGates() * getHidden() * getHidden();
}
