// Constant weights are packed while compiling, once for equal packings of one weight. Sources are read by memcpy, as
// they may be mapped files, and freed once nothing else uses them.
#include "dialects/kernel/Geometry.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/ConstantBytes.h"
#include "passes/schedule/Passes.h"
#include <map>

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "passes/schedule/Passes.h.inc"
namespace {

// What kernel.pack says, on bytes: [K.., N] or [N, K] => [groups][panels][K..][panel].
void packBytes(kernel::PackOp op, ConstantBytes source, size_t element, char *to) {
  ArrayRef<int64_t> shape = cast<ShapedType>(op.getW().getType()).getShape();
  bool transpose = op.getTranspose();
  int64_t all = transpose ? shape.front() : shape.back(), groups = op.getGroups(), panel = op.getPanel();
  int64_t columns = all / groups, depth = llvm::product_of(transpose ? shape.drop_front() : shape.drop_back());
  int64_t kStride = source.splat ? 0 : transpose ? 1 : all, nStride = source.splat ? 0 : transpose ? depth : 1;
  for (int64_t group = 0; group < groups; group++)
    for (int64_t first = 0; first < columns; first += panel) {
      int64_t valid = std::min(panel, columns - first), at = group * columns + first;
      for (int64_t k = 0; k < depth; k++, to += panel * element) {
        const char *from = source.data + (k * kStride + at * nStride) * element;
        if (nStride == 1)
          std::memcpy(to, from, valid * element);
        else
          for (int64_t n = 0; n < valid; n++)
            std::memcpy(to + n * element, from + n * nStride * element, element);
        std::memset(to + valid * element, 0, (panel - valid) * element);
      }
    }
}

struct PackWeightsPass : impl::PackWeightsBase<PackWeightsPass> {
  void runOnOperation() override {
    std::map<std::tuple<const void *, int64_t, int64_t, bool, const void *>, TypedAttr> done;
    SmallVector<kernel::PackOp> packs;
    getOperation().walk([&](kernel::PackOp op) { packs.push_back(op); });
    ReplacedSources sources(getOperation());
    for (kernel::PackOp op : packs) {
      ElementsAttr value;
      if (op.getNumResults() != 1 || !matchPattern(op.getW(), m_Constant(&value)))
        continue;
      auto type = cast<RankedTensorType>(op.getResult(0).getType());
      if (type.getElementTypeBitWidth() % 8)
        continue;
      TypedAttr &packed = done[{value.getAsOpaquePointer(), op.getPanel(), op.getGroups(), op.getTranspose(),
                                type.getAsOpaquePointer()}];
      if (!packed) {
        auto source = bytesOf(value);
        if (!source)
          continue;
        size_t element = type.getElementTypeBitWidth() / 8;
        AsmResourceBlob blob =
            HeapAsmResourceBlob::allocate(type.getNumElements() * element, 64, /*dataIsMutable=*/true);
        packBytes(op, *source, element, blob.getMutableData().data());
        packed = DenseResourceElementsAttr::get(type, "packed", std::move(blob));
      }
      OpBuilder b(op);
      Operation *weight = op.getW().getDefiningOp();
      Value constant = arith::ConstantOp::create(b, op.getLoc(), packed);
      op.getResult(0).replaceAllUsesWith(constant);
      op.erase();
      sources.release(weight);
    }
  }
};

} // namespace
} // namespace nncc
