// nncc-run: runs a compiled model, compares its outputs with recorded ones, times and profiles it.
#include "Bench.h"
#include "Data.h"
#include "Error.h"
#include "Model.h"
#include "Options.h"
#include "Profile.h"
#include "compiler/Compiler.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include <cmath>
#include <optional>

using namespace nncc::run;
char RunError::ID;

namespace {
/// What a run found out; NaN or empty where it did not ask.
struct Report {
  std::optional<std::vector<Comparison>> comparisons; // one per output
  std::optional<Latency> latency;
  std::vector<NodeTime> nodes;

  bool equal() const {
    return !comparisons || llvm::all_of(*comparisons, [](const Comparison &c) { return c.mismatches == 0; });
  }
  /// The largest error relative to its output's scale.
  double scaleError() const {
    if (!comparisons)
      return NAN;
    double largest = 0;
    for (const Comparison &comparison : *comparisons)
      largest = std::max(largest, comparison.scaleError);
    return largest;
  }
};
} // namespace

static llvm::Error measure(const Options &options, Session &session, Machine &machine, Report &report,
                           llvm::raw_ostream &os) {
  unsigned threads = options.threads;
  if (options.bench.getNumOccurrences()) {
    auto latency = bench(session, machine, options.benchSeconds);
    if (!latency)
      return latency.takeError();
    report.latency = std::move(*latency);
    const Latency &l = *report.latency;
    os << llvm::format("median %.4g ms, min %.4g ms, p90 %.4g ms, %.5g runs/s", l.median() * 1e3, l.min() * 1e3,
                       l.p90() * 1e3, 1 / l.median())
       << llvm::format(" (%zu runs, %u thread%s; machine: %.1f GFLOP/s, reads %.1f GB/s)\n", l.seconds.size(), threads,
                       threads == 1 ? "" : "s", machine.gflops(), machine.readGBs());
  }
  if (options.profile) {
    auto nodes = profile(session, machine, options.benchSeconds);
    if (!nodes)
      return nodes.takeError();
    report.nodes = std::move(*nodes);
    printProfile(report.nodes, machine, os);
  }
  return session.checkMemory();
}

/// A number or null; JSON has no infinity, but every reader turns 1e999 into one.
static void writeNumber(llvm::json::OStream &out, llvm::StringRef key, double value) {
  out.attributeBegin(key);
  out.rawValue([&](llvm::raw_ostream &os) {
    if (std::isnan(value))
      os << "null";
    else if (std::isinf(value))
      os << "1e999";
    else
      os << llvm::format("%.6g", value);
  });
  out.attributeEnd();
}

static void writeJson(const Options &options, const Session &session, const Machine *machine, const Report &report,
                      llvm::raw_ostream &os) {
  llvm::json::OStream out(os);
  auto milliseconds = [&](double (Latency::*figure)() const) {
    return report.latency ? ((*report.latency).*figure)() * 1e3 : NAN;
  };
  out.object([&] {
    out.attribute("model", llvm::json::fixUTF8(session.model.name));
    out.attribute("threads", int64_t(options.threads));
    out.attribute("equal", report.comparisons ? llvm::json::Value(report.equal()) : nullptr);
    writeNumber(out, "median_ms", milliseconds(&Latency::median));
    writeNumber(out, "min_ms", milliseconds(&Latency::min));
    writeNumber(out, "p90_ms", milliseconds(&Latency::p90));
    out.attribute("runs", int64_t(report.latency ? report.latency->seconds.size() : 0));
    out.attribute("arena_bytes", int64_t(session.arenaBytes()));
    writeNumber(out, "max_rel_scale_error", report.scaleError());
    writeNumber(out, "peak_gflops", machine ? machine->gflops() : NAN);
    writeNumber(out, "read_gbs", machine ? machine->readGBs() : NAN);
    if (options.profile)
      out.attributeArray("nodes", [&] {
        for (const NodeTime &node : report.nodes)
          out.object([&] {
            out.attribute("name", llvm::json::fixUTF8(node.name));
            writeNumber(out, "us", node.seconds * 1e6);
            writeNumber(out, "flops", node.flops);
            writeNumber(out, "bytes", node.bytes);
            writeNumber(out, "limit_us", node.limit(*machine) * 1e6);
          });
      });
    if (report.comparisons)
      out.attributeArray("outputs", [&] {
        const nncc_tensor *tensor = session.model.output;
        for (const Comparison &comparison : *report.comparisons) {
          out.object([&] {
            out.attribute("name", llvm::json::fixUTF8(tensor->name));
            out.attribute("floats", isFloat(tensor->type));
            out.attribute("mismatches", int64_t(comparison.mismatches));
            writeNumber(out, "max_abs_error", comparison.absoluteError);
            writeNumber(out, "rel_scale_error", comparison.scaleError);
          });
          tensor++;
        }
      });
  });
  os << "\n";
}

