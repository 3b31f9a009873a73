// EmitGenericPlan.h's implementation.
#include "passes/kernels/EmitGenericPlan.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
using namespace mlir;

namespace nncc {
namespace {

// Adds `scale` times `expr` to the coefficients; false where it is not linear.
bool addLinear(AffineExpr expr, int64_t scale, MutableArrayRef<int64_t> coefficients, int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    coefficients[dim.getPosition()] += scale;
    return true;
  }
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += scale * value.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), scale, coefficients, constant) &&
           addLinear(binary.getRHS(), scale, coefficients, constant);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return expr.getKind() == AffineExprKind::Mul && factor &&
         addLinear(binary.getLHS(), scale * factor.getValue(), coefficients, constant);
}

FailureOr<GenericOperand> planOperand(linalg::LinalgOp op, OpOperand &operand, ArrayRef<int64_t> ranges) {
  GenericOperand result;
  result.operand = &operand;
  result.argument = op.getMatchingBlockArgument(&operand);
  result.element = getElementTypeOrSelf(operand.get());
  result.read = op.payloadUsesValueFromOperand(&operand);
  result.strides.assign(ranges.size(), 0);
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  result.scalar = !type;
  if (!type)
    return result;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || llvm::is_contained(strides, ShapedType::kDynamic))
    return op.emitOpError("cannot be emitted: an operand's strides are not constant"), failure();
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (auto [expr, stride] : llvm::zip_equal(map.getResults(), strides)) {
    SmallVector<int64_t> linear(result.strides);
    int64_t constant = result.offset;
    if (addLinear(expr, stride, linear, constant)) {
      result.strides = linear;
      result.offset = constant;
    } else {
      result.terms.emplace_back(expr, stride);
    }
  }
  return result;
}

// Of vectors that change places in registers.
constexpr int64_t mostLanes = 16;

unsigned widthOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

// What combining starts from, so that lanes do not count the initial value more than once.
std::optional<TypedAttr> neutralOf(Operation *op, Type type) {
  return llvm::TypeSwitch<Operation *, std::optional<TypedAttr>>(op)
      .Case<arith::AddFOp>([&](auto) { return FloatAttr::get(type, -0.0); })
      .Case<arith::MulFOp>([&](auto) { return FloatAttr::get(type, 1.0); })
      .Case<arith::AddIOp, arith::XOrIOp>([&](auto) { return IntegerAttr::get(type, 0); })
      .Case<arith::MulIOp>([&](auto) { return IntegerAttr::get(type, 1); })
      .Case<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp, arith::MaxSIOp, arith::MaxUIOp,
            arith::MinSIOp, arith::MinUIOp, arith::AndIOp, arith::OrIOp>([](auto) { return TypedAttr(); })
      .Default([](auto) { return std::nullopt; });
}

