// Tensors whose bytes lie in other files: each is opened once, only beneath the folder that the user trusts, and
// mapped.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace nncc {

/// Maps the regular file `location` beneath the folder `root`; no link and no `..` may lead out of it.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> mapExternal(llvm::StringRef root, llvm::StringRef location);

} // namespace nncc
