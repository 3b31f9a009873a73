// Reductions that several importers are composed of. Reduced axes stay as dimensions of 1.
#pragma once
#include "compiler/import/Node.h"

namespace nncc {

mlir::Value reduce(Node &node, nn::ReduceKind kind, mlir::Value x, llvm::ArrayRef<int64_t> axes);
/// The sum divided by the number of elements.
mlir::Value mean(Node &node, mlir::Value x, llvm::ArrayRef<int64_t> axes);

} // namespace nncc
