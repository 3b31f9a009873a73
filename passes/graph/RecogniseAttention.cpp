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

// transpose(x, perm) as it is there already, through reshapes and transposes; null where something would have to move.
Value freeForm(OpBuilder &b, Value x, ArrayRef<int64_t> perm, int depth = 0) {
  SmallVector<int64_t> shape = applyPermutation(typeOf(x).getShape(), perm);
  if (movesOnlyUnits(typeOf(x).getShape(), perm))
    return reshapeOf(b, x, shape);
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
  return source ? reshapeOf(b, source, shape) : Value();
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
  MatmulOp findProduct();
  bool findScores(Value v);
  Value behindSum(AddOp add);
  Value behindWhere(WhereOp where);
  Value behindReshape(ReshapeOp reshape);
  bool addMask(Value mask, ArrayRef<int64_t> view);
  bool findShape();
  bool placeMask();
  bool findOperands(MatmulOp product);
  Value keysOf(MatmulOp product);
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
  Value q, k, v;
  double scale = 1;
  Value mask;
  Perm maskLead;         // leading extents of the scores' shape where the mask was added, if it tells these apart
  bool mustDrop = false; // the mask is right only where what it does is known and it leaves each query a key
  bool causal = false;
  int64_t batch = 0, heads = 0, queries = 0, keys = 0;
};

//===-- Scores --------------------------------------------------------------------------------------------------===//

// From the softmax's operand up to q k^T: masks, then scales, through reshapes of the leading dimensions.
bool Recognition::findScores(Value v) {
  for (int depth = 0; depth < 8; depth++) {
    Operation *def = v.getDefiningOp();
    if ((scores = dyn_cast_or_null<MatmulOp>(def))) {
      if (!isIdentityEpilogue(scores.getEpilogue()))
        return decline("the scores' product has an epilogue");
      return true;
    }
    if (std::optional<Scaled> scaled = matchScaled(v)) {
      scale *= scaled->scalar;
      v = scaled->x;
      continue;
    }
    if (auto add = dyn_cast_or_null<AddOp>(def))
      v = behindSum(add);
    else if (auto where = dyn_cast_or_null<WhereOp>(def))
      v = behindWhere(where);
    else if (auto reshape = dyn_cast_or_null<ReshapeOp>(def))
      v = behindReshape(reshape);
    else
      break;
    if (!v)
      return false;
  }
  return decline("its operand is no product of queries and keys");
}

// Whether a product stands behind `v`, on the way that findScores takes.
bool leadsToProduct(Value v) {
  for (int i = 0; i < 8; i++) {
    Operation *def = v.getDefiningOp();
    if (isa_and_nonnull<MatmulOp>(def))
      return true;
    if (!isa_and_nonnull<MulOp, DivOp, AddOp, WhereOp, ReshapeOp>(def))
      return false;
    if (auto where = dyn_cast<WhereOp>(def))
      v = where.getX();
    else
      v = def->getOperand(matchPattern(def->getOperand(0), m_Constant()) ? def->getNumOperands() - 1 : 0);
  }
  return false;
}

// scores + mask => scores
Value Recognition::behindSum(AddOp add) {
  bool left = add.getX().getType() == add.getType() && leadsToProduct(add.getX());
  if (!left && (add.getY().getType() != add.getType() || !leadsToProduct(add.getY())))
    return decline("neither operand of a sum is a product of queries and keys"), Value();
  if (scale != 1)
    return decline("a mask is added before the scores are scaled"), Value();
  if (!addMask(left ? add.getY() : add.getX(), add.getType().getShape()))
    return {};
  return left ? add.getX() : add.getY();
}

// where(condition, scores, hidden) => scores, with the mask where(condition, 0, hidden)
Value Recognition::behindWhere(WhereOp where) {
  std::optional<double> fill = scalarOf(where.getY());
  bool isInverted = !fill;
  if (isInverted)
    fill = scalarOf(where.getX());
  Value kept = isInverted ? where.getY() : where.getX();
  auto element = dyn_cast<FloatType>(typeOf(where).getElementType());
  if (!fill || *fill > hidden || scale != 1 || kept.getType() != where.getType() || !element)
    return decline("a condition selects something else than hidden scores"), Value();
  mustDrop |= *fill > absorbing;
  b.setInsertionPoint(softmax);
  if (!addMask(masks.additive(b, where.getCondition(), element, *fill, isInverted), where.getType().getShape()))
    return {};
  return kept;
}

