// Moves transposes to where they cost least. Each transpose proposes that the ops behind or before it compute in the
// other order of dimensions; what can follow suit makes a region, and the region is rebuilt where that leaves less to
// move. PermuteInterface says what an op becomes; weights move for free, since they are transposed at compile time.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_PROPAGATETRANSPOSES
#include "passes/graph/Passes.h.inc"
namespace {
using Perm = SmallVector<int64_t>; // empty: the identity

Perm normalize(Perm perm) {
  if (llvm::is_sorted(perm))
    perm.clear();
  return perm;
}
// As many leading dimensions as `rank` asks for, which stay in front.
Perm extend(ArrayRef<int64_t> perm, int64_t rank) {
  int64_t more = perm.empty() ? rank : rank - int64_t(perm.size());
  auto result = llvm::to_vector(llvm::seq<int64_t>(0, more));
  for (int64_t d : perm)
    result.push_back(d + more);
  return result;
}
// transpose(transpose(x, first), then)
Perm compose(ArrayRef<int64_t> first, ArrayRef<int64_t> then) {
  if (first.empty() || then.empty())
    return normalize(Perm(first.empty() ? then : first));
  return normalize(applyPermutation(extend(first, then.size()), then));
}
Perm inverse(ArrayRef<int64_t> perm) { return perm.empty() ? Perm() : invertPermutationVector(perm); }

// As a constant where `x` is one.
Value reshaped(OpBuilder &b, Value x, RankedTensorType type) {
  if (matchPattern(x, m_Constant()))
    return b.createOrFold<ReshapeOp>(x.getLoc(), type, x);
  return x.getType() == type ? x : ReshapeOp::create(b, x.getLoc(), type, x).getResult();
}

// `value` is transpose(base, perm).
struct Form {
  Value base;
  Perm perm;
};
Form formOf(Value value) {
  if (auto transpose = value.getDefiningOp<TransposeOp>())
    return {transpose.getX(), normalize(Perm(transpose.getPerm()))};
  return {value, {}};
}

// What an op of a region gives and takes instead: its result permuted by `result`, its operands by `operands`.
struct Flip {
  Perm result;
  SmallVector<Perm> operands;
};

class Propagation {
public:
  explicit Propagation(Operation *root) : root(root) {}
  void run();

private:
  using Region = llvm::MapVector<Operation *, Flip>;

  void tidy(TransposeOp op);
  void runFrom(size_t &next);
  void growFrom(Region &region, TransposeOp seed, bool forward);
  void visit(Region &region, SmallVectorImpl<Operation *> &worklist, Operation *op, ArrayRef<int64_t> perm,
             int operand);
  int64_t costOf(Value base, const Region &region);
  std::optional<int64_t> costOf(const Region &region, const Region &state);
  SmallVector<Operation *> producersFirst(const Region &region) const;
  void apply(Region &region);
  Value getForm(Value value, ArrayRef<int64_t> perm, Block *block);
  Value transposeOf(Value base, Perm perm, Block *block);
  void replace(TransposeOp transpose, Value value);
  void moveOut(scf::IfOp op, OpResult result);
  void absorb(AttentionOp op);

