// Codegen.h's implementation.
#include "compiler/emit/Codegen.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
using namespace mlir;

namespace nncc {
namespace {
constexpr unsigned hugeInstructions = 20000;
} // namespace

std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext &context, const Target &target,
                                        StringRef name) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  auto m = translateModuleToLLVMIR(module, context, name);
  if (!m)
    return nullptr;
  m->setTargetTriple(target.machine->getTargetTriple());
  m->setDataLayout(target.machine->createDataLayout());
  m->setPICLevel(llvm::PICLevel::BigPIC);
  return m;
}

void optimize(llvm::Module &module, const Target &target, unsigned optLevel) {
  for (llvm::Function &f : module) {
    f.setDoesNotThrow();
    if (f.isDeclaration())
      continue;
    f.addFnAttr("target-cpu", target.cpu);
    f.addFnAttr("tune-cpu", target.tune);
    if (!target.features.empty())
      f.addFnAttr("target-features", target.features);
    if (target.machine->getTargetTriple().isX86())
      f.addFnAttr("prefer-vector-width", "512");
    // The entry of a huge model is one straight line of calls: nothing to gain, and much time to lose.
    if (f.getInstructionCount() > hugeInstructions) {
      f.addFnAttr(llvm::Attribute::OptimizeNone);
      f.addFnAttr(llvm::Attribute::NoInline);
    }
  }
  llvm::LoopAnalysisManager la;
  llvm::FunctionAnalysisManager fa;
  llvm::CGSCCAnalysisManager ca;
  llvm::ModuleAnalysisManager ma;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.LoopInterleaving = tuning.SLPVectorization = false;
  llvm::PassBuilder builder(target.machine.get(), tuning);
  builder.registerModuleAnalyses(ma);
  builder.registerCGSCCAnalyses(ca);
  builder.registerFunctionAnalyses(fa);
  builder.registerLoopAnalyses(la);
  builder.crossRegisterProxies(la, fa, ca, ma);
  const llvm::OptimizationLevel levels[] = {llvm::OptimizationLevel::O1, llvm::OptimizationLevel::O1,
                                            llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  builder.buildPerModuleDefaultPipeline(levels[std::min(optLevel, 3u)]).run(module, ma);
}

void generateCode(llvm::Module &module, const Target &target, bool assembly, llvm::raw_pwrite_stream &os) {
  llvm::legacy::PassManager codegen;
  auto kind = assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (target.machine->addPassesToEmitFile(codegen, os, nullptr, kind))
    llvm::report_fatal_error("the target writes no such files");
  codegen.run(module);
}

} // namespace nncc
