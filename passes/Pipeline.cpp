// Pipeline.h's implementation. Single conversion headers: mlir/Conversion/Passes.h alone would cost 24 s.
#include "passes/Pipeline.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/graph/Passes.h"
#include "passes/kernels/Passes.h"
#include "passes/llvm/Passes.h"
#include "passes/lower/Passes.h"
#include "passes/memory/Passes.h"
#include "passes/schedule/Passes.h"
using namespace mlir;

namespace nncc {
namespace {
void tidy(OpPassManager &pm, const PipelineOptions &options) {
  if (!options.tidy)
    return;
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}
} // namespace

StringRef stageName(Stage stage) {
  static constexpr StringLiteral names[] = {"import", "graph", "lower", "schedule", "memory", "kernels", "llvm"};
  return names[static_cast<unsigned>(stage)];
}

bool PipelineOptions::runs(StringRef name) const {
  assert(llvm::is_contained(optionalPasses, name) && "an optional pass is in the list");
  return optLevel > 0 && !llvm::is_contained(without, name);
}

std::optional<Stage> parseStage(StringRef name) {
  for (Stage stage : allStages)
    if (stageName(stage) == name)
      return stage;
  return std::nullopt;
}

void buildGraphPipeline(OpPassManager &pm, const PipelineOptions &options) {
  auto optional = [&](StringRef name, std::unique_ptr<Pass> pass) {
    if (options.runs(name))
      pm.addPass(std::move(pass));
  };
  tidy(pm, options);
  pm.addPass(createFoldWeights());
  optional("recognise-activation", createRecogniseActivation());
  optional("recognise-norm", createRecogniseNorm());
  optional("propagate-transposes", createPropagateTransposes());
  RecogniseAttentionOptions attention;
  attention.remarks = options.missedRemarks;
  optional("recognise-attention", createRecogniseAttention(attention));
  optional("propagate-transposes", createPropagateTransposes()); // attention reads heads and rows in either order
  optional("fold-flatten", createFoldFlatten());
  optional("fold-scales", createFoldScales());
  optional("fuse-projections", createFuseProjections()); // whose weights FoldWeights joins
  pm.addPass(createFoldWeights());
  optional("merge-reshapes", createMergeReshapes());
  optional("scale-weights", createScaleWeights());
  optional("fuse-epilogue", createFuseEpilogue());
  optional("broadcast-repeats", createBroadcastRepeats());
  tidy(pm, options);
}

void buildLowerPipeline(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createLowerToKernel());
  tidy(pm, options);
}

void buildSchedulePipeline(OpPassManager &pm, const PipelineOptions &options) {
  if (options.runs("fuse-elementwise"))
    pm.addNestedPass<func::FuncOp>(createFuseElementwise());
  if (options.runs("merge-convolutions"))
    pm.addNestedPass<func::FuncOp>(createMergeConvolutions());
  if (options.runs("widen-convolutions"))
    pm.addNestedPass<func::FuncOp>(createWidenConvolutions());
  if (options.runs("winograd")) {
    WinogradOptions winograd;
    winograd.largestTile = options.winogradTile;
    pm.addPass(createWinograd(winograd));
    if (options.runs("pool-convolutions"))
      pm.addNestedPass<func::FuncOp>(createPoolConvolutions());
  }
  pm.addNestedPass<func::FuncOp>(createChooseTiles(options.optLevel > 0 ? options.tileChoices : nullptr));
  pm.addPass(createPackWeights());
  pm.addPass(createPackRecurrent());
  tidy(pm, options);
}

void buildMemoryPipeline(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createPlanWeights());
  pm.addNestedPass<func::FuncOp>(createNestConcats());
  pm.addNestedPass<func::FuncOp>(createOwnDestinations()); // from here to bufferisation nothing may merge destinations
  pm.addNestedPass<func::FuncOp>(createSettleDestinations());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addNestedPass<func::FuncOp>(createDropCarriedBuffers());
  pm.addNestedPass<func::FuncOp>(createPlaceCopies());
  if (options.runs("form-bands")) {
    FormBandsOptions bands;
    bands.rows = options.bandRows;
    bands.remarks = options.remarks;
    bands.missedRemarks = options.missedRemarks;
    pm.addNestedPass<func::FuncOp>(createFormBands(bands));
  }
  pm.addNestedPass<func::FuncOp>(createReuseBuffers());
  pm.addNestedPass<func::FuncOp>(createDenseRows());
  pm.addNestedPass<func::FuncOp>(createLowerCopies());
  pm.addPass(createPlanArena());
  pm.addNestedPass<func::FuncOp>(createCheckMemory());
  tidy(pm, options);
}

