// FlatValues.h's implementation. Descriptors are tied to memrefs by unrealized casts, which later conversions cancel.
#include "passes/llvm/FlatValues.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
using namespace mlir;

namespace nncc {
namespace {
// The type as a memref whose strides and offset are static, or null.
MemRefType flatMemRef(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return {};
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(memref.getStridesAndOffset(strides, offset)) || ShapedType::isDynamic(offset) ||
      llvm::any_of(strides, ShapedType::isDynamic))
    return {};
  return memref;
}

Value cast(OpBuilder &b, Location loc, Value v, Type to) {
  return v.getType() == to ? v : UnrealizedConversionCastOp::create(b, loc, to, v).getResult(0);
}
} // namespace

SmallVector<Type> flatTypes(const LLVMTypeConverter &types, Type type) {
  MemRefType memref = flatMemRef(type);
  if (!memref)
    return {types.convertType(type)};
  SmallVector<Type> flat(1 + memref.getNumDynamicDims(), types.getIndexType());
  flat[0] = LLVM::LLVMPointerType::get(type.getContext());
  return flat;
}

SmallVector<Value> flatten(OpBuilder &b, Location loc, const LLVMTypeConverter &types, Value value) {
  Value converted = cast(b, loc, value, types.convertType(value.getType()));
  MemRefType memref = flatMemRef(value.getType());
  if (!memref)
    return {converted};
  MemRefDescriptor descriptor(converted);
  SmallVector<Value> flat{descriptor.alignedPtr(b, loc)};
  for (auto [i, extent] : llvm::enumerate(memref.getShape()))
    if (ShapedType::isDynamic(extent))
      flat.push_back(descriptor.size(b, loc, i));
  return flat;
}

Value unflatten(OpBuilder &b, Location loc, const LLVMTypeConverter &types, Type type, ValueRange flat) {
  MemRefType memref = flatMemRef(type);
  if (!memref)
    return cast(b, loc, flat.front(), type);
  auto descriptor = MemRefDescriptor::poison(b, loc, types.convertType(type));
  descriptor.setAllocatedPtr(b, loc, flat.front());
  descriptor.setAlignedPtr(b, loc, flat.front());
  auto [strides, offset] = memref.getStridesAndOffset();
  descriptor.setConstantOffset(b, loc, offset);
  ValueRange extents = flat.drop_front();
  for (auto [i, extent] : llvm::enumerate(memref.getShape())) {
    if (ShapedType::isDynamic(extent)) {
      descriptor.setSize(b, loc, i, extents.front());
      extents = extents.drop_front();
    } else {
      descriptor.setConstantSize(b, loc, i, extent);
    }
    descriptor.setConstantStride(b, loc, i, strides[i]);
  }
  return cast(b, loc, descriptor, type);
}
} // namespace nncc