/// What the outputs hold, for a run that neither compares, nor times, nor writes them.
static void summarise(const Session &session, llvm::raw_ostream &os) {
  for (uint32_t i = 0; i < session.model.outputs; i++) {
    const nncc_tensor &tensor = session.model.output[i];
    uint64_t elements = tensor.bytes / elementBytes(tensor.type);
    double least = INFINITY, most = -INFINITY, sum = 0;
    for (uint64_t k = 0; k < elements; k++) {
      double value = element(tensor.type, session.output(i), k);
      least = std::fmin(least, value);
      most = std::fmax(most, value);
      sum += value;
    }
    os << "output '";
    os.write_escaped(tensor.name) << "' " << describe(tensor);
    if (elements)
      os << llvm::format(": min %.6g, max %.6g, mean %.6g", least, most, sum / double(elements));
    os << "\n";
  }
}

static llvm::Expected<ExitCode> runModel(const Options &options, const nncc_model &model) {
  llvm::raw_ostream &os = options.json ? llvm::errs() : llvm::outs();
  std::vector<Tensor> expected;
  if (!options.data.empty()) {
    auto tensors = readDataSet(options.data, "output");
    if (!tensors)
      return tensors.takeError();
    expected = std::move(*tensors);
  }
  auto session = Session::create(model, {options.threads, options.unaligned, options.weights});
  if (!session)
    return session.takeError();
  if (llvm::Error error = setInputs(**session, options.data, options.inputs))
    return error;
  if (llvm::Error error = (*session)->runChecked())
    return error;
  Report report;
  std::optional<Machine> machine;
  if (options.bench.getNumOccurrences() || options.profile) {
    auto created = Machine::create((*session)->exec());
    if (!created)
      return created.takeError();
    machine = std::move(*created);
    if (llvm::Error error = measure(options, **session, *machine, report, os))
      return error;
  }
  if (!options.data.empty()) {
    auto comparisons = compareOutputs(**session, expected, {options.rtol, options.atol}, os);
    if (!comparisons)
      return comparisons.takeError();
    report.comparisons = std::move(*comparisons);
  }
  if (!options.outputDir.empty()) {
    if (llvm::Error error = writeOutputs(**session, options.outputDir))
      return error;
  } else if (options.data.empty() && !machine)
    summarise(**session, os);
  if (options.json)
    writeJson(options, **session, machine ? &*machine : nullptr, report, llvm::outs());
  return report.equal() ? ExitCode::Done : ExitCode::Mismatch;
}

static llvm::Expected<ExitCode> runTool(llvm::ArrayRef<const char *> arguments) {
  Options options;
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << "nncc-run " NNCC_VERSION "\n"; });
  if (llvm::Error error = options.parse(arguments))
    return error;
  auto loaded = options.nncc.empty() ? loadShared(options.model) : loadCompiled(options.nncc);
  if (!loaded)
    return loaded.takeError();
  return runModel(options, *loaded->model);
}

int main(int argc, char **argv) {
  nncc::installFailureHandlers("nncc-run");
  auto code = runTool({argv, size_t(argc)});
  if (std::string message = nncc::flushOutput(); !message.empty() && code)
    code = fail(ExitCode::Resource, message);
  if (code)
    return int(*code);
  int result = int(ExitCode::Internal);
  llvm::handleAllErrors(code.takeError(), [&](const RunError &error) {
    llvm::errs() << "nncc-run: error: ";
    llvm::errs().write_escaped(error.message) << "\n";
    result = int(error.code);
  });
  return result;
}
