// Convolutions of one image by windows of one shape, each of too few output channels to fill its vectors, are one
// convolution of the channels of all: a detector's heads. The image is read once as well.
#include "dialects/kernel/Geometry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/ConstantBytes.h"
#include "passes/schedule/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_MERGECONVOLUTIONS
#include "passes/schedule/Passes.h.inc"
namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
int64_t channelsOf(kernel::ConvOp op) { return typeOf(op.getInit()).getShape().back(); }

/// [.., a], [.., b], ... => [.., a + b + ...]; null where it has no bytes.
TypedAttr concatenated(ArrayRef<ElementsAttr> parts) {
  auto type = cast<RankedTensorType>(parts[0].getType());
  if (type.getElementTypeBitWidth() % 8)
    return {};
  size_t bytes = type.getElementTypeBitWidth() / 8;
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = 0;
  SmallVector<ConstantBytes> sources;
  for (ElementsAttr part : parts) {
    auto source = bytesOf(part);
    if (!source)
      return {};
    sources.push_back(*source);
    shape.back() += part.getShapedType().getShape().back();
  }
  auto result = RankedTensorType::get(shape, type.getElementType());
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(result.getNumElements() * bytes, 64, /*dataIsMutable=*/true);
  char *to = blob.getMutableData().data();
  for (int64_t row = 0, rows = result.getNumElements() / shape.back(); row < rows; row++)
    for (auto [part, source] : llvm::zip(parts, sources)) {
      int64_t width = part.getShapedType().getShape().back();
      for (int64_t i = 0; i < width; i++, to += bytes)
        std::memcpy(to, source.data + (source.splat ? 0 : (row * width + i) * bytes), bytes);
    }
  return DenseResourceElementsAttr::get(result, "merged", std::move(blob));
}

/// What `operand(op)` of all convolutions is along the channels of all: one value that depends on none of them, or a
/// constant of theirs. Null where there is no such form.
Value joined(OpBuilder &b, ArrayRef<kernel::ConvOp> ops, function_ref<Value(kernel::ConvOp)> operand) {
  Value first = operand(ops[0]);
  RankedTensorType type = typeOf(first);
  SmallVector<ElementsAttr> parts;
  for (kernel::ConvOp op : ops) {
    ElementsAttr part;
    if (!matchPattern(operand(op), m_Constant(&part)) || part.getShapedType().getRank() != type.getRank() ||
        part.getShapedType().getElementType() != type.getElementType())
      return {};
    parts.push_back(part);
  }
  TypedAttr all;
  if (type.getRank() == 0 || type.getShape().back() == 1) {
    // Of one channel each: that is a broadcast as well, and stays one where all have the same.
    if (!llvm::all_equal(parts))
      return {};
    all = parts[0];
  } else {
    for (auto [op, part] : llvm::zip(ops, parts))
      if (part.getShapedType().getShape().back() != channelsOf(op) ||
          part.getShapedType().getShape().drop_back() != type.getShape().drop_back())
        return {};
    all = concatenated(parts);
  }
  return all ? Value(arith::ConstantOp::create(b, operand(ops[0]).getLoc(), all)) : Value();
}

