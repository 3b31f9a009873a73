// Computes what depends on weights alone: folders see small constants only, these may be as large as the model. Every
// result is what the op would give at run time, and bytes that only move stay as they are.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
#include "passes/graph/Weights.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_FOLDWEIGHTS
#include "passes/graph/Passes.h.inc"
namespace {
DenseResourceElementsAttr resourceOf(arith::ConstantOp op) {
  return dyn_cast<DenseResourceElementsAttr>(op.getValue());
}

// Constants share blobs. One that this pass made goes with its last user, so that a chain of weights takes one copy.
class Folding {
public:
  void run(Operation *root);

private:
  void transposeInside(MatmulOp matmul);
  Value fold(Operation *op, OpBuilder &b);
  Value foldBytes(Operation *op, OpBuilder &b);
  Value foldConcat(ConcatOp op, OpBuilder &b);
  Value foldSlice(SliceOp op, OpBuilder &b);
  Value foldCumSum(CumSumOp op, OpBuilder &b);
  Value foldGatherND(GatherNDOp op, OpBuilder &b);
  template <class T> Value foldArithmetic(Operation *op, OpBuilder &b);
  bool mayCreate(Operation *op);
  Value create(OpBuilder &b, Operation *op, function_ref<void(MutableArrayRef<char>)> fill) {
    return createWeights(b, op->getLoc(), typeOf(op->getResult(0)), "folded" + std::to_string(created++), fill);
  }
  void eraseConstant(arith::ConstantOp op);
  void count(Value value, bool own);

  struct Blob {
    unsigned users = 0;
    bool isOwn = false;
  };
  llvm::StringMap<Blob> blobs;
  unsigned created = 0;
  int64_t modelBytes = 0, ownBytes = 0; // of blobs that live: the model's, and those made here
};

void Folding::count(Value value, bool own) {
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    if (auto resource = resourceOf(constant)) {
      Blob &blob = blobs[resource.getRawHandle().getKey()];
      if (!blob.users++) {
        blob.isOwn = own;
        (own ? ownBytes : modelBytes) += sizeOf(cast<RankedTensorType>(resource.getType()));
      }
    }
}

void Folding::eraseConstant(arith::ConstantOp op) {
  if (auto resource = resourceOf(op)) {
    DenseResourceElementsHandle handle = resource.getRawHandle();
    Blob &blob = blobs[handle.getKey()];
    if (--blob.users == 0 && blob.isOwn) {
      ownBytes -= sizeOf(cast<RankedTensorType>(resource.getType()));
      DenseResourceElementsHandle::getManagerInterface(op.getContext())
          .getBlobManager()
          .update(handle.getKey(), AsmResourceBlob());
    }
  }
  op.erase();
}

void Folding::run(Operation *root) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) {
    if (isa<arith::ConstantOp>(op))
      count(op->getResult(0), false);
    else if (op->getDialect() && isa<NNDialect>(op->getDialect()) && op->getNumResults() == 1)
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    if (auto matmul = dyn_cast<MatmulOp>(op)) {
      transposeInside(matmul);
      continue;
    }
    auto isConstant = [](Value v) { return bool(v.getDefiningOp<arith::ConstantOp>()); };
    if (!op->getNumOperands() || !llvm::all_of(op->getOperands(), isConstant))
      continue;
    // A transpose that only matmuls read becomes an attribute of theirs.
    auto isSwap = [&](Operation *user) {
      auto transpose = dyn_cast<TransposeOp>(op);
      auto matmul = dyn_cast<MatmulOp>(user);
      return transpose && matmul && matmul.getX() != transpose.getResult() && transpose.getPerm().size() == 2 &&
             transpose.getPerm()[0] == 1;
    };
    if (!op->use_empty() && llvm::all_of(op->getUsers(), isSwap))
      continue;
    OpBuilder b(op);
    Value folded = fold(op, b);
    if (!folded)
      continue;
    count(folded, true);
    op->replaceAllUsesWith(ValueRange(folded));
    SmallPtrSet<Operation *, 4> operands;
    for (Value operand : op->getOperands())
      operands.insert(operand.getDefiningOp());
    op->erase();
    for (Operation *operand : operands)
      if (operand->use_empty())
        eraseConstant(cast<arith::ConstantOp>(operand));
  }
}

// matmul(x, transpose(w)) <=> matmul(x, w) {transposeW}
void Folding::transposeInside(MatmulOp matmul) {
  auto transpose = matmul.getW().getDefiningOp<TransposeOp>();
  if (!transpose || transpose.getPerm() != ArrayRef<int64_t>(lastTwoSwapped(transpose.getPerm().size())))
    return;
  matmul.getWMutable().assign(transpose.getX());
  matmul.setTransposeW(!matmul.getTransposeW());
  if (transpose.use_empty())
    transpose.erase();
}