  Operation *root;
  SmallVector<TransposeOp> seeds; // erased ones are null
  DenseMap<Operation *, size_t> seedOf;
  DenseMap<std::pair<Value, Block *>, SmallVector<std::pair<Perm, Value>>> transposes; // by block of the users
  DenseMap<Value, Form> flipped; // an old result is transpose(base, perm) of the new one
  DenseMap<Operation *, unsigned> tries;
  DenseMap<Value, int64_t> walked; // users of a value that were looked at for regions' costs
};

// How many regions an op is tried in at most, and how many users of a value are looked at: keeps the whole linear.
constexpr unsigned maxTries = 16;
constexpr int64_t maxWalked = int64_t(1) << 16;

void Propagation::run() {
  SmallVector<TransposeOp> all;
  root->walk([&](TransposeOp op) { all.push_back(op); });
  for (TransposeOp op : all)
    tidy(op);
  size_t next = 0;
  runFrom(next);
  SmallVector<scf::IfOp> branches;
  root->walk([&](scf::IfOp op) { branches.push_back(op); });
  for (scf::IfOp op : branches)
    for (OpResult result : op.getResults())
      moveOut(op, result);
  runFrom(next);
  root->walk([&](AttentionOp op) { absorb(op); });
  for (TransposeOp op : llvm::reverse(seeds)) {
    if (!op)
      continue;
    if (!op->use_empty() && movesOnlyUnits(op.getX().getType().getShape(), op.getPerm())) {
      OpBuilder b(op);
      op.replaceAllUsesWith(reshaped(b, op.getX(), op.getType()));
    }
    if (op->use_empty())
      op.erase();
  }
}

void Propagation::runFrom(size_t &next) {
  for (; next < seeds.size(); next++)
    for (bool forward : {true, false}) {
      if (!seeds[next])
        continue;
      Region region;
      growFrom(region, seeds[next], forward);
      if (region.empty())
        continue;
      std::optional<int64_t> flipped = costOf(region, region), asIs = costOf(region, Region());
      if (flipped && asIs && *flipped < *asIs)
        apply(region);
    }
}

// transpose(transpose(x)) => transpose(x); one that moves only ones => reshape; equal ones are one op, right after x.
void Propagation::tidy(TransposeOp op) {
  Value x = op.getX();
  Perm perm(op.getPerm());
  if (auto inner = x.getDefiningOp<TransposeOp>()) {
    perm = applyPermutation(inner.getPerm(), perm);
    x = inner.getX();
  }
  op.getResult().replaceAllUsesWith(transposeOf(x, normalize(perm), op->getBlock()));
  op.erase();
}

//===-- Regions -------------------------------------------------------------------------------------------------===//

// Forward: the seed's users take its operand as it is. Backward: its operand's producer gives the seed's result.
void Propagation::growFrom(Region &region, TransposeOp seed, bool forward) {
  SmallVector<Operation *> worklist;
  if (forward)
    for (OpOperand &use : seed->getUses())
      visit(region, worklist, use.getOwner(), inverse(seed.getPerm()), use.getOperandNumber());
  else if (Operation *def = seed.getX().getDefiningOp())
    visit(region, worklist, def, seed.getPerm(), -1);
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    Flip flip = region[op];
    if (!flip.result.empty())
      for (OpOperand &use : op->getUses())
        visit(region, worklist, use.getOwner(), flip.result, use.getOperandNumber());
    for (auto [operand, perm] : llvm::zip(op->getOperands(), flip.operands))
      if (Operation *def = operand.getDefiningOp(); def && int64_t(perm.size()) == typeOf(operand).getRank())
        visit(region, worklist, def, perm, -1);
  }
}

// Adds `op` with its operand (or, with -1, its result) permuted by `perm`, if it can be.
void Propagation::visit(Region &region, SmallVectorImpl<Operation *> &worklist, Operation *op, ArrayRef<int64_t> perm,
                        int operand) {
  auto movable = dyn_cast<PermuteInterface>(op);
  if (!movable || region.contains(op) || perm.empty() ||
      (!region.empty() && region.front().first->getBlock() != op->getBlock()))
    return;
  Flip flip;
  if (operand < 0) {
    flip.result = Perm(perm);
  } else {
    FailureOr<Perm> result = movable.permuteResult(operand, perm);
    if (failed(result))
      return;
    flip.result = *result;
  }
  if (++tries[op] > maxTries)
    return;
  for (unsigned i = 0; i < op->getNumOperands(); i++) {
    if (int(i) == operand) {
      flip.operands.push_back(Perm(perm));
      continue;
    }
    FailureOr<Perm> other = movable.permuteOperand(i, flip.result);
    if (failed(other))
      return;
    flip.operands.push_back(normalize(*other));
  }
  flip.result = normalize(flip.result);
  region[op] = std::move(flip);
  worklist.push_back(op);
}

