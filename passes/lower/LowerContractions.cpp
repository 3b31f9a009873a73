// Contractions become kernel ops on weights as they are; the schedule packs them. The epilogue region stays as it is,
// but for bools: an i1 in a region is an i8 in memory.
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
// Copies `from` into the kernel op's region `to`; arguments and the yielded value of type i1 become i8.
// Without `from` it yields the accumulator.
void copyEpilogue(ConversionPatternRewriter &b, Region *from, Region &to, RankedTensorType result, Location loc) {
  if (!from)
    return nn::makeIdentityEpilogue(to, result.getElementType(), loc);
  b.cloneRegionBefore(*from, to, to.end());
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

// matmul over no products => the epilogue of 0. matmul with one matrix on the right => gemm, whose leading dimensions
// are rows; else batch_matmul.
struct LowerMatmul : OpConversionPattern<nn::MatmulOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::MatmulOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    if (typeOf(a.getX()).getShape().back() == 0) {
      b.replaceOp(op, lower::buildEpilogue(b, op, type, a.getExtras()));
      return success();
    }
    Value init = lower::emptyOf(b, loc, type);
    if (typeOf(a.getW()).getRank() == 2) {
      auto gemm = kernel::GemmOp::create(b, loc, type, a.getX(), a.getW(), a.getExtras(), init, op.getTransposeW(),
                                         kernel::TileAttr());
      copyEpilogue(b, &op.getEpilogue(), gemm.getEpilogue(), type, loc);
      b.replaceOp(op, gemm.getResults());
      return success();
    }
    auto batch = kernel::BatchMatmulOp::create(b, loc, type, a.getX(), a.getW(), a.getExtras(), init,
                                               op.getTransposeW(), kernel::TileAttr());
    copyEpilogue(b, &op.getEpilogue(), batch.getEpilogue(), type, loc);
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
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    if (typeOf(a.getX()).getNumElements() == 0) {
      b.replaceOp(op, lower::buildEpilogue(b, op, type, a.getExtras()));
      return success();
    }
    lower::Convolution conv{a.getX(),     a.getW(),          a.getExtras(),           op.getStrides(),
                            op.getPads(), op.getDilations(), int64_t(op.getGroups()), &op.getEpilogue()};
    if (Value nchw = op.getGroups() == 1 ? nchwSource(op.getX()) : Value()) {
      conv.x = b.getRemappedValue(nchw);
      conv.nchwInput = true;
    }
    b.replaceOp(op, lower::buildConvolution(b, op.getLoc(), type, conv));
    return success();
  }
};
} // namespace

// Without a dimension of 1, that many before the end.
static Value dropUnit(OpBuilder &b, Location loc, Value v, int64_t fromEnd) {
  RankedTensorType type = typeOf(v);
  int64_t at = type.getRank() - fromEnd;
  if (at < 0)
    return v;
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + at);
  auto narrow = cast<RankedTensorType>(type.clone(shape));
  ElementsAttr value;
  if (matchPattern(v, m_Constant(&value))) {
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      return arith::ConstantOp::create(b, loc, DenseResourceElementsAttr::get(narrow, resource.getRawHandle()));
    if (auto dense = dyn_cast<DenseElementsAttr>(value))
      return arith::ConstantOp::create(b, loc, dense.reshape(narrow));
  }
  SmallVector<ReassociationIndices> groups;
  for (int64_t d = 0; d < type.getRank(); d++)
    if (d > 0 && (d == at || (d == 1 && at == 0)))
      groups.back().push_back(d);
    else
      groups.push_back({d});
  return tensor::CollapseShapeOp::create(b, loc, narrow, v, groups);
}

