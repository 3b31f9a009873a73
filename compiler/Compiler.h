// The compiler as a library call: a model in, files out, diagnostics to the stream that it is given. Tools only parse
// options.
#pragma once
#include "compiler/Tune.h"
#include "compiler/import/Import.h"
#include "passes/Pipeline.h"

namespace nncc {

/// What a tool exits with.
enum ExitCode { ExitDone = 0, ExitInput = 1, ExitUsage = 2, ExitResource = 3, ExitInternal = 4 };

struct CompileOptions {
  std::string input; ///< "-" for standard input
  std::string externalRoot;
  std::string name; ///< --name; empty: the input's stem
  ImportOptions import;
  TargetOptions target;
  PipelineOptions pipeline;
  EmitOptions emit;
  TuneOptions tune;
  /// Read, import and lower, report every problem, write nothing.
  bool check = false;
  /// Run stages after `startAfter` (for MLIR input) up to `stopAfter`, and print the module when that is not the last.
  Stage startAfter = Stage::Import;
  std::optional<Stage> stopAfter;
  /// Passes after which the module is printed; "all" for each.
  std::vector<std::string> printIRAfter;
  bool saveTemps = false, time = false, verbose = false;
  enum class Stats { None, Text, Json } stats = Stats::None;
};

/// Compiles; diagnostics, times and listings go to `err`, statistics to `out`. Returns an ExitCode.
int compile(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &err);

/// Compiles into a shared object under `path`, a file of the caller's that is replaced.
int compileToSharedObject(CompileOptions options, llvm::StringRef path, llvm::raw_ostream &err);

/// Makes running out of memory end in exit code 3 and a bug in 4, with one line on standard error, temporary files
/// removed. Once, at a tool's start.
void installFailureHandlers(llvm::StringRef tool);

/// Writes what standard output still holds; what went wrong with it, or nothing.
std::string flushOutput();

/// A stack for signal handlers of this thread, without which a stack overflow would end in a signal after all.
class AlternateStack {
public:
  AlternateStack();
  ~AlternateStack();

private:
  static constexpr size_t bytes = 64 * 1024;
  std::unique_ptr<char[]> memory;
};

} // namespace nncc
