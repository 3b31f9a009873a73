// nncc's command line, which nncc-run takes too when it compiles.
#pragma once
#include "compiler/Compiler.h"

namespace nncc {

/// Reads arguments one after another into options.
class CompileFlags {
public:
  explicit CompileFlags(CompileOptions &options) : options(options) {}

  /// Whether `arguments[i]` is one of nncc's flags. If so `i` ends at the last argument that belongs to it, and `error`
  /// holds what is wrong with it, if anything.
  bool parse(llvm::ArrayRef<llvm::StringRef> arguments, size_t &i, std::string &error);

  /// The flags as --help lists them.
  static llvm::StringRef help();

  bool hasEmit = false, hasOutput = false;

private:
  bool parseSimple(llvm::StringRef argument, std::string &error);
  std::string parseValue(llvm::StringRef flag, llvm::StringRef value);
  CompileOptions &options;
};

} // namespace nncc
