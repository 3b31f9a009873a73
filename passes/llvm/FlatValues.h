// How memrefs travel between functions at this stage: a memref whose strides are static is a pointer and its free
// extents, so that signatures and closures stay short and a pointer can carry its attributes.
#pragma once
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

namespace nncc {
/// The types that stand for `type`.
llvm::SmallVector<mlir::Type> flatTypes(const mlir::LLVMTypeConverter &types, mlir::Type type);
/// The values that stand for `value`.
llvm::SmallVector<mlir::Value> flatten(mlir::OpBuilder &b, mlir::Location loc, const mlir::LLVMTypeConverter &types,
                                       mlir::Value value);
/// A value of `type` made of the values that stand for it.
mlir::Value unflatten(mlir::OpBuilder &b, mlir::Location loc, const mlir::LLVMTypeConverter &types, mlir::Type type,
                      mlir::ValueRange flat);
} // namespace nncc
