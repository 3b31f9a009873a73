// Time by ONNX node, beside what the machine would need for it at least.
#pragma once
#include "Machine.h"
#include "Session.h"

namespace nncc::run {

struct NodeTime {
  std::string name;
  double seconds = 0; // median over the runs
  double flops = 0, bytes = 0;
  /// What the machine needs at least for the node's arithmetic or its memory traffic.
  double limit(const Machine &machine) const;
};

/// Nodes by descending time; steps of one name are one node, and what no node accounts for is the last.
llvm::Expected<std::vector<NodeTime>> profile(Session &session, Machine &machine, double seconds);
void printProfile(llvm::ArrayRef<NodeTime> nodes, const Machine &machine, llvm::raw_ostream &os);

} // namespace nncc::run
