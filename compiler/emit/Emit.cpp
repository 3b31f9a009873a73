// Emit.h's implementation.
#include "compiler/emit/Emit.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Interface.h"
#include "compiler/emit/Object.h"
#include "compiler/emit/OutputFile.h"
#include "compiler/emit/SharedObject.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
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

// Everything that writing one output needs.
struct Writer {
  TranslatedModel &model;
  const Target &target;
  const EmitOptions &options;

  Error writeObject(OutputFile &file) {
    if (file.temporaryPath().empty()) { // a pipe or a device takes bytes in their order only
      SmallVector<char, 0> object;
      if (Error error = writeObject(object))
        return error;
      file.os().write(object.data(), object.size());
      return Error::success();
    }
    generateCode(*model.module, target, /*assembly=*/false, file.os());
    if (Error error = file.flush())
      return error;
    auto buffer = MemoryBuffer::getFile(file.temporaryPath(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer)
      return createFileError(file.temporaryPath(), buffer.getError());
    return finish(**buffer, file.os());
  }

  Error writeObject(SmallVectorImpl<char> &object) {
    raw_svector_ostream os(object);
    generateCode(*model.module, target, /*assembly=*/false, os);
    return finish(MemoryBufferRef(os.str(), ""), os);
  }

  Error finish(MemoryBufferRef object, raw_pwrite_stream &os) {
    bool put = canFinishObject(*model.module);
    auto code = finishObject(object, model.info, put ? ArrayRef(model.weights) : ArrayRef<WeightRun>(), os);
    if (!code)
      return code.takeError();
    options.onCode(*code);
    return Error::success();
  }

  // The archive's member is named after the model and carries no time, user or folder.
  Error writeArchive(OutputFile &file) {
    SmallVector<char, 0> object;
    if (Error error = writeObject(object))
      return error;
    std::string name = model.info.name + ".o";
    std::vector<NewArchiveMember> members;
    members.emplace_back(MemoryBufferRef(StringRef(object.data(), object.size()), name));
    auto buffer = writeArchiveToBuffer(members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                       /*Deterministic=*/true, /*Thin=*/false);
    if (!buffer)
      return buffer.takeError();
    file.os() << (*buffer)->getBuffer();
    return Error::success();
  }

  Error write(OutputFile &file) {
    bool isNative = hasHeader(options.kind), put = isNative && canFinishObject(*model.module);
    setWeights(*model.module, model.info, model.weights, /*embed=*/!put);
    switch (options.kind) {
    case OutputKind::Object:
      return writeObject(file);
    case OutputKind::Assembly:
      generateCode(*model.module, target, /*assembly=*/true, file.os());
      return Error::success();
    case OutputKind::Archive:
      return writeArchive(file);
    case OutputKind::SharedObject:
      return linkSharedObject(file, [&](OutputFile &object) { return writeObject(object); });
    case OutputKind::LLVMIR:
      model.module->print(file.os(), nullptr);
      return Error::success();
    case OutputKind::Bitcode:
      WriteBitcodeToFile(*model.module, file.os());
      return Error::success();
    case OutputKind::Mlir:
    case OutputKind::Header:
      break;
    }
    llvm_unreachable("written elsewhere");
  }
};

// The packed weights as a file, and its size and hash in the model's description.
Error writeWeightsFile(TranslatedModel &model, StringRef path, OutputFile &file) {
  // Whole pages, so that the file can be mapped and its size says all.
  ModelInfo &info = model.info;
  info.weightsBytes = alignTo(std::max<uint64_t>(info.weightsBytes, 1), pageBytes);
  if (file.temporaryPath().empty())
    return createStringError("--weights: expected a regular file");
  uint64_t at = 0; // runs come in the order of their offsets
  auto advance = [&](uint64_t to) {
    for (; at < to; at += std::min<uint64_t>(to - at, pageBytes))
      file.os().write_zeros(std::min<uint64_t>(to - at, pageBytes));
  };
  writeWeights(model.weights, [&](uint64_t offset, ArrayRef<char> piece) {
    advance(offset);
    file.os().write(piece.data(), piece.size());
    at += piece.size();
  });
  advance(info.weightsBytes);
  if (Error error = file.flush())
    return error;
  auto buffer = MemoryBuffer::getFile(file.temporaryPath(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createFileError(file.temporaryPath(), buffer.getError());
  info.weightsHash = xxh3_64bits(arrayRefFromStringRef((*buffer)->getBuffer()));
  // Several models may share a file. One with other bytes is another model's, or no such file at all.
  if (!sys::fs::exists(path))
    return Error::success();
  auto existing = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!existing)
    return createFileError(path, existing.getError());
  if ((*existing)->getBuffer() != (*buffer)->getBuffer())
    return createStringError("--weights: '" + path + "' exists and holds something else");
  return Error::success();
}
} // namespace

std::string headerPath(const EmitOptions &options) {
  if (options.kind == OutputKind::Header)
    return options.output;
  sys::fs::file_status status;
  sys::fs::status(options.output, status);
  if (!hasHeader(options.kind) || !options.writeHeader || options.output == "-" || sys::fs::is_other(status))
    return "";
  SmallString<128> path(options.output);
  sys::path::replace_extension(path, "h");
  return path.str().str();
}

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
  model.weights = readWeights(module);
  return model;
}

Error emit(TranslatedModel model, const Target &target, const EmitOptions &options) {
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
    if (Error error = writeWeightsFile(model, options.weightsFile, **file))
      return error;
  }
  Header header = buildHeader(model.info);
  if (std::string path = headerPath(options); !path.empty()) {
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
    options.onStep("generate code");
    if (Error error = Writer{model, target, options}.write(**file))
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

} // namespace nncc
