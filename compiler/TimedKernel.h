// One kernel op as a model of its own, in this process: what --tune runs.
#pragma once
#include "compiler/emit/Emit.h"
#include "passes/Pipeline.h"

struct nncc_model;

namespace nncc {

class TimedKernel {
public:
  /// Compiles the op, which has no tile yet, with `tile`. Its operands are inputs, the weights packed already.
  static llvm::Expected<std::unique_ptr<TimedKernel>> create(mlir::Operation *op, kernel::TileAttr tile,
                                                             const PipelineOptions &pipeline, const Target &target);
  ~TimedKernel();
  /// Seconds of one of `runs` runs by the calling thread.
  double seconds(unsigned runs);

private:
  TimedKernel() = default;
  llvm::Error load(llvm::StringRef path);

  struct Free {
    void operator()(void *memory) const;
  };
  using Memory = std::unique_ptr<char, Free>;
  void *library = nullptr;
  const nncc_model *model = nullptr;
  std::vector<Memory> memory; // of all buffers
  std::vector<const void *> inputs;
  std::vector<void *> outputs;
  void *arena = nullptr;
};

/// A module whose @main computes the op alone from buffers, as import would leave it.
mlir::OwningOpRef<mlir::ModuleOp> isolate(mlir::Operation *op);

} // namespace nncc
