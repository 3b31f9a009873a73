// RUN: nncc-opt --nncc-fold-scales --nncc-fold-weights %s | FileCheck %s

// CHECK-LABEL: @batch_normalisation
// CHECK: %[[W:.*]] = arith.constant dense<{{\[\[\[\[}}1.000000e+01, 4.000000e+01], [3.000000e+01, 8.000000e+01]]]]> : tensor<1x1x2x2xf32>
// CHECK: %[[C:.*]] = nn.conv %arg0, %[[W]]
// CHECK: %[[D:.*]] = arith.constant dense<[1.000000e+01, 4.000000e+01]> : tensor<2xf32>
// CHECK: %[[R:.*]] = nn.add %[[C]], %[[D]]
// CHECK: return %[[R]]
func.func @batch_normalisation(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %w = arith.constant dense<[[[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<1x1x2x2xf32>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x4x4x2xf32>, tensor<1x1x2x2xf32> -> tensor<1x4x4x2xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = nn.add %0, %b : (tensor<1x4x4x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %c = arith.constant dense<[[[10.0, 20.0]]]> : tensor<1x1x2xf32>
  %2 = nn.mul %1, %c : (tensor<1x4x4x2xf32>, tensor<1x1x2xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// CHECK-LABEL: @transposed_weights
// CHECK: %[[W:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 1.000000e+00], [3.000000e+00, 3.000000e+00]]>
// CHECK: nn.matmul %arg0, %[[W]] {transposeW}
func.func @transposed_weights(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[2.0, 2.0], [3.0, 3.0]]> : tensor<2x2xf32>
  %0 = nn.matmul %x, %w {transposeW} : tensor<?x2xf32>, tensor<2x2xf32> -> tensor<?x2xf32>
  %c = arith.constant dense<[2.0, 1.0]> : tensor<2xf32>
  %1 = nn.div %0, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// One factor for all columns stays in the epilogue, and the weights as they are.
// CHECK-LABEL: @one_factor_stays
// CHECK: %[[W:.*]] = arith.constant dense<2.000000e+00>
// CHECK: nn.matmul %arg0, %[[W]]
// CHECK: nn.mul
func.func @one_factor_stays(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<2.0> : tensor<2x2xf32>
  %0 = nn.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %c = arith.constant dense<0.5> : tensor<f32>
  %1 = nn.mul %0, %c : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: @a_product_that_is_also_read_elsewhere_stays
// CHECK: nn.mul
func.func @a_product_that_is_also_read_elsewhere_stays(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = arith.constant dense<2.0> : tensor<2x2xf32>
  %0 = nn.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %c = arith.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %1 = nn.mul %0, %c : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: @a_factor_per_row_stays
// CHECK: nn.mul
func.func @a_factor_per_row_stays(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<2.0> : tensor<2x2xf32>
  %0 = nn.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %c = arith.constant dense<[[0.5], [0.25]]> : tensor<2x1xf32>
  %1 = nn.mul %0, %c : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// x / 0 is no product with 1 / 0.
// CHECK-LABEL: @improper_scales_stay
// CHECK: nn.div
// CHECK: nn.mul
func.func @improper_scales_stay(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = arith.constant dense<[[2.0, 2.0], [3.0, 3.0]]> : tensor<2x2xf32>
  %zero = arith.constant dense<[2.0, 0.0]> : tensor<2xf32>
  %inf = arith.constant dense<[2.0, 0x7F800000]> : tensor<2xf32>
  %0 = nn.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %1 = nn.div %0, %zero : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = nn.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %3 = nn.mul %2, %inf : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %1, %3 : tensor<2x2xf32>, tensor<2x2xf32>
}

// A branch's scale is not its contraction's outside.
// CHECK-LABEL: @in_a_branch
// CHECK: scf.if
// CHECK: nn.mul
func.func @in_a_branch(%x: tensor<2x2xf32>, %c: i1) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[2.0, 2.0], [3.0, 3.0]]> : tensor<2x2xf32>
  %0 = nn.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %1 = scf.if %c -> (tensor<2x2xf32>) {
    %s = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
    %2 = nn.mul %0, %s : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
    scf.yield %2 : tensor<2x2xf32>
  } else {
    scf.yield %x : tensor<2x2xf32>
  }
  return %1 : tensor<2x2xf32>
}
