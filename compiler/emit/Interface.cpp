// Interface.h's implementation. The descriptor's structs are nncc.h's, field by field.
#include "compiler/emit/Interface.h"
#include "runtime/nncc.h"
#include "llvm/IR/IRBuilder.h"
using namespace llvm;

namespace nncc {
namespace {
constexpr uint64_t farBytes = 1u << 30;
constexpr unsigned manyTensors = 500;

class InterfaceBuilder {
public:
  InterfaceBuilder(Module &module, const ModelInfo &info, StringRef abiHash)
      : module(module), info(info), abiHash(abiHash), context(module.getContext()),
        ptr(PointerType::getUnqual(context)), i32(Type::getInt32Ty(context)), i64(Type::getInt64Ty(context)) {}

  void build() {
    entry = module.getFunction("entry");
    assert(entry && "the stage llvm makes @entry");
    for (Function &f : module)
      if (!f.isDeclaration()) {
        f.setName(info.name + "_" + f.getName());
        f.setLinkage(GlobalValue::InternalLinkage);
      }
    if (info.embedsWeights && info.weightsBytes) {
      weights = new GlobalVariable(module, ArrayType::get(Type::getInt8Ty(context), info.weightsBytes),
                                   /*isConstant=*/true, GlobalValue::ExternalLinkage, nullptr, info.name + "_weights");
      weights->setVisibility(GlobalValue::HiddenVisibility);
      weights->setDSOLocal(true);
      weights->setAlignment(Align(64));
      if (info.weightsBytes > farBytes) // code reaches 2 GiB of other sections
        weights->setCodeModel(CodeModel::Large);
    }
    buildGenericEntry();
    buildRun();
    buildModel();
  }

private:
  // The arguments of the stage's @entry for the given ones: embedded weights are known here alone.
  Value *callEntry(IRBuilder<> &b, Value *inputs, Value *outputs, Value *given, Value *arena, Value *exec) {
    Value *bytes = weights ? weights : info.embedsWeights ? ConstantPointerNull::get(ptr) : given;
    return b.CreateCall(entry, {inputs, outputs, bytes, arena, exec});
  }

  void buildGenericEntry() {
    auto *type = FunctionType::get(i32, {ptr, ptr, ptr, ptr, ptr}, false);
    generic = Function::Create(type, GlobalValue::InternalLinkage, info.name + "_call", module);
    IRBuilder<> b(BasicBlock::Create(context, "", generic));
    b.CreateRet(callEntry(b, generic->getArg(0), generic->getArg(1), generic->getArg(2), generic->getArg(3),
                          generic->getArg(4)));
  }

  // `count` pointers, the function's arguments from `first` on, in an array on the stack.
  Value *collect(IRBuilder<> &b, Function *f, unsigned first, unsigned count) {
    auto *type = ArrayType::get(ptr, count);
    Value *array = b.CreateAlloca(type);
    for (unsigned i = 0; i < count; i++)
      b.CreateStore(f->getArg(first + i), b.CreateConstInBoundsGEP2_32(type, array, 0, i));
    return array;
  }

  void buildRun() {
    unsigned inputs = info.inputs.size(), outputs = info.outputs.size(), tensors = inputs + outputs;
    unsigned count = tensors + (info.embedsWeights ? 2 : 3);
    auto *type = FunctionType::get(i32, SmallVector<Type *>(count, ptr), false);
    auto *run = Function::Create(type, GlobalValue::ExternalLinkage, info.name + "_run", module);
    IRBuilder<> b(BasicBlock::Create(context, "", run));
    Value *in = collect(b, run, 0, inputs), *out = collect(b, run, inputs, outputs);
    Value *given = info.embedsWeights ? nullptr : run->getArg(tensors);
    b.CreateRet(callEntry(b, in, out, given, run->getArg(count - 2), run->getArg(count - 1)));
    addHashed(run);
    // One straight line of stores: nothing to gain, and time that grows with the square of its length.
    if (tensors > manyTensors) {
      run->addFnAttr(Attribute::OptimizeNone);
      run->addFnAttr(Attribute::NoInline);
    }
  }

  void addHashed(Function *f) {
    GlobalAlias::create(f->getValueType(), 0, GlobalValue::ExternalLinkage, f->getName() + "_abi_" + abiHash, f,
                        &module);
  }

  GlobalVariable *constant(Constant *value, const Twine &name) {
    auto *global =
        new GlobalVariable(module, value->getType(), true, GlobalValue::PrivateLinkage, value, info.name + name);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }

