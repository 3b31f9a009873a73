// ONNX's text syntax, for people and tests. libonnx's parser throws and recurses on bad text, so a scan refuses what it
// cannot survive.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace onnx {
class ModelProto;
} // namespace onnx

namespace nncc {

llvm::Error readText(llvm::StringRef text, onnx::ModelProto &model);

} // namespace nncc