// Whether the result takes no more bytes than what it is made of, and all of them together stay within bounds.
bool Folding::mayCreate(Operation *op) {
  constexpr int64_t always = 4096, least = int64_t(1) << 26;
  int64_t size = sizeOf(typeOf(op->getResult(0))), sources = 0;
  llvm::SmallPtrSet<Value, 4> distinct;
  for (Value operand : op->getOperands())
    if (distinct.insert(operand).second)
      sources += sizeOf(typeOf(operand));
  return size <= always || (size <= sources && ownBytes + size <= std::max(least, 2 * modelBytes));
}

//===-- Ops -----------------------------------------------------------------------------------------------------===//

// Ops that IEEE rounds correctly, so that it makes no difference where they are computed.
template <class T> auto functionOf(Operation *op) -> T (*)(T, T) {
  if (isa<AddOp>(op))
    return [](T x, T y) { return x + y; };
  if (isa<SubOp>(op))
    return [](T x, T y) { return x - y; };
  if (isa<MulOp>(op))
    return [](T x, T y) { return x * y; };
  if (isa<DivOp>(op))
    return [](T x, T y) { return x / y; };
  if (isa<NegOp>(op))
    return [](T x, T) { return -x; };
  if (isa<SqrtOp>(op))
    return [](T x, T) { return std::sqrt(x); };
  if (isa<ReciprocalOp>(op))
    return [](T x, T) { return 1 / x; };
  return nullptr;
}

// Broadcasting must not make more data of what was there.
template <class T> Value Folding::foldArithmetic(Operation *op, OpBuilder &b) {
  auto function = functionOf<T>(op);
  if (!function)
    return {};
  Weights x = *Weights::of(op->getOperand(0)), y = *Weights::of(op->getOperands().back());
  RankedTensorType type = typeOf(op->getResult(0));
  if (type.getNumElements() > std::max(x.type.getNumElements(), y.type.getNumElements()))
    return {};
  return create(b, op, [&](MutableArrayRef<char> out) {
    int64_t columns = type.getRank() ? type.getShape().back() : 1;
    auto step = [&](const Weights &w) { return w.type.getRank() && w.type.getShape().back() != 1 ? 1 : 0; };
    for (int64_t row = 0, n = type.getNumElements(); row < n; row += columns) {
      int64_t i = broadcastOffset(x.type.getShape(), type.getShape(), row);
      int64_t j = broadcastOffset(y.type.getShape(), type.getShape(), row);
      for (int64_t c = 0; c < columns; c++) {
        T value = function(x.load<T>(i + c * step(x)), y.load<T>(j + c * step(y)));
        std::memcpy(out.data() + (row + c) * sizeof(T), &value, sizeof(T));
      }
    }
  });
}

Value Folding::foldSlice(SliceOp op, OpBuilder &b) {
  Weights x = *Weights::of(op.getX());
  return create(b, op, [&](MutableArrayRef<char> out) {
    ArrayRef<int64_t> sizes = op.getSizes();
    SmallVector<int64_t> strides = computeStrides(x.type.getShape()), toStrides = computeStrides(sizes);
    int64_t width = x.width(), rank = sizes.size(), columns = rank ? sizes.back() : 1;
    for (int64_t row = 0, n = op.getType().getNumElements(); row < n; row += columns) {
      int64_t offset = 0;
      for (int64_t d = 0; d < rank; d++)
        offset += (op.getStarts()[d] + row / toStrides[d] % sizes[d] * op.getSteps()[d]) * strides[d];
      for (int64_t c = 0; c < columns; c++)
        std::memcpy(out.data() + (row + c) * width, x.at(offset + c * (rank ? op.getSteps().back() : 1)), width);
    }
  });
}

Value Folding::foldConcat(ConcatOp op, OpBuilder &b) {
  return create(b, op, [&](MutableArrayRef<char> out) {
    auto sizeFrom = [&](Value v) {
      int64_t size = 1;
      for (int64_t d : typeOf(v).getShape().drop_front(op.getAxis()))
        size *= d;
      return size;
    };
    int64_t total = sizeFrom(op.getResult()), before = 0;
    for (Value operand : op.getXs()) {
      Weights x = *Weights::of(operand);
      int64_t size = sizeFrom(operand), width = x.width();
      for (int64_t i = 0, rows = size ? x.type.getNumElements() / size : 0; i < rows; i++) {
        char *to = out.data() + (i * total + before) * width;
        if (!x.isSplat)
          std::memcpy(to, x.at(i * size), size * width);
        else
          for (int64_t j = 0; j < size; j++)
            std::memcpy(to + j * width, x.at(0), width);
      }
      before += size;
    }
  });
}

