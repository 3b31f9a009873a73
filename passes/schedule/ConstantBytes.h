// What packing asks of constants: their bytes, and to be freed afterwards. Sources may be mapped files, so that nothing
// is known of their alignment.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

namespace nncc {

/// A constant's bytes, and whether they are one element's that stands for all.
struct ConstantBytes {
  const char *data;
  bool splat;
};
std::optional<ConstantBytes> bytesOf(mlir::ElementsAttr value);

/// The resources whose packed form has replaced them, to be freed where no constant uses them any more: two copies of
/// the weights exist at any moment, and no more.
class PackedSources {
public:
  void add(mlir::ElementsAttr source);
  void release(mlir::ModuleOp module);

private:
  llvm::SmallVector<mlir::DenseResourceElementsAttr> sources;
};

} // namespace nncc
