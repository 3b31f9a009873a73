// What this machine can do at most, measured on the threads that run the model, at the same time as it: the rate of
// fused multiply-adds in registers and of reading memory. They make a latency comparable between machines and minutes.
#pragma once
#include "Memory.h"
#include "runtime/nncc.h"

namespace nncc::run {

class Machine {
public:
  /// exec may be null: the calling thread alone.
  static llvm::Expected<Machine> create(const nncc_exec *exec);

  /// Measures both rates once, in some milliseconds. It evicts the caches.
  void sample();

  /// The best of the samples.
  double gflops() const { return bestGflops; }
  double readGBs() const { return bestReadGBs; }

private:
  const nncc_exec *exec = nullptr;
  Buffer memory;
  double bestGflops = 0, bestReadGBs = 0;
};

/// Seconds of a clock that only goes forward.
double now();

} // namespace nncc::run