// Positions, for masks: exporters number tokens by cumulative sums and pick the numbers for queries and keys.
Value Folding::foldCumSum(CumSumOp op, OpBuilder &b) {
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  if (!type.getElementType().isSignedInteger(64))
    return {};
  Weights x = *Weights::of(op.getX());
  int64_t extent = type.getDimSize(op.getAxis()), inner = 1;
  for (int64_t d : type.getShape().drop_front(op.getAxis() + 1))
    inner *= d;
  return create(b, op, [&](MutableArrayRef<char> out) {
    for (int64_t i = 0, n = extent ? type.getNumElements() / extent : 0; i < n; i++) {
      int64_t base = i / inner * extent * inner + i % inner;
      uint64_t sum = 0; // wraps
      for (int64_t step = 0; step < extent; step++) {
        int64_t at = base + (op.getReverse() ? extent - 1 - step : step) * inner;
        uint64_t next = sum + x.load<uint64_t>(at), stored = op.getExclusive() ? sum : next;
        std::memcpy(out.data() + at * sizeof stored, &stored, sizeof stored);
        sum = next;
      }
    }
  });
}

Value Folding::foldGatherND(GatherNDOp op, OpBuilder &b) {
  Weights x = *Weights::of(op.getX()), indices = *Weights::of(op.getIndices());
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  ArrayRef<int64_t> shape = x.type.getShape();
  int64_t depth = indices.type.getShape().back(), count = indices.type.getNumElements() / std::max<int64_t>(depth, 1);
  if (op.getBatchDims() || !indices.type.getElementType().isSignedInteger(64) || !x.type.getNumElements())
    return {};
  SmallVector<int64_t> strides = computeStrides(shape), offsets;
  for (int64_t i = 0; i < count; i++) {
    int64_t offset = 0;
    for (int64_t d = 0; d < depth; d++) {
      int64_t index = indices.load<int64_t>(i * depth + d);
      if (index < -shape[d] || index >= shape[d])
        return {}; // what checks it says so
      offset += (index < 0 ? index + shape[d] : index) * strides[d];
    }
    offsets.push_back(offset);
  }
  int64_t inner = type.getNumElements() / std::max<int64_t>(count, 1), width = x.width();
  return create(b, op, [&](MutableArrayRef<char> out) {
    for (int64_t i = 0; i < count; i++)
      for (int64_t j = 0; j < inner; j++)
        std::memcpy(out.data() + (i * inner + j) * width, x.at(offsets[i] + j), width);
  });
}

// Tensors on bytes; scalars as nn's folders do.
Value Folding::fold(Operation *op, OpBuilder &b) {
  auto isKnown = [](Value v) { return Weights::of(v).has_value(); };
  if (auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType()))
    return type.hasStaticShape() && llvm::all_of(op->getOperands(), isKnown) ? foldBytes(op, b) : Value();
  SmallVector<Value> folded;
  return succeeded(b.tryFold(op, folded)) && !folded.empty() ? folded[0] : Value();
}

Value Folding::foldBytes(Operation *op, OpBuilder &b) {
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    auto constant = reshape.getX().getDefiningOp<arith::ConstantOp>();
    TypedAttr value;
    if (auto resource = resourceOf(constant))
      value = DenseResourceElementsAttr::get(reshape.getType(), resource.getRawHandle());
    else
      value = cast<DenseElementsAttr>(constant.getValue()).reshape(reshape.getType());
    return arith::ConstantOp::create(b, op->getLoc(), value);
  }
  if (!mayCreate(op))
    return {};
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return create(b, op, [&](MutableArrayRef<char> out) {
      transposeBytes(*Weights::of(transpose.getX()), transpose.getPerm(), out);
    });
  if (auto slice = dyn_cast<SliceOp>(op))
    return foldSlice(slice, b);
  if (auto concat = dyn_cast<ConcatOp>(op))
    return foldConcat(concat, b);
  if (auto cumsum = dyn_cast<CumSumOp>(op))
    return foldCumSum(cumsum, b);
  if (auto gather = dyn_cast<GatherNDOp>(op))
    return foldGatherND(gather, b);
  if (typeOf(op->getResult(0)).getElementType().isF32())
    return foldArithmetic<float>(op, b);
  if (typeOf(op->getResult(0)).getElementType().isF64())
    return foldArithmetic<double>(op, b);
  return {};
}

struct FoldWeightsPass : impl::FoldWeightsBase<FoldWeightsPass> {
  void runOnOperation() override { Folding().run(getOperation()); }
};
} // namespace
} // namespace nncc