//===-- Cost ----------------------------------------------------------------------------------------------------===//

bool isHeadSwap(ArrayRef<int64_t> perm) { return perm == ArrayRef<int64_t>({0, 2, 1, 3}); }

// A convolution of few channels reads the channels-first image itself, attention reads heads and rows in either order;
// a flatten into a matmul moves into its weights.
bool readsAnyOrder(OpOperand &use, ArrayRef<int64_t> perm) {
  Operation *op = use.getOwner();
  if (isa<AttentionOp>(op))
    return use.getOperandNumber() < 3 && isHeadSwap(perm);
  if (auto conv = dyn_cast<ConvOp>(op))
    return use.getOperandNumber() == 0 && conv.getGroups() == 1 && typeOf(conv.getX()).getShape().back() <= 4;
  if (isa<ReshapeOp>(op) && op->hasOneUse())
    if (auto matmul = dyn_cast<MatmulOp>(*op->user_begin()))
      return matmul.getX() == op->getResult(0) && matchPattern(matmul.getW(), m_Constant()) &&
             typeOf(matmul.getX()).getRank() == 2 &&
             typeOf(use.get()).getDimSize(0) == typeOf(matmul.getX()).getDimSize(0);
  return false;
}

// Elements that the transposes of `base`, which is no transpose, would move with the ops of `region` flipped.
int64_t Propagation::costOf(Value base, const Region &region) {
  if (matchPattern(base, m_Constant()))
    return 0;
  SmallVector<int64_t> shape(typeOf(base).getShape());
  Perm own;
  if (Operation *def = base.getDefiningOp())
    if (auto it = region.find(def); it != region.end())
      own = inverse(it->second.result);
  int64_t size = 64;
  for (int64_t d : shape)
    size = std::min<int64_t>(size * (ShapedType::isDynamic(d) ? 64 : std::max<int64_t>(d, 1)), int64_t(1) << 50);
  bool isReadAsIs = false;
  SmallVector<std::pair<Perm, int64_t>, 2> forms;
  auto demand = [&](OpOperand &use, ArrayRef<int64_t> perm) {
    Perm form = compose(own, perm);
    if (auto it = region.find(use.getOwner()); it != region.end())
      form = compose(form, it->second.operands[use.getOperandNumber()]);
    if (form.empty()) {
      isReadAsIs = true;
      return;
    }
    bool movesNothing = movesOnlyUnits(own.empty() ? shape : applyPermutation(shape, inverse(own)), form);
    int64_t cost = readsAnyOrder(use, form) ? 0 : movesNothing ? 2 : size;
    // Between a producer and an elementwise op it costs their fusion, too.
    if (isa<ElementwiseInterface>(use.getOwner()))
      cost += cost / 2;
    auto *known = llvm::find_if(forms, [&](auto &pair) { return pair.first == form; });
    if (known == forms.end())
      forms.emplace_back(form, cost);
    else
      known->second = std::max(known->second, cost);
  };
  int64_t &users = walked[base];
  for (OpOperand &use : base.getUses()) {
    users++;
    if (auto transpose = dyn_cast<TransposeOp>(use.getOwner()))
      for (OpOperand &next : transpose->getUses()) {
        users++;
        demand(next, transpose.getPerm());
      }
    else
      demand(use, {});
  }
  if (base.getDefiningOp<AttentionOp>() && !isReadAsIs && forms.size() == 1 && isHeadSwap(forms[0].first))
    return 0;
  int64_t sum = 0;
  for (auto &form : forms)
    sum += form.second;
  return sum;
}

