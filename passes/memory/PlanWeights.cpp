// Gives every constant tensor an offset in one read-only section before bufferisation, which would otherwise look for
// an equal global among all of them at each constant. The bytes are not copied or moved here: the module lists the
// attributes that hold them, and the object's writer reads them from there.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/memory/Buffers.h"
#include "passes/memory/Passes.h"
#include "llvm/Support/xxhash.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_PLANWEIGHTS
#include "passes/memory/Passes.h.inc"
namespace {
constexpr int64_t alignment = 64;

/// What decides whether two constants are the same bytes. A splat stands for its one element repeated.
struct Content {
  ArrayRef<char> raw;
  int64_t bytes;
  bool operator==(const Content &o) const { return bytes == o.bytes && raw == o.raw; }
  uint64_t hash() const {
    return llvm::xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(raw.data()), raw.size())) + bytes;
  }
};

FailureOr<Content> contentOf(arith::ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  std::optional<int64_t> bytes = staticBytes(MemRefType::get(type.getShape(), type.getElementType()));
  if (type.getElementType().isInteger(1))
    return op.emitOpError("of i1 has no place in memory");
  if (!bytes)
    return op.emitOpError("size exceeds 64 bits");
  if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue()))
    return Content{dense.getRawData(), *bytes};
  auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || int64_t(blob->getData().size()) != *bytes)
    return op.emitOpError("has no data of its type's size");
  return Content{blob->getData(), *bytes};
}

struct PlanWeightsPass : impl::PlanWeightsBase<PlanWeightsPass> {
  // Offsets follow the first appearance of each content in the program.
  FailureOr<int64_t> offsetOf(arith::ConstantOp op) {
    FailureOr<Content> content = contentOf(op);
    if (failed(content))
      return failure();
    auto &same = byHash[content->hash()];
    for (auto &[other, offset] : same)
      if (other == *content)
        return offset;
    int64_t offset = total;
    if (content->bytes > INT64_MAX - alignment ||
        __builtin_add_overflow(offset, int64_t(llvm::alignTo(content->bytes, alignment)), &total))
      return op.emitOpError("does not fit into a section of 64 bits");
    same.push_back({*content, offset});
    Builder b(op.getContext());
    listed.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("offset", b.getI64IntegerAttr(offset)), b.getNamedAttr("value", op.getValue())}));
    return offset;
  }

  static Value addSection(func::FuncOp func) {
    Builder b(func.getContext());
    unsigned at = func.getNumArguments();
    auto attributes = DictionaryAttr::get(func.getContext(), {b.getNamedAttr("nncc.weights", b.getUnitAttr())});
    (void)func.insertArgument(at, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), attributes, func.getLoc());
    return func.getArgument(at);
  }

  void runOnOperation() override {
    func::FuncOp func = entryFunction(getOperation());
    if (!func)
      return;
    byHash.clear();
    listed.clear();
    total = 0;
    SmallVector<arith::ConstantOp> constants;
    func->walk<WalkOrder::PreOrder>([&](arith::ConstantOp op) {
      if (isa<RankedTensorType>(op.getType()))
        constants.push_back(op);
    });
    Value section = addSection(func);
    for (arith::ConstantOp op : constants) {
      FailureOr<int64_t> offset = offsetOf(op);
      if (failed(offset))
        return signalPassFailure();
      auto type = cast<RankedTensorType>(op.getType());
      auto bufferType = MemRefType::get(type.getShape(), type.getElementType());
      OpBuilder b(op);
      Value at = arith::ConstantIndexOp::create(b, op.getLoc(), *offset);
      Value view = memref::ViewOp::create(b, op.getLoc(), bufferType, section, at, ValueRange());
      Value tensor =
          bufferization::ToTensorOp::create(b, op.getLoc(), type, view, /*restrict=*/true, /*writable=*/false);
      op.replaceAllUsesWith(tensor);
      op.erase();
    }
    Builder b(&getContext());
    getOperation()->setAttr("nncc.weights_bytes", b.getI64IntegerAttr(total));
    getOperation()->setAttr("nncc.weights", b.getArrayAttr(listed));
  }

  DenseMap<uint64_t, SmallVector<std::pair<Content, int64_t>, 1>> byHash;
  SmallVector<Attribute> listed;
  int64_t total = 0;
};
} // namespace
} // namespace nncc
