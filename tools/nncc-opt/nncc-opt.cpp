// nncc-opt: mlir-opt for this project: our dialects and passes, and of upstream's those that we use.
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "passes/Pipeline.h"

int main(int argc, char **argv) {
  nncc::registerPassesAndPipelines();
  mlir::DialectRegistry registry;
  nncc::registerDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "nncc's passes on MLIR\n", registry));
}
