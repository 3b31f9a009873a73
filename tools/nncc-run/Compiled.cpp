// Models that are compiled into memory before they run.
#include "Error.h"
#include "Model.h"

using namespace nncc::run;

llvm::Expected<LoadedModel> nncc::run::loadCompiled(llvm::ArrayRef<const char *> arguments) {
  return fail(ExitCode::Usage, "compiling a model into memory is not supported yet; give a .so");
}
