// Native objects: code from LLVM, weights put in afterwards.
#pragma once
#include "compiler/emit/Codegen.h"
#include "compiler/emit/ModelInfo.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace nncc {

/// Puts the weights into an object in which they are zero: `object` is what was written to `os`. Returns the bytes of
/// code.
llvm::Expected<uint64_t> finishObject(llvm::MemoryBufferRef object, const ModelInfo &info,
                                      llvm::ArrayRef<WeightRun> weights, llvm::raw_pwrite_stream &os);
/// Whether weights can be put into the target's objects afterwards.
bool canFinishObject(const llvm::Module &module);

} // namespace nncc