  Constant *text(StringRef value) {
    Constant *&known = texts[value];
    if (!known)
      known = constant(ConstantDataArray::getString(context, value), "_text");
    return known;
  }

  Constant *array(StructType *type, ArrayRef<Constant *> elements, const Twine &name) {
    if (elements.empty())
      return ConstantPointerNull::get(ptr);
    return constant(ConstantArray::get(ArrayType::get(type, elements.size()), elements), name);
  }

  Constant *tensorTable(ArrayRef<TensorInfo> tensors, const Twine &name) {
    auto *type = StructType::get(context, {ptr, i32, i32, ptr, ptr, i64, i32});
    SmallVector<Constant *> table;
    for (const TensorInfo &tensor : tensors) {
      SmallVector<uint64_t> extents(tensor.shape.begin(), tensor.shape.end());
      Constant *shape = ConstantPointerNull::get(ptr);
      if (!extents.empty())
        shape = constant(ConstantDataArray::get(context, extents), "_shape");
      table.push_back(
          ConstantStruct::get(type, {text(tensor.name), word(tensor.type), word(extents.size()), shape,
                                     ConstantPointerNull::get(ptr), wide(tensor.bytes()), word(tensor.inPlace)}));
    }
    return array(type, table, name);
  }

  Constant *nodeTable() {
    Type *real = Type::getDoubleTy(context);
    auto *type = StructType::get(context, {ptr, real, real});
    SmallVector<Constant *> table;
    for (const NodeInfo &node : info.nodes)
      table.push_back(ConstantStruct::get(
          type, {text(node.name), ConstantFP::get(real, node.flops), ConstantFP::get(real, node.bytes)}));
    return array(type, table, "_nodes");
  }

  void buildModel() {
    auto *type =
        StructType::get(context, {i32, i32, ptr, i32, i32, ptr, ptr, i64, i64, i64, i64, i64, i32, i32, ptr, ptr, ptr});
    uint64_t size = module.getDataLayout().getTypeAllocSize(type);
    Constant *value = ConstantStruct::get(
        type,
        {word(NNCC_ABI), word(size), text(info.name), word(info.inputs.size()), word(info.outputs.size()),
         tensorTable(info.inputs, "_inputs"), tensorTable(info.outputs, "_outputs"), wide(info.arenaBytes),
         wide(arenaAlign), wide(info.workerBytes), wide(info.embedsWeights ? 0 : info.weightsBytes),
         wide(info.weightsHash), word(info.nodes.size()), word(info.required), nodeTable(), text(info.cpu), generic});
    auto *model =
        Function::Create(FunctionType::get(ptr, false), GlobalValue::ExternalLinkage, info.name + "_model", module);
    IRBuilder<> b(BasicBlock::Create(context, "", model));
    b.CreateRet(constant(value, "_descriptor"));
    addHashed(model);
  }

  Constant *word(uint64_t v) { return ConstantInt::get(i32, static_cast<uint32_t>(v)); }
  Constant *wide(uint64_t v) { return ConstantInt::get(i64, v); }

  Module &module;
  const ModelInfo &info;
  StringRef abiHash;
  LLVMContext &context;
  PointerType *ptr;
  Type *i32, *i64;
  Function *entry = nullptr, *generic = nullptr;
  GlobalVariable *weights = nullptr;
  StringMap<Constant *> texts;
};
} // namespace

void buildInterface(Module &module, const ModelInfo &info, StringRef abiHash) {
  InterfaceBuilder(module, info, abiHash).build();
}

void setWeights(Module &module, const ModelInfo &info, ArrayRef<WeightRun> runs, bool embed) {
  GlobalVariable *declared = module.getNamedGlobal(info.name + "_weights");
  if (!declared)
    return;
  Constant *value = ConstantAggregateZero::get(declared->getValueType());
  if (embed) {
    std::vector<char> bytes(info.weightsBytes);
    writeWeights(runs, [&](uint64_t offset, ArrayRef<char> piece) { copy(piece, bytes.begin() + offset); });
    value = ConstantDataArray::getRaw(StringRef(bytes.data(), bytes.size()), bytes.size(),
                                      Type::getInt8Ty(module.getContext()));
  }
  declared->setInitializer(value);
  declared->setVisibility(GlobalValue::DefaultVisibility);
  declared->setLinkage(GlobalValue::InternalLinkage);
}

} // namespace nncc