// The accumulation of result `index`, if it is a single associative operation on the accumulator and one value, or
// comparisons and selects that choose between these two.
std::optional<GenericCombiner> findCombiner(linalg::LinalgOp op, unsigned index) {
  Block &body = *op.getBlock();
  BlockArgument acc = op.getMatchingBlockArgument(op.getDpsInitOperand(index));
  Value result = body.getTerminator()->getOperand(index);
  // What depends on the accumulator, and what it takes from elsewhere.
  llvm::SetVector<Value> dependent, outside;
  dependent.insert(acc);
  GenericCombiner combiner;
  for (Operation &inner : body.without_terminator()) {
    if (llvm::none_of(inner.getOperands(), [&](Value v) { return dependent.contains(v); }))
      continue;
    combiner.ops.push_back(&inner);
    dependent.insert(inner.result_begin(), inner.result_end());
    for (Value v : inner.getOperands())
      if (!dependent.contains(v))
        outside.insert(v);
  }
  for (OpOperand &yielded : body.getTerminator()->getOpOperands())
    if (dependent.contains(yielded.get()) && yielded.getOperandNumber() != index)
      return std::nullopt;
  if (combiner.ops.empty() || !dependent.contains(result))
    return std::nullopt;
  if (combiner.ops.size() == 1 && outside.size() == 1) {
    Operation *only = combiner.ops.front();
    std::optional<TypedAttr> neutral = neutralOf(only, acc.getType());
    if (!neutral || only->getOperand(0) == only->getOperand(1))
      return std::nullopt;
    combiner.value = outside.front();
    combiner.neutral = *neutral;
    return combiner;
  }
  // A comparison of the value with itself (is it NaN?) belongs to the choice.
  for (Value v : llvm::to_vector(outside)) {
    auto compare = v.getDefiningOp<arith::CmpFOp>();
    if (outside.size() < 2 || !compare || compare.getLhs() != compare.getRhs() || !outside.contains(compare.getLhs()) ||
        !llvm::all_of(compare->getUsers(), [&](Operation *user) { return llvm::is_contained(combiner.ops, user); }))
      continue;
    combiner.ops.insert(combiner.ops.begin(), compare);
    outside.remove(v);
  }
  if (outside.size() != 1 || outside.front().getType() != acc.getType() ||
      !llvm::all_of(combiner.ops, [](Operation *o) { return isa<arith::CmpFOp, arith::CmpIOp, arith::SelectOp>(o); }))
    return std::nullopt;
  combiner.value = outside.front();
  return combiner;
}

struct Planner {
  GenericPlan plan;
  kernel::TargetAttr target;
  SmallVector<bool> indexed; // by loop of the op: linalg.index or a non-linear map wants it

  explicit Planner(linalg::LinalgOp op) : target(kernel::TargetAttr::of(op)) { plan.op = op; }

  LogicalResult run() {
    linalg::LinalgOp op = plan.op;
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    if (llvm::is_contained(ranges, ShapedType::kDynamic))
      return op.emitOpError("cannot be emitted: its shape is not constant");
    for (OpOperand &operand : op->getOpOperands()) {
      FailureOr<GenericOperand> planned = planOperand(op, operand, ranges);
      if (failed(planned))
        return failure();
      plan.operands.push_back(*planned);
    }
    plan.inputs = op.getNumDpsInputs();
    findIndexed(ranges.size());
    sortAndCollapse(ranges);
    bool reduces = plan.isReduction();
    for (unsigned i = 0; reduces && i < unsigned(op.getNumDpsInits()); i++) {
      std::optional<GenericCombiner> combiner = findCombiner(op, i);
      if (!combiner) {
        plan.combiners.clear();
        break;
      }
      plan.combiners.push_back(*combiner);
    }
    chooseLoops();
    chooseLanes();
    chooseUnits();
    return success();
  }

  void findIndexed(unsigned rank) {
    indexed.assign(rank, false);
    for (unsigned loop = 0; loop < rank; loop++)
      for (const GenericOperand &operand : plan.operands)
        for (auto &[expr, stride] : operand.terms)
          indexed[loop] = indexed[loop] || expr.isFunctionOfDim(loop);
    for (auto index : plan.op.getBlock()->getOps<linalg::IndexOp>())
      indexed[index.getDim()] = true;
  }

