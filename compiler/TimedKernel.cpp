// TimedKernel.h's implementation.
#include "compiler/TimedKernel.h"
#include "compiler/import/ElementTypes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "passes/schedule/TileChoices.h"
#include "runtime/nncc.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

using namespace mlir;

namespace nncc {
namespace {

constexpr StringLiteral kernelName = "tuned";

struct OneTile : TileChoices {
  kernel::TileAttr tile;
  kernel::TileAttr choose(Operation *, ArrayRef<kernel::TileAttr>) override { return tile; }
};

MemRefType bufferOf(RankedTensorType type) { return MemRefType::get(type.getShape(), type.getElementType()); }

// Values that are no denormals, whose products stay finite and whose logarithms and roots exist.
void fill(void *memory, uint32_t type, uint64_t bytes) {
  uint32_t state = 1;
  auto next = [&] { return 0.25f + float((state = state * 1664525 + 1013904223) >> 8) / float(1 << 24); };
  if (type == NNCC_FLOAT)
    std::generate_n(static_cast<float *>(memory), bytes / sizeof(float), next);
  else if (type == NNCC_DOUBLE)
    std::generate_n(static_cast<double *>(memory), bytes / sizeof(double), next);
  else
    std::memset(memory, 0, bytes);
}

// Weights that an op packs at run time are packed before: inputs of their packed form.
void takePacked(func::FuncOp main) {
  SmallVector<kernel::PackOp> packs(main.getOps<kernel::PackOp>());
  for (kernel::PackOp pack : packs) {
    auto tensor = pack.getW().getDefiningOp<bufferization::ToTensorOp>();
    auto type = cast<RankedTensorType>(pack.getResult(0).getType());
    Value(tensor.getBuffer()).setType(bufferOf(type));
    Value(tensor.getResult()).setType(type);
    pack.getResult(0).replaceAllUsesWith(Value(tensor.getResult()));
    pack.erase();
  }
  Block &body = main.getBody().front();
  main.setType(FunctionType::get(main.getContext(), body.getArgumentTypes(), {}));
}

// What C sees of the arguments, the last of which are the output and the status.
void describeArguments(ModuleOp module) {
  auto main = cast<func::FuncOp>(module.lookupSymbol("main"));
  Builder b(module.getContext());
  SmallVector<Attribute> tensors;
  for (auto [i, type] : llvm::enumerate(main.getArgumentTypes().drop_back())) {
    auto buffer = cast<MemRefType>(type);
    tensors.push_back(
        b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr("t" + Twine(i))),
                             b.getNamedAttr("shape", b.getDenseI64ArrayAttr(buffer.getShape())),
                             b.getNamedAttr("type", b.getI32IntegerAttr(elementTypeNumber(buffer.getElementType())))}));
  }
  module->setAttr("nncc.name", b.getStringAttr(kernelName));
  module->setAttr("nncc.inputs", b.getArrayAttr(ArrayRef(tensors).drop_back()));
  module->setAttr("nncc.outputs", b.getArrayAttr(tensors.back()));
}

