// Emit.h's implementation.
#include "compiler/emit/Emit.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Interface.h"
#include "compiler/emit/OutputFile.h"
#include "compiler/emit/SharedObject.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"
using namespace llvm;

namespace nncc {
namespace {
constexpr uint64_t pageBytes = 4096;
struct KindName {
  OutputKind kind;
  StringLiteral suffix;
};
constexpr KindName kindNames[] = {{OutputKind::Object, "o"},        {OutputKind::Archive, "a"},
                                  {OutputKind::SharedObject, "so"}, {OutputKind::Assembly, "s"},
                                  {OutputKind::LLVMIR, "ll"},       {OutputKind::Bitcode, "bc"},
                                  {OutputKind::Mlir, "mlir"},       {OutputKind::Header, "h"}};

bool hasHeader(OutputKind kind) {
  return kind == OutputKind::Object || kind == OutputKind::Archive || kind == OutputKind::SharedObject;
}

// The archive's member is named after the model and carries no time, user or folder.
Error writeArchiveFile(StringRef object, StringRef member, OutputFile &file) {
  std::vector<NewArchiveMember> members;
  members.emplace_back(MemoryBufferRef(object, member));
  auto buffer = writeArchiveToBuffer(members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                     /*Deterministic=*/true, /*Thin=*/false);
  if (!buffer)
    return buffer.takeError();
  file.os() << (*buffer)->getBuffer();
  return Error::success();
}

Error writeOutput(Module &module, const ModelInfo &info, const Target &target, OutputKind kind, OutputFile &file) {
  switch (kind) {
  case OutputKind::Object:
  case OutputKind::Assembly:
    generateCode(module, target, kind == OutputKind::Assembly, file.os());
    return Error::success();
  case OutputKind::Archive: {
    SmallVector<char, 0> object;
    raw_svector_ostream os(object);
    generateCode(module, target, /*assembly=*/false, os);
    return writeArchiveFile(os.str(), info.name + ".o", file);
  }
  case OutputKind::SharedObject:
    return linkSharedObject(file, [&](raw_pwrite_stream &os) { generateCode(module, target, /*assembly=*/false, os); });
  case OutputKind::LLVMIR:
    module.print(file.os(), nullptr);
    return Error::success();
  case OutputKind::Bitcode:
    WriteBitcodeToFile(module, file.os());
    return Error::success();
  case OutputKind::Mlir:
  case OutputKind::Header:
    break;
  }
  llvm_unreachable("written elsewhere");
}
} // namespace

std::optional<OutputKind> parseOutputKind(StringRef suffix) {
  for (const KindName &name : kindNames)
    if (name.suffix == suffix)
      return name.kind;
  return std::nullopt;
}

StringRef outputSuffix(OutputKind kind) {
  return find_if(kindNames, [&](const KindName &name) { return name.kind == kind; })->suffix;
}

std::optional<TranslatedModel> leaveMlir(mlir::ModuleOp module, const Target &target, const EmitOptions &options) {
  TranslatedModel model;
  model.info = readModelInfo(module);
  model.info.cpu = target.cpu;
  model.info.required = target.required;
  model.info.embedsWeights = options.weightsFile.empty();
  model.context = std::make_unique<LLVMContext>();
  options.onStep("translate");
  model.module = translate(module, *model.context, target, model.info.name);
  if (!model.module)
    return std::nullopt;
  options.onStep("pack weights");
  model.weights = packWeights(module);
  if (!model.info.embedsWeights) {
    // Whole pages, so that the file can be mapped and its size says all.
    model.weights.resize(alignTo(std::max<uint64_t>(model.weights.size(), 1), pageBytes));
    model.info.weightsBytes = model.weights.size();
    model.info.weightsHash = xxh3_64bits(arrayRefFromStringRef(StringRef(model.weights.data(), model.weights.size())));
  }
  return model;
}

Error emit(TranslatedModel model, const Target &target, const EmitOptions &options) {
  Header header = buildHeader(model.info);
  SmallVector<std::unique_ptr<OutputFile>> files; // in the order of their appearance
  auto open = [&](StringRef path) -> Expected<OutputFile *> {
    auto file = OutputFile::create(path);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
    return files.back().get();
  };

  if (!model.info.embedsWeights) {
    auto file = open(options.weightsFile);
    if (!file)
      return file.takeError();
    (*file)->os().write(model.weights.data(), model.weights.size());
  }
  bool beside = hasHeader(options.kind) && options.writeHeader && options.output != "-";
  if (beside || options.kind == OutputKind::Header) {
    SmallString<128> path(options.output);
    if (beside)
      sys::path::replace_extension(path, "h");
    auto file = open(path);
    if (!file)
      return file.takeError();
    (*file)->os() << header.text;
  }
  if (options.kind != OutputKind::Header) {
    auto file = open(options.output);
    if (!file)
      return file.takeError();
    options.onStep("optimize");
    buildInterface(*model.module, model.info, header.abiHash);
    optimize(*model.module, target, options.optLevel);
    setWeights(*model.module, model.info, model.weights);
    std::vector<char>().swap(model.weights);
    options.onStep("generate code");
    if (Error error = writeOutput(*model.module, model.info, target, options.kind, **file))
      return error;
  }
  options.onStep("write");
  for (auto &file : files)
    if (Error error = file->sync())
      return error;
  for (auto &file : files)
    if (Error error = file->keep())
      return error;
  return Error::success();
}

uint64_t countCodeBytes(StringRef object) {
  auto file = object::ObjectFile::createObjectFile(MemoryBufferRef(object, ""));
  if (!file) {
    consumeError(file.takeError());
    return 0;
  }
  uint64_t bytes = 0;
  for (const object::SectionRef &section : (*file)->sections())
    if (section.isText())
      bytes += section.getSize();
  return bytes;
}

} // namespace nncc
