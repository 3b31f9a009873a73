// Finds a model's descriptor in a shared object: the function NAME_model, NAME being the file's stem as nncc turns it
// into a C identifier, or else the only function of the dynamic symbol table whose name ends in _model.
#include "Model.h"
#include "Error.h"
#include "compiler/emit/Names.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>

using namespace nncc::run;

/// Names of the defined functions that end in _model.
static llvm::Expected<llvm::SmallVector<std::string>> modelFunctions(llvm::StringRef path) {
  auto binary = llvm::object::ObjectFile::createObjectFile(path);
  if (!binary)
    return fail(ExitCode::Usage, path + ": not a shared object: " + llvm::toString(binary.takeError()));
  auto *elf = llvm::dyn_cast<llvm::object::ELFObjectFileBase>(binary->getBinary());
  if (!elf)
    return fail(ExitCode::Usage, path + ": expected an ELF shared object");
  llvm::SmallVector<std::string> names;
  for (const llvm::object::ELFSymbolRef &symbol : elf->getDynamicSymbolIterators()) {
    auto name = symbol.getName();
    auto flags = symbol.getFlags();
    if (!name || !flags) {
      llvm::consumeError(name.takeError());
      llvm::consumeError(flags.takeError());
      continue;
    }
    if (symbol.getELFType() == llvm::ELF::STT_FUNC && name->ends_with("_model") &&
        !(*flags & llvm::object::SymbolRef::SF_Undefined))
      names.push_back(name->str());
  }
  return names;
}

/// The stem as a C identifier followed by _model, if it is among the names, or else the only name.
static llvm::Expected<std::string> chooseFunction(llvm::StringRef path, llvm::ArrayRef<std::string> names) {
  std::string expected = nncc::modelName(llvm::sys::path::stem(path)) + "_model";
  if (llvm::is_contained(names, expected))
    return expected;
  if (names.size() == 1)
    return names.front();
  if (names.empty())
    return fail(ExitCode::Usage, path + ": no function NAME_model: not a model that nncc compiled");
  return fail(ExitCode::Usage, path + ": expected one model, found " + llvm::join(names, ", "));
}

llvm::Expected<LoadedModel> nncc::run::loadShared(llvm::StringRef path) {
  llvm::SmallString<256> absolute;
  if (std::error_code error = llvm::sys::fs::real_path(path, absolute))
    return fail(ExitCode::Usage, path + ": " + error.message());
  auto names = modelFunctions(absolute);
  if (!names)
    return names.takeError();
  auto name = chooseFunction(path, *names);
  if (!name)
    return name.takeError();
  void *handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return fail(ExitCode::Usage, path + ": " + dlerror());
  LoadedModel loaded;
  loaded.owner = std::shared_ptr<void>(handle, dlclose);
  auto function = reinterpret_cast<const nncc_model *(*)()>(dlsym(handle, name->c_str()));
  loaded.model = function ? function() : nullptr;
  if (!loaded.model)
    return fail(ExitCode::Usage, path + ": " + *name + " gives no descriptor");
  if (loaded.model->abi != NNCC_ABI)
    return fail(ExitCode::Usage, path + ": expected ABI version " + llvm::Twine(NNCC_ABI) + ", found " +
                                     llvm::Twine(loaded.model->abi) + ": compiled by another version of nncc");
  if (loaded.model->size < sizeof(nncc_model))
    return fail(ExitCode::Usage, path + ": the descriptor is truncated");
  return loaded;
}
