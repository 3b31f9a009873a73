// RUN: nncc-opt --nncc-fold-weights %s | FileCheck %s

// CHECK-LABEL: @movement
// CHECK-DAG: %[[T:.*]] = arith.constant dense<{{\[\[\[}}1.000000e+00, 7.000000e+00], [3.000000e+00, 9.000000e+00], [5.000000e+00, 1.100000e+01]], {{\[\[}}2.000000e+00, 8.000000e+00], [4.000000e+00, 1.000000e+01], [6.000000e+00, 1.200000e+01]]]>
// CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00], [1.000000e+01, 1.200000e+01]]>
// CHECK-DAG: %[[C:.*]] = arith.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00, 5.000000e-01], [1.000000e+01, 1.200000e+01, 5.000000e-01]]>
// CHECK: return %[[T]], %[[S]], %[[C]]
func.func @movement() -> (tensor<2x3x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>) {
  %w = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]> : tensor<2x3x2xf32>
  %t = nn.transpose %w perm [2, 1, 0] : (tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %r = nn.reshape %w : (tensor<2x3x2xf32>) -> tensor<3x4xf32>
  %s = nn.slice %r starts [0, 1] sizes [2, 2] steps [2, 2] : (tensor<3x4xf32>) -> tensor<2x2xf32>
  %half = arith.constant dense<0.5> : tensor<2x1xf32>
  %c = nn.concat %s, %half axis 1 : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %t, %s, %c : tensor<2x3x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: @integers_move_too
// CHECK: arith.constant dense<{{\[\[}}1, -3], [2, 4]]> : tensor<2x2xsi64>
func.func @integers_move_too() -> tensor<2x2xsi64> {
  %w = arith.constant dense<[[1, 2], [-3, 4]]> : tensor<2x2xsi64>
  %t = nn.transpose %w perm [1, 0] : (tensor<2x2xsi64>) -> tensor<2x2xsi64>
  return %t : tensor<2x2xsi64>
}

// CHECK-LABEL: @arithmetic
// CHECK: arith.constant dense<{{\[\[}}1.500000e+00, 2.000000e+00], [7.000000e+00, 8.000000e+00]]>
func.func @arithmetic() -> tensor<2x2xf32> {
  %w = arith.constant dense<[[9.0, 16.0], [49.0, 64.0]]> : tensor<2x2xf32>
  %d = arith.constant dense<[[2.0], [1.0]]> : tensor<2x1xf32>
  %0 = nn.sqrt %w : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = nn.div %0, %d : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// No bytes move: the matmul reads its weights the other way.
// CHECK-LABEL: @transposed_for_matmul
// CHECK: %[[W:.*]] = arith.constant {{.*}} : tensor<3x2xf32>
// CHECK: nn.matmul %arg0, %[[W]] {transposeW}
func.func @transposed_for_matmul(%x: tensor<3x2xf32>) -> tensor<3x3xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %t = nn.transpose %w perm [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %0 = nn.matmul %x, %t : tensor<3x2xf32>, tensor<2x3xf32> -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// CHECK-LABEL: @transposed_activations
// CHECK-NOT: transpose %
// CHECK: nn.matmul %arg0, %arg1 {transposeW}
func.func @transposed_activations(%x: tensor<2x?x4xf32>, %y: tensor<2x?x4xf32>) -> tensor<2x?x?xf32> {
  %t = nn.transpose %y perm [0, 2, 1] : (tensor<2x?x4xf32>) -> tensor<2x4x?xf32>
  %0 = nn.matmul %x, %t : tensor<2x?x4xf32>, tensor<2x4x?xf32> -> tensor<2x?x?xf32>
  return %0 : tensor<2x?x?xf32>
}

// An outer sum would be larger than its operands, and exp is not rounded correctly everywhere.
// CHECK-LABEL: @stays
// CHECK: nn.add
// CHECK: nn.exp
func.func @stays() -> (tensor<2x2xf32>, tensor<2xf32>) {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = arith.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %0 = nn.add %x, %y : (tensor<2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %1 = nn.exp %x : (tensor<2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2xf32>
}

// More than 4 KiB are a resource before and after.
// CHECK-LABEL: @resources
// CHECK: arith.constant dense_resource<{{.*}}> : tensor<512x4xf32>
// CHECK-NOT: nn.
func.func @resources() -> tensor<512x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x512xf32>
  %t = nn.transpose %w perm [1, 0] : (tensor<4x512xf32>) -> tensor<512x4xf32>
  return %t : tensor<512x4xf32>
}

// CHECK-LABEL: @positions
// CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}0, 1, 3]]> : tensor<1x3xsi64>
// CHECK-DAG: %[[G:.*]] = arith.constant dense<[3, 1]> : tensor<2xsi64>
// CHECK: return %[[S]], %[[G]]
func.func @positions() -> (tensor<1x3xsi64>, tensor<2xsi64>) {
  %x = arith.constant dense<[[1, 2, 3]]> : tensor<1x3xsi64>
  %i = arith.constant dense<[[0, 2], [0, -2]]> : tensor<2x2xsi64>
  %0 = nn.cumsum %x axis 1 {exclusive} : (tensor<1x3xsi64>) -> tensor<1x3xsi64>
  %1 = nn.gather_nd %0, %i : (tensor<1x3xsi64>, tensor<2x2xsi64>) -> tensor<2xsi64>
  return %0, %1 : tensor<1x3xsi64>, tensor<2xsi64>
}

// A scalar of control flow, which folders compute from what was folded here.
// CHECK-LABEL: @trip_count
// CHECK: %[[N:.*]] = arith.constant 5 : index
// CHECK: return %[[N]]
func.func @trip_count() -> index {
  %k = arith.constant dense<5> : tensor<1xsi64>
  %0 = nn.cumsum %k axis 0 : (tensor<1xsi64>) -> tensor<1xsi64>
  %1 = nn.to_scalar %0 : (tensor<1xsi64>) -> index
  return %1 : index
}

// Nothing makes more of what was there.
// CHECK-LABEL: @copies_stay
// CHECK: nn.concat %{{.*}}, %{{.*}} axis 0 : (tensor<2048xf32>, tensor<2048xf32>) -> tensor<4096xf32>
func.func @copies_stay() -> tensor<4096xf32> {
  %w = arith.constant dense<1.0> : tensor<2048xf32>
  %0 = nn.concat %w, %w axis 0 : (tensor<2048xf32>, tensor<2048xf32>) -> tensor<4096xf32>
  return %0 : tensor<4096xf32>
}
