// OutputFile.h's implementation. Of LLVM's helpers ToolOutputFile writes in place and TempFile cannot sync; what is
// used of them is the removal of a temporary file when a signal ends the program.
#include "compiler/emit/OutputFile.h"
#include "llvm/Support/Errc.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include <fcntl.h>
#include <unistd.h>
using namespace llvm;

namespace nncc {
namespace {
Error fileError(StringRef path, std::error_code error) { return createFileError(path, error); }

std::error_code syncPath(StringRef path, int flags) {
  int fd = open(path.str().c_str(), flags | O_CLOEXEC);
  if (fd < 0)
    return errnoAsErrorCode();
  std::error_code error;
  if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
    error = errnoAsErrorCode();
  close(fd);
  return error;
}
} // namespace

Expected<std::unique_ptr<OutputFile>> OutputFile::create(StringRef path) {
  std::unique_ptr<OutputFile> file(new OutputFile);
  file->path = path.str();
  std::error_code error;
  sys::fs::file_status status;
  bool exists = path != "-" && !sys::fs::status(path, status) && sys::fs::exists(status);
  if (exists && sys::fs::is_directory(status))
    return fileError(path, make_error_code(errc::is_a_directory));
  if (path == "-" || (exists && !sys::fs::is_regular_file(status))) {
    file->stream = std::make_unique<raw_fd_ostream>(path, error);
    if (error)
      return fileError(path, error);
    return file;
  }
  // The object's suffix stays, because tools go by it.
  SmallString<128> model(sys::path::parent_path(path));
  sys::path::append(model, "." + sys::path::stem(path).take_front(100) + "-%%%%%%%%" + sys::path::extension(path));
  SmallString<128> temporary;
  int fd;
  error = sys::fs::createUniqueFile(model, fd, temporary, sys::fs::OF_None, sys::fs::all_read | sys::fs::all_write);
  if (error)
    return fileError(path, error);
  file->temporary = temporary.str().str();
  sys::RemoveFileOnSignal(file->temporary);
  file->stream = std::make_unique<raw_fd_ostream>(fd, /*shouldClose=*/true);
  return file;
}

OutputFile::~OutputFile() {
  if (stream)
    stream->clear_error();
  stream.reset();
  if (temporary.empty())
    return;
  sys::fs::remove(temporary);
  sys::DontRemoveFileOnSignal(temporary);
}

void OutputFile::wasReplaced() {
  stream->clear_error();
  stream.reset();
}

Error OutputFile::flush() {
  stream->flush();
  std::error_code error = stream->error();
  stream->clear_error();
  return error ? fileError(path, error) : Error::success();
}

Error OutputFile::sync() {
  if (stream) {
    if (Error error = flush())
      return error;
    if (temporary.empty())
      return Error::success();
    stream.reset();
  }
  if (std::error_code error = syncPath(temporary, O_RDONLY))
    return fileError(path, error);
  return Error::success();
}

Error OutputFile::keep() {
  if (temporary.empty())
    return Error::success();
  if (std::error_code error = sys::fs::rename(temporary, path))
    return fileError(path, error);
  sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  StringRef folder = sys::path::parent_path(path);
  if (std::error_code error = syncPath(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY))
    return fileError(path, error);
  return Error::success();
}

} // namespace nncc
