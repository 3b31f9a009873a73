// Compiler.h's implementation: the stages one after another, each with its time, and what of the model is dropped when.
#include "compiler/Compiler.h"
#include "compiler/Statistics.h"
#include "compiler/emit/Names.h"
#include "compiler/emit/OutputFile.h"
#include "compiler/import/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/thread.h"
using namespace mlir;

namespace nncc {
namespace {
constexpr unsigned stackBytes = 256u << 20; // for LLVM's recursion over deep expressions

// Prints the module after the passes that were named.
struct PrintAfter : PassInstrumentation {
  const std::vector<std::string> &names;
  raw_ostream &os;
  PrintAfter(const std::vector<std::string> &names, raw_ostream &os) : names(names), os(os) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    StringRef name = pass->getArgument();
    if (pass->getName().starts_with("mlir::detail::") ||
        llvm::none_of(names, [&](const std::string &n) { return n == "all" || n == name; }))
      return;
    os << "// ----- after " << name << "\n";
    op->print(os, OpPrintingFlags().elideLargeElementsAttrs(16).elideLargeResourceString(16));
    os << "\n";
  }
};

class Compilation {
public:
  Compilation(const CompileOptions &options, raw_ostream &out, raw_ostream &err)
      : options(options), out(out), err(err), emitOptions(options.emit) {
    emitOptions.onCode = [this](uint64_t bytes) { statistics.setCodeBytes(bytes); };
    emitOptions.onStep = [this](StringRef step) { statistics.begin(step); };
  }

  int run() {
    int status = compileModel();
    statistics.end();
    if (status != ExitDone)
      return status;
    if (options.time)
      statistics.printTimes(err);
    if (options.stats != CompileOptions::Stats::None)
      statistics.print(out, options.stats == CompileOptions::Stats::Json);
    return ExitDone;
  }

private:
  int compileModel() {
    auto selected = selectTarget(options.target, options.pipeline.optLevel);
    if (!selected)
      return report(selected.takeError(), ExitUsage);
    target = std::move(*selected);
    if (emitOptions.kind == OutputKind::SharedObject && !target.runsHere)
      return report(llvm::createStringError("cannot link a shared object for '" + target.triple + "' here"), ExitUsage);
    if (options.verbose)
      err << "nncc: target " << target.triple << ", " << target.cpu << " " << target.features << ", tuned for "
          << target.tune << "\n";

    DialectRegistry registry;
    registerDialects(registry);
    context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
    printer = std::make_unique<DiagnosticPrinter>(context.get(), options.input, err);
    if (int status = readModel())
      return status;
    if (int status = checkPassNames())
      return status;
    if (int status = prepareTuning())
      return status;
    if (int status = runStages())
      return status;
    if (options.check)
      return ExitDone;
    if (tuner) {
      if (options.verbose)
        err << "nncc: " << tuner->summary() << "\n";
      if (llvm::Error error = tuner->finish())
        return report(std::move(error), ExitInput);
    }
    if (options.stopAfter && *options.stopAfter != Stage::LLVM)
      return writeModule();
    if (emitOptions.kind == OutputKind::Mlir)
      return writeModule();
    return emitModel();
  }

