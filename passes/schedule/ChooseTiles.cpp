// Register tiles by the table in Tiles.td, and with them the layout of weights: each becomes a kernel.pack, which
// PackWeights computes where the weight is constant.
#include "dialects/kernel/Geometry.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Winograd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/ScaledWeights.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_CHOOSETILES
#include "passes/schedule/Passes.h.inc"
namespace {

#define GET_TileOp_DECL
#include "passes/schedule/Tiles.inc"
struct TileRow {
  TileOp op;
  uint8_t lanes, registers;
  uint16_t extent;
  uint8_t rows, vectors;
};
#define GET_Tiles_IMPL
#include "passes/schedule/Tiles.inc"

// Of the rows that hold for this target and extent, the one made for the most lanes, then registers, then the least
// extent.
const TileRow &lookup(TileOp op, kernel::TargetAttr target, int64_t extent) {
  const TileRow *best = nullptr;
  auto rank = [](const TileRow &row) { return std::tuple(row.lanes, row.registers, -int(row.extent)); };
  for (const TileRow &row : Tiles)
    if (row.op == op && row.lanes <= target.getLanes() && row.registers <= target.getRegisters() &&
        (extent <= row.extent || row.extent == UINT16_MAX) && (!best || rank(row) > rank(*best)))
      best = &row;
  assert(best && "expected a row of the table for every target");
  return *best;
}

// The largest part not above `most` when `extent` is cut into as few parts as that allows.
int64_t equalPart(int64_t extent, int64_t most) {
  return extent <= 0 ? 1 : llvm::divideCeil(extent, llvm::divideCeil(extent, most));
}

// Columns decide how wide a panel is: as few panels as the table lets them be, equally wide. Rows decide the height
// alone.
kernel::TileAttr chooseTile(Operation *op, TileOp kind, Type element, int64_t rows, int64_t columns) {
  kernel::TargetAttr target = kernel::TargetAttr::of(op);
  int64_t lanes = target.lanesOf(element), vectors = llvm::divideCeil(std::max<int64_t>(columns, 1), lanes);
  vectors = equalPart(vectors, lookup(kind, target, vectors).vectors);
  return kernel::TileAttr::get(op->getContext(), equalPart(rows, lookup(kind, target, vectors).rows), vectors, lanes);
}

// The packed form of weights in which the input's channels are dimension `channels`; -1 if several are. Factors for
// each channel of the input are applied to packed weights, so that constants are packed at compile time.
Value pack(OpBuilder &b, Location loc, Value w, ArrayRef<int64_t> shape, int64_t panel, int64_t groups, bool transpose,
           int64_t channels) {
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(w.getType()));
  Value init = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
  auto packed = [&](Value w) {
    return kernel::PackOp::create(b, loc, TypeRange(type), w, init, panel, groups, transpose).getResult(0);
  };
  auto scaled = ScaledWeights::of(w);
  int64_t rank = cast<ShapedType>(w.getType()).getRank();
  SmallVector<int64_t> place(rank, -1);
  place[transpose ? rank - 1 : rank - 2] = channels;
  auto isKnown = [&](int64_t d) { return place[d] >= 0 || !scaled->varyAlong(d); };
  if (scaled && llvm::all_of(llvm::seq<int64_t>(0, rank), isKnown))
    return scaled->on(b, packed(scaled->constant), place);
  return packed(w);
}

void replaceWeights(OpOperand &operand, Value packed) {
  auto scaled = ScaledWeights::of(operand.get());
  operand.set(packed);
  if (scaled)
    scaled->eraseUnused();
}

bool isStatic(Operation *op) {
  return llvm::all_of(op->getOperandTypes(), [](Type t) {
    auto shaped = dyn_cast<ShapedType>(t);
    return !shaped || shaped.hasStaticShape();
  });
}

void tileGemm(kernel::GemmOp op) {
  auto b = cast<ShapedType>(op.getB().getType()), init = cast<ShapedType>(op.getInit().getType());
  int64_t columns = init.getShape().back(), depth = b.getDimSize(op.getTransposeB() ? 1 : 0);
  kernel::TileAttr tile = chooseTile(op, Product, b.getElementType(), kernel::rowsOf(op).rows, columns);
  OpBuilder builder(op);
  Value packed =
      pack(builder, op.getLoc(), op.getB(), {kernel::tilesOf(columns, tile.getPanel()), depth, tile.getPanel()},
           tile.getPanel(), 1, op.getTransposeB(), /*channels=*/1);
  replaceWeights(op.getBMutable(), packed);
  op.setTransposeB(false);
  op.setTileAttr(tile);
}