// None where a value has been looked at too often.
std::optional<int64_t> Propagation::costOf(const Region &region, const Region &state) {
  llvm::SmallSetVector<Value, 16> bases;
  for (auto &[op, flip] : region) {
    bases.insert(op->getResult(0));
    for (Value operand : op->getOperands())
      bases.insert(formOf(operand).base);
  }
  int64_t sum = 0;
  for (Value base : bases) {
    if (walked.lookup(base) > maxWalked)
      return std::nullopt;
    sum += costOf(base, state);
  }
  return sum;
}

//===-- Rebuilding ----------------------------------------------------------------------------------------------===//

// The transpose for users in `block`: right after `base`, or at the block's start if `base` comes from outside.
Value Propagation::transposeOf(Value base, Perm perm, Block *block) {
  if (perm.empty())
    return base;
  for (auto &[other, value] : transposes[{base, block}])
    if (other == perm)
      return value;
  OpBuilder b(root->getContext());
  if (base.getParentBlock() == block)
    b.setInsertionPointAfterValue(base);
  else
    b.setInsertionPointToStart(block);
  RankedTensorType type = typeOf(base);
  SmallVector<int64_t> shape(perm.size() - type.getRank(), 1);
  llvm::append_range(shape, type.getShape());
  RankedTensorType to = type.clone(applyPermutation(shape, perm));
  if (movesOnlyUnits(shape, perm) && (to.getRank() > type.getRank() || matchPattern(base, m_Constant())))
    return reshaped(b, base, to);
  auto result = TransposeOp::create(b, base.getLoc(), to, reshaped(b, base, type.clone(shape)), perm);
  seedOf[result] = seeds.size();
  seeds.push_back(result);
  transposes[{base, block}].emplace_back(perm, result);
  return result;
}

// transpose(value, perm), where a value of lower rank gets leading ones first.
Value Propagation::getForm(Value value, ArrayRef<int64_t> perm, Block *block) {
  Form form = formOf(value);
  if (auto it = flipped.find(form.base); it != flipped.end())
    form = {it->second.base, compose(it->second.perm, form.perm)};
  return transposeOf(form.base, compose(form.perm, perm), block);
}

SmallVector<Operation *> Propagation::producersFirst(const Region &region) const {
  SmallVector<Operation *> ready;
  DenseMap<Operation *, SmallVector<Operation *>> users;
  DenseMap<Operation *, unsigned> missing;
  for (auto &[op, flip] : region) {
    for (Value operand : op->getOperands())
      if (Operation *def = formOf(operand).base.getDefiningOp(); def && region.contains(def)) {
        users[def].push_back(op);
        missing[op]++;
      }
    if (!missing.lookup(op))
      ready.push_back(op);
  }
  for (size_t i = 0; i < ready.size(); i++)
    for (Operation *user : users.lookup(ready[i]))
      if (--missing[user] == 0)
        ready.push_back(user);
  return ready;
}

void Propagation::apply(Region &region) {
  SmallVector<Operation *> ops = producersFirst(region);
  for (Operation *op : ops) {
    const Flip &flip = region[op];
    SmallVector<Value> operands;
    for (auto [operand, perm] : llvm::zip(op->getOperands(), flip.operands))
      operands.push_back(getForm(operand, perm, op->getBlock()));
    OpBuilder b(op);
    Operation *clone = b.clone(*op);
    clone->setOperands(operands);
    Value result = clone->getResult(0);
    if (!flip.result.empty())
      result.setType(typeOf(result).clone(applyPermutation(typeOf(result).getShape(), flip.result)));
    auto full = [](ArrayRef<int64_t> perm, Value v) {
      return perm.empty() ? extend({}, typeOf(v).getRank()) : Perm(perm);
    };
    cast<PermuteInterface>(clone).permuteAttributes(full(flip.operands[0], op->getOperand(0)),
                                                    full(flip.result, op->getResult(0)));
    unsigned soFar = tries.lookup(op);
    tries[clone] = soFar;
    flipped[op->getResult(0)] = {result, inverse(flip.result)};
  }
  for (Operation *op : ops) {
    Value old = op->getResult(0);
    llvm::SmallPtrSet<Block *, 4> blocks; // with transposes of `old`
    for (OpOperand &use : llvm::make_early_inc_range(old.getUses())) {
      blocks.insert(use.getOwner()->getBlock());
      if (auto transpose = dyn_cast<TransposeOp>(use.getOwner()))
        replace(transpose, getForm(transpose.getResult(), {}, transpose->getBlock()));
      else if (!region.contains(use.getOwner()))
        use.set(getForm(old, {}, use.getOwner()->getBlock()));
    }
    for (Block *block : blocks)
      transposes.erase({old, block});
  }
  for (Operation *op : llvm::reverse(ops)) {
    flipped.erase(op->getResult(0));
    walked.erase(op->getResult(0));
    tries.erase(op);
    op->erase();
  }
}