Value Recognition::behindReshape(ReshapeOp reshape) {
  ArrayRef<int64_t> from = typeOf(reshape.getX()).getShape(), to = reshape.getType().getShape();
  if (from.size() < 3 || to.size() < 3 || from.take_back(2) != to.take_back(2))
    return decline("the scores are reshaped beyond their leading dimensions"), Value();
  return reshape.getX();
}

// `view`: the shape of the scores to which the mask is added.
bool Recognition::addMask(Value other, ArrayRef<int64_t> view) {
  if (!typeOf(other).hasStaticShape())
    return decline("a mask has a free dimension");
  auto isOne = [](Value m) { // for all batches and heads
    ArrayRef<int64_t> shape = typeOf(m).getShape();
    return shape.size() < 3 || llvm::all_of(shape.drop_back(2), [](int64_t d) { return d == 1; });
  };
  b.setInsertionPoint(softmax);
  auto asMatrix = [&](Value m) {
    ArrayRef<int64_t> shape = typeOf(m).getShape();
    return isOne(m) && shape.size() > 2 ? reshapeOf(b, m, shape.take_back(2)) : m;
  };
  if (!isOne(other)) {
    ArrayRef<int64_t> lead = view.drop_back(2);
    if (lead.size() > 2)
      return decline("a mask tells apart more than batches and heads");
    if (!maskLead.empty() && ArrayRef<int64_t>(maskLead) != lead)
      return decline("two masks number batches and heads differently");
    maskLead = Perm(lead);
  }
  if (!mask) {
    mask = typeOf(other).getRank() > 4 ? asMatrix(other) : other;
    return true;
  }
  Value x = asMatrix(mask), y = asMatrix(other);
  SmallVector<Type> types;
  if (failed(inferBroadcast(std::nullopt, {x, y}, false, types)))
    return decline("two masks do not fit");
  mask = masks.sum(b, x, y, types[0]);
  return true;
}

//===-- Operands ------------------------------------------------------------------------------------------------===//

// Batch and heads of the product's leading dimensions: of rank 3 they are one, which a reshape may have merged.
bool Recognition::findShape() {
  RankedTensorType queriesType = typeOf(scores.getX()), type = scores.getType();
  if (!type.hasStaticShape() || !queriesType.hasStaticShape() || type.getRank() < 3 || type.getRank() > 4)
    return decline("the scores have no static shape of rank 3 or 4");
  queries = type.getDimSize(type.getRank() - 2);
  keys = type.getDimSize(type.getRank() - 1);
  if (type.getRank() == 4) {
    batch = type.getDimSize(0);
    heads = type.getDimSize(1);
  } else if (maskLead.size() == 2) {
    batch = maskLead[0];
    heads = maskLead[1];
  } else {
    batch = 1;
    heads = type.getDimSize(0);
    if (auto reshape = scores.getX().getDefiningOp<ReshapeOp>())
      if (ArrayRef<int64_t> from = typeOf(reshape.getX()).getShape();
          from.size() == 4 && from.take_back(2) == queriesType.getShape().take_back(2)) {
        batch = from[0];
        heads = from[1];
      }
  }
  return batch * heads * queries * keys == type.getNumElements() || decline("the scores' heads are not to be found");
}

// The mask as the attention takes it, which broadcasts to [B, H, Sq, Sk]; none where it hides nothing or later keys.
bool Recognition::placeMask() {
  if (!mask)
    return true;
  MaskKind kind = masks.kindOf(mask, queries, keys);
  causal = kind == MaskKind::causal;
  if (kind != MaskKind::other) {
    mask = {};
    return true;
  }
  if (mustDrop)
    return decline("a condition selects scores that a sum would round");
  int64_t extents[] = {batch, heads, queries, keys};
  ArrayRef<int64_t> shape = typeOf(mask).getShape();
  if (maskLead.size() == 1 && maskLead[0] == batch * heads && shape.size() == 3)
    mask = reshapeOf(b, mask, {batch, heads, shape[1], shape[2]});
  else if (!maskLead.empty() && maskLead != ArrayRef<int64_t>(extents).take_front(2))
    return decline("the mask does not have the scores' heads");
  for (auto [m, s] : llvm::zip(llvm::reverse(typeOf(mask).getShape()), llvm::reverse(extents)))
    if (m != 1 && m != s)
      return decline("the mask does not broadcast to the scores");
  return true;
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
  return reshapeOf(b, v, {batch, heads, shape[shape.size() - 2], shape.back()});
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
  Perm perm = identityPerm(4);
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
  Value x = reshapeOf(b, repeat.getX(), kept);
  return llvm::is_sorted(perm) ? x : transposeOf(b, x, perm);
}