  int report(llvm::Error error, ExitCode code) {
    llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
      err << "nncc: error: " << info.message() << "\n";
      std::error_code cause = info.convertToErrorCode();
      if (cause == std::errc::no_space_on_device || cause == std::errc::file_too_large)
        code = ExitResource;
    });
    return code;
  }

  // What a diagnostic amounts to: a limit, a bad model, or, after import, a bug.
  int failed(ExitCode code) const { return printer->exceededLimit() ? ExitResource : code; }

  int readModel() {
    statistics.begin("read");
    file = ModelFile::load(*context, options.input, options.externalRoot);
    if (!file)
      return failed(ExitInput);
    ImportOptions import = options.import;
    import.name = options.name;
    if (import.name.empty())
      import.name = options.input == "-" ? "model" : modelName(llvm::sys::path::stem(options.input));
    statistics.begin("import");
    if (file->kind() == ModelFile::Kind::Mlir) {
      llvm::SourceMgr sources;
      sources.AddNewSourceBuffer(
          llvm::MemoryBuffer::getMemBuffer(file->buffer().getMemBufferRef(), /*RequiresNullTerminator=*/false),
          llvm::SMLoc());
      module = parseSourceFile<ModuleOp>(sources, context.get());
    } else {
      module = importModel(*context, *file, import);
    }
    if (!module || printer->errors())
      return failed(ExitInput);
    if (!module->getOperation()->hasAttr("nncc.name") || !options.name.empty())
      module->getOperation()->setAttr("nncc.name", StringAttr::get(context.get(), import.name));
    module->getOperation()->setAttr("kernel.target", target.attribute(context.get()));
    statistics.countModel(*module);
    return ExitDone;
  }

  // The passes of --print-ir-after are among those that run.
  int checkPassNames() {
    std::string pipeline;
    llvm::raw_string_ostream os(pipeline);
    for (Stage stage : allStages) {
      PassManager pm(context.get());
      buildStage(stage, pm, options.pipeline);
      pm.printAsTextualPipeline(os);
      os << ',';
    }
    // Options stand in braces behind a pass, nested passes in parentheses behind what they run on.
    llvm::StringSet<> known = {"all"};
    SmallVector<StringRef> parts;
    llvm::SplitString(pipeline, parts, ",()");
    for (StringRef part : parts)
      known.insert(part.split('{').first);
    for (const std::string &name : options.printIRAfter)
      if (!known.contains(name))
        return report(llvm::createStringError("--print-ir-after: no pass '" + name + "' runs"), ExitUsage);
    return ExitDone;
  }

  int prepareTuning() {
    pipeline = options.pipeline;
    if (!options.tune.time && options.tune.input.empty())
      return ExitDone;
    if (options.tune.time && !target.runsHere)
      return report(llvm::createStringError("--tune: code for '" + target.triple + "' does not run here"), ExitUsage);
    auto created = Tuner::create(options.tune, options.pipeline, target, *context, err);
    if (!created)
      return report(created.takeError(), ExitInput);
    tuner = std::move(*created);
    pipeline.tileChoices = tuner.get();
    return ExitDone;
  }

  int runStages() {
    // An operator that has no way down is found by `lower`.
    Stage last = options.check
                     ? Stage::Lower
                     : options.stopAfter.value_or(emitOptions.kind == OutputKind::Mlir ? Stage::Import : Stage::LLVM);
    for (Stage stage : allStages) {
      if (stage <= options.startAfter || stage > last)
        continue;
      statistics.begin(stageName(stage));
      PassManager pm(context.get());
      pm.addInstrumentation(std::make_unique<PrintAfter>(options.printIRAfter, err));
      buildStage(stage, pm, pipeline);
      // Once for a stage: after every pass it would cost as much as the passes. nncc-opt does it for tests.
      pm.enableVerifier(false);
      if (mlir::failed(pm.run(*module)) || mlir::failed(verify(*module))) {
        if (!printer->errors())
          err << "nncc: error: stage '" << stageName(stage) << "' fails\n";
        // What no stage before could say is that an operator has no way down.
        return failed(stage <= Stage::Lower ? ExitInput : ExitInternal);
      }
      statistics.countFusions(stage, *module);
      file->releasePages(); // a stage reads a weight once, if at all
      if (options.saveTemps && !options.check)
        if (int status = writeModule(stage))
          return status;
    }
    return ExitDone;
  }

  // The output, or with a stage a file for --save-temps beside it.
  int writeModule(std::optional<Stage> stage = std::nullopt) {
    llvm::SmallString<128> path(emitOptions.output);
    if (stage) {
      if (path == "-")
        path = "model";
      llvm::sys::path::replace_extension(path, stageName(*stage) + ".mlir");
    }
    auto output = OutputFile::create(path);
    if (!output)
      return report(output.takeError(), ExitInput);
    OpPrintingFlags flags;
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
    module->print((*output)->os(),
                  stage ? OpPrintingFlags().elideLargeElementsAttrs(16).elideLargeResourceString(16) : flags);
    if (llvm::Error error = (*output)->sync())
      return report(std::move(error), ExitInput);
    if (llvm::Error error = (*output)->keep())
      return report(std::move(error), ExitInput);
    return ExitDone;
  }

  int emitModel() {
    auto model = leaveMlir(*module, target, emitOptions);
    if (!model)
      return failed(ExitInternal);
    module = nullptr; // its weights' bytes are the context's, or in the mapped file
    statistics.countOutput(model->info);
    if (llvm::Error error = emit(std::move(*model), target, emitOptions))
      return report(std::move(error), ExitInput);
    return ExitDone;
  }

  const CompileOptions &options;
  raw_ostream &out, &err;
  EmitOptions emitOptions;
  Statistics statistics;
  Target target;
  PipelineOptions pipeline;
  std::unique_ptr<Tuner> tuner;
  // Declared in the order of their use: the module's weights point into the file.
  std::unique_ptr<MLIRContext> context;
  std::unique_ptr<DiagnosticPrinter> printer;
  std::unique_ptr<ModelFile> file;
  OwningOpRef<ModuleOp> module;
};
} // namespace

int compile(const CompileOptions &options, raw_ostream &out, raw_ostream &err) {
  int status = ExitInternal;
  llvm::thread worker(std::optional<unsigned>(stackBytes), [&] {
    AlternateStack signals;
    status = Compilation(options, out, err).run();
  });
  worker.join();
  return status;
}

int compileToSharedObject(CompileOptions options, StringRef path, raw_ostream &err) {
  options.emit.kind = OutputKind::SharedObject;
  options.emit.output = path.str();
  options.emit.writeHeader = false;
  return compile(options, llvm::nulls(), err);
}

} // namespace nncc
