// Contractions become kernel ops on weights as they are; the schedule packs them. The epilogue region stays as it is,
// but for bools: an i1 in a region is an i8 in memory.
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

// Copies `from` into the kernel op's region `to`; arguments and the yielded value of type i1 become i8.
void copyEpilogue(ConversionPatternRewriter &b, Region &from, Region &to) {
  b.cloneRegionBefore(from, to, to.end());
  Block &block = to.front();
  OpBuilder::InsertionGuard guard(b);
  for (BlockArgument arg : block.getArguments())
    if (arg.getType().isInteger(1)) {
      b.setInsertionPointToStart(&block);
      SmallVector<OpOperand *> uses = llvm::to_vector(llvm::make_pointer_range(arg.getUses()));
      arg.setType(b.getI8Type());
      Value zero = arith::ConstantIntOp::create(b, arg.getLoc(), 0, 8);
      Value bit = arith::CmpIOp::create(b, arg.getLoc(), arith::CmpIPredicate::ne, arg, zero);
      for (OpOperand *use : uses)
        use->set(bit);
    }
  auto yield = cast<nn::YieldOp>(block.getTerminator());
  if (yield.getValue().getType().isInteger(1)) {
    b.setInsertionPoint(yield);
    Value byte = arith::ExtUIOp::create(b, yield.getLoc(), b.getI8Type(), yield.getValue());
    yield.getValueMutable().assign(byte);
  }
}

// matmul with one matrix on the right => gemm, whose leading dimensions are rows; else batch_matmul.
struct LowerMatmul : OpConversionPattern<nn::MatmulOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::MatmulOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type type = getTypeConverter()->convertType(op.getType());
    Value init = lower::emptyOf(b, loc, type);
    if (typeOf(a.getW()).getRank() == 2) {
      auto gemm = kernel::GemmOp::create(b, loc, type, a.getX(), a.getW(), a.getExtras(), init, op.getTransposeW(),
                                         kernel::TileAttr());
      copyEpilogue(b, op.getEpilogue(), gemm.getEpilogue());
      b.replaceOp(op, gemm.getResults());
      return success();
    }
    auto batch = kernel::BatchMatmulOp::create(b, loc, type, a.getX(), a.getW(), a.getExtras(), init,
                                               op.getTransposeW(), kernel::TileAttr());
    copyEpilogue(b, op.getEpilogue(), batch.getEpilogue());
    b.replaceOp(op, batch.getResults());
    return success();
  }
};

// The NCHW tensor that x is the channels-last form of, where a convolution of few channels had better read it itself.
Value nchwSource(Value x) {
  auto transpose = x.getDefiningOp<nn::TransposeOp>();
  if (!transpose || typeOf(x).getShape().back() > 4)
    return {};
  ArrayRef<int64_t> perm = transpose.getPerm();
  int64_t rank = perm.size();
  bool isChannelsLast = perm[0] == 0 && perm[rank - 1] == 1;
  for (int64_t d = 1; d < rank - 1; d++)
    isChannelsLast &= perm[d] == d + 1;
  return isChannelsLast ? transpose.getX() : Value();
}

struct LowerConv : OpConversionPattern<nn::ConvOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::ConvOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    lower::Convolution conv{a.getX(),     a.getW(),          a.getExtras(),           op.getStrides(),
                            op.getPads(), op.getDilations(), int64_t(op.getGroups()), &op.getEpilogue()};
    if (Value nchw = op.getGroups() == 1 ? nchwSource(op.getX()) : Value()) {
      conv.x = b.getRemappedValue(nchw);
      conv.nchwInput = true;
    }
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    b.replaceOp(op, lower::buildConvolution(b, op.getLoc(), type, conv));
    return success();
  }
};
} // namespace

Value lower::buildConvolution(ConversionPatternRewriter &b, Location loc, RankedTensorType type,
                              const Convolution &conv) {
  Value init = lower::emptyOf(b, loc, type);
  int64_t spatial = type.getRank() - 2, channels = typeOf(conv.x).getShape().back();
  if (conv.groups == channels && channels > 1) {
    auto depthwise = kernel::DepthwiseOp::create(b, loc, type, conv.x, conv.w, conv.extras, init,
                                                 typeOf(conv.w).getShape().take_front(spatial), conv.strides, conv.pads,
                                                 conv.dilations, kernel::TileAttr());
    copyEpilogue(b, *conv.epilogue, depthwise.getEpilogue());
    return depthwise.getResult(0);
  }
  auto op = kernel::ConvOp::create(b, loc, type, conv.x, conv.w, conv.extras, init, conv.strides, conv.pads,
                                   conv.dilations, conv.groups, conv.nchwInput, kernel::TileAttr());
  copyEpilogue(b, *conv.epilogue, op.getEpilogue());
  return op.getResult(0);
}

void lower::populateContractionPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerMatmul, LowerConv>(types, patterns.getContext());
}
