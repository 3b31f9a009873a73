// Shared objects, linked by the system's C compiler, the one program that nncc runs.
#pragma once
#include "compiler/emit/OutputFile.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nncc {
/// Links what `writeObject` writes into `file`, by way of an object of our own in the same folder.
llvm::Error linkSharedObject(OutputFile &file, llvm::function_ref<llvm::Error(OutputFile &)> writeObject);
} // namespace nncc
