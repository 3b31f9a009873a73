// Statistics.h's implementation.
#include "compiler/Statistics.h"
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <sys/resource.h>
using namespace mlir;

namespace nncc {

void Statistics::begin(StringRef step) {
  end();
  steps.emplace_back(step.str(), 0.0);
  started = Clock::now();
  running = true;
}

void Statistics::end() {
  if (running)
    steps.back().second = std::chrono::duration<double>(Clock::now() - started).count();
  running = false;
}

void Statistics::countModel(ModuleOp module) {
  module.walk([&](Operation *op) {
    norms -= isa<nn::NormOp>(op); // what the model says itself is no fusion
    attentions -= isa<nn::AttentionOp>(op);
    if (isa_and_present<nn::NNDialect>(op->getDialect()) && !op->hasTrait<OpTrait::IsTerminator>())
      nodes++;
    if (op->hasTrait<OpTrait::ConstantLike>())
      if (auto type = dyn_cast<ShapedType>(op->getResult(0).getType()))
        parameters += type.getNumElements();
  });
}

void Statistics::countFusions(Stage stage, ModuleOp module) {
  int64_t generics = 0;
  module.walk([&](Operation *op) {
    generics += isa<linalg::GenericOp>(op);
    if (stage != Stage::Graph)
      return;
    norms += isa<nn::NormOp>(op);
    attentions += isa<nn::AttentionOp>(op);
    auto fused = dyn_cast<nn::EpilogueInterface>(op);
    epilogues += fused && !nn::isIdentityEpilogue(fused.getEpilogue());
  });
  if (stage == Stage::Lower)
    elementwise = generics;
  if (stage == Stage::Schedule)
    elementwise -= generics;
}

void Statistics::countOutput(const ModelInfo &info) {
  output = info;
  for (const NodeInfo &node : info.nodes)
    flops += node.flops;
}

void Statistics::printTimes(raw_ostream &os) const {
  double total = 0;
  for (const auto &[name, seconds] : steps) {
    os << llvm::format("%9.3f s  ", seconds) << name << "\n";
    total += seconds;
  }
  os << llvm::format("%9.3f s  ", total) << "total\n";
}

void Statistics::print(raw_ostream &os, bool json) const {
  double seconds = 0;
  for (const auto &step : steps)
    seconds += step.second;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  uint64_t peak = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  if (json) {
    os << llvm::json::Value(llvm::json::Object{{"name", output.name},
                                               {"nodes", nodes},
                                               {"steps", static_cast<uint64_t>(output.nodes.size())},
                                               {"macs", flops / 2},
                                               {"parameters", parameters},
                                               {"arena_bytes", output.arenaBytes},
                                               {"worker_bytes", output.workerBytes},
                                               {"code_bytes", codeBytes},
                                               {"weights_bytes", output.weightsBytes},
                                               {"fusions", llvm::json::Object{{"norm", norms},
                                                                              {"attention", attentions},
                                                                              {"epilogue", epilogues},
                                                                              {"elementwise", elementwise}}},
                                               {"compile_seconds", seconds},
                                               {"peak_bytes", peak}})
       << "\n";
    return;
  }
  auto row = [&](StringRef name, auto value) { os << llvm::left_justify(name, 16) << value << "\n"; };
  row("model", output.name);
  row("nodes", nodes);
  row("steps", output.nodes.size());
  row("MACs", llvm::format("%.0f", flops / 2));
  row("parameters", parameters);
  row("arena bytes", output.arenaBytes);
  row("  per worker", output.workerBytes);
  row("code bytes", codeBytes);
  row("weights bytes", output.weightsBytes);
  row("fusions", llvm::formatv("{0} norm, {1} attention, {2} epilogue, {3} elementwise", norms, attentions, epilogues,
                               elementwise));
  row("compile seconds", llvm::format("%.2f", seconds));
  row("peak bytes", peak);
}

} // namespace nncc
