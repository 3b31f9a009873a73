// The errors of nncc-run: each carries the exit code that the command line promises for it.
#pragma once
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace nncc::run {

enum class ExitCode { Done = 0, Mismatch = 1, Usage = 2, Resource = 3, Internal = 4, NotCompiled = 5, RunStatus = 6 };

class RunError : public llvm::ErrorInfo<RunError> {
public:
  RunError(ExitCode code, std::string message) : code(code), message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  static char ID;
  ExitCode code;
  std::string message;
};

inline llvm::Error fail(ExitCode code, const llvm::Twine &message) {
  return llvm::make_error<RunError>(code, message.str());
}

} // namespace nncc::run
