// The order of everything: which passes make a stage, and which dialects and interfaces they need. Nothing else in the
// compiler says in what order passes run.
#pragma once
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include <optional>
#include <string>
#include <vector>

namespace nncc {
class TileChoices;

/// The stages, in order; `Import` is the compiler's own.
enum class Stage { Import, Graph, Lower, Schedule, Memory, Kernels, LLVM };
inline constexpr Stage allStages[] = {Stage::Import, Stage::Graph,   Stage::Lower, Stage::Schedule,
                                      Stage::Memory, Stage::Kernels, Stage::LLVM};
/// "import", "graph" ..., as --stop-after takes it.
llvm::StringRef stageName(Stage stage);
std::optional<Stage> parseStage(llvm::StringRef name);

struct PipelineOptions {
  /// 0: no optional fusion, no tuning; 1 to 3 as -O1 to -O3.
  unsigned optLevel = 3;
  /// Canonicalise and eliminate common subexpressions between passes. Tests run without to see that nothing depends on
  /// it.
  bool tidy = true;
  /// Name ONNX nodes for debuggers.
  bool debugInfo = false;
  /// Outputs of a tile of minimal filtering along a dimension, at most: 2 or 4.
  int64_t winogradTile = 4;
  /// Rows of the bands in which chains of image ops are computed, all that can be; 0: a model of the cost decides.
  int64_t bandRows = 0;
  /// Say which fusions are made; what stood in the way of others.
  bool remarks = false, missedRemarks = false;
  /// Optional passes that are left out, by their names in optionalPasses.
  std::vector<std::string> without = {};
  /// Who chooses register tiles above level 0; null: the table.
  TileChoices *tileChoices = nullptr;

  /// Whether the optional pass runs; none does at level 0.
  bool runs(llvm::StringRef name) const;
};

/// The passes that results do not depend on but in rounding (and, for Winograd and wide convolutions, in how far an
/// infinity spreads): a pass's name without its `nncc-`, as -fno-NAME takes it.
inline constexpr llvm::StringLiteral optionalPasses[] = {
    "recognise-activation", "recognise-norm",   "recognise-attention", "propagate-transposes", "fold-flatten",
    "fold-scales",          "fuse-projections", "merge-reshapes",      "scale-weights",        "fuse-epilogue",
    "broadcast-repeats",    "fuse-elementwise", "merge-convolutions",  "widen-convolutions",   "winograd",
    "pool-convolutions",    "form-bands"};

/// The dialects of all stages with the interfaces that passes ask of upstream's ops.
void registerDialects(mlir::DialectRegistry &registry);

/// nn => nn: what is one computation becomes one op.
void buildGraphPipeline(mlir::OpPassManager &pm, const PipelineOptions &options);
/// nn => kernel and linalg on tensors, each op in one way.
void buildLowerPipeline(mlir::OpPassManager &pm, const PipelineOptions &options);
/// Tiles, packed weights, fused elementwise ops: still on tensors.
void buildSchedulePipeline(mlir::OpPassManager &pm, const PipelineOptions &options);
/// Tensors => memrefs at offsets in the arena and the weights section.
void buildMemoryPipeline(mlir::OpPassManager &pm, const PipelineOptions &options);
/// kernel and linalg => functions of scf and vector over ranges of work, and their calls.
void buildKernelsPipeline(mlir::OpPassManager &pm, const PipelineOptions &options);
/// scf, vector, memref => the LLVM dialect with one external function, @entry.
void buildLLVMPipeline(mlir::OpPassManager &pm, const PipelineOptions &options);
/// The stage's pipeline by number; `Import` has none.
void buildStage(Stage stage, mlir::OpPassManager &pm, const PipelineOptions &options);

/// Every pass of ours, the upstream ones that we use, and each stage as `--nncc-<stage>`: for nncc-opt.
void registerPassesAndPipelines();

} // namespace nncc
