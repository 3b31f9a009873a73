// What convolutions and pools have in common: the attributes that say how a window moves over the spatial dimensions.
#pragma once
#include "compiler/import/Node.h"

namespace nncc {

/// Of an extent, stride, dilation or pad, so that no sum or product of a few overflows.
constexpr int64_t windowLimit = int64_t(1) << 30;

struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// All the low pads, then all the high ones.
  llvm::SmallVector<int64_t> pads;
};

/// Reads kernel_shape, strides, dilations, pads and auto_pad for an input of the given spatial extents. `kernel` is
/// what the weights say; empty where only the attribute does.
mlir::FailureOr<Window> readWindow(Node &node, llvm::ArrayRef<int64_t> extents, llvm::ArrayRef<int64_t> kernel = {});

} // namespace nncc
