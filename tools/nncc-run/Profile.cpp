// Profiles through the executor's node hook: see Profile.h.
#include "Profile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <utility>

using namespace nncc::run;

namespace {
constexpr size_t mostRuns = 1000, fewestRuns = 5;

/// An executor around the session's that keeps the time of each step, without that of steps inside it.
class Clock {
public:
  Clock(const Session &session) : inner(session.exec()), times(session.model.nodes) {
    exec = {sizeof(nncc_exec), this, inner ? inner->workers : 1, parallelFor, begin, end, node};
  }

  nncc_exec exec;

  /// The time of each step since the last call.
  std::vector<double> take() { return std::exchange(times, std::vector<double>(times.size())); }

private:
  static Clock &self(void *user) { return *static_cast<Clock *>(user); }

  static void parallelFor(void *user, uint32_t tasks, nncc_task *task, void *context) {
    if (const nncc_exec *inner = self(user).inner)
      return inner->parallel_for(inner->user, tasks, task, context);
    for (uint32_t i = 0; i < tasks; i++)
      task(context, i, 0);
  }

  static void begin(void *user) {
    if (const nncc_exec *inner = self(user).inner)
      inner->begin(inner->user);
  }

  static void end(void *user) {
    if (const nncc_exec *inner = self(user).inner)
      inner->end(inner->user);
  }

  static void node(void *user, uint32_t step, int enter) {
    Clock &clock = self(user);
    double time = now();
    if (!clock.open.empty() && clock.open.back() < clock.times.size())
      clock.times[clock.open.back()] += time - clock.since;
    clock.since = time;
    if (enter)
      clock.open.push_back(step);
    else if (!clock.open.empty())
      clock.open.pop_back();
  }

  const nncc_exec *inner;
  std::vector<double> times;
  std::vector<uint32_t> open; // steps entered and not left
  double since = 0;
};
} // namespace

double NodeTime::limit(const Machine &machine) const {
  return std::max(flops / (machine.gflops() * 1e9), bytes / (machine.readGBs() * 1e9));
}

static double median(std::vector<double> &values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Merges the steps of one name and sorts.
static std::vector<NodeTime> toNodes(const nncc_model &model, llvm::ArrayRef<double> steps, double outside) {
  std::vector<NodeTime> nodes;
  llvm::StringMap<size_t> indices;
  for (uint32_t i = 0; i < model.nodes; i++) {
    const nncc_node &step = model.node[i];
    auto [at, isNew] = indices.try_emplace(step.name, nodes.size());
    if (isNew)
      nodes.push_back({step.name});
    NodeTime &node = nodes[at->second];
    node.seconds += steps[i];
    node.flops += step.flops;
    node.bytes += step.bytes;
  }
  llvm::sort(nodes, [](const NodeTime &a, const NodeTime &b) { return a.seconds > b.seconds; });
  nodes.push_back({"(outside of nodes)", outside});
  return nodes;
}

llvm::Expected<std::vector<NodeTime>> nncc::run::profile(Session &session, Machine &machine, double seconds) {
  Clock clock(session);
  if (llvm::Error error = session.run(&clock.exec))
    return error;
  machine.sample();
  if (llvm::Error error = session.run(&clock.exec))
    return error;
  std::vector<std::vector<double>> steps(session.model.nodes);
  std::vector<double> outside; // of all steps, by run
  double end = now() + seconds;
  while (outside.size() < fewestRuns || (now() < end && outside.size() < mostRuns)) {
    clock.take();
    double begin = now();
    if (llvm::Error error = session.run(&clock.exec))
      return error;
    double left = now() - begin;
    for (auto [samples, time] : llvm::zip_equal(steps, clock.take())) {
      samples.push_back(time);
      left -= time;
    }
    outside.push_back(std::max(left, 0.0));
  }
  machine.sample();
  std::vector<double> medians;
  for (std::vector<double> &samples : steps)
    medians.push_back(median(samples));
  return toNodes(session.model, medians, median(outside));
}

void nncc::run::printProfile(llvm::ArrayRef<NodeTime> nodes, const Machine &machine, llvm::raw_ostream &os) {
  double total = 0;
  for (const NodeTime &node : nodes)
    total += node.seconds;
  os << "        us   share  GFLOP/s     GB/s  limit us  of limit  node\n";
  for (const NodeTime &node : nodes) {
    double limit = node.limit(machine), s = std::max(node.seconds, 1e-12);
    os << llvm::format("%10.1f %6.1f%% %8.1f %8.1f %9.1f %8.0f%%  ", node.seconds * 1e6, 100 * node.seconds / total,
                       node.flops / s * 1e-9, node.bytes / s * 1e-9, limit * 1e6, 100 * limit / s);
    os.write_escaped(node.name) << "\n";
  }
  os << llvm::format("%10.1f  in all; this machine: %.1f GFLOP/s, reads %.1f GB/s\n", total * 1e6, machine.gflops(),
                     machine.readGBs());
}
