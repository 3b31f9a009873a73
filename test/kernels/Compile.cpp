// From a kernel op on tensors to a function in memory.
#include "Kernels.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "passes/kernels/Passes.h"
#include "passes/schedule/Passes.h"
#include "test/tools/Jit.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace kernels {

const Level levels[4] = {{"x86-64-v4", "x86-64-v4", 16, 32},
                         {"x86-64-v3", "x86-64-v3", 8, 16},
                         {"x86-64", "x86-64", 4, 16},
                         {"generic", "x86-64-v4", 8, 32}};

bool canRun(const Level &level) {
  StringRef cpu = level.cpu;
  if (cpu == "x86-64-v4")
    return __builtin_cpu_supports("x86-64-v4");
  return cpu != "x86-64-v3" || __builtin_cpu_supports("x86-64-v3");
}

Guarded::Guarded(size_t bytes, size_t alignment) {
  size_t page = sysconf(_SC_PAGESIZE);
  mapped = (bytes + alignment + page - 1) / page * page + page;
  mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    abort();
  char *end = static_cast<char *>(mapping) + mapped - page;
  mprotect(end, page, PROT_NONE);
  start = end - (bytes + alignment - 1) / alignment * alignment;
}
Guarded::~Guarded() { munmap(mapping, mapped); }

// Descriptors as MLIR's C interface wants them. Integers and pointers travel alike, and spare arguments do no harm.
void Kernel::run(const std::vector<void *> &buffers, void *scratch, const std::vector<int64_t> &from,
                 const std::vector<int64_t> &to) const {
  std::vector<std::vector<int64_t>> descriptors;
  auto describe = [&](void *data, const Shape &shape) {
    std::vector<int64_t> d = {int64_t(data), int64_t(data), 0};
    d.insert(d.end(), shape.begin(), shape.end());
    Shape strides(shape.size(), 1);
    for (size_t i = shape.size(); i-- > 1;)
      strides[i - 1] = strides[i] * shape[i];
    d.insert(d.end(), strides.begin(), strides.end());
    descriptors.push_back(d);
  };
  for (size_t i = 0; i < operands.size(); i++)
    describe(buffers[i], operands[i]);
  if (scratchBytes)
    describe(scratch, {scratchBytes});
  int64_t a[14] = {};
  size_t n = 0;
  for (auto &d : descriptors)
    a[n++] = int64_t(d.data());
  for (size_t i = 0; i < units.size(); i++)
    a[n++] = from[i], a[n++] = to[i];
  using F = void(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                 int64_t, int64_t, int64_t);
  reinterpret_cast<F *>(address)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                                 a[13]);
}

[[noreturn]] static void die(const Twine &message) {
  llvm::errs() << message << "\n";
  exit(1);
}

// A function over memrefs that holds `op` alone, as OutlineKernels makes it.
static Kernel outline(ModuleOp module, Operation *op, unsigned number) {
  Kernel kernel;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types;
  for (Type t : op->getOperandTypes()) {
    auto shaped = cast<ShapedType>(t);
    types.push_back(MemRefType::get(shaped.getShape(), shaped.getElementType()));
    kernel.operands.emplace_back(shaped.getShape().begin(), shaped.getShape().end());
  }
  auto work = cast<nncc::kernel::KernelInterface>(op);
  kernel.scratchBytes = work.getScratchBytes();
  kernel.flops = work.getFlops();
  if (auto tile = op->getAttrOfType<nncc::kernel::TileAttr>("tile")) {
    llvm::raw_string_ostream(kernel.tile) << Attribute(tile);
    kernel.tileRows = tile.getRows();
    kernel.tileVectors = tile.getVectors();
    kernel.hasWholePanels = kernel.operands.back().back() % tile.getPanel() == 0;
  }
  size_t operands = types.size();
  if (kernel.scratchBytes)
    types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  Operation *onBuffers;
  auto function = func::FuncOp::create(b, op->getLoc(), "k" + std::to_string(number), b.getFunctionType(types, {}));
  function->setAttr("llvm.emit_c_interface", b.getUnitAttr());
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  onBuffers = cloneWithoutRegions(b, op, TypeRange(), entry->getArguments().take_front(operands));
  for (auto [from, to] : llvm::zip(op->getRegions(), onBuffers->getRegions())) {
    IRMapping map;
    from.cloneInto(&to, map);
  }
  func::ReturnOp::create(b, op->getLoc());
  auto units = cast<nncc::kernel::KernelInterface>(onBuffers).getUnits();
  kernel.units.assign(units.begin(), units.end());
  types.append(2 * units.size(), b.getIndexType());
  for (size_t i = 0; i < 2 * units.size(); i++)
    entry->addArgument(b.getIndexType(), op->getLoc());
  function.setType(b.getFunctionType(types, {}));
  function->setAttr("kernel.units", b.getI64IntegerAttr(int64_t(units.size())));
  if (kernel.scratchBytes)
    function->setAttr("kernel.scratch", b.getUnitAttr());
  return kernel;
}

