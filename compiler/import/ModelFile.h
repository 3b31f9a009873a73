// A model as it lies on disk, opened once and checked before anything looks at what it computes: the byte gate (a
// regular file, sizes, protobuf's wire format) and the message gate (Validate.cpp). Tensors' payloads stay in mapped
// files, so embedded and external weights are the same thing to the importer: bytes.
#pragma once
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>

namespace onnx {
class ModelProto;
class NodeProto;
class TensorProto;
} // namespace onnx

namespace nncc {
struct LocalFunction;

class ModelFile {
public:
  enum class Kind { Binary, Text, Mlir };

  /// Reads `path` ("-": standard input) and, unless it is MLIR, validates the model. External tensors are looked up
  /// beneath `externalRoot`, the model's own folder where that is empty. Null after diagnostics.
  static std::unique_ptr<ModelFile> load(mlir::MLIRContext &context, llvm::StringRef path,
                                         llvm::StringRef externalRoot = "");
  ~ModelFile();

  Kind kind() const { return fileKind; }
  /// As the user wrote it, for messages.
  llvm::StringRef path() const { return filePath; }
  /// Without folders, for locations: where a model lies must not change what is compiled from it.
  llvm::StringRef fileName() const { return name; }
  /// The file's bytes, which is what MLIR's parser needs.
  const llvm::MemoryBuffer &buffer() const { return *bytes; }
  const onnx::ModelProto &proto() const { return *model; }
  /// The tensor's little-endian bytes where they lie in a mapped file or in `raw_data`; none where the tensor has typed
  /// fields. Alignment is not promised.
  std::optional<llvm::ArrayRef<char>> payload(const onnx::TensorProto &tensor) const;

  /// Gives the pages of mapped files back to the system, which reads them again where somebody looks: from here on
  /// nobody is expected to.
  void releasePages() const;

  /// The version of each operator set that the model's own graph imports, by domain.
  const llvm::StringMap<int64_t> &opsets() const { return imports; }
  /// The local function that a node calls; null where its operator is none.
  const LocalFunction *callee(const onnx::NodeProto &node) const;

private:
  ModelFile();
  friend class Validator;

  Kind fileKind = Kind::Binary;
  std::string filePath, name, externalRoot;
  std::unique_ptr<llvm::MemoryBuffer> bytes;
  std::unique_ptr<onnx::ModelProto> model;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> externalFiles;
  llvm::DenseMap<const onnx::TensorProto *, llvm::ArrayRef<char>> payloads;
  llvm::StringMap<int64_t> imports;
  llvm::StringMap<std::unique_ptr<LocalFunction>> functions;
};

} // namespace nncc
