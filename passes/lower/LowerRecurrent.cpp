// A recurrent layer is one gemm of all steps' inputs, which adds the biases, and a kernel that carries the state.
#include "passes/lower/Lower.h"
using namespace mlir;
using namespace nncc;

namespace {
// [a, b, rest...] => [a * b, rest...]
Value mergeFirstTwo(OpBuilder &b, Location loc, Value v) {
  RankedTensorType type = typeOf(v);
  SmallVector<int64_t> shape(type.getShape().drop_front());
  shape[0] *= type.getDimSize(0);
  SmallVector<ReassociationIndices> groups = {{0, 1}};
  for (int64_t d = 2; d < type.getRank(); d++)
    groups.push_back({d});
  return tensor::CollapseShapeOp::create(b, loc, type.clone(shape), v, groups);
}

struct LowerRecurrent : OpConversionPattern<nn::RecurrentOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(nn::RecurrentOp op, OpAdaptor a, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    RankedTensorType x = typeOf(a.getX());
    Value w = mergeFirstTwo(b, loc, a.getW());
    Type element = x.getElementType();
    auto gatesType = RankedTensorType::get({x.getDimSize(0), x.getDimSize(1), typeOf(w).getDimSize(0)}, element);
    SmallVector<Value> extras;
    if (a.getBias())
      extras.push_back(mergeFirstTwo(b, loc, a.getBias()));
    auto gemm = kernel::GemmOp::create(b, loc, gatesType, a.getX(), w, extras, lower::emptyOf(b, loc, gatesType),
                                       /*transposeB=*/true, kernel::TileAttr());
    {
      OpBuilder::InsertionGuard guard(b);
      SmallVector<Type> args(1 + extras.size(), element);
      Block *block =
          b.createBlock(&gemm.getEpilogue(), gemm.getEpilogue().end(), args, SmallVector<Location>(args.size(), loc));
      Value v = block->getArgument(0);
      if (!extras.empty())
        v = arith::AddFOp::create(b, loc, v, block->getArgument(1));
      nn::YieldOp::create(b, loc, v);
    }
    SmallVector<Type> results = {op.getY().getType(), op.getYh().getType()};
    if (op.getCell() == nn::CellKind::lstm)
      results.push_back(op.getYc().getType());
    SmallVector<Value> inits;
    for (Type type : results)
      inits.push_back(lower::emptyOf(b, loc, type));
    auto recurrent = kernel::RecurrentOp::create(
        b, loc, results, gemm.getResult(0), a.getR(), a.getHiddenBias(), a.getLengths(), a.getH(), a.getC(),
        a.getPeepholes(), inits, /*step=*/Value(), op.getCell(), op.getDirection(), op.getActivations(), op.getAlphas(),
        op.getBetas(), op.getClipAttr(), op.getInputForget(), op.getLinearBeforeReset(), kernel::TileAttr());
    SmallVector<Value> replacements(recurrent.getResults());
    if (replacements.size() == 2) // a cell without c
      replacements.push_back(lower::emptyOf(b, loc, op.getYc().getType()));
    b.replaceOp(op, replacements);
    return success();
  }
};
} // namespace

void lower::populateRecurrentPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerRecurrent>(types, patterns.getContext());
}
