// The importer's core: one walk over the model's nodes that builds typed nn. A node's operator and opset select a form
// of the table Onnx.td, whose importer (Import<Family>.cpp) binds the node's operands and attributes through a Node.
#pragma once
#include "compiler/import/Functions.h"
#include "compiler/import/Import.h"
#include "compiler/import/InputTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace nncc {
class Node;

/// A row's number of inputs or outputs that stands for no limit.
constexpr uint8_t kAnyNumber = 255;

/// One row of Onnx.td.
struct Form {
  llvm::StringLiteral domain, name;
  uint8_t since;
  /// `args` is what importers that several operators share need to tell them apart.
  llvm::StringLiteral op, args;
  uint8_t minInputs, maxInputs, maxOutputs;
  llvm::LogicalResult (*importer)(Node &);
};

/// What the nodes of a graph or of a function's body see.
struct Frame {
  Frame *outer = nullptr;
  const Opsets *opsets = nullptr;
  const onnx::GraphProto *graph = nullptr;
  /// A null value belongs to a node that could not be imported.
  llvm::StringMap<mlir::Value> values;
  llvm::StringMap<mlir::RankedTensorType> declared;
  /// Attributes of the function whose body this is, or lies in.
  const llvm::StringMap<const onnx::AttributeProto *> *arguments = nullptr;
  std::string prefix;
  unsigned calls = 0;
  /// Inputs of the function that its caller does not give.
  llvm::StringSet<> absent;

  const mlir::Value *find(llvm::StringRef name) const;
  bool isAbsent(llvm::StringRef name) const;
};

class Importer {
public:
  Importer(mlir::MLIRContext &context, const ModelFile &file, const ImportOptions &options);
  mlir::OwningOpRef<mlir::ModuleOp> run();

  /// Imports a sub-graph's nodes at the insertion point and returns its outputs.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> importGraph(const onnx::GraphProto &graph, mlir::ValueRange arguments,
                                                              Frame &outer);
  /// How many nodes had operators that nncc lacks; a branch that has one cannot become a trap.
  size_t unsupportedCount() const { return unsupported.size(); }
  /// Counts bytes of constants that an operator's importer writes out; a diagnostic beyond the limit for all of them.
  llvm::LogicalResult spend(int64_t bytes, mlir::Location loc);

  mlir::OpBuilder builder;
  const ModelFile &file;
  /// The entry's last argument.
  mlir::Value status;

private:
  /// Operators that nncc lacks, by operator, opset and types, with the nodes that need them.
  struct Unsupported {
    mlir::Location loc;
    std::string types, nearest;
    llvm::SmallVector<std::string> others;
  };

  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
  void declare(const onnx::GraphProto &graph, Frame &frame);
  llvm::LogicalResult importInputs(Frame &frame);
  llvm::LogicalResult importInitializers(const onnx::GraphProto &graph, Frame &frame);
  llvm::LogicalResult importNodes(const Nodes &nodes, Frame &frame);
  llvm::LogicalResult importNode(const onnx::NodeProto &proto, Frame &frame);
  bool lacksForm(const onnx::NodeProto &proto, const Form *form, llvm::ArrayRef<mlir::Value> operands) const;
  void importPoisoned(const onnx::NodeProto &proto, const LocalFunction *callee, mlir::Location loc,
                      llvm::ArrayRef<mlir::Value> operands, Frame &frame);
  mlir::Location locate(const onnx::NodeProto &proto, int64_t opset, const Frame &frame);
  llvm::LogicalResult importCall(const onnx::NodeProto &proto, const LocalFunction &callee, mlir::Location loc,
                                 llvm::ArrayRef<mlir::Value> operands, Frame &frame);
  llvm::LogicalResult fixValue(llvm::StringRef name, mlir::Value &value, mlir::Location loc);
  const Form *findForm(llvm::StringRef domain, llvm::StringRef name, int64_t opset) const;
  void addUnsupported(const onnx::NodeProto &proto, int64_t opset, mlir::Location loc,
                      llvm::ArrayRef<mlir::Value> operands);
  std::string nearestForm(llvm::StringRef domain, llvm::StringRef name, int64_t opset) const;
  llvm::LogicalResult finish(Frame &frame);

  const ImportOptions &options;
  mlir::Location fileLoc;
  InputTypes inputTypes;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::Block *entry = nullptr;
  llvm::StringMap<llvm::SmallVector<const Form *, 4>> forms;
  llvm::MapVector<mlir::StringAttr, Unsupported> unsupported;
  llvm::SmallVector<mlir::Attribute> inputs;
  unsigned nodes = 0;
  int64_t written = 0;
};

} // namespace nncc