void buildKernelsPipeline(OpPassManager &pm, const PipelineOptions &options) {
  pm.addNestedPass<func::FuncOp>(createSplitRecurrent());
  pm.addPass(createOutlineKernels());
  pm.addPass(func::createDuplicateFunctionEliminationPass());
  pm.addNestedPass<func::FuncOp>(createEmitKernels());
  pm.addPass(createExpandMath());
  tidy(pm, options);
}

void buildLLVMPipeline(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createBuildEntry());
  pm.addPass(createBracketNodes());
  pm.addPass(createOutlineTasks());
  pm.addPass(createFlattenSignatures());
  tidy(pm, options);
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  ConvertVectorToLLVMPassOptions vector;
  vector.x86Vector = true;
  pm.addPass(createConvertVectorToLLVMPass(vector));
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (options.debugInfo)
    pm.addPass(createNameNodes());
}

void buildStage(Stage stage, OpPassManager &pm, const PipelineOptions &options) {
  switch (stage) {
  case Stage::Import:
    return;
  case Stage::Graph:
    return buildGraphPipeline(pm, options);
  case Stage::Lower:
    return buildLowerPipeline(pm, options);
  case Stage::Schedule:
    return buildSchedulePipeline(pm, options);
  case Stage::Memory:
    return buildMemoryPipeline(pm, options);
  case Stage::Kernels:
    return buildKernelsPipeline(pm, options);
  case Stage::LLVM:
    return buildLLVMPipeline(pm, options);
  }
}

void registerPassesAndPipelines() {
  registerGraphPasses();
  registerLowerPasses();
  registerSchedulePasses();
  registerMemoryPasses();
  registerKernelsPasses();
  registerLlvmPasses();
  registerCanonicalizerPass();
  registerCSEPass();
  registerSymbolDCEPass();
  func::registerDuplicateFunctionEliminationPass();

  struct Options : PassPipelineOptions<Options> {
    Option<unsigned> optLevel{*this, "O", llvm::cl::desc("as -O0 to -O3"), llvm::cl::init(3)};
    Option<bool> tidy{*this, "tidy", llvm::cl::desc("canonicalize between passes"), llvm::cl::init(true)};
    ListOption<std::string> without{*this, "without", llvm::cl::desc("optional passes to leave out")};
    Option<bool> debugInfo{*this, "g", llvm::cl::desc("name nodes for debuggers"), llvm::cl::init(false)};
    Option<int64_t> winogradTile{*this, "winograd-tile", llvm::cl::desc("as -fwinograd"), llvm::cl::init(4)};
    Option<int64_t> bandRows{*this, "band-rows", llvm::cl::desc("as -fform-bands"), llvm::cl::init(0)};
    Option<bool> remarks{*this, "remarks", llvm::cl::desc("as -Rpass=fuse"), llvm::cl::init(false)};
    Option<bool> missed{*this, "missed-remarks", llvm::cl::desc("as -Rpass-missed=fuse"), llvm::cl::init(false)};
  };
  for (Stage stage : llvm::drop_begin(allStages)) {
    std::string name = ("nncc-" + stageName(stage)).str(), description = ("the stage '" + stageName(stage) + "'").str();
    PassPipelineRegistration<Options>(name, description, [stage](OpPassManager &pm, const Options &options) {
      buildStage(stage, pm,
                 {options.optLevel,
                  options.tidy,
                  options.debugInfo,
                  options.winogradTile,
                  options.bandRows,
                  options.remarks,
                  options.missed,
                  {options.without.begin(), options.without.end()},
                  /*tileChoices=*/nullptr});
    });
  }
}

} // namespace nncc
