// KernelJit.h's implementation: the same order of passes as the compiler's, without outlining.
#include "test/tools/KernelJit.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "passes/kernels/Passes.h"
#include "test/tools/Jit.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
using namespace mlir;

void registerJitDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  LLVM::LLVMDialect, linalg::LinalgDialect, math::MathDialect, memref::MemRefDialect,
                  nncc::kernel::KernelDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

static LogicalResult lower(ModuleOp module, const JitOptions &options) {
  PassManager ours(module.getContext()), pm(module.getContext());
  if (options.plain) {
    pm.addPass(createConvertLinalgToLoopsPass());
    pm.addPass(createConvertMathToLibmPass());
  } else {
    ours.addPass(nncc::createEmitGeneric({options.parts}));
    ours.addPass(nncc::createExpandMath());
    if (failed(ours.run(module)))
      return failure();
    if (options.print)
      module.print(llvm::outs());
  }
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  addLoopsToLLVM(pm, /*barePointers=*/true);
  return pm.run(module);
}

std::unique_ptr<llvm::orc::LLJIT> compileKernels(ModuleOp module, const JitOptions &options) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::ExitOnError exitOnError("nncc-kernel-check: ");
  int64_t lanes = options.cpu == "x86-64-v4" ? 16 : options.cpu == "x86-64-v3" ? 8 : 4;
  MLIRContext *context = module.getContext();
  context->loadAllAvailableDialects();
  module->setAttr("kernel.target", nncc::kernel::TargetAttr::get(context, "x86_64-unknown-linux-gnu", options.cpu, "",
                                                                 lanes, lanes == 16 ? 32 : 16, 32768, 1 << 20));
  if (failed(lower(module, options)))
    return nullptr;
  auto target = exitOnError(llvm::orc::JITTargetMachineBuilder::detectHost());
  target.setCPU(options.cpu);
  target.getFeatures() = llvm::SubtargetFeatures();
  target.setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  std::unique_ptr<llvm::TargetMachine> machine = exitOnError(target.createTargetMachine());
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, *llvmContext);
  if (!translated)
    return nullptr;
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setDataLayout(machine->createDataLayout());
  for (llvm::Function &f : *translated)
    for (llvm::Argument &arg : f.args())
      if (!f.isDeclaration() && arg.getType()->isPointerTy())
        arg.addAttr(llvm::Attribute::NoAlias);
  optimise(*translated, *machine);
  if (!options.assembly.empty()) {
    std::error_code error;
    llvm::raw_fd_ostream out(options.assembly, error);
    writeAssembly(*translated, *machine, out);
  }
  auto jit = exitOnError(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(target).create());
  exitOnError(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(translated), std::move(llvmContext))));
  return jit;
}

KernelFunction findKernel(llvm::orc::LLJIT &jit, llvm::StringRef name) {
  llvm::ExitOnError exitOnError("nncc-kernel-check: ");
  return exitOnError(jit.lookup(name)).toPtr<KernelFunction>();
}
