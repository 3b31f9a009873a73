// RUN: nncc-opt --nncc-scale-weights %s | FileCheck %s
// RUN: nncc-opt --nncc-scale-weights=remarks -o /dev/null %s 2>&1 | FileCheck %s --check-prefix=WHY

// CHECK-LABEL: @pixels
// CHECK-SAME: (%[[X:.*]]: tensor<1x5x5x4xf32>, %[[S:.*]]: tensor<1x1x1x4xf32>)
// CHECK: %[[F:.*]] = nn.reshape %[[S]] : (tensor<1x1x1x4xf32>) -> tensor<4xf32>
// CHECK: %[[C:.*]] = nn.reshape %[[F]] : (tensor<4xf32>) -> tensor<4x1xf32>
// CHECK: %[[W:.*]] = nn.mul %{{.*}}, %[[C]] : (tensor<1x1x4x8xf32>, tensor<4x1xf32>) -> tensor<1x1x4x8xf32>
// CHECK: nn.conv %[[X]], %[[W]]
// WHY: remark: factors of the input's channels: 32 elements of weights to multiply, or 100 of the input
func.func @pixels(%x: tensor<1x5x5x4xf32>, %s: tensor<1x1x1x4xf32>) -> tensor<1x5x5x8xf32> {
  %w = arith.constant dense<2.0> : tensor<1x1x4x8xf32>
  %0 = nn.mul %x, %s : (tensor<1x5x5x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x5x5x4xf32>
  %1 = nn.conv %0, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x5x5x4xf32>, tensor<1x1x4x8xf32> -> tensor<1x5x5x8xf32>
  return %1 : tensor<1x5x5x8xf32>
}

// x + x * s, in front of weights for each channel.
// CHECK-LABEL: @residual_depthwise
// CHECK-SAME: (%[[X:.*]]: tensor<1x5x5x4xf32>, %[[S:.*]]: tensor<1x1x1x4xf32>)
// CHECK: %[[F:.*]] = nn.reshape %[[S]]
// CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : tensor<4xf32>
// CHECK: %[[A:.*]] = nn.add %[[F]], %[[ONE]]
// CHECK: %[[W:.*]] = nn.mul %{{.*}}, %[[A]] : (tensor<3x3x1x4xf32>, tensor<4xf32>)
// CHECK: nn.conv %[[X]], %[[W]]
func.func @residual_depthwise(%x: tensor<1x5x5x4xf32>, %s: tensor<1x1x1x4xf32>) -> tensor<1x3x3x4xf32> {
  %w = arith.constant dense<2.0> : tensor<3x3x1x4xf32>
  %0 = nn.mul %s, %x : (tensor<1x1x1x4xf32>, tensor<1x5x5x4xf32>) -> tensor<1x5x5x4xf32>
  %1 = nn.add %0, %x : (tensor<1x5x5x4xf32>, tensor<1x5x5x4xf32>) -> tensor<1x5x5x4xf32>
  %2 = nn.conv %1, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] {groups = 4 : i64} : tensor<1x5x5x4xf32>, tensor<3x3x1x4xf32> -> tensor<1x3x3x4xf32>
  return %2 : tensor<1x3x3x4xf32>
}

// Rows of a matrix, by way of a reshape that leaves channels as they are.
// CHECK-LABEL: @matrix
// CHECK: %[[W:.*]] = nn.mul %{{.*}}, %{{.*}} : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
// CHECK: nn.matmul %{{.*}}, %[[W]] {transposeW}
func.func @matrix(%x: tensor<1x5x5x4xf32>, %s: tensor<4xf32>) -> tensor<25x3xf32> {
  %w = arith.constant dense<2.0> : tensor<3x4xf32>
  %0 = nn.mul %x, %s : (tensor<1x5x5x4xf32>, tensor<4xf32>) -> tensor<1x5x5x4xf32>
  %1 = nn.reshape %0 : (tensor<1x5x5x4xf32>) -> tensor<25x4xf32>
  %2 = nn.matmul %1, %w {transposeW} : tensor<25x4xf32>, tensor<3x4xf32> -> tensor<25x3xf32>
  return %2 : tensor<25x3xf32>
}

// More weights than pixels; a product that is needed anyway; factors of each image; of each pixel; groups.
// CHECK-LABEL: @never
// CHECK-COUNT-5: nn.mul %arg
func.func @never(%x: tensor<1x5x5x4xf32>, %s: tensor<1x1x1x4xf32>, %images: tensor<2x5x5x4xf32>,
                 %each: tensor<2x1x1x4xf32>, %pixel: tensor<1x5x5x1xf32>)
    -> (tensor<1x5x5x40xf32>, tensor<1x5x5x4xf32>, tensor<1x5x5x2xf32>, tensor<2x5x5x2xf32>, tensor<1x5x5x2xf32>, tensor<1x5x5x2xf32>) {
  %wide = arith.constant dense<2.0> : tensor<1x1x4x40xf32>
  %w = arith.constant dense<2.0> : tensor<1x1x4x2xf32>
  %grouped = arith.constant dense<2.0> : tensor<1x1x2x2xf32>
  %0 = nn.mul %x, %s : (tensor<1x5x5x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x5x5x4xf32>
  %1 = nn.conv %0, %wide strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x5x5x4xf32>, tensor<1x1x4x40xf32> -> tensor<1x5x5x40xf32>
  %2 = nn.mul %x, %s : (tensor<1x5x5x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x5x5x4xf32>
  %3 = nn.conv %2, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x5x5x4xf32>, tensor<1x1x4x2xf32> -> tensor<1x5x5x2xf32>
  %4 = nn.mul %images, %each : (tensor<2x5x5x4xf32>, tensor<2x1x1x4xf32>) -> tensor<2x5x5x4xf32>
  %5 = nn.conv %4, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<2x5x5x4xf32>, tensor<1x1x4x2xf32> -> tensor<2x5x5x2xf32>
  %6 = nn.mul %x, %pixel : (tensor<1x5x5x4xf32>, tensor<1x5x5x1xf32>) -> tensor<1x5x5x4xf32>
  %7 = nn.conv %6, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x5x5x4xf32>, tensor<1x1x4x2xf32> -> tensor<1x5x5x2xf32>
  %8 = nn.mul %x, %s : (tensor<1x5x5x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x5x5x4xf32>
  %9 = nn.conv %8, %grouped strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] {groups = 2 : i64} : tensor<1x5x5x4xf32>, tensor<1x1x2x2xf32> -> tensor<1x5x5x2xf32>
  return %1, %2, %3, %5, %7, %9 : tensor<1x5x5x40xf32>, tensor<1x5x5x4xf32>, tensor<1x5x5x2xf32>, tensor<2x5x5x2xf32>, tensor<1x5x5x2xf32>, tensor<1x5x5x2xf32>
}
