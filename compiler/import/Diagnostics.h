// One place says how a problem reaches the user: where a node's location keeps its name, operator and opset, and how a
// diagnostic becomes one short line that a terminal can show, whatever the model's names hold.
#pragma once
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace nncc {

/// NameLoc(name, FileLineColLoc(file, index + 1, 0)) with "Conv, opset 11" as metadata between the two.
mlir::Location nodeLocation(mlir::MLIRContext *context, llvm::StringRef file, llvm::StringRef name,
                            llvm::StringRef opType, int64_t opset, unsigned index);
/// The location of what belongs to the model as a whole.
mlir::Location fileLocation(mlir::MLIRContext *context, llvm::StringRef file);

/// A name from a model between quotes, shortened in its middle, control characters and broken UTF-8 escaped.
std::string quoted(llvm::StringRef name);

/// An error that says a limit or a resource was exceeded: the driver's exit code is 3 instead of 1.
mlir::InFlightDiagnostic emitLimit(mlir::Location loc);

/// While it lives, prints every diagnostic of a context as
/// `model.onnx: error: node 'conv1' (Conv, opset 11): expected a 4-D input, got 3-D`.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext *context, llvm::StringRef file, llvm::raw_ostream &os, unsigned maxLines = 20);
  /// Says how many lines were left out.
  ~DiagnosticPrinter();

  unsigned errors() const { return errorCount; }
  /// Whether one of the errors was a limit's.
  bool exceededLimit() const { return limit; }

private:
  void print(mlir::Diagnostic &diagnostic);
  void printLine(mlir::Diagnostic &diagnostic);

  std::string file;
  llvm::raw_ostream &os;
  unsigned maxLines, lines = 0, leftOut = 0, errorCount = 0, warningCount = 0;
  bool limit = false;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace nncc
