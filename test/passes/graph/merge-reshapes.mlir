// RUN: nncc-opt --nncc-merge-reshapes %s | FileCheck %s

// CHECK-LABEL: @gemm_of_gpt2
// CHECK-NOT: reshape
// CHECK: %[[P:.*]] = nn.matmul %arg0, %arg1 : tensor<1x8x4xf32>, tensor<4x6xf32> -> tensor<1x8x6xf32>
// CHECK-NEXT: nn.add %[[P]], %arg2 : (tensor<1x8x6xf32>, tensor<6xf32>) -> tensor<1x8x6xf32>
// CHECK-NEXT: nn.add %{{.*}}, %arg3
func.func @gemm_of_gpt2(%x: tensor<1x8x4xf32>, %w: tensor<4x6xf32>, %b: tensor<6xf32>, %r: tensor<1x8x6xf32>) -> tensor<1x8x6xf32> {
  %0 = nn.reshape %x : (tensor<1x8x4xf32>) -> tensor<8x4xf32>
  %1 = nn.matmul %0, %w : tensor<8x4xf32>, tensor<4x6xf32> -> tensor<8x6xf32>
  %2 = nn.add %1, %b : (tensor<8x6xf32>, tensor<6xf32>) -> tensor<8x6xf32>
  %3 = nn.reshape %2 : (tensor<8x6xf32>) -> tensor<1x8x6xf32>
  %4 = nn.add %3, %r : (tensor<1x8x6xf32>, tensor<1x8x6xf32>) -> tensor<1x8x6xf32>
  return %4 : tensor<1x8x6xf32>
}

// CHECK-LABEL: @one_row
// CHECK: nn.matmul %arg0, %arg1 : tensor<1x1x4xf32>, tensor<4x6xf32> -> tensor<1x1x6xf32>
// CHECK-NEXT: nn.add {{.*}} -> tensor<1x1x6xf32>
// CHECK-NEXT: return
func.func @one_row(%x: tensor<1x1x4xf32>, %w: tensor<4x6xf32>, %b: tensor<6xf32>) -> tensor<1x1x6xf32> {
  %0 = nn.reshape %x : (tensor<1x1x4xf32>) -> tensor<1x4xf32>
  %1 = nn.matmul %0, %w : tensor<1x4xf32>, tensor<4x6xf32> -> tensor<1x6xf32>
  %2 = nn.add %1, %b : (tensor<1x6xf32>, tensor<6xf32>) -> tensor<1x6xf32>
  %3 = nn.reshape %2 : (tensor<1x6xf32>) -> tensor<1x1x6xf32>
  return %3 : tensor<1x1x6xf32>
}

// CHECK-LABEL: @another_reader_keeps_the_rows
// CHECK: nn.matmul %arg0
// CHECK: nn.reshape
func.func @another_reader_keeps_the_rows(%x: tensor<8x4xf32>, %w: tensor<4x6xf32>) -> (tensor<8x6xf32>, tensor<2x4x6xf32>) {
  %1 = nn.matmul %x, %w : tensor<8x4xf32>, tensor<4x6xf32> -> tensor<8x6xf32>
  %3 = nn.reshape %1 : (tensor<8x6xf32>) -> tensor<2x4x6xf32>
  return %1, %3 : tensor<8x6xf32>, tensor<2x4x6xf32>
}

// CHECK-LABEL: @heads_stay
// CHECK: nn.matmul %arg0
// CHECK: nn.reshape
func.func @heads_stay(%x: tensor<8x4xf32>, %w: tensor<4x6xf32>) -> tensor<8x2x3xf32> {
  %1 = nn.matmul %x, %w : tensor<8x4xf32>, tensor<4x6xf32> -> tensor<8x6xf32>
  %3 = nn.reshape %1 : (tensor<8x6xf32>) -> tensor<8x2x3xf32>
  return %3 : tensor<8x2x3xf32>
}

// CHECK-LABEL: @a_term_per_row_stays
// CHECK: nn.add %{{.*}}, %arg2
// CHECK: nn.reshape
func.func @a_term_per_row_stays(%x: tensor<8x4xf32>, %w: tensor<4x6xf32>, %b: tensor<8x6xf32>) -> tensor<1x8x6xf32> {
  %1 = nn.matmul %x, %w : tensor<8x4xf32>, tensor<4x6xf32> -> tensor<8x6xf32>
  %2 = nn.add %1, %b : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  %3 = nn.reshape %2 : (tensor<8x6xf32>) -> tensor<1x8x6xf32>
  return %3 : tensor<1x8x6xf32>
}

// CHECK-LABEL: @free_rows_stay
// CHECK: nn.reshape
func.func @free_rows_stay(%x: tensor<?x4xf32>, %w: tensor<4x6xf32>) -> tensor<1x?x6xf32> {
  %1 = nn.matmul %x, %w : tensor<?x4xf32>, tensor<4x6xf32> -> tensor<?x6xf32>
  %3 = nn.reshape %1 : (tensor<?x6xf32>) -> tensor<1x?x6xf32>
  return %3 : tensor<1x?x6xf32>
}

// A sequence spelled in two dimensions.
// CHECK-LABEL: @squeezed_convolution
// CHECK: %[[X:.*]] = nn.reshape %arg0 : (tensor<1x20x1x4xf32>) -> tensor<1x20x4xf32>
// CHECK: %[[W:.*]] = nn.reshape %arg1 : (tensor<5x1x4x6xf32>) -> tensor<5x4x6xf32>
// CHECK: nn.conv %[[X]], %[[W]] strides [2] pads [1, 2] dilations [3] : tensor<1x20x4xf32>, tensor<5x4x6xf32> -> tensor<1x6x6xf32>
// CHECK-NEXT: return
func.func @squeezed_convolution(%x: tensor<1x20x1x4xf32>, %w: tensor<5x1x4x6xf32>) -> tensor<1x6x6xf32> {
  %0 = nn.conv %x, %w strides [2, 7] pads [1, 0, 2, 0] dilations [3, 1] : tensor<1x20x1x4xf32>, tensor<5x1x4x6xf32> -> tensor<1x6x1x6xf32>
  %1 = nn.reshape %0 : (tensor<1x6x1x6xf32>) -> tensor<1x6x6xf32>
  return %1 : tensor<1x6x6xf32>
}
