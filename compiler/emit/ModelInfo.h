// What the outside needs to know of a compiled model, taken from the module's attributes: the header, the descriptor
// and the statistics say the same because all of them read this.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace nncc {

struct TensorInfo {
  std::string name;
  unsigned type = 0; ///< nncc_type
  std::vector<int64_t> shape;
  int32_t inPlace = -1;
  uint64_t elements() const;
  uint64_t bytes() const;
};

struct NodeInfo {
  std::string name;
  double flops = 0, bytes = 0;
};

struct ModelInfo {
  std::string name;
  std::vector<TensorInfo> inputs, outputs;
  std::vector<NodeInfo> nodes;
  uint64_t arenaBytes = 0, workerBytes = 0;
  uint64_t weightsBytes = 0, weightsHash = 0;
  bool embedsWeights = true;
  std::string cpu;       ///< the descriptor's
  uint32_t required = 0; ///< NNCC_CPU_*
};

inline constexpr uint64_t arenaAlign = 64;

/// The C type of an nncc_type, and its bytes; 0 for a type that no model can have.
llvm::StringRef cType(unsigned type);
unsigned elementBytes(unsigned type);

ModelInfo readModelInfo(mlir::ModuleOp module);

/// A run of the weights section: `pattern`, where it lies in the context or in the model's file, as often as fits.
struct WeightRun {
  uint64_t offset, bytes;
  llvm::ArrayRef<char> pattern;
};
/// The module's `nncc.weights`; what lies between the runs is zero.
std::vector<WeightRun> readWeights(mlir::ModuleOp module);
/// Calls `write` with an offset and bytes until all runs are written.
void writeWeights(llvm::ArrayRef<WeightRun> runs, llvm::function_ref<void(uint64_t, llvm::ArrayRef<char>)> write);

} // namespace nncc
