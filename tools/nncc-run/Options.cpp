// Parses the command line: see Options.h.
#include "Options.h"
#include "Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace nncc::run;
namespace cl = llvm::cl;

Options::RemoveForeign::RemoveForeign() {
  llvm::SmallVector<cl::Option *> foreign;
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (name != "help" && name != "version")
      foreign.push_back(option);
  for (cl::Option *option : foreign)
    option->removeArgument();
}

/// The option that an argument names, or null; `hasValue` says whether it carries one.
static cl::Option *optionOf(llvm::StringRef argument, bool &hasValue) {
  if (!argument.consume_front("-"))
    return nullptr;
  argument.consume_front("-");
  llvm::StringRef name = argument.split('=').first;
  hasValue = name.size() != argument.size();
  return cl::getRegisteredOptions().lookup(name);
}

llvm::Error Options::parse(llvm::ArrayRef<const char *> arguments) {
  llvm::SmallVector<const char *> own{arguments.front()};
  bool shared = false;
  for (size_t i = 1; i < arguments.size(); i++) {
    bool hasValue;
    cl::Option *option = optionOf(arguments[i], hasValue);
    (option ? own : nncc).push_back(arguments[i]);
    if (!option)
      shared |= llvm::StringRef(arguments[i]).ends_with(".so");
    else if (!hasValue && option->getValueExpectedFlag() == cl::ValueRequired && i + 1 < arguments.size())
      own.push_back(arguments[++i]);
  }
  if (shared)
    own.append(std::exchange(nncc, {}));
  std::string message;
  llvm::raw_string_ostream os(message);
  if (!cl::ParseCommandLineOptions(
          int(own.size()), own.data(),
          "runs models that nncc compiled; takes nncc's options too for any other model, which "
          "it compiles first\n",
          &os)) {
    llvm::StringRef first = llvm::StringRef(message).split('\n').first;
    first.consume_front(llvm::sys::path::filename(own.front()).str() + ": ");
    return fail(ExitCode::Usage, first);
  }
  if (model.empty() && nncc.empty())
    return fail(ExitCode::Usage, "expected a model; see --help");
  if (threads < 1 || threads > 1024)
    return fail(ExitCode::Usage, "--threads: expected 1 to 1024");
  if (!bench.empty() &&
      (llvm::StringRef(bench).getAsDouble(benchSeconds) || !(benchSeconds > 0 && benchSeconds <= 1e6)))
    return fail(ExitCode::Usage, "--bench: expected a number of seconds, got '" + bench + "'");
  if (!(rtol >= 0) || !(atol >= 0))
    return fail(ExitCode::Usage, "--rtol, --atol: expected a number that is not negative");
  if (!nncc.empty() && !weights.empty() && weights != "embed")
    return fail(ExitCode::Usage, "--weights: not supported yet for a model that is compiled into memory");
  if (!nncc.empty())
    weights = "";
  return llvm::Error::success();
}