// The tiles of a kernel are neighbours along the last spatial dimension: one that is 1 goes.
static Value buildNarrow(ConversionPatternRewriter &b, Location loc, RankedTensorType type,
                         const lower::Convolution &conv) {
  int64_t last = type.getRank() - 3; // among spatial dimensions
  lower::Convolution narrow = conv;
  narrow.x = dropUnit(b, loc, conv.x, 2);
  narrow.w = dropUnit(b, loc, conv.w, 3);
  auto extras = llvm::map_to_vector(conv.extras, [&](Value extra) { return dropUnit(b, loc, extra, 2); });
  narrow.extras = extras;
  narrow.strides = conv.strides.drop_back();
  narrow.dilations = conv.dilations.drop_back();
  SmallVector<int64_t> pads(conv.pads), shape(type.getShape());
  pads.erase(pads.begin() + 2 * last + 1);
  pads.erase(pads.begin() + last);
  narrow.pads = pads;
  shape.erase(shape.begin() + last + 1);
  Value result = lower::buildConvolution(b, loc, cast<RankedTensorType>(type.clone(shape)), narrow);
  SmallVector<ReassociationIndices> groups;
  for (int64_t d = 0; d < type.getRank(); d++)
    if (d == last + 1)
      groups.back().push_back(d);
    else
      groups.push_back({d});
  return tensor::ExpandShapeOp::create(b, loc, type, result, groups);
}

Value lower::buildEpilogue(OpBuilder &b, nn::EpilogueInterface op, RankedTensorType type, ValueRange extras,
                           Value sum) {
  SmallVector<Value> inputs;
  if (sum)
    inputs.push_back(sum);
  llvm::append_range(inputs, extras);
  SmallVector<AffineMap> maps;
  for (Value v : inputs)
    maps.push_back(broadcastMap(typeOf(v).getShape(), type.getShape(), b.getContext()));
  SmallVector<bool> isBool(sum ? 1 : 0, false);
  for (OpOperand &extra : MutableArrayRef<OpOperand>(op.getExtrasMutable()))
    isBool.push_back(typeOf(extra.get()).getElementType().isInteger(1));
  Block &epilogue = op.getEpilogue().front();
  auto body = [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
    Value zero;
    if (!sum)
      zero = arith::ConstantOp::create(nested, loc, nested.getZeroAttr(epilogue.getArgument(0).getType()));
    IRMapping map;
    map.map(epilogue.getArgument(0), sum ? args[0] : zero);
    map.map(epilogue.getArguments().drop_front(), sum ? args.drop_front() : args);
    for (Operation &each : epilogue.without_terminator())
      nested.clone(each, map);
    return map.lookupOrDefault(cast<nn::YieldOp>(epilogue.getTerminator()).getValue());
  };
  return buildMap(b, op->getLoc(), type, inputs, maps, isBool, typeOf(op->getResult(0)).getElementType().isInteger(1),
                  body);
}

Value lower::buildConvolution(ConversionPatternRewriter &b, Location loc, RankedTensorType type,
                              const Convolution &conv) {
  int64_t rank = type.getRank();
  if (rank > 3 && !conv.nchwInput && type.hasStaticShape() && typeOf(conv.x).getDimSize(rank - 2) == 1 &&
      typeOf(conv.w).getDimSize(rank - 3) == 1 && type.getDimSize(rank - 2) == 1)
    return buildNarrow(b, loc, type, conv);
  Value init = lower::emptyOf(b, loc, type);
  int64_t spatial = type.getRank() - 2, channels = typeOf(conv.x).getShape().back();
  if (conv.groups == channels && channels > 1) {
    auto depthwise = kernel::DepthwiseOp::create(b, loc, type, conv.x, conv.w, conv.extras, init,
                                                 typeOf(conv.w).getShape().take_front(spatial), conv.strides, conv.pads,
                                                 conv.dilations, kernel::TileAttr());
    copyEpilogue(b, conv.epilogue, depthwise.getEpilogue(), type, loc);
    return depthwise.getResult(0);
  }
  auto op =
      kernel::ConvOp::create(b, loc, type, conv.x, conv.w, conv.extras, init, conv.strides, conv.pads, conv.dilations,
                             conv.groups, conv.nchwInput, /*pooled=*/false, /*winograd=*/nullptr, kernel::TileAttr());
  copyEpilogue(b, conv.epilogue, op.getEpilogue(), type, loc);
  return op.getResult(0);
}

void lower::populateContractionPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerMatmul, LowerConv>(types, patterns.getContext());
}
