// FlatValues.h's implementation. Descriptors are tied to memrefs by unrealized casts, which later conversions cancel.
#include "passes/llvm/FlatValues.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace nncc {
namespace {
// A memref whose strides and offset are static.
struct FlatMemRef {
  MemRefType type;
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  explicit operator bool() const { return bool(type); }
};

// Null where the type is none. One without elements has any strides, since nothing is at them.
FlatMemRef flatMemRef(Type type) {
  FlatMemRef flat{dyn_cast<MemRefType>(type), {}};
  if (!flat.type)
    return {};
  if (flat.type.hasStaticShape() && flat.type.getNumElements() == 0) {
    flat.strides = computeSuffixProduct(flat.type.getShape());
    return flat;
  }
  if (failed(flat.type.getStridesAndOffset(flat.strides, flat.offset)) || ShapedType::isDynamic(flat.offset) ||
      llvm::any_of(flat.strides, ShapedType::isDynamic))
    return {};
  return flat;
}

Value cast(OpBuilder &b, Location loc, Value v, Type to) {
  if (auto inverse = v.getDefiningOp<UnrealizedConversionCastOp>();
      inverse && inverse.getNumOperands() == 1 && inverse.getOperand(0).getType() == to)
    return inverse.getOperand(0);
  return v.getType() == to ? v : UnrealizedConversionCastOp::create(b, loc, to, v).getResult(0);
}
} // namespace

SmallVector<Type> flatTypes(const LLVMTypeConverter &types, Type type) {
  FlatMemRef memref = flatMemRef(type);
  if (!memref)
    return {types.convertType(type)};
  SmallVector<Type> flat(1 + memref.type.getNumDynamicDims(), types.getIndexType());
  flat[0] = LLVM::LLVMPointerType::get(type.getContext());
  return flat;
}

SmallVector<Value> flatten(OpBuilder &b, Location loc, const LLVMTypeConverter &types, Value value) {
  // A constant and a view at a constant offset are common enough to be worth no cast and no descriptor.
  if (IntegerAttr constant; value.getType().isIndex() && matchPattern(value, m_Constant(&constant)))
    return {LLVM::ConstantOp::create(b, loc, types.getIndexType(), constant.getInt())};
  if (auto view = value.getDefiningOp<memref::ViewOp>(); view && view.getType().hasStaticShape()) {
    Value base = flatten(b, loc, types, view.getSource()).front();
    std::optional<int64_t> offset = getConstantIntValue(view.getByteShift());
    if (offset == 0)
      return {base};
    if (offset && llvm::isInt<28>(*offset))
      return {
          LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{int32_t(*offset)})};
    Value shift = flatten(b, loc, types, view.getByteShift()).front();
    return {LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base, shift)};
  }
  Value converted = cast(b, loc, value, types.convertType(value.getType()));
  FlatMemRef memref = flatMemRef(value.getType());
  if (!memref)
    return {converted};
  MemRefDescriptor descriptor(converted);
  SmallVector<Value> flat{b.createOrFold<LLVM::ExtractValueOp>(loc, converted, ArrayRef<int64_t>{1})};
  for (auto [i, extent] : llvm::enumerate(memref.type.getShape()))
    if (ShapedType::isDynamic(extent))
      flat.push_back(descriptor.size(b, loc, i));
  return flat;
}

Value unflatten(OpBuilder &b, Location loc, const LLVMTypeConverter &types, Type type, ValueRange flat) {
  FlatMemRef memref = flatMemRef(type);
  if (!memref)
    return cast(b, loc, flat.front(), type);
  auto descriptor = MemRefDescriptor::poison(b, loc, types.convertType(type));
  descriptor.setAllocatedPtr(b, loc, flat.front());
  descriptor.setAlignedPtr(b, loc, flat.front());
  descriptor.setConstantOffset(b, loc, memref.offset);
  ValueRange extents = flat.drop_front();
  for (auto [i, extent] : llvm::enumerate(memref.type.getShape())) {
    if (ShapedType::isDynamic(extent)) {
      descriptor.setSize(b, loc, i, extents.front());
      extents = extents.drop_front();
    } else {
      descriptor.setConstantSize(b, loc, i, extent);
    }
    descriptor.setConstantStride(b, loc, i, memref.strides[i]);
  }
  return cast(b, loc, descriptor, type);
}
} // namespace nncc
