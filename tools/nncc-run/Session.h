// A model with the buffers and threads to run it.
#pragma once
#include "Memory.h"
#include "Tensor.h"
#include <memory>
#include <vector>

namespace nncc::run {

struct SessionOptions {
  unsigned threads = 1;
  bool unaligned = false; // give inputs and outputs no more than their element's alignment
  std::string weights;    // the file that holds them, empty when embedded
};

class Session {
public:
  static llvm::Expected<std::unique_ptr<Session>> create(const nncc_model &model, const SessionOptions &options);

  const nncc_model &model;
  /// Null with one thread.
  const nncc_exec *exec() const { return pool ? nncc_pool_exec(pool.get()) : nullptr; }
  uint64_t arenaBytes() const { return arena.size(); }

  /// Fails unless the tensor has the input's type and shape.
  llvm::Error setInput(unsigned index, const Tensor &tensor);
  /// Numbers from a fixed seed: floats in [-1, 1), integers and bools 0 or 1, which no table is too small for.
  void setRandom(unsigned index);
  void setZeros(unsigned index);
  const uint8_t *output(unsigned index) const { return outputs[index].data(); }

  /// Runs once through nncc_run, which checks the call, then checks what the model did to memory.
  llvm::Error runChecked();
  /// Runs once; `exec` stands in for the session's. Fails with the status by name.
  llvm::Error run(const nncc_exec *exec);
  /// Fails when a run has written to an input, to the weights or outside the buffers.
  llvm::Error checkMemory() const;

private:
  Session(const nncc_model &model) : model(model), pool(nullptr, nncc_pool_destroy) {}
  llvm::Error allocate(const SessionOptions &options);
  llvm::Error readWeights(llvm::StringRef path);

  std::unique_ptr<nncc_pool, void (*)(nncc_pool *)> pool;
  std::vector<Buffer> inputs, outputs;
  Buffer arena, weights;
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  std::vector<uint64_t> inputHashes; // as they were before the first run
};

} // namespace nncc::run
