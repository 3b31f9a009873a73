// RUN: nncc-opt %s | nncc-opt | FileCheck %s

// CHECK: module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, l1 = 32768, l2 = 1048576>}
module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, l1 = 32768, l2 = 1048576>} {

// CHECK-LABEL: @gemm
func.func @gemm(%a: tensor<2x5x8xf32>, %b: tensor<20x8xf32>, %bias: tensor<20xf32>, %y: tensor<2x5x20xf32>) -> tensor<2x5x20xf32> {
  // CHECK: kernel.gemm %{{.*}}, %{{.*}} into %{{.*}} {transposeB} : tensor<2x5x8xf32>, tensor<20x8xf32> into tensor<2x5x20xf32> -> tensor<2x5x20xf32> epilogue(%[[ACC:.*]]: f32, %[[B:.*]]: f32 = %{{.*}} : tensor<20xf32>) {
  // CHECK-NEXT: arith.addf %[[ACC]], %[[B]] : f32
  %0 = kernel.gemm %a, %b into %y {transposeB} : tensor<2x5x8xf32>, tensor<20x8xf32> into tensor<2x5x20xf32> -> tensor<2x5x20xf32>
    epilogue(%acc: f32, %x: f32 = %bias : tensor<20xf32>) {
      %s = arith.addf %acc, %x : f32
      nn.yield %s : f32
    }
  return %0 : tensor<2x5x20xf32>
}

// CHECK-LABEL: @packed_on_memrefs
func.func @packed_on_memrefs(%a: memref<4x8xf32>, %b: memref<2x8x16xf32>, %y: memref<4x20xf32>) {
  // CHECK: kernel.gemm %{{.*}}, %{{.*}} into %{{.*}} tile <4 x 2 x 8> : memref<4x8xf32>, memref<2x8x16xf32> into memref<4x20xf32>
  kernel.gemm %a, %b into %y tile <4 x 2 x 8> : memref<4x8xf32>, memref<2x8x16xf32> into memref<4x20xf32>
  return
}

// CHECK-LABEL: @images
func.func @images(%x: tensor<1x9x9x4xf32>, %w: tensor<3x3x2x6xf32>, %d: tensor<3x3x1x4xf32>, %y: tensor<1x9x9x6xf32>, %z: tensor<1x9x9x4xf32>) {
  // CHECK: kernel.conv %{{.*}} strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 2 : i64}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 2 : i64}
    : tensor<1x9x9x4xf32>, tensor<3x3x2x6xf32> into tensor<1x9x9x6xf32> -> tensor<1x9x9x6xf32>
  // CHECK: kernel.depthwise %{{.*}} kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
  %1 = kernel.depthwise %x, %d into %z kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x9x9x4xf32>, tensor<3x3x1x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  // CHECK: kernel.pool average %{{.*}} {countPad}
  %2 = kernel.pool average %1 into %z kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {countPad} : tensor<1x9x9x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  return
}
}
