// Outputs that appear whole or not at all: written under a temporary name in the same folder, synced, then renamed. An
// older file survives every failure.
#pragma once
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace nncc {

class OutputFile {
public:
  /// `path` "-" is standard output; a device or a pipe is written directly.
  static llvm::Expected<std::unique_ptr<OutputFile>> create(llvm::StringRef path);
  /// Discards what was not kept.
  ~OutputFile();

  llvm::raw_pwrite_stream &os() { return *stream; }
  /// The temporary file, for a tool that writes it by name; empty where there is none.
  llvm::StringRef temporaryPath() const { return temporary; }
  /// Says that the temporary file was replaced by a tool, so that what is synced and renamed is what lies there now.
  void wasReplaced();

  /// Writes what the stream holds, so that the temporary file can be read.
  llvm::Error flush();
  /// Writes everything to the disk.
  llvm::Error sync();
  /// Gives the file its name; after sync().
  llvm::Error keep();

private:
  OutputFile() = default;
  std::string path, temporary;
  std::unique_ptr<llvm::raw_fd_ostream> stream;
};

} // namespace nncc
