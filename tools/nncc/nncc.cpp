// nncc: compiles an ONNX model into an object and a C header.
#include "tools/nncc/CompileFlags.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
using namespace llvm;
using namespace nncc;

namespace {
int usage(const Twine &message) {
  errs() << "nncc: error: " << message << "\n";
  return ExitUsage;
}

// Says which two of the files that are read and written are one.
std::string findCollision(const CompileOptions &options) {
  struct File {
    StringLiteral role;
    std::string path;
  };
  const File files[] = {{"the input", options.input},
                        {"the output", options.emit.output},
                        {"the header", options.emit.kind == OutputKind::Header ? "" : headerPath(options.emit)},
                        {"the weights", options.emit.weightsFile},
                        {"the tiles", options.tune.output}};
  auto isSame = [](StringRef a, StringRef b) {
    SmallString<128> paths[] = {a, b};
    for (SmallString<128> &path : paths) {
      sys::fs::make_absolute(path);
      sys::path::remove_dots(path, /*remove_dot_dot=*/true);
    }
    return paths[0] == paths[1] || sys::fs::equivalent(a, b);
  };
  for (const File &a : files)
    for (const File &b : ArrayRef(files).drop_front(&a - files + 1))
      if (!a.path.empty() && !b.path.empty() && a.path != "-" && b.path != "-" && isSame(a.path, b.path))
        return "'" + b.path + "' would be both " + a.role.str() + " and " + b.role.str();
  return "";
}

// Fills in the output's kind and name; what is wrong with them, or nothing.
std::string settleOutput(CompileOptions &options, const CompileFlags &flags) {
  EmitOptions &emit = options.emit;
  StringRef suffix = sys::path::extension(emit.output);
  if (!flags.hasEmit && flags.hasOutput && emit.output != "-") {
    auto kind = parseOutputKind(suffix.empty() ? suffix : suffix.drop_front());
    if (!kind)
      return "-o: '" + emit.output + "' does not end in .o .a .so .s .ll .bc .mlir or .h; give --emit=KIND";
    emit.kind = *kind;
  } else if (options.stopAfter && !flags.hasEmit) {
    emit.kind = OutputKind::Mlir;
  } else if (!flags.hasEmit && emit.output == "-") {
    return "-o -: give --emit=KIND, one of s ll mlir h";
  }
  if (options.stopAfter && emit.kind != OutputKind::Mlir)
    return "--stop-after: writes mlir, not " + outputSuffix(emit.kind).str();
  if (!flags.hasOutput) {
    std::string stem = options.input == "-" ? "model" : sys::path::stem(options.input).str();
    emit.output = options.stopAfter ? "-" : stem + "." + outputSuffix(emit.kind).str();
  }
  bool isText = emit.kind == OutputKind::Assembly || emit.kind == OutputKind::LLVMIR || emit.kind == OutputKind::Mlir ||
                emit.kind == OutputKind::Header;
  if (emit.output == "-" && !isText)
    return "-o -: only s, ll, mlir and h are written to standard output";
  return findCollision(options);
}

} // namespace

static int run(int argc, char **argv) {
  SmallVector<StringRef> arguments(argv + 1, argv + argc);
  CompileOptions options;
  CompileFlags flags(options);
  bool onlyInputs = false;
  for (size_t i = 0; i < arguments.size(); i++) {
    StringRef a = arguments[i];
    if (onlyInputs || a == "-" || !a.starts_with("-")) {
      if (!options.input.empty())
        return usage("expected one model, got '" + options.input + "' and '" + a + "'");
      if (a.empty())
        return usage("expected a model, got an empty name");
      options.input = a.str();
    } else if (a == "--") {
      onlyInputs = true;
    } else if (a == "--help" || a == "-h") {
      outs() << "usage: nncc MODEL.onnx [-o MODEL.o] [options]\n" << CompileFlags::help();
      return ExitDone;
    } else if (a == "--version") {
      outs() << "nncc " << NNCC_VERSION << ", LLVM " << LLVM_VERSION_STRING << "\n";
      return ExitDone;
    } else {
      std::string error;
      if (!flags.parse(arguments, i, error))
        return usage("unknown option '" + a + "'");
      if (!error.empty())
        return usage(error);
    }
  }
  if (options.input.empty())
    return usage("expected a model; --help lists the options");
  options.emit.optLevel = options.pipeline.optLevel;
  if (std::string error = settleOutput(options, flags); !error.empty())
    return usage(error);
  return compile(options, outs(), errs());
}

int main(int argc, char **argv) {
  installFailureHandlers("nncc");
  int status = run(argc, argv);
  if (std::string message = flushOutput(); !message.empty()) {
    errs() << "nncc: error: " << message << "\n";
    return status ? status : ExitResource;
  }
  return status;
}
