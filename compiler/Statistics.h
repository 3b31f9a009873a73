// What a compilation took and made, for --time and --stats.
#pragma once
#include "compiler/emit/ModelInfo.h"
#include "passes/Pipeline.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace nncc {

class Statistics {
public:
  /// Ends the step before and begins one.
  void begin(llvm::StringRef step);
  void end();
  /// Counts what the model holds, as imported.
  void countModel(mlir::ModuleOp module);
  /// Counts what the stage fused, from the module that it leaves.
  void countFusions(Stage stage, mlir::ModuleOp module);
  void countOutput(const ModelInfo &info);
  void setCodeBytes(uint64_t bytes) { codeBytes = bytes; }

  void printTimes(llvm::raw_ostream &os) const;
  void print(llvm::raw_ostream &os, bool json) const;

private:
  using Clock = std::chrono::steady_clock;
  std::vector<std::pair<std::string, double>> steps;
  Clock::time_point started;
  bool running = false;
  uint64_t nodes = 0, parameters = 0, codeBytes = 0;
  double flops = 0;
  // Ops that one op of another kind came from or took in, by that kind.
  int64_t norms = 0, attentions = 0, epilogues = 0, elementwise = 0;
  ModelInfo output;
};

} // namespace nncc
