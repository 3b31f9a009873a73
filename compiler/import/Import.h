// The importer's interface for the driver: what the user fixes, and the one call that turns a read model into a module
// of the nn dialect.
#pragma once
#include "compiler/import/ModelFile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <utility>
#include <vector>

namespace nncc {

struct ImportOptions {
  /// `nncc.name`: the prefix of every symbol, already a C identifier.
  std::string name;
  /// `--shape NAME=1x3x224x224`.
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  /// `--dim SYMBOL=N`; the symbol `*` stands for every dimension that nothing else fixes.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// `--value NAME=V,V`: the values as typed; their type is the input's.
  std::vector<std::pair<std::string, std::vector<std::string>>> values;
};

/// The model as a module: `func.func @main` over memrefs and the attributes `nncc.name`, `nncc.inputs`, `nncc.outputs`.
/// Null after diagnostics. The module's weights point into `model`, which must outlive it.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, const ModelFile &model,
                                              const ImportOptions &options);

} // namespace nncc
