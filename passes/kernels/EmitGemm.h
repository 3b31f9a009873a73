// A matrix product as the emitter sees it, so that a pointwise convolution can be one.
#pragma once
#include "dialects/kernel/Geometry.h"
#include "passes/kernels/Emitter.h"

namespace nncc {

struct Product {
  mlir::Value a;    // [rows.., groups * depth]
  mlir::Value b;    // packed, or [.., depth, columns], or [.., columns, depth]
  mlir::Value init; // [rows.., groups * columns]
  kernel::TileAttr tile;
  kernel::RowSpace rows;
  int64_t depth, columns, groups = 1;
  bool packed = true, transposed = false;
  std::optional<kernel::Slabs> slabs = {};
};
llvm::LogicalResult emitProduct(nn::EpilogueInterface op, const Product &product, const KernelSite &site);

} // namespace nncc
