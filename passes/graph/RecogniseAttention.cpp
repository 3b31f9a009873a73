// Raises softmax(scale * q k^T + mask) v, as exporters spell it, to nn.attention. Queries, keys and values are taken
// where the projections left them: a transpose between heads and rows becomes an attribute, heads that a group shares
// are not repeated, and a mask that the graph builds to hide later keys becomes `causal`. A remark says what stood in
// the way.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "passes/graph/MaskValues.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_RECOGNISEATTENTION
#include "passes/graph/Passes.h.inc"
namespace {
using Perm = SmallVector<int64_t>;

// [B, H, S, D] <=> [B, S, H, D]
const int64_t swapHeads[] = {0, 2, 1, 3};
// Adding a score to this or less leaves it as it is, so that selecting and adding are one.
constexpr double hidden = -1e9;

bool movesOnlyUnits(ArrayRef<int64_t> shape, ArrayRef<int64_t> perm) {
  Perm moved(perm);
  llvm::erase_if(moved, [&](int64_t d) { return shape[d] == 1; });
  return llvm::is_sorted(moved);
}

Value reshapeTo(OpBuilder &b, Value x, ArrayRef<int64_t> shape) {
  if (typeOf(x).getShape() == shape)
    return x;
  return ReshapeOp::create(b, x.getLoc(), typeOf(x).clone(shape), x);
}

// transpose(x, perm) as it is there already, through reshapes and transposes; null where something would have to move.
Value freeForm(OpBuilder &b, Value x, ArrayRef<int64_t> perm, int depth = 0) {
  SmallVector<int64_t> shape = applyPermutation(typeOf(x).getShape(), perm);
  if (movesOnlyUnits(typeOf(x).getShape(), perm))
    return reshapeTo(b, x, shape);
  Operation *def = x.getDefiningOp();
  Value source;
  if (depth > 4)
    return {};
  if (auto transpose = dyn_cast_or_null<TransposeOp>(def)) {
    source = freeForm(b, transpose.getX(), applyPermutation(transpose.getPerm(), perm), depth + 1);
  } else if (auto reshape = dyn_cast_or_null<ReshapeOp>(def)) {
    FailureOr<Perm> inner = cast<PermuteInterface>(def).permuteOperand(0, perm);
    if (succeeded(inner))
      source = freeForm(b, reshape.getX(), *inner, depth + 1);
  }
  return source ? reshapeTo(b, source, shape) : Value();
}

class Recognition {
public:
  Recognition(SoftmaxOp softmax, bool remarks, MaskCache &masks)
      : softmax(softmax), masks(masks), remarks(remarks), b(softmax) {}
  bool run();

private:
  struct Operand {
    Value value;
    bool headsFirst;
  };
  bool decline(const Twine &why) {
    if (remarks)
      softmax.emitRemark() << "no attention: " << why;
    return false;
  }
  bool findScores(Value v);
  bool addMask(Value mask);
  bool findShape();
  Value asHeads(Value v);
  Value stripScale(Value v);
  Value stripRepeat(Value v);
  Operand place(Value v);
  Value result(MatmulOp product, Value attention);

