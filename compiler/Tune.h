// --tune: of the register tiles that a kernel may have, the one that takes the least time on this machine, and the file
// that keeps what was found.
#pragma once
#include "compiler/emit/Emit.h"
#include "passes/Pipeline.h"
#include "passes/schedule/TileChoices.h"
#include "llvm/ADT/StringMap.h"
#include <chrono>
#include <map>

namespace nncc {

struct TuneOptions {
  /// Whether kernels are timed whose tile no file says.
  bool time = false;
  std::string output; ///< --tune=FILE, where all choices are kept; empty: nowhere
  std::string input;  ///< --tune-use=FILE, where choices are taken from; empty: nowhere
};

/// What identifies a kernel among those of one target: what kind of op it is and its shapes, for people, then a hash of
/// all that its code depends on.
std::string tuningKey(mlir::Operation *op);

/// Looks choices up, times what has none. Equal kernels are timed once.
class Tuner : public TileChoices {
public:
  /// `pipeline` and `target` outlive the tuner. Errors: an input that cannot be read or is no file of ours. One that
  /// was made for another target or by another version is left out with a warning.
  static llvm::Expected<std::unique_ptr<Tuner>> create(const TuneOptions &options, const PipelineOptions &pipeline,
                                                       const Target &target, mlir::MLIRContext &context,
                                                       llvm::raw_ostream &err);
  kernel::TileAttr choose(mlir::Operation *op, llvm::ArrayRef<kernel::TileAttr> candidates) override;

  /// Says what was not timed, and writes the output, if there is one.
  llvm::Error finish();
  /// "31 kernels timed, 9 of them with another tile than the table's"
  std::string summary() const;

private:
  struct Extents {
    int64_t rows, vectors;
  };
  Tuner(const TuneOptions &options, const PipelineOptions &pipeline, const Target &target, llvm::raw_ostream &err)
      : options(options), pipeline(pipeline), target(target), err(err) {}
  llvm::Error read(llvm::StringRef path, mlir::MLIRContext &context);
  llvm::Expected<size_t> fastest(mlir::Operation *op, llvm::ArrayRef<kernel::TileAttr> candidates);

  const TuneOptions options;
  const PipelineOptions &pipeline;
  const Target &target;
  llvm::raw_ostream &err;
  std::string madeFor;                           // the target as the file has it
  std::map<std::string, Extents> choices;        // by key, in the file's order
  unsigned timed = 0, improved = 0, leftOut = 0; // distinct kernels
  std::chrono::steady_clock::duration spent{};
};

} // namespace nncc
