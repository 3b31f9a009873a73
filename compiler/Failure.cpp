// How the compiler ends when it cannot go on: one line on standard error, temporary files removed, an exit code that
// says whether a resource or the compiler is at fault, and never a signal.
#include "compiler/Compiler.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <unistd.h>

namespace nncc {
namespace {
const char *toolName = "nncc"; // a literal or the tool's argument, which lives as long

// Only what a signal handler may call.
[[noreturn]] void die(ExitCode code, const char *what) {
  const char *parts[] = {toolName, ": error: ", what, "\n"};
  for (const char *part : parts)
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0)
      break;
  llvm::sys::RunInterruptHandlers(); // removes temporary files
  _exit(code);
}

[[noreturn]] void dieOfBug(const char *what) {
  static char line[512];
  std::snprintf(line, sizeof line, "internal error: %.400s (please report it with the model)", what);
  die(ExitInternal, line);
}

void onFatalError(void *, const char *reason, bool) { dieOfBug(reason); }
} // namespace

[[noreturn]] void dieOfAssertion(const char *file, unsigned line) {
  const char *name = std::strrchr(file, '/');
  char place[256];
  std::snprintf(place, sizeof place, "at %.200s:%u", name ? name + 1 : file, line);
  dieOfBug(place);
}

void installFailureHandlers(llvm::StringRef tool) {
  toolName = tool.data();
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { die(ExitResource, "out of memory"); });
  std::set_new_handler([] { die(ExitResource, "out of memory"); });
  llvm::install_fatal_error_handler(onFatalError);
  // LLVM's own handler removes temporary files, too; this one keeps the program from dying of the signal.
  llvm::sys::AddSignalHandler([](void *) { die(ExitInternal, "internal error (please report it with the model)"); },
                              nullptr);
  // After LLVM, which takes this signal too: a file that grows too large is an error of that write.
  std::signal(SIGXFSZ, SIG_IGN);
}

std::string flushOutput() {
  llvm::raw_fd_ostream &out = llvm::outs();
  out.flush();
  if (!out.has_error())
    return "";
  std::string message = "standard output: " + out.error().message();
  out.clear_error();
  return message;
}

AlternateStack::AlternateStack() : memory(new char[bytes]) {
  stack_t alternate{};
  alternate.ss_sp = memory.get();
  alternate.ss_size = bytes;
  sigaltstack(&alternate, nullptr);
}

AlternateStack::~AlternateStack() {
  stack_t alternate{};
  alternate.ss_flags = SS_DISABLE;
  sigaltstack(&alternate, nullptr);
}

} // namespace nncc

// The C library's own would print an expression of our source and abort.
extern "C" void __assert_fail(const char *, const char *file, unsigned line, const char *) noexcept {
  nncc::dieOfAssertion(file, line);
}
