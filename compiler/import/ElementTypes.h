// ONNX's element types by number, which newer files use beyond what libonnx has names for, and what they are here.
#pragma once
#include "mlir/IR/Types.h"
#include <optional>

namespace nncc {

struct ElementType {
  int number;
  llvm::StringLiteral name;
  /// 0 where an element is not a whole number of bytes or has no fixed size.
  unsigned bytes;
};

/// Null for a number that ONNX does not have.
const ElementType *findElementType(int number);
/// The element type of tensors in nn; null where nncc does not support it.
mlir::Type importElementType(mlir::MLIRContext *context, int number);
/// The inverse, which is also nncc.h's nncc_type; 0 for a type that ONNX does not have.
int elementTypeNumber(mlir::Type type);
/// "float", "int64": as ONNX spells it.
llvm::StringRef elementTypeName(mlir::Type type);

/// The product of `dims` times `bytes`; none where a dimension is negative or the product above the limit of a tensor.
std::optional<int64_t> checkedSize(llvm::ArrayRef<int64_t> dims, int64_t bytes = 1);

} // namespace nncc
