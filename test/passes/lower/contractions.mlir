// RUN: nncc-opt %s --nncc-lower-to-kernel | FileCheck %s

// Sums of no products are 0, which the epilogue still sees.
// CHECK-LABEL: @sums_of_nothing
// CHECK-NOT: kernel
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<3xf32>)
// CHECK: %[[Z:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: arith.addf %[[Z]]
func.func @sums_of_nothing(%x: tensor<2x0xf32>, %w: tensor<0x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %y = nn.matmul %x, %w : tensor<2x0xf32>, tensor<0x3xf32> -> tensor<2x3xf32>
    epilogue(%acc: f32, %e: f32 = %b : tensor<3xf32>) {
      %s = arith.addf %acc, %e : f32
      nn.yield %s : f32
    }
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @no_channels
// CHECK-NOT: kernel
// CHECK: linalg.generic
func.func @no_channels(%x: tensor<1x4x0xf32>, %w: tensor<3x0x5xf32>) -> tensor<1x2x5xf32> {
  %y = nn.conv %x, %w strides [1] pads [0, 0] dilations [1] : tensor<1x4x0xf32>, tensor<3x0x5xf32> -> tensor<1x2x5xf32>
  return %y : tensor<1x2x5xf32>
}