  // Outermost first: by the result's strides, reductions by the first input's.
  void sortAndCollapse(ArrayRef<int64_t> ranges) {
    SmallVector<utils::IteratorType> kinds = plan.op.getIteratorTypesArray();
    SmallVector<GenericLoop> loops;
    for (auto [i, size] : llvm::enumerate(ranges))
      if (size != 1)
        loops.push_back({unsigned(i), size, kinds[i] == utils::IteratorType::reduction});
    const GenericOperand &out = plan.operands[plan.inputs];
    const GenericOperand &first = plan.operands.front();
    llvm::sort(loops, [&](const GenericLoop &x, const GenericLoop &y) {
      if (x.reduction != y.reduction)
        return y.reduction;
      const GenericOperand &by = x.reduction ? first : out;
      int64_t outer = std::abs(by.strides[x.original]), inner = std::abs(by.strides[y.original]);
      return outer != inner ? outer > inner : x.original < y.original;
    });
    for (const GenericLoop &loop : loops) {
      bool joins = !plan.loops.empty() && plan.loops.back().reduction == loop.reduction && !indexed[loop.original] &&
                   !indexed[plan.loops.back().original] && llvm::all_of(plan.operands, [&](const GenericOperand &o) {
                     return o.strides[plan.loops.back().original] == o.strides[loop.original] * loop.size;
                   });
      if (joins)
        plan.loops.back() = {loop.original, plan.loops.back().size * loop.size, loop.reduction};
      else
        plan.loops.push_back(loop);
    }
    plan.parallel = llvm::count_if(plan.loops, [](const GenericLoop &l) { return !l.reduction; });
    for (GenericOperand &operand : plan.operands) {
      SmallVector<int64_t> strides;
      for (const GenericLoop &loop : plan.loops)
        strides.push_back(operand.strides[loop.original]);
      operand.strides = strides;
      operand.bent.resize(plan.loops.size());
      for (auto [i, loop] : llvm::enumerate(plan.loops))
        for (auto &[expr, stride] : operand.terms)
          if (expr.isFunctionOfDim(loop.original))
            operand.bent.set(i);
    }
  }

  // What has no vector form runs element by element.
  bool isMappable() {
    return llvm::all_of(plan.op.getBlock()->without_terminator(), [](Operation &op) {
      return isa<linalg::IndexOp>(op) || op.hasTrait<OpTrait::ConstantLike>() ||
             OpTrait::hasElementwiseMappableTraits(&op);
    });
  }

  void chooseLoops() {
    if (!isMappable())
      return;
    // Inputs that are contiguous along the loop, and those that are neither contiguous nor invariant.
    auto count = [&](unsigned loop, bool contiguous) {
      return llvm::count_if(plan.operands, [&](const GenericOperand &o) {
        return o.read && (contiguous ? o.isContiguous(loop) : !o.isContiguous(loop) && !o.isInvariant(loop));
      });
    };
    std::optional<unsigned> inner, reduced;
    if (plan.parallel)
      inner = plan.parallel - 1;
    if (plan.isReduction())
      reduced = plan.loops.size() - 1;
    plan.vectorLoop = inner;
    if (reduced && !plan.combiners.empty() &&
        (!inner || (count(*reduced, true) && count(*inner, false)) || (!count(*inner, true) && count(*reduced, true))))
      plan.vectorLoop = reduced;
    else if (!inner)
      plan.vectorLoop.reset();
    if (chooseNarrow() || plan.isReduction() || !inner || !count(*inner, false))
      return;
    for (unsigned loop = 0; loop < *inner; loop++)
      for (const GenericOperand &o : plan.operands)
        if (o.read && plan.canTranspose(o, loop, *inner))
          plan.transposeLoop = loop;
  }

  // A contiguous loop of few steps would leave most lanes empty; the one around it fills them. Its operands are dense
  // along both, or move along one.
  bool chooseNarrow() {
    constexpr int64_t mostSteps = 16, mostCost = 400;
    int64_t lanes = std::min(lanesOfBody(), mostLanes), cost = kernel::costOf(*plan.op.getBlock());
    for (unsigned narrow = 0; narrow < plan.loops.size(); narrow++)
      for (unsigned vector = 0; vector < plan.loops.size(); vector++) {
        int64_t size = plan.loops[narrow].size;
        bool reduces = plan.loops[narrow].reduction;
        if (narrow == vector || size > mostSteps || (!reduces && size % lanes == 0) || size * cost > mostCost ||
            plan.loops[vector].size < lanes || plan.isReduction() != reduces || plan.loops[vector].reduction)
          continue;
        // Shuffles by which all vectors become mixed, and those by which all become unmixed.
        int64_t mix = 0, unmix = 0;
        bool fits = llvm::all_of(plan.operands, [&](const GenericOperand &o) {
          bool isResult = o.operand->getOperandNumber() >= plan.inputs;
          if (!o.read && !isResult)
            return true;
          if (o.isInvariant(vector) && !isResult)
            return o.scalar || !o.bent[narrow];
          if (plan.isDense(o, vector, narrow))
            return unmix += 2, true;
          mix += o.isInvariant(narrow) ? 1 : 2;
          return o.isContiguous(vector) && !o.bent[narrow];
        });
        bool isDense = llvm::any_of(plan.operands, [&](const GenericOperand &o) {
          return (o.read || o.operand->getOperandNumber() >= plan.inputs) && plan.isDense(o, vector, narrow);
        });
        if (!fits || !isDense)
          continue;
        plan.vectorLoop = vector;
        plan.narrowLoop = narrow;
        plan.mixed = !reduces && mix <= unmix;
        return true;
      }
    return false;
  }

