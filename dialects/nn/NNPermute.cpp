// PermuteInterface: what ops that name dimensions become when these are reordered.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
using namespace mlir;
using namespace nncc::nn;
using Perm = SmallVector<int64_t>;

FailureOr<Perm> nncc::nn::permuteLikeElementwise(Operation *op, ArrayRef<int64_t> perm) {
  if (int64_t(perm.size()) != typeOf(op->getResult(0)).getRank())
    return failure();
  return Perm(perm);
}

// One element broadcasts in any order.
FailureOr<Perm> nncc::nn::permuteLikeElementwise(Operation *op, unsigned operand, ArrayRef<int64_t> perm) {
  RankedTensorType type = typeOf(op->getOperand(operand));
  if (type.getRank() < int64_t(perm.size()) && llvm::all_of(type.getShape(), [](int64_t d) { return d == 1; }))
    return Perm();
  return Perm(perm);
}

static int64_t newAxis(ArrayRef<int64_t> perm, int64_t axis) { return llvm::find(perm, axis) - perm.begin(); }
static Perm newAxes(ArrayRef<int64_t> perm, ArrayRef<int64_t> axes) {
  Perm result = llvm::map_to_vector(axes, [&](int64_t axis) { return newAxis(perm, axis); });
  llvm::sort(result);
  return result;
}

void SliceOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) {
  setStarts(applyPermutation(getStarts(), perm));
  setSizes(applyPermutation(getSizes(), perm));
  setSteps(applyPermutation(getSteps(), perm));
}
void PadOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) {
  setLow(applyPermutation(getLow(), perm));
  setHigh(applyPermutation(getHigh(), perm));
}
void ConcatOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) { setAxis(newAxis(perm, getAxis())); }
void CumSumOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) { setAxis(newAxis(perm, getAxis())); }
void ArgReduceOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) { setAxis(newAxis(perm, getAxis())); }
void SoftmaxOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) { setAxis(newAxis(perm, getAxis())); }
void ReduceOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) { setAxes(newAxes(perm, getAxes())); }
void NormOp::permuteAttributes(ArrayRef<int64_t>, ArrayRef<int64_t> perm) { setAxes(newAxes(perm, getAxes())); }

//===-- Reshape -------------------------------------------------------------------------------------------------===//

// Dimensions of both sides, ones left out, that hold the same elements: the smallest groups in row-major order.
struct Group {
  Perm from, to;
};

static FailureOr<SmallVector<Group>> groupsOf(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  auto isUnit = [](int64_t d) { return d == 1; };
  SmallVector<Group> groups;
  if (llvm::count_if(from, ShapedType::isDynamic) > 1 || llvm::count_if(to, ShapedType::isDynamic) > 1 ||
      llvm::is_contained(from, 0))
    return failure();
  size_t i = 0, j = 0;
  for (;;) {
    while (i < from.size() && isUnit(from[i]))
      i++;
    while (j < to.size() && isUnit(to[j]))
      j++;
    if (i == from.size() && j == to.size())
      return groups;
    if (i == from.size() || j == to.size())
      return failure();
    int64_t x = from[i], y = to[j];
    Group group{{int64_t(i++)}, {int64_t(j++)}};
    while (x != y) {
      if (ShapedType::isDynamic(x) || ShapedType::isDynamic(y))
        return failure();
      bool growX = x < y;
      if (growX ? i == from.size() : j == to.size())
        return failure();
      int64_t d = growX ? from[i] : to[j];
      if (ShapedType::isDynamic(d))
        return failure();
      (growX ? x : y) *= d;
      if (!isUnit(d))
        (growX ? group.from : group.to).push_back(growX ? i : j);
      (growX ? i : j)++;
    }
    groups.push_back(std::move(group));
  }
}

// The order in which `to`'s dimensions follow `from`'s, permuted: groups stay whole, a one goes with the dimension
// after it.
static FailureOr<Perm> followReshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to, ArrayRef<int64_t> perm) {
  FailureOr<SmallVector<Group>> groups = groupsOf(from, to);
  if (failed(groups) || perm.size() != from.size())
    return failure();
  Perm order, result;
  for (size_t i = 0; i < perm.size();) {
    if (from[perm[i]] == 1) {
      i++;
      continue;
    }
    auto *group = llvm::find_if(*groups, [&](const Group &g) { return g.from[0] == perm[i]; });
    if (group == groups->end())
      return failure();
    for (size_t next = 0; next < group->from.size(); i++) {
      if (i == perm.size() || (from[perm[i]] != 1 && perm[i] != group->from[next]))
        return failure();
      next += from[perm[i]] != 1;
    }
    llvm::append_range(order, group->to);
  }
  // Leading ones stay in front.
  for (size_t d = 0; d < to.size() && to[d] == 1; d++)
    result.push_back(d);
  for (int64_t d : order) {
    int64_t first = d;
    while (first > 0 && to[first - 1] == 1 && !llvm::is_contained(result, first - 1))
      first--;
    llvm::append_range(result, llvm::seq(first, d + 1));
  }
  for (size_t d = 0; d < to.size(); d++)
    if (to[d] == 1 && !llvm::is_contained(result, int64_t(d)))
      result.push_back(d);
  return result;
}

FailureOr<Perm> ReshapeOp::permuteResult(unsigned, ArrayRef<int64_t> perm) {
  return followReshape(getX().getType().getShape(), getType().getShape(), perm);
}
FailureOr<Perm> ReshapeOp::permuteOperand(unsigned, ArrayRef<int64_t> perm) {
  return followReshape(getType().getShape(), getX().getType().getShape(), perm);
}

//===-- Gather --------------------------------------------------------------------------------------------------===//

// With scalar indices the axis goes, with a list of them it stays.
FailureOr<Perm> GatherOp::permuteResult(unsigned i, ArrayRef<int64_t> perm) {
  int64_t rank = typeOf(getIndices()).getRank();
  if (i != 0 || rank > 1)
    return failure();
  if (rank == 1)
    return Perm(perm);
  Perm result;
  for (int64_t d : perm)
    if (d != int64_t(getAxis()))
      result.push_back(d - (d > int64_t(getAxis())));
  return result;
}
FailureOr<Perm> GatherOp::permuteOperand(unsigned i, ArrayRef<int64_t> perm) {
  int64_t rank = typeOf(getIndices()).getRank(), axis = getAxis();
  if (rank > 1)
    return failure();
  if (i != 0)
    return Perm();
  if (rank == 1)
    return Perm(perm);
  Perm operand = llvm::map_to_vector(perm, [&](int64_t d) { return d + (d >= axis); });
  operand.insert(operand.begin() + axis, axis);
  return operand;
}
void GatherOp::permuteAttributes(ArrayRef<int64_t> operand, ArrayRef<int64_t>) { setAxis(newAxis(operand, getAxis())); }
