// The byte gate: opening a model, telling its syntax, parsing it; see ModelFile.h.
#include "compiler/import/ModelFile.h"
#include "compiler/import/Diagnostics.h"
#include "compiler/import/Limits.h"
#include "compiler/import/ReadText.h"
#include "compiler/import/ReadWire.h"
#include "compiler/import/Validate.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <fcntl.h>
#include <onnx/onnx_pb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
using namespace mlir;
using namespace nncc;

/// Standard input up to one byte above the limit.
static llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> readStandardInput() {
  llvm::SmallVector<char, 0> bytes;
  while (int64_t(bytes.size()) <= limits::modelBytes) {
    size_t size = bytes.size();
    bytes.resize_for_overwrite(size + std::max<size_t>(size / 2, 1 << 16));
    ssize_t got = read(STDIN_FILENO, bytes.data() + size, bytes.size() - size);
    bytes.truncate(size + std::max<ssize_t>(got, 0));
    if (got < 0 && errno != EINTR)
      return std::error_code(errno, std::generic_category());
    if (got == 0)
      break;
  }
  return llvm::MemoryBuffer::getMemBufferCopy(StringRef(bytes.data(), bytes.size()), "<stdin>");
}

static llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> readFile(const std::string &path) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0)
    return std::error_code(errno, std::generic_category());
  auto closer = llvm::scope_exit([&] { close(descriptor); });
  struct stat status;
  if (fstat(descriptor, &status))
    return std::error_code(errno, std::generic_category());
  if (!S_ISREG(status.st_mode))
    return std::make_error_code(S_ISDIR(status.st_mode) ? std::errc::is_a_directory : std::errc::invalid_argument);
  return llvm::MemoryBuffer::getOpenFile(llvm::sys::fs::convertFDToNativeFile(descriptor), path,
                                         uint64_t(status.st_size), /*RequiresNullTerminator=*/false);
}

/// No protobuf message can begin with the `<` that begins an ONNX text, nor with what begins MLIR.
static ModelFile::Kind sniff(StringRef path, StringRef text) {
  if (path.ends_with(".onnx"))
    return ModelFile::Kind::Binary;
  if (path.ends_with(".onnxtxt"))
    return ModelFile::Kind::Text;
  if (path.ends_with(".mlir"))
    return ModelFile::Kind::Mlir;
  StringRef rest = text.ltrim();
  while (rest.starts_with("# "))
    rest = rest.split('\n').second.ltrim();
  if (rest.starts_with("<"))
    return ModelFile::Kind::Text;
  for (StringRef begin : {"module", "func.func", "//", "#kernel", "#map", "{-#"})
    if (rest.starts_with(begin))
      return ModelFile::Kind::Mlir;
  return ModelFile::Kind::Binary;
}

static bool looksLikeText(StringRef bytes) {
  return llvm::all_of(bytes.take_front(256), [](char c) { return llvm::isPrint(c) || llvm::isSpace(c) || c < 0; });
}

// MemoryBuffer::dontNeedIfMmap asks posix_madvise, which glibc ignores for this.
void ModelFile::releasePages() const {
  auto release = [](const llvm::MemoryBuffer &buffer) {
    if (buffer.getBufferKind() != llvm::MemoryBuffer::MemoryBuffer_MMap)
      return;
    uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE));
    uintptr_t from = llvm::alignTo(uintptr_t(buffer.getBufferStart()), page);
    uintptr_t to = uintptr_t(buffer.getBufferEnd()) / page * page;
    if (from < to)
      madvise(reinterpret_cast<void *>(from), to - from, MADV_DONTNEED);
  };
  if (bytes)
    release(*bytes);
  for (const auto &external : externalFiles)
    if (external.second)
      release(*external.second);
}

ModelFile::ModelFile() = default;
ModelFile::~ModelFile() = default;

std::unique_ptr<ModelFile> ModelFile::load(MLIRContext &context, StringRef path, StringRef externalRoot) {
  std::unique_ptr<ModelFile> file(new ModelFile);
  bool standardInput = path == "-";
  file->filePath = standardInput ? "<stdin>" : path.str();
  file->name = standardInput ? "<stdin>" : llvm::sys::path::filename(path).str();
  file->externalRoot = externalRoot.empty() ? llvm::sys::path::parent_path(path).str() : externalRoot.str();
  Location loc = fileLocation(&context, file->name);
  auto read = standardInput ? readStandardInput() : readFile(path.str());
  if (!read) {
    bool special = read.getError() == std::errc::invalid_argument;
    emitError(loc) << (special ? "not a regular file" : "cannot read: " + read.getError().message());
    return nullptr;
  }
  file->bytes = std::move(*read);
  StringRef text = file->bytes->getBuffer();
  if (text.empty()) {
    emitError(loc) << "the file is empty";
    return nullptr;
  }
  if (int64_t(text.size()) > limits::modelBytes) {
    emitLimit(loc) << "larger than 2 GiB, which protobuf cannot hold; store its tensors as external data";
    return nullptr;
  }
  file->fileKind = sniff(path, text);
  if (file->fileKind == Kind::Mlir)
    return file;
  file->model = std::make_unique<onnx::ModelProto>();
  if (file->fileKind == Kind::Text && int64_t(text.size()) > limits::textBytes) {
    emitLimit(loc) << "ONNX text is read up to 16 MiB";
    return nullptr;
  }
  llvm::Error error = file->fileKind == Kind::Text ? readText(text, *file->model)
                                                   : readWire(ArrayRef(text.data(), text.size()), *file->model);
  if (error) {
    std::string message;
    std::error_code code;
    llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
      message = info.message();
      code = info.convertToErrorCode();
    });
    if (file->fileKind == Kind::Binary && looksLikeText(text))
      message = "not an ONNX model: this is a text file";
    (code == std::errc::value_too_large ? emitLimit(loc) : emitError(loc)) << message;
    return nullptr;
  }
  if (failed(Validator(context, *file).run()))
    return nullptr;
  return file;
}

std::optional<ArrayRef<char>> ModelFile::payload(const onnx::TensorProto &tensor) const {
  auto found = payloads.find(&tensor);
  if (found != payloads.end())
    return found->second;
  if (tensor.has_raw_data())
    return ArrayRef(tensor.raw_data().data(), tensor.raw_data().size());
  return std::nullopt;
}

const LocalFunction *ModelFile::callee(const onnx::NodeProto &node) const {
  auto found = functions.find(functionKey(normalizedDomain(node.domain()), node.op_type(), overloadOf(node)));
  return found == functions.end() ? nullptr : found->second.get();
}
