// Models that are compiled before they run: into a shared object of a private folder, which is gone once it is loaded.
#include "Error.h"
#include "Model.h"
#include "tools/nncc/CompileFlags.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace nncc::run;

/// Reads nncc's command line. Flags that say what nncc should write have no meaning here.
static llvm::Error parse(llvm::ArrayRef<const char *> arguments, nncc::CompileOptions &options) {
  auto usage = [](const llvm::Twine &message) { return fail(ExitCode::Usage, message); };
  llvm::SmallVector<llvm::StringRef> rest(arguments.begin(), arguments.end());
  nncc::CompileFlags flags(options);
  for (size_t i = 0; i < rest.size(); i++) {
    llvm::StringRef argument = rest[i];
    std::string error;
    if (argument == "-" || !argument.starts_with("-")) {
      if (!options.input.empty())
        return usage("expected one model, got '" + options.input + "' and '" + argument + "'");
      options.input = argument.str();
    } else if (!flags.parse(rest, i, error))
      return usage("unknown option '" + argument + "'");
    if (!error.empty())
      return usage(error);
  }
  if (options.input.empty())
    return usage("expected a model; see --help");
  if (flags.hasOutput || flags.hasEmit || options.check || options.stopAfter || options.saveTemps ||
      options.stats != nncc::CompileOptions::Stats::None)
    return usage("-o, --emit, --check, --stop-after, --save-temps, --stats: options of nncc alone");
  options.emit.optLevel = options.pipeline.optLevel;
  return llvm::Error::success();
}

/// nncc has said what is wrong.
static llvm::Error compileError(int code) {
  switch (code) {
  case nncc::ExitUsage:
    return fail(ExitCode::Usage, "wrong usage of the compiler");
  case nncc::ExitResource:
    return fail(ExitCode::Resource, "a limit was exceeded while compiling");
  case nncc::ExitInternal:
    return fail(ExitCode::Internal, "internal error while compiling");
  }
  return fail(ExitCode::NotCompiled, "the model does not compile");
}

llvm::Expected<LoadedModel> nncc::run::loadCompiled(llvm::ArrayRef<const char *> arguments) {
  CompileOptions options;
  if (llvm::Error error = parse(arguments, options))
    return error;
  llvm::SmallString<128> folder;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("nncc-run", folder))
    return fail(ExitCode::Resource, "cannot make a temporary folder: " + error.message());
  llvm::scope_exit removeFolder([&] { llvm::sys::fs::remove_directories(folder); });
  llvm::SmallString<128> path = folder;
  llvm::sys::path::append(path, "model.so");
  if (int code = compileToSharedObject(std::move(options), path, llvm::errs()))
    return compileError(code);
  return loadShared(path);
}
