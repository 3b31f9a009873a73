// How much work an op is, in units, and into how many tasks it is cut. Only shapes decide, never a number of threads.
#pragma once
#include "dialects/kernel/Kernel.h"

namespace nncc {

struct Work {
  llvm::SmallVector<int64_t, 2> units; // extents of the grid that tasks divide; empty: the op is no kernel
  int64_t scratchBytes = 0;            // of each worker
  double flops = 0, bytes = 0;         // of the whole op: arithmetic operations; memory traffic, each operand once
  double arithmetic = 0;               // operations that the kernel carries out: fewer where an algorithm saves some
  // Bytes that each part reads whole when the first or the second dimension is cut: weights, and input.
  double rowPartBytes = 0, panelPartBytes = 0;
  // Operations that each part does over when the first or the second dimension is cut.
  double rowPartArithmetic = 0, panelPartArithmetic = 0;
};
/// Of a kernel op, a chain in bands or a linalg op on memrefs.
Work workOf(mlir::Operation *op);

/// What profiles call an op: the ONNX nodes that its location names.
std::string nodeName(mlir::Operation *op);

/// Tasks along each dimension of the units: as many as are worth the start of one each, in the cut that wastes least.
llvm::SmallVector<int64_t, 2> chooseTasks(const Work &work, kernel::TargetAttr target);

} // namespace nncc
