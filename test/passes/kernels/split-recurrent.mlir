// RUN: nncc-opt --nncc-split-recurrent %s | FileCheck %s

module attributes {kernel.target = #kernel.target<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {

// A GRU that resets before the product has two parts, the second after the whole of the first.
// CHECK-LABEL: @gru
// CHECK: kernel.node {{.*}} {
// CHECK: kernel.recurrent gru forward {{.*}}begins
// CHECK: scf.for %[[T:.*]] = %c0{{.*}} to %c7
// CHECK: kernel.recurrent gru forward {{.*}} step %[[T]]
// CHECK-NOT: part
// CHECK: kernel.recurrent gru forward {{.*}} step %[[T]] {{.*}}part = 1
// CHECK: }
// CHECK: kernel.recurrent gru forward {{.*}}ends
func.func @gru(%x: memref<7x1x96xf32>, %r: memref<3072xf32>, %y: memref<7x1x1x32xf32>, %yh: memref<1x1x32xf32>, %state: memref<160xf32>) {
  kernel.recurrent gru forward %x, %r into %y, %yh, %state tile <4 x 2 x 16> {activations = ["Sigmoid", "Tanh"], alphas = [0.0, 0.0], betas = [0.0, 0.0]} : (memref<7x1x96xf32>, memref<3072xf32>, memref<7x1x1x32xf32>, memref<1x1x32xf32>, memref<160xf32>) -> ()
  return
}

// States in scratch memory: one op.
// CHECK-LABEL: @small
// CHECK-NOT: step
func.func @small(%x: memref<7x1x96xf32>, %r: memref<3072xf32>, %y: memref<7x1x1x32xf32>, %yh: memref<1x1x32xf32>) {
  kernel.recurrent gru forward %x, %r into %y, %yh tile <4 x 2 x 16> {activations = ["Sigmoid", "Tanh"], alphas = [0.0, 0.0], betas = [0.0, 0.0]} : (memref<7x1x96xf32>, memref<3072xf32>, memref<7x1x1x32xf32>, memref<1x1x32xf32>) -> ()
  return
}
}