  // As many as fit of the widest type.
  int64_t lanesOfBody() {
    unsigned widest = 8;
    for (const GenericOperand &operand : plan.operands)
      widest = std::max(widest, widthOf(operand.element));
    for (Operation &op : plan.op.getBlock()->without_terminator())
      for (Type type : op.getResultTypes())
        if (type.isIntOrIndexOrFloat())
          widest = std::max(widest, widthOf(type));
    return target.getLanes() * 32 / widest;
  }

  void chooseLanes() {
    int64_t cost = kernel::costOf(*plan.op.getBlock());
    plan.masks = target.hasMasks();
    plan.heavy = cost > 12;
    if (!plan.vectorLoop)
      return;
    plan.lanes = lanesOfBody();
    if (plan.transposeLoop || plan.narrowLoop)
      plan.lanes = std::min(plan.lanes, mostLanes);
    if (plan.narrowLoop) // its steps are vectors side by side
      return;
    if (plan.isReduction() && !plan.vectorisesReduction())
      plan.vectors = std::max<int64_t>(1, target.getRegisters() / 4 / (plan.operands.size() - plan.inputs));
    else if (plan.vectorisesReduction())
      plan.vectors = cost <= 12 ? 4 : 2;
    else
      plan.vectors = cost <= 4 ? 4 : cost <= 12 ? 2 : 1;
    // Lanes that are read one by one make long code as it is.
    if (llvm::any_of(plan.operands, [&](const GenericOperand &o) {
          return !o.isContiguous(*plan.vectorLoop) && !o.isInvariant(*plan.vectorLoop);
        }))
      plan.vectors = 1;
    int64_t whole = std::max<int64_t>(1, plan.loops[*plan.vectorLoop].size / plan.lanes);
    plan.vectors = plan.transposeLoop ? 1 : std::min(plan.vectors, whole);
  }

  // Outer loops until there is enough to divide; a long vector loop in blocks.
  void chooseUnits() {
    int64_t product = 1;
    for (unsigned loop = 0; loop < plan.parallel && product < 256; loop++) {
      int64_t size = plan.loops[loop].size, block = 1;
      if (plan.narrowLoop == loop)
        continue;
      if (plan.transposeLoop == loop)
        block = plan.lanes;
      else if (plan.vectorLoop == loop) {
        if (product >= 16 && size < 1 << 16)
          break;
        int64_t step = plan.lanes * plan.vectors, least = plan.isReduction() ? step : 1024;
        block = llvm::divideCeil(least, step) * step;
        if (block >= size && product > 1)
          break;
      }
      plan.units.push_back({loop, block, int64_t(llvm::divideCeil(size, block))});
      product *= plan.units.back().count;
    }
  }
};

} // namespace

int64_t GenericPlan::numUnits() const {
  int64_t product = 1;
  for (const Unit &unit : units)
    product *= unit.count;
  return product;
}

bool GenericPlan::isUnit(unsigned loop) const {
  return llvm::any_of(units, [&](const Unit &unit) { return unit.loop == loop; });
}

FailureOr<GenericPlan> planGeneric(linalg::LinalgOp op) {
  Planner planner(op);
  if (failed(planner.run()))
    return failure();
  return std::move(planner.plan);
}

} // namespace nncc
