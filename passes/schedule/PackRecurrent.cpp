// Chooses the tile of recurrent layers and packs their weights: [direction][part][block][k][gate of the part][panel],
// so that a step reads one sequential stream. Constants are packed here, others by ops at run time.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/ConstantBytes.h"
#include "passes/schedule/Passes.h"
#include <map>
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_PACKRECURRENT
#include "passes/schedule/Passes.h.inc"
namespace {

// All gates of `vectors` hidden vectors accumulate together: their weights and one broadcast state value need registers
// beside the sums of `rows` rows.
kernel::TileAttr chooseTile(kernel::RecurrentOp op) {
  auto target = kernel::TargetAttr::of(op);
  Type element = cast<ShapedType>(op.getX().getType()).getElementType();
  int64_t lanes = target.lanesOf(element), registers = target.getRegisters(), gates = op.getGates();
  int64_t vectors = std::max<int64_t>(1, registers >= 32 ? 8 / gates : 4 / gates);
  vectors = std::min<int64_t>(vectors, llvm::divideCeil(op.getHidden(), lanes));
  int64_t perRow = gates * vectors, rows = std::clamp<int64_t>((registers - 1 - perRow) / perRow, 1, 8);
  return kernel::TileAttr::get(op.getContext(), rows, vectors, lanes);
}

// Where element [d][gate * H + n][k] of r goes, in the order of the packed stream.
void forEachPacked(kernel::RecurrentOp op, function_ref<void(int64_t to, int64_t from)> body) {
  int64_t hidden = op.getHidden(), panel = op.getTile()->getPanel(), blocks = llvm::divideCeil(hidden, panel);
  int64_t to = 0;
  for (int64_t d = 0; d < op.getDirections(); d++) {
    int64_t first = 0;
    for (int64_t count : op.getParts()) {
      for (int64_t block = 0; block < blocks; block++)
        for (int64_t k = 0; k < hidden; k++)
          for (int64_t gate = first; gate < first + count; gate++)
            for (int64_t i = 0; i < panel; i++, to++)
              if (int64_t n = block * panel + i; n < hidden)
                body(to, ((d * op.getGates() + gate) * hidden + n) * hidden + k);
      first += count;
    }
  }
}

TypedAttr packConstant(kernel::RecurrentOp op, ConstantBytes r, RankedTensorType packed) {
  size_t element = packed.getElementTypeBitWidth() / 8;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(packed.getNumElements() * element, 64, /*dataIsMutable=*/true);
  char *to = blob.getMutableData().data();
  std::memset(to, 0, packed.getNumElements() * element);
  forEachPacked(
      op, [&](int64_t i, int64_t j) { std::memcpy(to + i * element, r.data + (r.splat ? 0 : j) * element, element); });
  return DenseResourceElementsAttr::get(packed, "recurrent", std::move(blob));
}

// The same by ops: pad H to whole panels, then [G, block, panel, K] => [block, K, G, panel] for each part.
Value packAtRunTime(OpBuilder &b, kernel::RecurrentOp op, RankedTensorType packed) {
  Location loc = op.getLoc();
  Type element = packed.getElementType();
  int64_t hidden = op.getHidden(), panel = op.getTile()->getPanel(), blocks = llvm::divideCeil(hidden, panel);
  int64_t width = blocks * panel, gates = op.getGates(), offset = 0;
  auto slice = [&](ArrayRef<int64_t> at) { return getAsIndexOpFoldResult(b.getContext(), at); };
  auto split = RankedTensorType::get({op.getDirections(), gates, hidden, hidden}, element);
  Value r =
      tensor::ExpandShapeOp::create(b, loc, split, op.getR(), SmallVector<ReassociationIndices>{{0}, {1, 2}, {3}});
  Value result = tensor::EmptyOp::create(b, loc, packed.getShape(), element);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  for (int64_t d = 0; d < op.getDirections(); d++) {
    int64_t first = 0;
    for (int64_t count : op.getParts()) {
      auto partType = RankedTensorType::get({count, hidden, hidden}, element);
      Value part = tensor::ExtractSliceOp::create(b, loc, partType, r, slice({d, first, 0, 0}),
                                                  slice({1, count, hidden, hidden}), slice({1, 1, 1, 1}));
      if (width != hidden) {
        Value frame = tensor::EmptyOp::create(b, loc, {count, width, hidden}, element);
        frame = linalg::FillOp::create(b, loc, zero, frame).getResult(0);
        part = tensor::InsertSliceOp::create(b, loc, part, frame, slice({0, 0, 0}), slice({count, hidden, hidden}),
                                             slice({1, 1, 1}));
      }
      auto blocked = RankedTensorType::get({count, blocks, panel, hidden}, element);
      part = tensor::ExpandShapeOp::create(b, loc, blocked, part, SmallVector<ReassociationIndices>{{0}, {1, 2}, {3}});
      Value stream = tensor::EmptyOp::create(b, loc, {blocks, hidden, count, panel}, element);
      stream = linalg::TransposeOp::create(b, loc, part, stream, ArrayRef<int64_t>{1, 3, 0, 2})->getResult(0);
      int64_t size = blocks * hidden * count * panel;
      stream = tensor::CollapseShapeOp::create(b, loc, RankedTensorType::get({size}, element), stream,
                                               SmallVector<ReassociationIndices>{{0, 1, 2, 3}});
      result = tensor::InsertSliceOp::create(b, loc, stream, result, slice({offset}), slice({size}), slice({1}));
      offset += size;
      first += count;
    }
  }
  return result;
}

// A step that reads this many bytes of weights takes long enough to be worth two tasks.
constexpr int64_t leastSharedBytes = 512 * 1024;

// One direction's steps can only be shared by sharing each: the states then live where all workers reach them.
// Two directions are two tasks, whose workers never wait for one another.
void addState(kernel::RecurrentOp op) {
  int64_t bytes = cast<ShapedType>(op.getX().getType()).getElementTypeBitWidth() / 8;
  if (op.getDirections() != 1 || op.getBlocks() < 2 ||
      cast<ShapedType>(op.getR().getType()).getNumElements() * bytes < leastSharedBytes)
    return;
  OpBuilder b(op);
  Value state = tensor::EmptyOp::create(b, op.getLoc(), {op.getStateSize()},
                                        cast<ShapedType>(op.getX().getType()).getElementType());
  op.getInitsMutable().append(state);
  SmallVector<Type> types(op.getResultTypes());
  types.push_back(state.getType());
  Operation *wider =
      kernel::RecurrentOp::create(b, op.getLoc(), types, op->getOperands(), op->getAttrDictionary().getValue());
  op->replaceAllUsesWith(wider->getResults().drop_back());
  op->erase();
}

struct PackRecurrentPass : impl::PackRecurrentBase<PackRecurrentPass> {
  void runOnOperation() override {
    sources.emplace(getOperation());
    done.clear();
    SmallVector<kernel::RecurrentOp> ops;
    getOperation().walk([&](kernel::RecurrentOp op) { ops.push_back(op); });
    for (kernel::RecurrentOp op : ops) {
      op.setTileAttr(chooseTile(op));
      OpBuilder b(op);
      auto type = cast<RankedTensorType>(op.getR().getType());
      int64_t width = llvm::alignTo(op.getHidden(), op.getTile()->getPanel());
      auto packed =
          RankedTensorType::get({op.getDirections() * op.getGates() * op.getHidden() * width}, type.getElementType());
      ElementsAttr r;
      std::optional<ConstantBytes> bytes;
      if (matchPattern(op.getR(), m_Constant(&r)))
        bytes = bytesOf(r);
      if (bytes)
        replaceConstant(op, r, *bytes, packed);
      else
        op.getRMutable().assign(packAtRunTime(b, op, packed));
      addState(op);
    }
  }

private:
  std::optional<ReplacedSources> sources;
  // By the weights and all that their packing depends on.
  std::map<std::tuple<const void *, const void *, std::vector<int64_t>>, TypedAttr> done;

  void replaceConstant(kernel::RecurrentOp op, ElementsAttr r, ConstantBytes bytes, RankedTensorType packed) {
    std::vector<int64_t> form = {op.getTile()->getPanel()};
    llvm::append_range(form, op.getParts());
    TypedAttr &value = done[{r.getAsOpaquePointer(), packed.getAsOpaquePointer(), form}];
    if (!value)
      value = packConstant(op, bytes, packed);
    OpBuilder b(op);
    Operation *weight = op.getR().getDefiningOp();
    op.getRMutable().assign(arith::ConstantOp::create(b, op.getLoc(), value));
    sources->release(weight);
  }
};
} // namespace
} // namespace nncc
