// A compiled model in memory: from a shared object, or compiled on the spot.
#pragma once
#include "runtime/nncc.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace nncc::run {

struct LoadedModel {
  const nncc_model *model = nullptr;
  std::shared_ptr<void> owner; // keeps the code mapped
};

/// Loads a shared object that nncc wrote.
llvm::Expected<LoadedModel> loadShared(llvm::StringRef path);

/// Compiles what nncc's command line `arguments` names, without writing a file.
llvm::Expected<LoadedModel> loadCompiled(llvm::ArrayRef<const char *> arguments);

} // namespace nncc::run
