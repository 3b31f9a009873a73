// What packing asks of constants: their bytes, and to be freed afterwards. Sources may be mapped files, so that nothing
// is known of their alignment.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"

namespace nncc {

/// A constant's bytes, and whether they are one element's that stands for all.
struct ConstantBytes {
  const char *data;
  bool splat;
};
std::optional<ConstantBytes> bytesOf(mlir::ElementsAttr value);

/// The constants of a module whose other form replaces them one after another: two copies of the weights exist at any
/// moment, and no more.
class ReplacedSources {
public:
  explicit ReplacedSources(mlir::ModuleOp module);
  /// Erases the constant if nothing uses it, and frees its bytes if no other constant has the same.
  void release(mlir::Operation *constant);

private:
  llvm::DenseMap<const void *, int64_t> constants; // how many share a resource, perhaps in other shapes
};

} // namespace nncc
