// RUN: nncc-opt --nncc-fold-flatten %s | FileCheck %s

// CHECK-LABEL: @rows_take_the_image_order
// CHECK: nn.reshape %{{.*}} : (tensor<24x5xf32>) -> tensor<4x2x3x5xf32>
// CHECK: nn.transpose %{{.*}} perm [1, 2, 0, 3]
// CHECK: %[[W:.*]] = nn.reshape %{{.*}} : (tensor<2x3x4x5xf32>) -> tensor<24x5xf32>
// CHECK: %[[X:.*]] = nn.reshape %arg0
// CHECK: nn.matmul %[[X]], %[[W]]
func.func @rows_take_the_image_order(%x: tensor<1x2x3x4xf32>) -> tensor<1x5xf32> {
  %w = arith.constant dense<1.0> : tensor<24x5xf32>
  %0 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %1 = nn.reshape %0 : (tensor<1x4x2x3xf32>) -> tensor<1x24xf32>
  %2 = nn.matmul %1, %w : tensor<1x24xf32>, tensor<24x5xf32> -> tensor<1x5xf32>
  return %2 : tensor<1x5xf32>
}

// CHECK-LABEL: @rows_of_transposed_weights
// CHECK: nn.reshape %{{.*}} : (tensor<5x24xf32>) -> tensor<5x4x2x3xf32>
// CHECK: nn.transpose %{{.*}} perm [0, 2, 3, 1]
// CHECK: nn.reshape %arg0
func.func @rows_of_transposed_weights(%x: tensor<?x2x3x4xf32>) -> tensor<?x5xf32> {
  %w = arith.constant dense<1.0> : tensor<5x24xf32>
  %0 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<?x2x3x4xf32>) -> tensor<?x4x2x3xf32>
  %1 = nn.reshape %0 : (tensor<?x4x2x3xf32>) -> tensor<?x24xf32>
  %2 = nn.matmul %1, %w {transposeW} : tensor<?x24xf32>, tensor<5x24xf32> -> tensor<?x5xf32>
  return %2 : tensor<?x5xf32>
}

// CHECK-LABEL: @weights_that_are_computed_stay
// CHECK: nn.transpose %arg0
func.func @weights_that_are_computed_stay(%x: tensor<1x2x3x4xf32>, %w: tensor<24x5xf32>) -> tensor<1x5xf32> {
  %0 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %1 = nn.reshape %0 : (tensor<1x4x2x3xf32>) -> tensor<1x24xf32>
  %2 = nn.matmul %1, %w : tensor<1x24xf32>, tensor<24x5xf32> -> tensor<1x5xf32>
  return %2 : tensor<1x5xf32>
}

// CHECK-LABEL: @a_transpose_across_rows_stays
// CHECK: nn.transpose %arg0
func.func @a_transpose_across_rows_stays(%x: tensor<2x3x4xf32>) -> tensor<3x5xf32> {
  %w = arith.constant dense<1.0> : tensor<8x5xf32>
  %0 = nn.transpose %x perm [1, 0, 2] : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %1 = nn.reshape %0 : (tensor<3x2x4xf32>) -> tensor<3x8xf32>
  %2 = nn.matmul %1, %w : tensor<3x8xf32>, tensor<8x5xf32> -> tensor<3x5xf32>
  return %2 : tensor<3x5xf32>
}
