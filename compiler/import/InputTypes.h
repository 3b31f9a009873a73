// The types of the model's inputs: what the model says, with every free dimension fixed by --shape or --dim.
#pragma once
#include "compiler/import/Import.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include <onnx/onnx_pb.h>

namespace nncc {

class InputTypes {
public:
  InputTypes(const ImportOptions &options, mlir::Location loc);
  /// Reports every dimension that stays free, with the flag that fixes it.
  llvm::LogicalResult resolve(const onnx::GraphProto &graph);
  /// Null for what is no input, such as an initializer's declaration.
  mlir::RankedTensorType input(llvm::StringRef name) const { return types.lookup(name); }
  /// The type that the model declares for a value, `?` where a dimension is unknown; null where it declares none.
  mlir::RankedTensorType declared(const onnx::ValueInfoProto &value) const;

private:
  llvm::LogicalResult resolveInput(const onnx::ValueInfoProto &input);
  /// The extent that the user gave to a symbol.
  std::optional<int64_t> symbol(llvm::StringRef name) const;

  const ImportOptions &options;
  mlir::Location loc;
  llvm::StringMap<int64_t> symbols;
  std::optional<int64_t> everyOther;
  llvm::StringMap<mlir::RankedTensorType> types;
};

} // namespace nncc
