// Names of models and tensors as C sees them: identifiers that cannot collide, and text that a comment can hold.
#pragma once
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace nncc {

/// Whether `text` can be the prefix of a model's symbols: a C identifier that is neither reserved nor libnncc's.
bool isModelName(llvm::StringRef text);
/// A file's stem made such a prefix.
std::string modelName(llvm::StringRef stem);
/// A parameter's name for a tensor: `name` where C and C++ allow it, else something like it; `taken` counts the uses of
/// each.
std::string parameterName(llvm::StringRef name, llvm::StringMap<unsigned> &taken);
/// `name` shortened and escaped for a comment of a header.
std::string commentText(llvm::StringRef name);

} // namespace nncc
