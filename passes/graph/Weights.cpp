// Weights.h's implementation.
#include "passes/graph/Weights.h"
#include "dialects/nn/Number.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
using namespace mlir;
using namespace nncc::graph;
using nncc::nn::constantOf;

// Above this many bytes a constant is a resource, which no folder looks into.
static constexpr int64_t maxDenseBytes = 4096;

std::optional<Weights> Weights::of(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto type = constant ? dyn_cast<RankedTensorType>(constant.getType()) : RankedTensorType();
  if (!type || !type.getElementType().isIntOrFloat())
    return std::nullopt;
  bool isPacked = type.getElementTypeBitWidth() == 1;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()); dense && !isPacked)
    return Weights{type, dense.getRawData(), dense.isSplat()};
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      if (int64_t(blob->getData().size()) == sizeOf(type))
        return Weights{type, blob->getData(), false};
  return std::nullopt;
}

int64_t nncc::graph::sizeOf(RankedTensorType type) {
  return type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
}

Value nncc::graph::createWeights(OpBuilder &b, Location loc, RankedTensorType type, StringRef name,
                                 function_ref<void(MutableArrayRef<char>)> fill) {
  size_t size = sizeOf(type);
  TypedAttr value;
  if (size <= maxDenseBytes) {
    SmallVector<uint64_t> aligned((size + 7) / 8);
    MutableArrayRef<char> bytes(reinterpret_cast<char *>(aligned.data()), size);
    fill(bytes);
    value = constantOf(type, bytes);
  } else {
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(size, 64, /*dataIsMutable=*/true);
    fill(blob.getMutableData());
    value = DenseResourceElementsAttr::get(type, name, std::move(blob));
  }
  return arith::ConstantOp::create(b, loc, value);
}

// A plane of `rows` x `columns` elements: `to` is contiguous along columns, `from` along rows. In blocks, for the
// caches.
template <class T>
static void transposePlane(const char *from, int64_t fromStride, char *to, int64_t toStride, int64_t rows,
                           int64_t columns) {
  constexpr int64_t block = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += block)
    for (int64_t c0 = 0; c0 < columns; c0 += block)
      for (int64_t r = r0; r < std::min(rows, r0 + block); r++)
        for (int64_t c = c0; c < std::min(columns, c0 + block); c++)
          std::memcpy(to + (r * toStride + c) * sizeof(T), from + (c * fromStride + r) * sizeof(T), sizeof(T));
}

void nncc::graph::transposeBytes(const Weights &from, ArrayRef<int64_t> perm, MutableArrayRef<char> to) {
  int64_t width = from.width(), rank = perm.size();
  if (from.isSplat || !rank) {
    for (size_t i = 0; i < to.size(); i += width)
      std::memcpy(to.data() + i, from.bytes.data(), width);
    return;
  }
  if (to.empty())
    return;
  SmallVector<int64_t> shape = applyPermutation(from.type.getShape(), perm);
  SmallVector<int64_t> fromStrides = applyPermutation(computeStrides(from.type.getShape()), perm);
  SmallVector<int64_t> toStrides = computeStrides(shape), index(rank, 0);
  // The plane: the last dimension of each side.
  int64_t last = rank - 1, inner = llvm::find(perm, last) - perm.begin();
  auto plane = width == 1   ? transposePlane<uint8_t>
               : width == 2 ? transposePlane<uint16_t>
               : width == 4 ? transposePlane<uint32_t>
                            : transposePlane<uint64_t>;
  for (;;) {
    int64_t source = 0, target = 0;
    for (int64_t d = 0; d < rank; d++) {
      source += index[d] * fromStrides[d];
      target += index[d] * toStrides[d];
    }
    if (inner == last)
      std::memcpy(to.data() + target * width, from.bytes.data() + source * width, shape[last] * width);
    else
      plane(from.bytes.data() + source * width, fromStrides[last], to.data() + target * width, toStrides[inner],
            shape[inner], shape[last]);
    int64_t d = rank - 1;
    for (; d >= 0; d--) {
      if (d == last || d == inner)
        continue;
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
    if (d < 0)
      return;
  }
}