void tileBatchMatmul(kernel::BatchMatmulOp op) {
  auto init = cast<ShapedType>(op.getInit().getType());
  op.setTileAttr(chooseTile(op, Product, getElementTypeOrSelf(op.getB().getType()), kernel::rowsOf(op).rows,
                            init.getShape().back()));
}

void tileConv(kernel::ConvOp op) {
  kernel::WindowGeometry g = kernel::geometryOf(op);
  int64_t depth = g.ic / g.groups, columns = g.oc / g.groups, rows = g.out[2];
  kernel::Triple products = g.kernel;
  if (op.getWinograd()) {
    kernel::WinogradGeometry filter = kernel::winogradOf(op);
    for (unsigned d = 0; d < 2; d++)
      products[1 + d] += filter.tile[d] - 1;
    rows = filter.tilesOfImage();
  } else if (g.isPointwise() && !op.getNchwInput())
    rows = g.pixels();
  bool isStem = depth <= 4 && g.kernel[2] > 1 && !op.getWinograd();
  kernel::TileAttr tile =
      chooseTile(op, isStem ? Stem : Product, getElementTypeOrSelf(op.getX().getType()), rows, columns);
  OpBuilder builder(op);
  Value packed = pack(builder, op.getLoc(), op.getW(),
                      {g.groups, kernel::tilesOf(columns, tile.getPanel()), products[0], products[1], products[2],
                       depth, tile.getPanel()},
                      tile.getPanel(), g.groups, false, /*channels=*/g.groups == 1 ? 5 : -1);
  replaceWeights(op.getWMutable(), packed);
  op.setTileAttr(tile);
}

// Several outputs of each channel: lanes are spread from fewer input channels, which must divide. Others are
// convolutions in as many groups as channels.
void tileDepthwise(kernel::DepthwiseOp op) {
  kernel::WindowGeometry g = kernel::geometryOf(op);
  kernel::TargetAttr target = kernel::TargetAttr::of(op);
  int64_t lanes = target.lanesOf(getElementTypeOrSelf(op.getX().getType()));
  OpBuilder builder(op);
  if (lanes % (g.oc / g.ic)) {
    auto conv = kernel::ConvOp::create(builder, op.getLoc(), op.getResultTypes(), op.getX(), op.getW(), op.getExtras(),
                                       op.getInit(), op.getStrides(), op.getPads(), op.getDilations(), g.ic, false,
                                       /*pooled=*/false, /*winograd=*/nullptr, kernel::TileAttr());
    conv.getEpilogue().takeBody(op.getEpilogue());
    op->replaceAllUsesWith(conv);
    op->erase();
    return tileConv(conv);
  }
  const TileRow &row = lookup(Depthwise, target, g.taps());
  auto tile = kernel::TileAttr::get(op.getContext(), equalPart(g.out[2], row.rows),
                                    std::min<int64_t>(row.vectors, g.out[1]), lanes);
  op.getWMutable().assign(
      pack(builder, op.getLoc(), op.getW(), {kernel::tilesOf(g.oc, lanes), g.taps(), lanes}, lanes, 1, false, -1));
  op.setTileAttr(tile);
}

struct ChooseTilesPass : impl::ChooseTilesBase<ChooseTilesPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<kernel::KernelDialect>(op->getDialect()))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (!isStatic(op)) {
        op->emitError("expected static shapes, found ") << op->getOperandTypes();
        return signalPassFailure();
      }
      if (auto gemm = dyn_cast<kernel::GemmOp>(op); gemm && !gemm.getTile())
        tileGemm(gemm);
      else if (auto matmul = dyn_cast<kernel::BatchMatmulOp>(op); matmul && !matmul.getTile())
        tileBatchMatmul(matmul);
      else if (auto conv = dyn_cast<kernel::ConvOp>(op); conv && !conv.getTile())
        tileConv(conv);
      else if (auto depthwise = dyn_cast<kernel::DepthwiseOp>(op); depthwise && !depthwise.getTile())
        tileDepthwise(depthwise);
    }
  }
};

} // namespace
} // namespace nncc
