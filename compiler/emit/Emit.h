// The compiler's last step: from a module of the LLVM dialect to the files that the user asked for.
#pragma once
#include "compiler/emit/Codegen.h"
#include "compiler/emit/ModelInfo.h"
#include <functional>
#include <optional>

namespace nncc {

enum class OutputKind { Object, Archive, SharedObject, Assembly, LLVMIR, Bitcode, Mlir, Header };
/// The kind by a file's suffix, or by its name as --emit takes it ("o", "so", "ll" ...).
std::optional<OutputKind> parseOutputKind(llvm::StringRef suffix);
/// The suffix without its dot.
llvm::StringRef outputSuffix(OutputKind kind);

struct EmitOptions {
  OutputKind kind = OutputKind::Object;
  std::string output;      ///< "-" for standard output
  bool writeHeader = true; ///< beside an object, archive or shared object
  std::string weightsFile; ///< --weights=FILE; empty: embedded
  unsigned optLevel = 3;
  /// Called with the bytes of machine code of an object.
  std::function<void(uint64_t)> onCode = [](uint64_t) {};
  /// Called with the name of each step before it begins.
  std::function<void(llvm::StringRef)> onStep = [](llvm::StringRef) {};
};

/// Where the header that goes with the output is written; empty where none is.
std::string headerPath(const EmitOptions &options);

/// A model that has left MLIR behind, but for the bytes of its weights, which stay where they are.
struct TranslatedModel {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  ModelInfo info;
  std::vector<WeightRun> weights;
};

/// Translates the module, of which only its context is needed afterwards; nothing after diagnostics.
std::optional<TranslatedModel> leaveMlir(mlir::ModuleOp module, const Target &target, const EmitOptions &options);
/// Optimises the model and writes the outputs, all of them or none.
llvm::Error emit(TranslatedModel model, const Target &target, const EmitOptions &options);

} // namespace nncc