// if { transpose(x) } else { transpose(y) } => transpose(if { x } else { y }), where y may be a constant.
void Propagation::moveOut(scf::IfOp op, OpResult result) {
  if (!isa<RankedTensorType>(result.getType()))
    return;
  SmallVector<OpOperand *> yields = {&op.thenYield()->getOpOperand(result.getResultNumber()),
                                     &op.elseYield()->getOpOperand(result.getResultNumber())};
  Perm perm;
  for (OpOperand *yield : yields)
    if (perm.empty())
      perm = formOf(yield->get()).perm;
  auto gives = [&](OpOperand *yield) {
    return matchPattern(yield->get(), m_Constant()) || formOf(yield->get()).perm == perm;
  };
  if (perm.empty() || !llvm::all_of(yields, gives))
    return;
  for (OpOperand *yield : yields)
    yield->set(getForm(yield->get(), inverse(perm), yield->getOwner()->getBlock()));
  auto uses = llvm::to_vector(llvm::make_pointer_range(result.getUses()));
  for (OpOperand *use : uses)
    transposes.erase({result, use->getOwner()->getBlock()});
  result.setType(yields[0]->get().getType());
  for (OpOperand *use : uses)
    if (auto transpose = dyn_cast<TransposeOp>(use->getOwner()))
      replace(transpose, transposeOf(result, compose(perm, transpose.getPerm()), transpose->getBlock()));
    else
      use->set(transposeOf(result, perm, use->getOwner()->getBlock()));
}

// attention(transpose(q), ...) => attention(q, ...) {qHeadsFirst the other way}, and the same for its result
void Propagation::absorb(AttentionOp op) {
  bool flags[] = {op.getQHeadsFirst(), op.getKHeadsFirst(), op.getVHeadsFirst()};
  for (unsigned i = 0; i < 3; i++) {
    Form form = formOf(op->getOperand(i));
    if (!isHeadSwap(form.perm))
      continue;
    op->setOperand(i, form.base);
    flags[i] = !flags[i];
  }
  op.setQHeadsFirst(flags[0]);
  op.setKHeadsFirst(flags[1]);
  op.setVHeadsFirst(flags[2]);
  SmallVector<Operation *> users(op->getUsers());
  auto swaps = [](Operation *user) {
    auto transpose = dyn_cast<TransposeOp>(user);
    return transpose && isHeadSwap(transpose.getPerm());
  };
  if (users.empty() || !llvm::all_of(users, swaps))
    return;
  op.setResultHeadsFirst(!op.getResultHeadsFirst());
  op.getResult().setType(cast<RankedTensorType>(users[0]->getResult(0).getType()));
  for (Operation *user : users)
    user->replaceAllUsesWith(op); // dead now: erased with the rest
}

void Propagation::replace(TransposeOp transpose, Value value) {
  transpose.getResult().replaceAllUsesWith(value);
  seeds[seedOf[transpose]] = nullptr;
  seedOf.erase(transpose);
  transpose.erase();
}

struct PropagateTransposesPass : impl::PropagateTransposesBase<PropagateTransposesPass> {
  void runOnOperation() override { Propagation(getOperation()).run(); }
};
} // namespace
} // namespace nncc
