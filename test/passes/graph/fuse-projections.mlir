// RUN: nncc-opt --nncc-fuse-projections --nncc-fold-weights %s | FileCheck %s

// The keys have no bias of their own.
// CHECK-LABEL: @one_input
// CHECK: %[[W:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00, 3.000000e+00, 3.000000e+00]
// CHECK: %[[P:.*]] = nn.matmul %arg0, %[[W]] : tensor<1x8x4xf32>, tensor<4x6xf32> -> tensor<1x8x6xf32>
// CHECK-NEXT: %[[B:.*]] = arith.constant dense<[4.000000e+00, 5.000000e+00, 0.000000e+00, 0.000000e+00, 6.000000e+00, 7.000000e+00]>
// CHECK-NEXT: %[[S:.*]] = nn.add %[[P]], %[[B]]
// CHECK-NEXT: nn.slice %[[S]] starts [0, 0, 0] sizes [1, 8, 2]
// CHECK-NEXT: nn.slice %[[S]] starts [0, 0, 2] sizes [1, 8, 2]
// CHECK-NEXT: nn.slice %[[S]] starts [0, 0, 4] sizes [1, 8, 2]
func.func @one_input(%x: tensor<1x8x4xf32>) -> tensor<1x8x1x2xf32> {
  %w1 = arith.constant dense<1.0> : tensor<4x2xf32>
  %0 = nn.matmul %x, %w1 : tensor<1x8x4xf32>, tensor<4x2xf32> -> tensor<1x8x2xf32>
  %b1 = arith.constant dense<[4.0, 5.0]> : tensor<2xf32>
  %1 = nn.add %b1, %0 : (tensor<2xf32>, tensor<1x8x2xf32>) -> tensor<1x8x2xf32>
  %w2 = arith.constant dense<2.0> : tensor<4x2xf32>
  %2 = nn.matmul %x, %w2 : tensor<1x8x4xf32>, tensor<4x2xf32> -> tensor<1x8x2xf32>
  %w3 = arith.constant dense<3.0> : tensor<4x2xf32>
  %3 = nn.matmul %x, %w3 : tensor<1x8x4xf32>, tensor<4x2xf32> -> tensor<1x8x2xf32>
  %b3 = arith.constant dense<[[6.0, 7.0]]> : tensor<1x2xf32>
  %4 = nn.add %3, %b3 : (tensor<1x8x2xf32>, tensor<1x2xf32>) -> tensor<1x8x2xf32>
  %q = nn.reshape %1 : (tensor<1x8x2xf32>) -> tensor<1x8x1x2xf32>
  %k = nn.reshape %2 : (tensor<1x8x2xf32>) -> tensor<1x8x1x2xf32>
  %v = nn.reshape %4 : (tensor<1x8x2xf32>) -> tensor<1x8x1x2xf32>
  %r = nn.attention %q, %k, %v scale 1.0 : (tensor<1x8x1x2xf32>, tensor<1x8x1x2xf32>, tensor<1x8x1x2xf32>) -> tensor<1x8x1x2xf32>
  return %r : tensor<1x8x1x2xf32>
}

// Queries of one input, keys and values of another: two and one.
// CHECK-LABEL: @cross_attention
// CHECK: nn.matmul %arg0, {{.*}} -> tensor<1x8x2xf32>
// CHECK: nn.matmul %arg1, {{.*}} -> tensor<1x8x4xf32>
// CHECK-NOT: nn.matmul
func.func @cross_attention(%x: tensor<1x8x4xf32>, %y: tensor<1x8x4xf32>) -> tensor<1x8x1x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  %u = arith.constant dense<2.0> : tensor<4x2xf32>
  %0 = nn.matmul %x, %w : tensor<1x8x4xf32>, tensor<4x2xf32> -> tensor<1x8x2xf32>
  %1 = nn.matmul %y, %w : tensor<1x8x4xf32>, tensor<4x2xf32> -> tensor<1x8x2xf32>
  %2 = nn.matmul %y, %u : tensor<1x8x4xf32>, tensor<4x2xf32> -> tensor<1x8x2xf32>
  %q = nn.reshape %0 : (tensor<1x8x2xf32>) -> tensor<1x8x1x2xf32>
  %k = nn.reshape %1 : (tensor<1x8x2xf32>) -> tensor<1x8x1x2xf32>
  %v = nn.reshape %2 : (tensor<1x8x2xf32>) -> tensor<1x8x1x2xf32>
  %r = nn.attention %q, %k, %v scale 1.0 : (tensor<1x8x1x2xf32>, tensor<1x8x1x2xf32>, tensor<1x8x1x2xf32>) -> tensor<1x8x1x2xf32>
  return %r : tensor<1x8x1x2xf32>
}

// Other readers would have to go through the slices, too.
// CHECK-LABEL: @other_readers_stay
// CHECK: nn.matmul
// CHECK: nn.matmul
func.func @other_readers_stay(%x: tensor<8x4xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  %u = arith.constant dense<2.0> : tensor<4x2xf32>
  %0 = nn.matmul %x, %w : tensor<8x4xf32>, tensor<4x2xf32> -> tensor<8x2xf32>
  %1 = nn.matmul %x, %u : tensor<8x4xf32>, tensor<4x2xf32> -> tensor<8x2xf32>
  %2 = nn.mul %0, %1 : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<8x2xf32>
  return %2 : tensor<8x2xf32>
}

// Weights that two products share are not stored twice; a bias of one number has no columns to put side by side.
// CHECK-LABEL: @shared_weights_and_scalars_stay
// CHECK-COUNT-3: nn.matmul {{.*}} -> tensor<1x8x1xf32>
func.func @shared_weights_and_scalars_stay(%x: tensor<1x8x4xf32>) -> tensor<1x8x1x1xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1xf32>
  %u = arith.constant dense<2.0> : tensor<4x1xf32>
  %b = arith.constant dense<3.0> : tensor<f32>
  %0 = nn.matmul %x, %w : tensor<1x8x4xf32>, tensor<4x1xf32> -> tensor<1x8x1xf32>
  %1 = nn.matmul %x, %w : tensor<1x8x4xf32>, tensor<4x1xf32> -> tensor<1x8x1xf32>
  %2 = nn.matmul %x, %u : tensor<1x8x4xf32>, tensor<4x1xf32> -> tensor<1x8x1xf32>
  %3 = nn.add %2, %b : (tensor<1x8x1xf32>, tensor<f32>) -> tensor<1x8x1xf32>
  %q = nn.reshape %0 : (tensor<1x8x1xf32>) -> tensor<1x8x1x1xf32>
  %k = nn.reshape %1 : (tensor<1x8x1xf32>) -> tensor<1x8x1x1xf32>
  %v = nn.reshape %3 : (tensor<1x8x1xf32>) -> tensor<1x8x1x1xf32>
  %r = nn.attention %q, %k, %v scale 1.0 : (tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
  return %r : tensor<1x8x1x1xf32>
}
