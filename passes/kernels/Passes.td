include "mlir/Pass/PassBase.td"

def EmitGeneric : Pass<"nncc-emit-generic"> {
  let summary = "linalg ops on memrefs => loops over vectors";
  let description = [{
    `linalg.generic outs(%y)` => `scf.for` over vectors of `y`: all work units of each op, where it stands.
  }];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"];
}
