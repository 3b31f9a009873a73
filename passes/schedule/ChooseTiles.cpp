// Register tiles by the table in Tiles.td, or whoever knows better, and with them the layout of weights: each becomes a
// kernel.pack, which PackWeights computes where the weight is constant.
#include "dialects/kernel/Geometry.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Winograd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/ScaledWeights.h"
#include "passes/schedule/TileChoices.h"
#include <numeric>

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_CHOOSETILES
#include "passes/schedule/Passes.h.inc"
namespace {

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

class Tiler {
public:
  explicit Tiler(TileChoices *choices) : choices(choices) {}

  void tileGemm(kernel::GemmOp op) {
    auto b = cast<ShapedType>(op.getB().getType()), init = cast<ShapedType>(op.getInit().getType());
    int64_t columns = init.getShape().back(), depth = b.getDimSize(op.getTransposeB() ? 1 : 0);
    kernel::TileAttr tile = choose(op, productTiles(kernel::TargetAttr::of(op), TileKind::Product, b.getElementType(),
                                                    kernel::rowsOf(op).rows, columns, !op.getB().hasOneUse()));
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
    op.setTileAttr(choose(op, productTiles(kernel::TargetAttr::of(op), TileKind::Product,
                                           getElementTypeOrSelf(op.getB().getType()), kernel::rowsOf(op).rows,
                                           init.getShape().back(), /*oneWidth=*/false)));
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
    SmallVector<kernel::TileAttr> candidates =
        productTiles(kernel::TargetAttr::of(op), isStem ? TileKind::Stem : TileKind::Product,
                     getElementTypeOrSelf(op.getX().getType()), rows, columns, !op.getW().hasOneUse());
    // Tiles of pixels that end with a row of the image less often would keep it from being computed in bands.
    if (g.isPointwise() && !op.getWinograd())
      llvm::erase_if(candidates, [&, first = candidates.front()](kernel::TileAttr tile) {
        auto rowsOfImage = [&](kernel::TileAttr t) { return t.getRows() / std::gcd(t.getRows(), g.out[2]); };
        return rowsOfImage(tile) > rowsOfImage(first);
      });
    kernel::TileAttr tile = choose(op, candidates);
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
      auto conv =
          kernel::ConvOp::create(builder, op.getLoc(), op.getResultTypes(), op.getX(), op.getW(), op.getExtras(),
                                 op.getInit(), op.getStrides(), op.getPads(), op.getDilations(), g.ic, false,
                                 /*pooled=*/false, /*winograd=*/nullptr, kernel::TileAttr());
      conv.getEpilogue().takeBody(op.getEpilogue());
      op->replaceAllUsesWith(conv);
      op->erase();
      return tileConv(conv);
    }
    kernel::TileAttr tile =
        choose(op, depthwiseTiles(target, getElementTypeOrSelf(op.getX().getType()), g.taps(), g.out[2], g.out[1]));
    op.getWMutable().assign(
        pack(builder, op.getLoc(), op.getW(), {kernel::tilesOf(g.oc, lanes), g.taps(), lanes}, lanes, 1, false, -1));
    op.setTileAttr(tile);
  }

private:
  kernel::TileAttr choose(Operation *op, ArrayRef<kernel::TileAttr> candidates) {
    return choices && candidates.size() > 1 ? choices->choose(op, candidates) : candidates.front();
  }

  TileChoices *choices;
};

struct ChooseTilesPass : impl::ChooseTilesBase<ChooseTilesPass> {
  explicit ChooseTilesPass(TileChoices *choices = nullptr) : choices(choices) {}

  void runOnOperation() override {
    Tiler tiler(choices);
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
        tiler.tileGemm(gemm);
      else if (auto matmul = dyn_cast<kernel::BatchMatmulOp>(op); matmul && !matmul.getTile())
        tiler.tileBatchMatmul(matmul);
      else if (auto conv = dyn_cast<kernel::ConvOp>(op); conv && !conv.getTile())
        tiler.tileConv(conv);
      else if (auto depthwise = dyn_cast<kernel::DepthwiseOp>(op); depthwise && !depthwise.getTile())
        tiler.tileDepthwise(depthwise);
    }
  }

private:
  TileChoices *choices;
};

} // namespace

std::unique_ptr<Pass> createChooseTiles(TileChoices *choices) { return std::make_unique<ChooseTilesPass>(choices); }

} // namespace nncc