llvm::Error compileAlone(Operation *op, kernel::TileAttr tile, const PipelineOptions &pipeline, const Target &target,
                         StringRef path) {
  // What goes wrong here is no fault of the model's: the table's tile serves.
  ScopedDiagnosticHandler quiet(op->getContext(), [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = isolate(op);
  OneTile choice;
  choice.tile = tile;
  PipelineOptions options = pipeline;
  options.without.assign(std::begin(optionalPasses), std::end(optionalPasses));
  options.remarks = options.missedRemarks = options.debugInfo = false;
  options.tileChoices = &choice;
  for (Stage stage : {Stage::Schedule, Stage::Memory, Stage::Kernels, Stage::LLVM}) {
    PassManager pm(op->getContext());
    buildStage(stage, pm, options);
    pm.enableVerifier(false);
    if (failed(pm.run(*module)))
      return llvm::createStringError("stage '" + stageName(stage) + "' fails");
    if (stage == Stage::Schedule) {
      takePacked(cast<func::FuncOp>(module->lookupSymbol("main")));
      describeArguments(*module);
    }
  }
  EmitOptions emitOptions;
  emitOptions.kind = OutputKind::SharedObject;
  emitOptions.output = path.str();
  emitOptions.writeHeader = false;
  emitOptions.optLevel = pipeline.optLevel;
  auto translated = leaveMlir(*module, target, emitOptions);
  if (!translated)
    return llvm::createStringError("cannot be translated");
  return emit(std::move(*translated), target, emitOptions);
}
} // namespace

OwningOpRef<ModuleOp> isolate(Operation *op) {
  auto destination = cast<DestinationStyleOpInterface>(op);
  Location loc = UnknownLoc::get(op->getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr("kernel.target", kernel::TargetAttr::of(op));
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Type> types;
  for (OpOperand &operand : op->getOpOperands())
    types.push_back(bufferOf(cast<RankedTensorType>(operand.get().getType())));
  types.push_back(MemRefType::get({}, b.getI32Type())); // the status
  auto main = func::FuncOp::create(b, loc, "main", b.getFunctionType(types, {}));
  Block *body = main.addEntryBlock();
  b.setInsertionPointToEnd(body);
  IRMapping map;
  Operation *clone = op->cloneWithoutRegions();
  for (auto [i, operand] : llvm::enumerate(op->getOpOperands())) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    if (destination.isDpsInit(&operand)) {
      clone->setOperand(i, tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType()));
      continue;
    }
    main.setArgAttr(i, "bufferization.writable", b.getBoolAttr(false));
    clone->setOperand(i, bufferization::ToTensorOp::create(b, loc, type, body->getArgument(i), /*restrict=*/true));
  }
  for (auto [from, to] : llvm::zip(op->getRegions(), clone->getRegions()))
    from.cloneInto(&to, map);
  b.insert(clone);
  clone->setLoc(loc);
  bufferization::MaterializeInDestinationOp::create(b, loc, Type(), clone->getResult(0), body->getArguments().end()[-2],
                                                    /*restrict=*/true, /*writable=*/true);
  func::ReturnOp::create(b, loc);
  return module;
}

void TimedKernel::Free::operator()(void *memory) const { std::free(memory); }

llvm::Error TimedKernel::load(StringRef path) {
  library = dlopen(path.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError(dlerror());
  auto function = reinterpret_cast<const nncc_model *(*)()>(dlsym(library, (kernelName + "_model").str().c_str()));
  model = function ? function() : nullptr;
  if (!model)
    return llvm::createStringError("no descriptor");
  auto allocate = [&](uint64_t bytes) {
    // Uninitialised memory would be one page of zeros.
    memory.emplace_back(static_cast<char *>(std::aligned_alloc(4096, llvm::alignTo(bytes + 1, 4096))));
    if (memory.back())
      std::memset(memory.back().get(), 0, bytes);
    return memory.back().get();
  };
  for (uint32_t i = 0; i < model->inputs; i++) {
    inputs.push_back(allocate(model->input[i].bytes));
    if (memory.back())
      fill(memory.back().get(), model->input[i].type, model->input[i].bytes);
  }
  for (uint32_t i = 0; i < model->outputs; i++)
    outputs.push_back(allocate(model->output[i].bytes));
  arena = allocate(model->arena_bytes);
  if (!llvm::all_of(memory, [](const Memory &m) { return m != nullptr; }))
    return llvm::createStringError("not enough memory");
  if (int status = model->entry(inputs.data(), outputs.data(), nullptr, arena, nullptr))
    return llvm::createStringError("status " + Twine(status));
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<TimedKernel>>
TimedKernel::create(Operation *op, kernel::TileAttr tile, const PipelineOptions &pipeline, const Target &target) {
  llvm::SmallString<128> folder;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("nncc-tune", folder))
    return llvm::createStringError(error, "cannot make a temporary folder");
  llvm::scope_exit removeFolder([&] { llvm::sys::fs::remove_directories(folder); });
  llvm::SmallString<128> path = folder;
  llvm::sys::path::append(path, "kernel.so");
  if (llvm::Error error = compileAlone(op, tile, pipeline, target, path))
    return error;
  std::unique_ptr<TimedKernel> timed(new TimedKernel);
  if (llvm::Error error = timed->load(path))
    return error;
  return timed;
}

TimedKernel::~TimedKernel() {
  if (library)
    dlclose(library);
}

double TimedKernel::seconds(unsigned runs) {
  auto start = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < runs; i++)
    model->entry(inputs.data(), outputs.data(), nullptr, arena, nullptr);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / runs;
}

} // namespace nncc