static void lower(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addNestedPass<func::FuncOp>(nncc::createEmitKernels());
  pm.addPass(createCSEPass());
  addLoopsToLLVM(pm, /*barePointers=*/false);
  if (failed(pm.run(module)))
    die("lowering failed");
}

Program compile(MLIRContext &context, StringRef text, const Level &level, std::string *assembly,
                nncc::TileChoices *tiles) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    die("cannot parse:\n" + text);
  (*module)->setAttr("kernel.target", nncc::kernel::TargetAttr::get(&context, "x86_64-pc-linux-gnu", level.cpu, "",
                                                                    level.lanes, level.registers, 32768, 1 << 20));
  PassManager pm(&context);
  pm.addNestedPass<func::FuncOp>(nncc::createChooseTiles(tiles));
  if (failed(pm.run(*module)))
    die("choosing tiles failed");
  auto f = module->lookupSymbol<func::FuncOp>("f");
  SmallVector<Operation *> ops;
  f.walk([&](nncc::kernel::KernelInterface op) { ops.push_back(op); });
  Program program;
  for (auto [i, op] : llvm::enumerate(ops))
    program.kernels.push_back(outline(*module, op, i));
  f.erase();
  lower(*module);

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = translateModuleToLLVMIR(*module, *llvmContext);
  llvm::orc::JITTargetMachineBuilder builder{llvm::Triple(llvm::sys::getDefaultTargetTriple())};
  builder.setCPU(level.cpu).setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive).setRelocationModel(llvm::Reloc::PIC_);
  auto machine = cantFail(builder.createTargetMachine());
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  optimise(*llvmModule, *machine);
  if (assembly) {
    llvm::SmallString<0> text;
    llvm::raw_svector_ostream stream(text);
    writeAssembly(*llvmModule, *machine, stream);
    *assembly = std::string(text);
  }
  program.jit = cantFail(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(builder).create());
  cantFail(program.jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))));
  for (auto [i, kernel] : llvm::enumerate(program.kernels))
    kernel.address = cantFail(program.jit->lookup("_mlir_ciface_k" + std::to_string(i))).getValue();
  return program;
}

// An innermost loop is a label, lines without another label, and a jump back to it. Where taps are spelt out there may
// be none: then it is what lies between two labels.
HotLoop findHotLoop(llvm::StringRef assembly) {
  HotLoop bestLoop, bestBlock, block;
  llvm::StringRef label, line;
  auto keep = [](HotLoop &best, const HotLoop &other) {
    auto rank = [](const HotLoop &l) {
      return std::tuple(l.broadcasts > 0 && l.broadcasts * 4 >= l.multiplyAdds, l.multiplyAdds, -l.loads);
    };
    if (rank(other) > rank(best))
      best = other;
  };
  while (!assembly.empty()) {
    std::tie(line, assembly) = assembly.split('\n');
    llvm::StringRef code = line.split('#').first.trim();
    if (line.starts_with(".L") || line.ends_with(":")) {
      label = line.split(':').first;
      keep(bestBlock, block);
      block = HotLoop();
      continue;
    }
    block.text += (line + "\n").str();
    // Without fused instructions the additions count.
    block.multiplyAdds += code.starts_with("vfmadd") || code.starts_with("addps");
    bool broadcasts = code.starts_with("vbroadcast") || code.starts_with("shufps") || code.contains("{1to");
    block.broadcasts += broadcasts && !code.contains("(%rip)"); // those are constants
    block.stackAccesses += code.contains("(%rsp");
    // AT&T's order: what is stored to comes last. An address alone is none.
    block.loads += code.contains("),") && !code.contains("(%rip)") && !code.starts_with("lea");
    block.calls += code.starts_with("call");
    if (code.starts_with("j") && code.ends_with(label))
      keep(bestLoop, block);
  }
  return bestLoop.multiplyAdds ? bestLoop : bestBlock;
}

} // namespace kernels