  SoftmaxOp softmax;
  MaskCache &masks;
  bool remarks;
  OpBuilder b;
  MatmulOp scores;
  double scale = 1;
  Value mask;
  bool causal = false;
  int64_t batch = 0, heads = 0, queries = 0, keys = 0;
};

//===-- Scores --------------------------------------------------------------------------------------------------===//

// From the softmax's operand up to q k^T: masks, then scales, through reshapes of the leading dimensions.
bool Recognition::findScores(Value v) {
  for (int depth = 0; depth < 8; depth++) {
    if ((scores = v.getDefiningOp<MatmulOp>())) {
      if (!isIdentityEpilogue(scores.getEpilogue()))
        return decline("the scores' product has an epilogue");
      b.setInsertionPoint(softmax);
      return true;
    }
    if (std::optional<Scaled> scaled = matchScaled(v)) {
      scale *= scaled->scalar;
      v = scaled->x;
      continue;
    }
    if (auto add = v.getDefiningOp<AddOp>()) {
      // The side that a product of this type leads to has the scores.
      auto leads = [](Value side) {
        for (int i = 0; i < 8 && side; i++) {
          if (side.getDefiningOp<MatmulOp>())
            return true;
          Operation *def = side.getDefiningOp();
          if (!isa_and_nonnull<MulOp, DivOp, AddOp, WhereOp, ReshapeOp>(def))
            return false;
          if (auto where = dyn_cast<WhereOp>(def))
            side = where.getX();
          else if (matchPattern(def->getOperand(0), m_Constant()))
            side = def->getOperand(def->getNumOperands() - 1);
          else
            side = def->getOperand(0);
        }
        return false;
      };
      bool left = add.getX().getType() == v.getType() && leads(add.getX());
      if (!left && (add.getY().getType() != v.getType() || !leads(add.getY())))
        return decline("neither operand of a sum is a product of queries and keys");
      if (scale != 1)
        return decline("a mask is added before the scores are scaled");
      if (!addMask(left ? add.getY() : add.getX()))
        return false;
      v = left ? add.getX() : add.getY();
      continue;
    }
    if (auto where = v.getDefiningOp<WhereOp>()) {
      std::optional<double> other = scalarOf(where.getY());
      bool inverted = false;
      if (!other) {
        other = scalarOf(where.getX());
        inverted = true;
      }
      Value kept = inverted ? where.getY() : where.getX();
      if (!other || *other > hidden || scale != 1 || kept.getType() != v.getType())
        return decline("a condition selects something else than hidden scores");
      Type element = typeOf(v).getElementType();
      auto scalar = [&](double x) {
        auto type = RankedTensorType::get({}, element);
        return arith::ConstantOp::create(b, v.getLoc(), DenseElementsAttr::get(type, b.getFloatAttr(element, x)));
      };
      b.setInsertionPoint(softmax);
      Value zero = scalar(0), far = scalar(*other);
      RankedTensorType type = typeOf(where.getCondition()).clone(element);
      if (!addMask(
              WhereOp::create(b, v.getLoc(), type, where.getCondition(), inverted ? far : zero, inverted ? zero : far)))
        return false;
      v = kept;
      continue;
    }
    if (auto reshape = v.getDefiningOp<ReshapeOp>()) {
      auto from = typeOf(reshape.getX()).getShape(), to = typeOf(v).getShape();
      if (from.size() < 3 || to.size() < 3 || from.take_back(2) != to.take_back(2))
        return decline("the scores are reshaped beyond their leading dimensions");
      if (mask && from.size() != 4 && to.size() == 4 && !heads) {
        batch = to[0]; // [B * H, Sq, Sk] as [B, H, Sq, Sk]
        heads = to[1];
      }
      v = reshape.getX();
      continue;
    }
    break;
  }
  return decline("its operand is no product of queries and keys");
}

bool Recognition::addMask(Value other) {
  if (typeOf(other).getRank() > 4)
    return decline("a mask has more than four dimensions");
  if (!typeOf(other).hasStaticShape())
    return decline("a mask has a free dimension");
  if (!mask) {
    mask = other;
    return true;
  }
  SmallVector<Type> types;
  if (failed(inferBroadcast(std::nullopt, {mask, other}, false, types)))
    return decline("two masks do not fit");
  b.setInsertionPoint(softmax);
  mask = AddOp::create(b, softmax.getLoc(), types[0], mask, other);
  return true;
}

//===-- Operands ------------------------------------------------------------------------------------------------===//

// Batch and heads of the product's leading dimensions: of rank 3 they are one, which a reshape may have merged.
bool Recognition::findShape() {
  RankedTensorType q = typeOf(scores.getX()), type = scores.getType();
  if (!type.hasStaticShape() || !q.hasStaticShape() || type.getRank() < 3 || type.getRank() > 4)
    return decline("the scores have no static shape of rank 3 or 4");
  queries = type.getDimSize(type.getRank() - 2);
  keys = type.getDimSize(type.getRank() - 1);
  if (type.getRank() == 4) {
    batch = type.getDimSize(0);
    heads = type.getDimSize(1);
  } else if (!heads) {
    batch = 1;
    heads = type.getDimSize(0);
    if (auto reshape = scores.getX().getDefiningOp<ReshapeOp>())
      if (ArrayRef<int64_t> from = typeOf(reshape.getX()).getShape();
          from.size() == 4 && from.take_back(2) == q.getShape().take_back(2)) {
        batch = from[0];
        heads = from[1];
      }
  }
  return batch * heads * queries * keys == type.getNumElements() || decline("the scores' heads are not to be found");
}

// [B * H, S, D] => [B, H, S, D]; k and v of all heads only, null where a leading dimension broadcasts.
Value Recognition::asHeads(Value v) {
  ArrayRef<int64_t> shape = typeOf(v).getShape();
  if (!typeOf(v).hasStaticShape() || shape.size() < 3 || shape.size() > 4)
    return {};
  int64_t lead = 1;
  for (int64_t d : shape.drop_back(2))
    lead *= d;
  if (lead != batch * heads)
    return {};
  return reshapeTo(b, v, {batch, heads, shape[shape.size() - 2], shape.back()});
}

// The operand before a scalar factor, also one in front of a transpose or reshape of it.
Value Recognition::stripScale(Value v) {
  SmallVector<Operation *> moves;
  Value x = v;
  while (isa_and_nonnull<TransposeOp, ReshapeOp>(x.getDefiningOp()) && moves.size() < 4) {
    moves.push_back(x.getDefiningOp());
    x = moves.back()->getOperand(0);
  }
  std::optional<Scaled> scaled = matchScaled(x);
  if (!scaled)
    return v;
  scale *= scaled->scalar;
  x = scaled->x;
  for (Operation *move : llvm::reverse(moves)) {
    IRMapping map;
    map.map(move->getOperand(0), x);
    x = b.clone(*move, map)->getResult(0);
  }
  return x;
}

// reshape(broadcast([B, G, 1, S, D])) => [B, G, S, D], where the broadcast repeats each of G heads, in any layout.
Value Recognition::stripRepeat(Value v) {
  Perm perm = llvm::to_vector(llvm::seq<int64_t>(0, 4));
  if (auto transpose = v.getDefiningOp<TransposeOp>()) {
    perm = Perm(transpose.getPerm());
    v = transpose.getX();
  }
  auto merge = v.getDefiningOp<ReshapeOp>();
  auto repeat = merge ? merge.getX().getDefiningOp<BroadcastOp>() : BroadcastOp();
  if (!repeat || typeOf(merge).getRank() != 4)
    return {};
  ArrayRef<int64_t> wide = typeOf(repeat).getShape(), narrow = typeOf(repeat.getX()).getShape();
  int64_t at = perm[1]; // where the heads are
  if (wide.size() != 5 || narrow.size() != 5 || narrow[at + 1] != 1)
    return {};
  SmallVector<int64_t> merged(wide), kept(narrow);
  merged[at] *= merged[at + 1];
  merged.erase(merged.begin() + at + 1);
  kept.erase(kept.begin() + at + 1);
  SmallVector<int64_t> others(wide);
  others[at + 1] = 1;
  if (typeOf(merge).getShape() != ArrayRef<int64_t>(merged) || narrow != ArrayRef<int64_t>(others))
    return {};
  Value x = reshapeTo(b, repeat.getX(), kept);
  if (llvm::is_sorted(perm))
    return x;
  return TransposeOp::create(b, x.getLoc(), typeOf(x).clone(applyPermutation(kept, perm)), x, perm);
}

// `v` is [B, H, S, D].
Recognition::Operand Recognition::place(Value v) {
  if (Value free = freeForm(b, v, swapHeads))
    return {free, false};
  return {v, true};
}

//===-- The whole -----------------------------------------------------------------------------------------------===//

bool Recognition::run() {
  RankedTensorType type = typeOf(softmax.getResult());
  if (softmax.getLog() || int64_t(softmax.getAxis()) != type.getRank() - 1 || type.getRank() < 3 ||
      !softmax.getResult().hasOneUse())
    return false;
  // softmax(...) v, through a reshape of the leading dimensions.
  Value weights = softmax.getResult();
  while (auto reshape = dyn_cast<ReshapeOp>(*weights.user_begin())) {
    auto from = typeOf(weights).getShape(), to = typeOf(reshape.getResult()).getShape();
    if (to.size() < 3 || from.take_back(2) != to.take_back(2) || !reshape->hasOneUse())
      return false;
    weights = reshape.getResult();
  }
  auto product = dyn_cast<MatmulOp>(*weights.user_begin());
  if (!product || product.getX() != weights || product.getW() == weights)
    return false;
  if (!isIdentityEpilogue(product.getEpilogue()))
    return decline("the product with the values has an epilogue");
  if (!type.getElementType().isF32())
    return decline("its element type is not f32");
  if (!findScores(softmax.getX()) || !findShape())
    return false;

  auto transposed = [&](MatmulOp op) -> Value { // w as [..., N, K]
    if (op.getTransposeW())
      return op.getW();
    int64_t rank = typeOf(op.getW()).getRank();
    Perm perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(perm[rank - 1], perm[rank - 2]);
    return TransposeOp::create(
        b, op.getLoc(), typeOf(op.getW()).clone(applyPermutation(typeOf(op.getW()).getShape(), perm)), op.getW(), perm);
  };
  Value q = asHeads(scores.getX()), k = asHeads(transposed(scores));
  Value v = product.getW();
  if (product.getTransposeW()) {
    int64_t rank = typeOf(v).getRank();
    Perm perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(perm[rank - 1], perm[rank - 2]);
    v = TransposeOp::create(b, product.getLoc(), typeOf(v).clone(applyPermutation(typeOf(v).getShape(), perm)), v,
                            perm);
  }
  v = asHeads(v);
  if (!q || !k || !v || typeOf(v).getDimSize(2) != keys)
    return decline("queries, keys and values do not have the same heads");
  // transpose(transpose(x)) of the keys is one.
  auto compose = [&](Value x) -> Value {
    auto outer = x.getDefiningOp<TransposeOp>();
    auto inner = outer ? outer.getX().getDefiningOp<TransposeOp>() : TransposeOp();
    if (!inner)
      return x;
    Perm perm = applyPermutation(inner.getPerm(), outer.getPerm());
    if (llvm::is_sorted(perm))
      return inner.getX();
    return TransposeOp::create(b, x.getLoc(), outer.getType(), inner.getX(), perm);
  };
  q = compose(stripScale(q));
  k = compose(stripScale(compose(k)));
  v = compose(v);
  Value oneK = stripRepeat(k), oneV = stripRepeat(v);
  if (oneK && oneV && typeOf(oneK).getDimSize(1) == typeOf(oneV).getDimSize(1)) {
    k = oneK;
    v = oneV;
  }
  if (mask) {
    MaskKind kind = masks.kindOf(mask, queries, keys);
    causal = kind == MaskKind::causal;
    if (kind != MaskKind::other) {
      mask = {};
    } else if (typeOf(mask).getRank() == 3 && typeOf(mask).getDimSize(0) != 1) {
      if (typeOf(mask).getDimSize(0) == batch * heads)
        mask = reshapeTo(b, mask, {batch, heads, typeOf(mask).getDimSize(1), typeOf(mask).getDimSize(2)});
      else if (typeOf(scores).getRank() == 3)
        return decline("the mask does not have the scores' heads");
    }
  }
  int64_t extents[] = {batch, heads, queries, keys};
  if (mask)
    for (auto [m, s] : llvm::zip(llvm::reverse(typeOf(mask).getShape()), llvm::reverse(extents)))
      if (m != 1 && m != s)
        return decline("the mask does not broadcast to the scores");

  Operand qp = place(q), kp = place(k), vp = place(v);
  int64_t width = typeOf(v).getDimSize(3);
  b.setInsertionPoint(product);
  auto flag = [&](bool x) { return x ? b.getUnitAttr() : UnitAttr(); };
  auto attention = AttentionOp::create(b, product.getLoc(), type.clone({batch, queries, heads, width}), qp.value,
                                       kp.value, vp.value, mask, b.getF64FloatAttr(scale), flag(causal),
                                       flag(qp.headsFirst), flag(kp.headsFirst), flag(vp.headsFirst), UnitAttr());
  product.getResult().replaceAllUsesWith(result(product, attention));
  return true;
}

// What the product's users get: [B, S, H, D] where they transpose to it anyway, else [B, H, S, D] as it was.
Value Recognition::result(MatmulOp product, Value attention) {
  RankedTensorType old = product.getType(), rows = typeOf(attention);
  SmallVector<int64_t> heads4 = applyPermutation(rows.getShape(), ArrayRef<int64_t>(swapHeads));
  b.setInsertionPointAfter(attention.getDefiningOp());
  // The users' view of [B, S, H, D], through the reshape between ranks 3 and 4.
  bool isRead = false;
  auto back = TransposeOp::create(b, product.getLoc(), rows.clone(heads4), attention, swapHeads);
  Value view = reshapeTo(b, back, old.getShape());
  for (Operation *user : llvm::make_early_inc_range(product.getResult().getUsers())) {
    Operation *move = user;
    if (auto reshape = dyn_cast<ReshapeOp>(user); reshape && reshape->hasOneUse())
      move = *reshape->user_begin();
    auto transpose = dyn_cast<TransposeOp>(move);
    if (!transpose)
      continue;
    // transpose([reshape](view), perm) as a form of the attention's own result
    IRMapping map;
    map.map(product.getResult(), view);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(transpose);
    Value source = view;
    if (move != user)
      source = b.clone(*user, map)->getResult(0);
    if (Value free = freeForm(b, source, transpose.getPerm())) {
      transpose.replaceAllUsesWith(free);
      isRead = true;
    }
  }
  if (isRead)
    return view;
  attention.getDefiningOp<AttentionOp>().setResultHeadsFirst(true);
  attention.setType(rows.clone(heads4));
  if (view.getDefiningOp() != back)
    view = reshapeTo(b, attention, old.getShape());
  else
    view = attention;
  return view;
}

struct RecogniseAttentionPass : impl::RecogniseAttentionBase<RecogniseAttentionPass> {
  using RecogniseAttentionBase::RecogniseAttentionBase;
  void runOnOperation() override {
    MaskCache masks;
    SmallVector<SoftmaxOp> all;
    getOperation()->walk([&](SoftmaxOp op) { all.push_back(op); });
    for (SoftmaxOp op : all)
      Recognition(op, remarks, masks).run();
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
