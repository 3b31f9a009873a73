// The measuring loop: see Bench.h.
#include "Bench.h"
#include <algorithm>

using namespace nncc::run;

namespace {
constexpr double sliceSeconds = 0.05; // of runs between two samples of the machine
constexpr size_t fewestRuns = 5;
} // namespace

llvm::Expected<Latency> nncc::run::bench(Session &session, Machine &machine, double seconds) {
  Latency latency;
  double warm = now() + std::min(0.1, seconds / 5);
  do
    if (llvm::Error error = session.run(session.exec()))
      return error;
  while (now() < warm);
  double end = now() + seconds;
  do {
    machine.sample();
    if (llvm::Error error = session.run(session.exec())) // the sample has evicted the caches
      return error;
    double sliceEnd = now() + sliceSeconds;
    double begin, stop;
    do {
      begin = now();
      if (llvm::Error error = session.run(session.exec()))
        return error;
      stop = now();
      latency.seconds.push_back(stop - begin);
    } while (stop < sliceEnd && stop < end);
  } while (now() < end || latency.seconds.size() < fewestRuns);
  machine.sample();
  llvm::sort(latency.seconds);
  return latency;
}
