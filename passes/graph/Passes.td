include "mlir/Pass/PassBase.td"

def FuseEpilogue : Pass<"nncc-fuse-epilogue"> {
  let summary = "e(contraction(x), ...) => contraction(x) with e in its epilogue, for any group e of elementwise ops";
  let dependentDialects = ["nn::NNDialect"];
}
