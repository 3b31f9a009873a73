// The handler of crashes: see Signals.h. Sanitizers have one of their own, which says more.
#include "Signals.h"
#include "Error.h"
#include <csignal>
#include <cstring>
#include <unistd.h>

using namespace nncc::run;

#if __has_feature(address_sanitizer)
void nncc::run::handleSignals() {}
#else
static void crash(int signal) {
  const char *name = signal == SIGSEGV  ? "SIGSEGV"
                     : signal == SIGBUS ? "SIGBUS"
                     : signal == SIGILL ? "SIGILL"
                                        : "SIGFPE";
  char message[80] = "nncc-run: error: internal error: ";
  std::strcat(message, name);
  std::strcat(message, "\n");
  (void)!write(STDERR_FILENO, message, std::strlen(message));
  _exit(int(ExitCode::Internal));
}

void nncc::run::handleSignals() {
  static char stack[1 << 16]; // the model's may be what overflowed
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = crash;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE})
    sigaction(signal, &action, nullptr);
}
#endif
