include "mlir/Pass/PassBase.td"

def LowerToKernel : Pass<"nncc-lower-to-kernel", "mlir::ModuleOp"> {
  let summary = "nn => kernel ops for what has an emitter of ours, linalg for everything else; signless integers, bool tensors as i8";
  let dependentDialects = ["kernel::KernelDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect",
                           "mlir::scf::SCFDialect", "mlir::memref::MemRefDialect",
                           "mlir::bufferization::BufferizationDialect"];
}
