// RUN: nncc-opt %s --pass-pipeline='builtin.module(func.func(nncc-widen-convolutions))' | FileCheck %s
// RUN: nncc-opt %s --nncc-schedule=without=widen-convolutions | FileCheck %s --check-prefix=WITHOUT

// WITHOUT-NOT: expand_shape

module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
// Two taps of four pixels; rows of 32 become 8 of 4. The bias is there for each pixel, the residual in its own order.
// CHECK-LABEL: @divides
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x33x2xf32>, %[[R:.*]]: tensor<1x1x32x4xf32>)
// CHECK-DAG: %[[BIAS:.*]] = arith.constant dense_resource<{{.*}}> : tensor<16xf32>
// CHECK-DAG: %[[E:.*]] = tensor.expand_shape %[[R]] {{\[\[0\], \[1\], \[2, 3\], \[4\]\]}} {{.*}} into tensor<1x1x8x4x4xf32>
// CHECK: kernel.conv %[[X]], %{{.*}} strides [1, 4] pads [0, 0, 0, 0] dilations [1, 1]
// CHECK-SAME: tensor<1x1x33x2xf32>, tensor<1x5x2x16xf32> into tensor<1x1x8x16xf32>
// CHECK: tensor.expand_shape {{.*}} into tensor<1x1x8x4x4xf32>
// CHECK: tensor.collapse_shape {{.*}} into tensor<1x1x32x4xf32>
func.func @divides(%x: tensor<1x1x33x2xf32>, %r: tensor<1x1x32x4xf32>) -> tensor<1x1x32x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1x2x2x4xf32>
  %b = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %y = tensor.empty() : tensor<1x1x32x4xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x1x33x2xf32>, tensor<1x2x2x4xf32> into tensor<1x1x32x4xf32> -> tensor<1x1x32x4xf32>
    epilogue(%acc: f32, %e0: f32 = %b : tensor<4xf32>, %e1: f32 = %r : tensor<1x1x32x4xf32>) {
      %s = arith.addf %acc, %e0 : f32
      %t = arith.addf %s, %e1 : f32
      nn.yield %t : f32
    }
  return %0 : tensor<1x1x32x4xf32>
}

// 157 is a prime: some pixels too many, cut off.
// CHECK-LABEL: @prime
// CHECK: kernel.conv {{.*}} into tensor<1x{{[0-9]+}}x{{[0-9]+}}xf32>
// CHECK: tensor.extract_slice {{.*}} to tensor<1x157x1xf32>
func.func @prime(%x: tensor<1x160x1xf32>) -> tensor<1x157x1xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1xf32>
  %y = tensor.empty() : tensor<1x157x1xf32>
  %0 = kernel.conv %x, %w into %y strides [1] pads [0, 0] dilations [1]
    : tensor<1x160x1xf32>, tensor<4x1x1xf32> into tensor<1x157x1xf32> -> tensor<1x157x1xf32>
  return %0 : tensor<1x157x1xf32>
}

// No taps along the row, enough channels, weights or bias at run time, dilation.
// CHECK-LABEL: @never
// CHECK-NOT: expand_shape
func.func @never(%x: tensor<1x9x64x2xf32>, %v: tensor<1x3x2x2xf32>, %b: tensor<2xf32>) {
  %w0 = arith.constant dense<1.0> : tensor<3x1x2x2xf32>
  %w1 = arith.constant dense<1.0> : tensor<1x3x2x12xf32>
  %w = arith.constant dense<1.0> : tensor<1x3x2x2xf32>
  %y0 = tensor.empty() : tensor<1x7x64x2xf32>
  %y1 = tensor.empty() : tensor<1x9x62x12xf32>
  %y = tensor.empty() : tensor<1x9x62x2xf32>
  %y4 = tensor.empty() : tensor<1x9x60x2xf32>
  %0 = kernel.conv %x, %w0 into %y0 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x64x2xf32>, tensor<3x1x2x2xf32> into tensor<1x7x64x2xf32> -> tensor<1x7x64x2xf32>
  %1 = kernel.conv %x, %w1 into %y1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x64x2xf32>, tensor<1x3x2x12xf32> into tensor<1x9x62x12xf32> -> tensor<1x9x62x12xf32>
  %2 = kernel.conv %x, %v into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x64x2xf32>, tensor<1x3x2x2xf32> into tensor<1x9x62x2xf32> -> tensor<1x9x62x2xf32>
  %3 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x64x2xf32>, tensor<1x3x2x2xf32> into tensor<1x9x62x2xf32> -> tensor<1x9x62x2xf32>
    epilogue(%acc: f32, %e: f32 = %b : tensor<2xf32>) {
      %s = arith.addf %acc, %e : f32
      nn.yield %s : f32
    }
  %4 = kernel.conv %x, %w into %y4 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 2]
    : tensor<1x9x64x2xf32>, tensor<1x3x2x2xf32> into tensor<1x9x60x2xf32> -> tensor<1x9x60x2xf32>
  return
}
}