/// Whether the steps that are saved for a pixel, half a cycle each, are more than it takes to copy the parts of the
/// result from its rows, at 8 bytes in a cycle.
bool pays(ArrayRef<kernel::ConvOp> ops) {
  constexpr int64_t bytesOfStep = 4;
  kernel::ConvOp first = ops[0];
  kernel::WindowGeometry g = kernel::geometryOf(first);
  Type element = getElementTypeOrSelf(first.getX().getType());
  int64_t lanes = kernel::TargetAttr::of(first).lanesOf(element), channels = 0, vectors = 0;
  for (kernel::ConvOp op : ops) {
    channels += channelsOf(op);
    vectors += llvm::divideCeil(channelsOf(op), lanes);
  }
  int64_t saved = (vectors - llvm::divideCeil(channels, lanes)) * g.taps() * g.ic;
  return saved * bytesOfStep > 2 * channels * llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

bool isCandidate(kernel::ConvOp op) {
  if (op.getTile() || op.getWinograd() || op.getPooled() || op.getGroups() != 1 ||
      !typeOf(op.getX()).hasStaticShape() || !typeOf(op.getInit()).hasStaticShape() ||
      !matchPattern(op.getW(), m_Constant()) || !op.getInit().getDefiningOp<tensor::EmptyOp>())
    return false;
  Type element = getElementTypeOrSelf(op.getX().getType());
  return element.isIntOrFloat() && channelsOf(op) % kernel::TargetAttr::of(op).lanesOf(element);
}

/// Equal for convolutions that differ in weights, extras, output channels and epilogue alone.
Attribute shapeOf(kernel::ConvOp op) {
  SmallVector<int64_t> window(typeOf(op.getW()).getShape().drop_back());
  Builder b(op.getContext());
  return b.getArrayAttr({op.getStridesAttr(), op.getPadsAttr(), op.getDilationsAttr(), b.getDenseI64ArrayAttr(window),
                         b.getBoolAttr(op.getNchwInput()), TypeAttr::get(typeOf(op.getW()).getElementType()),
                         TypeAttr::get(typeOf(op.getInit()).getElementType())});
}

bool haveEqualEpilogues(kernel::ConvOp a, kernel::ConvOp b) {
  return a.getExtras().size() == b.getExtras().size() &&
         OperationEquivalence::isRegionEquivalentTo(&a.getEpilogue(), &b.getEpilogue(),
                                                    OperationEquivalence::IgnoreLocations);
}

/// conv(x, w1), conv(x, w2), ... => copies of slices of conv(x, concat(w1, w2, ...))
void merge(ArrayRef<kernel::ConvOp> ops) {
  kernel::ConvOp first = ops[0];
  OpBuilder b(first);
  SmallVector<Location> locations;
  int64_t channels = 0;
  for (kernel::ConvOp op : ops) {
    locations.push_back(op.getLoc());
    channels += channelsOf(op);
  }
  Location loc = b.getFusedLoc(locations);
  Value weights = joined(b, ops, [](kernel::ConvOp op) { return op.getW(); });
  SmallVector<Value> extras;
  for (unsigned i = 0; weights && i < first.getExtras().size(); i++) {
    extras.push_back(joined(b, ops, [&](kernel::ConvOp op) { return op.getExtras()[i]; }));
    if (!extras.back())
      return;
  }
  if (!weights)
    return;
  SmallVector<int64_t> shape(typeOf(first.getInit()).getShape());
  shape.back() = channels;
  Type element = typeOf(first.getInit()).getElementType();
  Value init = tensor::EmptyOp::create(b, loc, shape, element);
  auto all =
      kernel::ConvOp::create(b, loc, TypeRange(RankedTensorType::get(shape, element)), first.getX(), weights, extras,
                             init, first.getStrides(), first.getPads(), first.getDilations(), first.getGroups(),
                             first.getNchwInput(), /*pooled=*/false, /*winograd=*/nullptr, kernel::TileAttr());
  all.getEpilogue().takeBody(first.getEpilogue());
  int64_t at = 0;
  for (kernel::ConvOp op : ops) {
    RankedTensorType type = typeOf(op.getResult(0));
    SmallVector<OpFoldResult> offsets(shape.size(), b.getIndexAttr(0)), steps(shape.size(), b.getIndexAttr(1));
    offsets.back() = b.getIndexAttr(at);
    at += type.getShape().back();
    Value part = tensor::ExtractSliceOp::create(b, op.getLoc(), type, all.getResult(0), offsets,
                                                getAsIndexOpFoldResult(b.getContext(), type.getShape()), steps);
    // Rows of so few channels are read in vectors of several only where they lie side by side.
    op.getResult(0).replaceAllUsesWith(
        bufferization::AllocTensorOp::create(b, op.getLoc(), type, ValueRange(), part).getResult());
  }
  for (kernel::ConvOp op : ops)
    op.erase();
}

struct MergeConvolutionsPass : impl::MergeConvolutionsBase<MergeConvolutionsPass> {
  void runOnOperation() override {
    using Key = std::pair<std::pair<Value, Block *>, Attribute>;
    llvm::MapVector<Key, SmallVector<kernel::ConvOp, 2>> groups;
    getOperation().walk([&](kernel::ConvOp op) {
      if (isCandidate(op))
        groups[{{op.getX(), op->getBlock()}, shapeOf(op)}].push_back(op);
    });
    for (auto &[key, ops] : groups) {
      llvm::erase_if(ops, [first = ops[0]](kernel::ConvOp op) { return !haveEqualEpilogues(first, op); });
      if (ops.size() > 1 && pays(ops))
        merge(ops);
    }
  }
};

} // namespace
} // namespace nncc
