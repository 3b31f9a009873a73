// RUN: nncc-opt %s --split-input-file --verify-diagnostics --nncc-bracket-nodes | FileCheck %s

// CHECK: module attributes {nncc.nodes = [{bytes = 4.000000e+00 : f64, flops = 2.000000e+00 : f64, name = "a"}, {{{.*}}name = "b"}]}
// CHECK-LABEL: func.func @entry(
// CHECK-SAME: %[[EXEC:.*]]: !llvm.ptr) -> i32
// CHECK-NEXT: llvm.call @nncc_begin(%[[EXEC]])
// CHECK: arith.constant 9
// CHECK: llvm.mlir.constant
// CHECK: %[[N0:.*]] = llvm.mlir.constant(0 : i32)
// CHECK: %[[ENTER:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: llvm.call @nncc_node(%[[EXEC]], %[[N0]], %[[ENTER]])
// CHECK-NEXT: call @k()
// CHECK: llvm.call @nncc_node(
// CHECK: scf.for
// CHECK: %[[N1:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: llvm.call @nncc_node(%[[EXEC]], %[[N1]]
// CHECK: call @k()
// CHECK: llvm.call @nncc_end(%[[EXEC]])
// CHECK-NEXT: return
func.func @entry(%exec: !llvm.ptr) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %r = llvm.mlir.constant(0 : i32) : i32
  kernel.node "a" flops 2.0 bytes 4.0 {
    func.call @k() : () -> ()
  }
  scf.for %i = %c0 to %c9 step %c1 {
    kernel.node "b" flops 3.0 bytes 5.0 {
      func.call @k() : () -> ()
    }
  }
  return %r : i32
}
func.func private @k()

// -----

func.func @k(%exec: !llvm.ptr) {
  // expected-error@+1 {{expected in @entry}}
  kernel.node "a" flops 2.0 bytes 4.0 {
  }
  return
}
