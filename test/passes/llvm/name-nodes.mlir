// RUN: nncc-opt %s --nncc-name-nodes --mlir-print-debuginfo | FileCheck %s

// CHECK: llvm.call @k() : () -> () loc(#[[CALL:.*]])
// CHECK-DAG: #[[NODE:di_subprogram.*]] = #llvm.di_subprogram<{{.*}}name = "conv1"{{.*}}line = 7
// CHECK-DAG: #[[PLACE:loc.*]] = loc("model":7:0)
// CHECK-DAG: #[[CALLEE:loc.*]] = loc(fused<#[[NODE]]>[#[[PLACE]]])
// CHECK-DAG: #[[CALL]] = loc(callsite(#[[CALLEE]] at
module attributes {nncc.name = "model"} {
  llvm.func @entry() {
    llvm.call @k() : () -> () loc("conv1"("model.onnx":7:0))
    llvm.return
  }
  llvm.func @k()
}
