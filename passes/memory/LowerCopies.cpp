// What is left to copy is an elementwise op like others: vectorised, and cut into tasks where it is long. A memref.copy
// would become a call, of `memrefCopy` where a buffer is strided, which no object may need.
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_LOWERCOPIES
#include "passes/memory/Passes.h.inc"
namespace {

/// Both look at all of one buffer, in the same order.
bool isSame(Value x, Value y) {
  if (x == y)
    return true;
  auto all = [](Value v, Value root) {
    auto type = cast<MemRefType>(v.getType());
    auto whole = dyn_cast<MemRefType>(root.getType());
    return whole && type.getLayout().isIdentity() && whole.hasStaticShape() && type.hasStaticShape() &&
           type.getNumElements() == whole.getNumElements();
  };
  Value root = rootBuffer(x);
  return root == rootBuffer(y) && all(x, root) && all(y, root);
}

struct LowerCopiesPass : impl::LowerCopiesBase<LowerCopiesPass> {
  void runOnOperation() override {
    getOperation()->walk([](memref::CopyOp copy) {
      Value from = copy.getSource(), to = copy.getTarget();
      auto type = cast<MemRefType>(to.getType());
      OpBuilder b(copy);
      if (!isSame(from, to) && !(type.hasStaticShape() && type.getNumElements() == 0))
        linalg::CopyOp::create(b, copy.getLoc(), from, to);
      copy.erase();
    });
  }
};
} // namespace
} // namespace nncc
