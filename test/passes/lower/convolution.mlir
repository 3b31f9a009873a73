// RUN: nncc-opt --nncc-lower-to-kernel %s | FileCheck %s

// Tiles are neighbours along the last spatial dimension: one of 1 goes, also from the extras.
// CHECK-LABEL: @column
// CHECK: %[[X:.*]] = tensor.collapse_shape %arg0 {{\[\[}}0], [1, 2], [3]]
// CHECK: %[[W:.*]] = tensor.collapse_shape %arg1 {{\[\[}}0, 1], [2], [3]]
// CHECK: %[[R:.*]] = tensor.collapse_shape %arg2 {{\[\[}}0], [1, 2], [3]]
// CHECK: %[[Y:.*]] = kernel.conv %[[X]], %[[W]] into %{{.*}} strides [2] pads [1, 2] dilations [1]
// CHECK-SAME: epilogue(%{{.*}}: f32, %{{.*}}: f32 = %[[R]]
// CHECK: tensor.expand_shape %[[Y]] {{\[\[}}0], [1, 2], [3]]
func.func @column(%x: tensor<1x20x1x4xf32>, %w: tensor<5x1x4x6xf32>, %r: tensor<1x10x1x6xf32>) -> tensor<1x10x1x6xf32> {
  %0 = nn.conv %x, %w strides [2, 1] pads [1, 0, 2, 0] dilations [1, 1] : tensor<1x20x1x4xf32>, tensor<5x1x4x6xf32> -> tensor<1x10x1x6xf32> epilogue(%acc: f32, %e: f32 = %r : tensor<1x10x1x6xf32>) {
    %1 = arith.addf %acc, %e : f32
    nn.yield %1 : f32
  }
  return %0 : tensor<1x10x1x6xf32>
}
