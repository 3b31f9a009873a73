// SharedObject.h's implementation. Without the start files, so that the result has no constructors.
#include "compiler/emit/SharedObject.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
using namespace llvm;

namespace nncc {
Error linkSharedObject(OutputFile &file, function_ref<Error(OutputFile &)> writeObject) {
  if (file.temporaryPath().empty())
    return createStringError("a shared object cannot be written to a pipe or device");
  auto cc = sys::findProgramByName("cc");
  if (!cc)
    return createStringError("cannot link a shared object: no program 'cc' in PATH");
  SmallString<128> name(file.temporaryPath());
  sys::path::replace_extension(name, "o");
  auto object = OutputFile::create(name); // never kept
  if (!object)
    return object.takeError();
  if (Error error = writeObject(**object))
    return error;
  std::string path = (*object)->temporaryPath().str(), output = file.temporaryPath().str();
  if (Error error = (*object)->sync())
    return error;
  std::string message;
  StringRef arguments[] = {*cc,
                           "-shared",
                           "-nostartfiles",
                           "-Wl,-Bsymbolic",
                           "-Wl,--build-id=none",
                           "-Wl,-z,noexecstack",
                           "-Wl,-z,relro",
                           "-Wl,-z,now",
                           "-Wl,--no-undefined",
                           "-o",
                           output,
                           path,
                           "-lm",
                           "-lc"};
  int status = sys::ExecuteAndWait(*cc, arguments, std::nullopt, {}, /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status != 0)
    return createStringError("cannot link a shared object: '" + *cc + "' " +
                             (message.empty() ? "exits with " + std::to_string(status) : message));
  file.wasReplaced();
  return Error::success();
}
} // namespace nncc
