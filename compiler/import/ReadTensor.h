// A validated tensor of the model as an attribute: small ones dense, so that folders see them, larger ones over the
// mapped file without a copy.
#pragma once
#include "compiler/import/ModelFile.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"

namespace nncc {

/// Null after a diagnostic at `loc`.
mlir::ElementsAttr readTensor(const ModelFile &file, const onnx::TensorProto &tensor, mlir::Location loc);

/// One element in ONNX's little-endian bytes, appended to `out`; false where `text` is no value of the type.
bool appendElement(llvm::StringRef text, mlir::Type type, llvm::SmallVectorImpl<char> &out);
/// Dense attribute of a tensor whose little-endian bytes these are: one byte for a bool.
mlir::DenseElementsAttr denseFromBytes(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);

} // namespace nncc
