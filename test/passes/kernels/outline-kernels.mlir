// RUN: nncc-opt %s --split-input-file --nncc-outline-kernels --duplicate-function-elimination | FileCheck %s

// Little work: a direct call over all units. The node is called after the op's location.
// CHECK-LABEL: func.func @small
// CHECK: kernel.node "fc1+relu" flops 1.536000e+04 bytes 4.992000e+03 {
// CHECK: call @k_gemm(%{{.*}}, %{{.*}}, %{{.*}}, %c0{{.*}}, %c2{{.*}}, %c0{{.*}}, %c1{{.*}}) : (memref<16x16xf32>, memref<1x16x32xf32>, memref<16x30xf32>, index, index, index, index) -> ()
// CHECK-NOT: scf.forall
func.func @small(%a: memref<16x16xf32>, %b: memref<1x16x32xf32>, %y: memref<16x30xf32>) {
  kernel.gemm %a, %b into %y tile <8 x 2 x 16> : memref<16x16xf32>, memref<1x16x32xf32> into memref<16x30xf32> loc(fused["fc1", "relu"])
  return
}
// CHECK: func.func private @k_gemm(%[[A:.*]]: memref<16x16xf32>, %[[B:.*]]: memref<1x16x32xf32>, %[[Y:.*]]: memref<16x30xf32>, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index) attributes {kernel.units = 2 : i64} {
// CHECK-NEXT: kernel.gemm %[[A]], %[[B]] into %[[Y]]
// CHECK-NEXT: return

// -----

// Much work: tasks of equal parts of the rows.
// CHECK-LABEL: func.func @large
// CHECK: kernel.node "fc"
// CHECK: scf.forall (%[[T:.*]]) in (8) {
// CHECK: %[[LO:.*]] = arith.divui
// CHECK: %[[HI:.*]] = arith.divui
// CHECK: call @k_gemm(%{{.*}}, %{{.*}}, %{{.*}}, %[[LO]], %[[HI]],
func.func @large(%a: memref<1024x128xf32>, %b: memref<22x128x48xf32>, %y: memref<1024x1024xf32>) {
  kernel.gemm %a, %b into %y tile <8 x 3 x 16> : memref<1024x128xf32>, memref<22x128x48xf32> into memref<1024x1024xf32> loc("fc")
  return
}

// -----

// Equal kernels are one function, also where they work on slices at different offsets.
// CHECK-LABEL: func.func @slices
// CHECK: memref.cast %{{.*}} : memref<16x30xf32, strided<[60, 1]>> to memref<16x30xf32, strided<[60, 1], offset: ?>>
// CHECK: call @[[K:k_gemm[_0-9]*]](
// CHECK: memref.cast %{{.*}} : memref<16x30xf32, strided<[60, 1], offset: 30>> to memref<16x30xf32, strided<[60, 1], offset: ?>>
// CHECK: call @[[K]](
// CHECK: func.func private @[[K]](
// CHECK-NOT: func.func private
func.func @slices(%a: memref<16x16xf32>, %b: memref<1x16x32xf32>, %y: memref<16x60xf32>) {
  %y0 = memref.subview %y[0, 0] [16, 30] [1, 1] : memref<16x60xf32> to memref<16x30xf32, strided<[60, 1]>>
  %y1 = memref.subview %y[0, 30] [16, 30] [1, 1] : memref<16x60xf32> to memref<16x30xf32, strided<[60, 1], offset: 30>>
  kernel.gemm %a, %b into %y0 tile <8 x 2 x 16> : memref<16x16xf32>, memref<1x16x32xf32> into memref<16x30xf32, strided<[60, 1]>>
  kernel.gemm %a, %b into %y1 tile <8 x 2 x 16> : memref<16x16xf32>, memref<1x16x32xf32> into memref<16x30xf32, strided<[60, 1], offset: 30>>
  return
}

// -----

// Scratch memory lies behind the arena's temporaries, a part for each worker.
// CHECK: module attributes {nncc.arena_bytes = 3200 : i64, nncc.worker_bytes = 3072 : i64}
// CHECK-LABEL: func.func @scratch
// CHECK: %[[W:.*]] = kernel.worker : index
// CHECK: %[[M:.*]] = arith.muli %[[W]], %c3072
// CHECK: %[[O:.*]] = arith.addi %[[M]], %c128
// CHECK: %[[S:.*]] = memref.view %{{.*}}[%[[O]]][%c3072{{.*}}] : memref<?xi8> to memref<?xi8>
// CHECK: call @k_batch_matmul(%{{.*}}, %{{.*}}, %{{.*}}, %[[S]],
module attributes {nncc.arena_bytes = 100 : i64} {
func.func @scratch(%a: memref<2x4x16xf32>, %b: memref<2x40x16xf32>, %y: memref<2x4x40xf32>, %arena: memref<?xi8> {nncc.arena}) {
  kernel.batch_matmul %a, %b into %y tile <4 x 3 x 16> {transposeB} : memref<2x4x16xf32>, memref<2x40x16xf32> into memref<2x4x40xf32>
  return
}
}

// -----

// A constant that the body uses moves into the function; another value becomes an argument. Copies are linalg ops.
// CHECK-LABEL: func.func @linalg
// CHECK: scf.for
// CHECK: call @k_generic(%{{.*}}, %{{.*}}, %{{.*}}, %c0{{.*}}, %{{.*}}) : (memref<8xf32>, memref<8xf32>, f32, index, index) -> ()
// CHECK: call @k_copy
// CHECK: func.func private @k_generic
// CHECK: arith.constant 2.000000e+00
// CHECK: linalg.generic
// CHECK: func.func private @k_copy
func.func @linalg(%x: memref<8xf32>, %y: memref<8xf32>, %s: f32) {
  %two = arith.constant 2.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {
    ^bb0(%a: f32, %b: f32):
      %m = arith.mulf %a, %two : f32
      %n = arith.addf %m, %s : f32
      linalg.yield %n : f32
    }
    linalg.copy ins(%y : memref<8xf32>) outs(%x : memref<8xf32>)
  }
  return
}
