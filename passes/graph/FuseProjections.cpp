// Queries, keys and values of one input are one matmul, whose rows attention reads in place: the input is streamed
// once, and the weights lie side by side.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
#include "llvm/ADT/MapVector.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_FUSEPROJECTIONS
#include "passes/graph/Passes.h.inc"
namespace {
// matmul(x, w) [+ bias], which nothing but an attention reads.
struct Projection {
  MatmulOp product;
  AddOp sum;
  Value bias;
  Value result() { return sum ? sum.getResult() : product.getResult(); }
};

// The attention at the end of reshapes that only it reads.
AttentionOp attentionBehind(Value v) {
  for (int depth = 0; depth < 4 && v.hasOneUse(); depth++) {
    Operation *user = *v.user_begin();
    if (auto attention = dyn_cast<AttentionOp>(user))
      return v == attention.getMask() ? AttentionOp() : attention;
    auto reshape = dyn_cast<ReshapeOp>(user);
    if (!reshape)
      return {};
    v = reshape.getResult();
  }
  return {};
}

std::optional<Projection> matchProjection(MatmulOp op) {
  if (typeOf(op.getW()).getRank() != 2 || !matchPattern(op.getW(), m_Constant()) || !op.getType().hasStaticShape() ||
      !isIdentityEpilogue(op.getEpilogue()) || !op.getResult().hasOneUse())
    return std::nullopt;
  Projection projection{op, {}, {}};
  if (auto sum = dyn_cast<AddOp>(*op.getResult().user_begin())) {
    Value bias = sum.getX() == op.getResult() ? sum.getY() : sum.getX();
    if (!matchPattern(bias, m_Constant()) || sum.getType() != op.getType() || typeOf(bias).getRank() == 0 ||
        typeOf(bias).getNumElements() != op.getType().getShape().back() ||
        typeOf(bias).getShape().back() != op.getType().getShape().back())
      return std::nullopt;
    projection.sum = sum;
    projection.bias = bias;
  }
  return projection;
}

// matmul(x, w1) + b1, matmul(x, w2) + b2, ... => slices of matmul(x, concat(w1, w2, ...)) + concat(b1, b2, ...)
void fuse(ArrayRef<Projection> parts) {
  MatmulOp first = parts[0].product;
  OpBuilder b(first);
  SmallVector<Value> weights, biases;
  SmallVector<Location> locs;
  int64_t columns = 0;
  bool hasBias = llvm::any_of(parts, [](const Projection &p) { return bool(p.bias); });
  for (Projection part : parts) {
    int64_t width = part.product.getType().getShape().back();
    columns += width;
    locs.push_back(part.product.getLoc());
    hoistConstant(part.product.getW(), first->getBlock());
    weights.push_back(part.product.getW());
    auto row = RankedTensorType::get({width}, first.getType().getElementType());
    if (part.bias) {
      hoistConstant(part.bias, first->getBlock());
      biases.push_back(reshapeOf(b, part.bias, row.getShape()));
    } else if (hasBias) {
      biases.push_back(arith::ConstantOp::create(b, part.product.getLoc(), cast<TypedAttr>(b.getZeroAttr(row))));
    }
  }
  auto loc = FusedLoc::get(b.getContext(), locs);
  SmallVector<int64_t> shape(first.getType().getShape()), wShape(typeOf(first.getW()).getShape());
  int64_t axis = first.getTransposeW() ? 0 : 1;
  shape.back() = wShape[axis] = columns;
  auto type = cast<RankedTensorType>(first.getType().clone(shape));
  Value w = ConcatOp::create(b, loc, typeOf(first.getW()).clone(wShape), weights, axis);
  auto product = cast<MatmulOp>(b.clone(*first));
  product->setLoc(loc);
  product.getWMutable().assign(w);
  product.getResult().setType(type);
  Value result = product.getResult();
  if (hasBias)
    result = AddOp::create(b, loc, type, result,
                           ConcatOp::create(b, loc, type.clone({columns}), biases, int64_t(0)).getResult());
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  for (Projection part : parts) {
    auto partType = cast<RankedTensorType>(part.product.getType());
    Value slice = SliceOp::create(b, part.product.getLoc(), partType, result, starts, partType.getShape(), steps);
    starts.back() += partType.getShape().back();
    part.result().replaceAllUsesWith(slice);
  }
  for (Projection part : parts) {
    if (part.sum)
      part.sum.erase();
    part.product.erase();
  }
}

struct FuseProjectionsPass : impl::FuseProjectionsBase<FuseProjectionsPass> {
  void runOnOperation() override {
    using Key = std::pair<std::pair<Value, Operation *>, std::pair<Block *, unsigned>>;
    llvm::MapVector<Key, SmallVector<Projection, 3>> groups;
    getOperation()->walk([&](MatmulOp op) {
      std::optional<Projection> projection = matchProjection(op);
      AttentionOp attention = projection ? attentionBehind(projection->result()) : AttentionOp();
      if (attention)
        groups[{{op.getX(), attention}, {op->getBlock(), unsigned(op.getTransposeW())}}].push_back(*projection);
    });
    for (auto &[key, parts] : groups) {
      llvm::SmallPtrSet<Value, 4> weights; // of which none is to be stored twice
      for (Projection &part : parts)
        weights.insert(part.product.getW());
      if (parts.size() > 1 && weights.size() == parts.size())
        fuse(parts);
    }
  }
};
} // namespace
} // namespace nncc
