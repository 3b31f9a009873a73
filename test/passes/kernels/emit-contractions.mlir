// RUN: nncc-opt %s --split-input-file --nncc-emit-kernels | FileCheck %s

#v4 = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>
module attributes {kernel.target = #v4} {

// 16 rows are two tiles of 8; 40 columns are one panel of three vectors, of which the last has 8 lanes.
// CHECK-LABEL: func.func @gemm
// CHECK: %[[MASK:.*]] = vector.constant_mask [8] : vector<16xi1>
// CHECK: scf.for
// CHECK: memref.prefetch %{{.*}}, write
// CHECK: scf.for %{{.*}} = %c0 to %c100 step %c1 iter_args(
// CHECK-COUNT-3: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-24: vector.fma
// CHECK: vector.store
// CHECK: vector.maskedstore %{{.*}}, %[[MASK]]
// CHECK-NOT: kernel.gemm
func.func @gemm(%a: memref<16x100xf32>, %b: memref<1x100x48xf32>, %y: memref<16x40xf32>, %m0: index, %m1: index, %n0: index, %n1: index) attributes {kernel.units = 2 : i64} {
  kernel.gemm %a, %b into %y tile <8 x 3 x 16> : memref<16x100xf32>, memref<1x100x48xf32> into memref<16x40xf32>
  return
}

// A bias is where the accumulators start: nothing is added afterwards.
// CHECK-LABEL: func.func @bias
// CHECK: %[[B:.*]] = vector.load %{{.*}} : memref<?xf32>, vector<16xf32>
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[B]], %{{.*}} = %[[B]])
// CHECK-NOT: arith.addf
// CHECK: arith.maxnumf
// CHECK-NOT: arith.addf
func.func @bias(%a: memref<2x100xf32>, %b: memref<1x100x16xf32>, %bias: memref<16xf32>, %y: memref<2x16xf32>, %m0: index, %m1: index, %n0: index, %n1: index) attributes {kernel.units = 2 : i64} {
  kernel.gemm %a, %b into %y tile <2 x 1 x 16> : memref<2x100xf32>, memref<1x100x16xf32> into memref<2x16xf32>
    epilogue(%acc: f32, %x: f32 = %bias : memref<16xf32>) {
      %s = arith.addf %acc, %x : f32
      %z = arith.constant 0.0 : f32
      %r = arith.maxnumf %s, %z : f32
      nn.yield %r : f32
    }
  return
}

// Extras are read before the first store: the result may be the same memory, and its masked stores hold up loads.
// CHECK-LABEL: func.func @residual
// CHECK: scf.for {{.*}} iter_args(
// CHECK-COUNT-4: vector.maskedload
// CHECK-NOT: vector.maskedload
// CHECK-COUNT-4: vector.maskedstore
func.func @residual(%a: memref<4x100xf32>, %b: memref<1x100x16xf32>, %r: memref<4x12xf32>, %y: memref<4x12xf32>, %m0: index, %m1: index, %n0: index, %n1: index) attributes {kernel.units = 2 : i64} {
  kernel.gemm %a, %b into %y tile <4 x 1 x 16> : memref<4x100xf32>, memref<1x100x16xf32> into memref<4x12xf32>
    epilogue(%acc: f32, %x: f32 = %r : memref<4x12xf32>) {
      %s = arith.addf %acc, %x : f32
      nn.yield %s : f32
    }
  return
}

// A long epilogue runs in a loop over the tile, which waits on the stack.
// CHECK-LABEL: func.func @long_epilogue
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<64xf32>
// CHECK-COUNT-4: vector.store
// CHECK: scf.for
// CHECK: math.tanh
// CHECK-NOT: math.tanh
func.func @long_epilogue(%a: memref<4x100xf32>, %b: memref<1x100x16xf32>, %y: memref<4x16xf32>, %m0: index, %m1: index, %n0: index, %n1: index) attributes {kernel.units = 2 : i64} {
  kernel.gemm %a, %b into %y tile <4 x 1 x 16> : memref<4x100xf32>, memref<1x100x16xf32> into memref<4x16xf32>
    epilogue(%acc: f32) {
      %s = math.tanh %acc : f32
      nn.yield %s : f32
    }
  return
}
}

// -----

// Without fused multiply-add.
// CHECK-LABEL: func.func @sse2
// CHECK-NOT: vector.fma
// CHECK: arith.mulf %{{.*}} : vector<4xf32>
// CHECK: arith.addf %{{.*}} : vector<4xf32>
func.func @sse2(%a: memref<16x100xf32>, %b: memref<5x100x8xf32>, %y: memref<16x40xf32>, %m0: index, %m1: index, %n0: index, %n1: index) attributes {kernel.units = 2 : i64} {
  kernel.gemm %a, %b into %y tile <4 x 2 x 4> : memref<16x100xf32>, memref<5x100x8xf32> into memref<16x40xf32>
  return
}

// -----

// 3x3 with padding: of the two tiles of a row each has one pixel that leaves out one column of taps. Rows of padding are
// left out by the bounds of the loop over taps.
// CHECK-LABEL: func.func @conv
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: scf.for {{.*}} iter_args
// One column of taps for one pixel, two for both.
// CHECK: scf.for %{{.*}} = %c0 to %c8 step
// CHECK-COUNT-1: arith.mulf
// CHECK: scf.for %{{.*}} = %c0 to %c16 step
// CHECK-COUNT-2: arith.mulf
func.func @conv(%x: memref<1x4x4x8xf32>, %w: memref<1x1x1x3x3x8x4xf32>, %y: memref<1x4x4x4xf32>, %m0: index, %m1: index, %n0: index, %n1: index) attributes {kernel.units = 2 : i64} {
  kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] tile <2 x 1 x 4>
    : memref<1x4x4x8xf32>, memref<1x1x1x3x3x8x4xf32> into memref<1x4x4x4xf32>
  return
}