// `v` is [B, H, S, D].
Recognition::Operand Recognition::place(Value v) {
  if (Value free = freeForm(b, v, swapHeads))
    return {free, false};
  return {v, true};
}

// w of a product as [..., N, K].
Value Recognition::keysOf(MatmulOp product) {
  if (product.getTransposeW())
    return product.getW();
  return transposeOf(b, product.getW(), lastTwoSwapped(typeOf(product.getW()).getRank()));
}

// transpose(transpose(x)) is one.
Value mergeTransposes(OpBuilder &b, Value x) {
  auto outer = x.getDefiningOp<TransposeOp>();
  auto inner = outer ? outer.getX().getDefiningOp<TransposeOp>() : TransposeOp();
  if (!inner)
    return x;
  Perm perm = applyPermutation(inner.getPerm(), outer.getPerm());
  return llvm::is_sorted(perm) ? inner.getX() : transposeOf(b, inner.getX(), perm);
}

// [B, H, S, D] each, without scales and repeated heads.
bool Recognition::findOperands(MatmulOp product) {
  q = asHeads(scores.getX());
  k = asHeads(keysOf(scores));
  v = product.getW();
  if (product.getTransposeW())
    v = transposeOf(b, v, lastTwoSwapped(typeOf(v).getRank()));
  v = asHeads(v);
  if (!q || !k || !v || typeOf(v).getDimSize(2) != keys)
    return decline("queries, keys and values do not have the same heads");
  q = mergeTransposes(b, stripScale(q));
  k = mergeTransposes(b, stripScale(mergeTransposes(b, k)));
  v = mergeTransposes(b, v);
  Value oneK = stripRepeat(k), oneV = stripRepeat(v);
  if (oneK && oneV && typeOf(oneK).getDimSize(1) == typeOf(oneV).getDimSize(1)) {
    k = oneK;
    v = oneV;
  }
  return true;
}

//===-- The whole -----------------------------------------------------------------------------------------------===//

// softmax(...) v, through a reshape of the leading dimensions.
MatmulOp Recognition::findProduct() {
  Value weights = softmax.getResult();
  if (!weights.hasOneUse())
    return {};
  while (auto reshape = dyn_cast<ReshapeOp>(*weights.user_begin())) {
    auto from = typeOf(weights).getShape(), to = reshape.getType().getShape();
    if (to.size() < 3 || from.take_back(2) != to.take_back(2) || !reshape->hasOneUse())
      return {};
    weights = reshape.getResult();
  }
  auto product = dyn_cast<MatmulOp>(*weights.user_begin());
  bool isLeft = product && product.getX() == weights && product.getW() != weights;
  return isLeft && product->getBlock() == softmax->getBlock() ? product : MatmulOp();
}

bool Recognition::run() {
  RankedTensorType type = softmax.getType();
  if (softmax.getLog() || int64_t(softmax.getAxis()) != type.getRank() - 1 || type.getRank() < 3)
    return false;
  MatmulOp product = findProduct();
  if (!product)
    return false;
  if (!isIdentityEpilogue(product.getEpilogue()))
    return decline("the product with the values has an epilogue");
  if (!type.getElementType().isF32())
    return decline("its element type is not f32");
  if (!findScores(softmax.getX()) || !findShape())
    return false;
  b.setInsertionPoint(product); // the values may come after the softmax
  if (!findOperands(product) || !placeMask())
    return false;
  Operand qp = place(q), kp = place(k), vp = place(v);
  int64_t width = typeOf(v).getDimSize(3);
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
  Value back = transposeOf(b, attention, swapHeads);
  Value view = reshapeOf(b, back, old.getShape());
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
  if (view != back)
    view = reshapeOf(b, attention, old.getShape());
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
