// The message gate: what must hold for any model before its operators are looked at. After it the importer may rely on
// names that resolve, attributes of the kind they claim, and tensors whose bytes are as many as their dimensions say.
#pragma once
#include "compiler/import/Functions.h"
#include "compiler/import/ModelFile.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/DenseSet.h"

namespace google::protobuf {
class UnknownFieldSet;
} // namespace google::protobuf

namespace nncc {

class Validator {
public:
  Validator(mlir::MLIRContext &context, ModelFile &file);
  /// Reports every problem that it finds.
  llvm::LogicalResult run();

private:
  /// The names that a node may use.
  struct Scope {
    const Scope *outer = nullptr;
    llvm::DenseSet<llvm::StringRef> defined, later;
    bool has(llvm::StringRef name) const { return defined.contains(name) || (outer && outer->has(name)); }
  };
  /// What surrounds a node.
  struct Body {
    const Opsets &opsets;
    const LocalFunction *function;
    unsigned depth;
  };

  mlir::InFlightDiagnostic error(mlir::Location loc);
  mlir::InFlightDiagnostic error() { return error(fileLoc); }
  void checkOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports, Opsets &opsets);
  void checkFunctions();
  void checkFunction(const LocalFunction &function);
  void checkGraph(const onnx::GraphProto &graph, const Scope *outer, Body body);
  void checkNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, Scope &scope, Body body);
  void checkNode(const onnx::NodeProto &node, Scope &scope, Body body, mlir::Location loc);
  void checkAttribute(const onnx::AttributeProto &attribute, const Scope *scope, Body body, mlir::Location loc);
  void checkTensor(const onnx::TensorProto &tensor, const std::string &what, mlir::Location loc);
  void checkPayload(const onnx::TensorProto &tensor, const std::string &what, int64_t elements, unsigned elementBytes,
                    mlir::Location loc);
  bool findExternal(const onnx::TensorProto &tensor, const std::string &what, mlir::Location loc);
  void checkUnknown(const google::protobuf::UnknownFieldSet &fields, llvm::ArrayRef<int> known, llvm::StringRef what,
                    mlir::Location loc);
  /// The nodes of a function after inlining, -1 where it calls itself.
  int64_t countNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, unsigned depth);

  mlir::MLIRContext &context;
  ModelFile &file;
  mlir::Location fileLoc;
  llvm::DenseMap<const LocalFunction *, int64_t> counts;
  unsigned nodes = 0;
  bool ok = true;
};

} // namespace nncc
