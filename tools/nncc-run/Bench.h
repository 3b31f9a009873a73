// Latency: warm runs, in slices, with a measurement of the machine between one slice and the next.
#pragma once
#include "Machine.h"
#include "Session.h"

namespace nncc::run {

struct Latency {
  std::vector<double> seconds; // of each timed run, ascending
  double median() const { return seconds[seconds.size() / 2]; }
  double min() const { return seconds.front(); }
  double p90() const { return seconds[(seconds.size() - 1) * 9 / 10]; }
};

llvm::Expected<Latency> bench(Session &session, Machine &machine, double seconds);

} // namespace nncc::run
