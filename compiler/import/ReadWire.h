// A walk over protobuf's wire format before libonnx parses it: large payloads are left in the file, and what is parsed
// holds their place instead, so that reading a model costs its graph and not its weights.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace onnx {
class ModelProto;
class TensorProto;
} // namespace onnx

namespace nncc {

/// Parses `bytes`, which must outlive `model`.
llvm::Error readWire(llvm::ArrayRef<char> bytes, onnx::ModelProto &model);

/// The payload that `readWire` left in `bytes`, the same bytes as given there.
std::optional<llvm::ArrayRef<char>> leftInFile(const onnx::TensorProto &tensor, llvm::ArrayRef<char> bytes);

} // namespace nncc
