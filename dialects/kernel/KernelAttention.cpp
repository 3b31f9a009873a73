// The attention kernel's sizes: how queries are cut into blocks, and the scratch memory of one block.
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/MathExtras.h"
using namespace mlir;
using namespace nncc::kernel;

static constexpr int64_t maxRowWidth = 1024;

AttentionOp::Extents AttentionOp::extentsOf(Value tensor, bool headsFirst) {
  ArrayRef<int64_t> s = cast<ShapedType>(tensor.getType()).getShape();
  return {s[0], s[headsFirst ? 2 : 1], s[headsFirst ? 1 : 2], s[3]};
}

int64_t AttentionOp::getBlock() {
  int64_t lanes = TargetAttr::of(*this).lanesOf(cast<ShapedType>(getQ().getType()).getElementType());
  Extents query = extentsOf(getQ(), getQHeadsFirst());
  int64_t queries = query.sequence, width = std::max(query.width, extentsOf(getV(), getVHeadsFirst()).width);
  // With keys in the lanes a query and a result stay in registers, spelt out: wide ones would make long code.
  if ((queries < std::min<int64_t>(lanes, 8) && width <= maxRowWidth) || lanes == 1)
    return 1;
  return queries > lanes ? 2 * lanes : lanes;
}

SmallVector<int64_t> AttentionOp::getUnits() {
  Extents q = extentsOf(getQ(), getQHeadsFirst());
  return {q.batch * q.heads * int64_t(llvm::divideCeil(q.sequence, getBlock()))};
}

// A block's queries or results, transposed, and its scores.
int64_t AttentionOp::getScratchBytes() {
  Extents q = extentsOf(getQ(), getQHeadsFirst()), k = extentsOf(getK(), getKHeadsFirst());
  Extents v = extentsOf(getV(), getVHeadsFirst());
  int64_t keys = llvm::alignTo(k.sequence, 64),
          element = cast<ShapedType>(getQ().getType()).getElementTypeBitWidth() / 8;
  return llvm::alignTo((std::max(q.width, v.width) + keys) * getBlock() * element, 64);
}

double AttentionOp::getFlops() {
  Extents q = extentsOf(getQ(), getQHeadsFirst()), k = extentsOf(getK(), getKHeadsFirst());
  Extents v = extentsOf(getV(), getVHeadsFirst());
  return 2.0 * q.batch * q.heads * q.sequence * k.sequence * (q.width + v.width);
}
