// RUN: nncc-opt --nncc-broadcast-repeats %s | FileCheck %s

// Two axes are one broadcast; a loop of its own where nothing follows.
// CHECK-LABEL: @alone
// CHECK: %[[N:.*]] = nn.reshape %arg0 : (tensor<1x2x3x8xf32>) -> tensor<1x2x1x3x1x8xf32>
// CHECK: %[[B:.*]] = nn.broadcast %[[N]] : (tensor<1x2x1x3x1x8xf32>) -> tensor<1x2x2x3x3x8xf32>
// CHECK: %[[R:.*]] = nn.reshape %[[B]] : (tensor<1x2x2x3x3x8xf32>) -> tensor<1x4x9x8xf32>
// CHECK: return %[[R]]
func.func @alone(%x: tensor<1x2x3x8xf32>) -> tensor<1x4x9x8xf32> {
  %rows = arith.constant dense<[0, 0, 1, 1]> : tensor<4xsi64>
  %columns = arith.constant dense<[0, 0, 0, 1, 1, 1, 2, 2, 2]> : tensor<9xsi32>
  %0 = nn.gather %x, %rows axis 1 : (tensor<1x2x3x8xf32>, tensor<4xsi64>) -> tensor<1x4x3x8xf32>
  %1 = nn.gather %0, %columns axis 2 : (tensor<1x4x3x8xf32>, tensor<9xsi32>) -> tensor<1x4x9x8xf32>
  return %1 : tensor<1x4x9x8xf32>
}

// Ops before and behind; operands that broadcast.
// CHECK-LABEL: @among_elementwise
// CHECK-DAG: %[[S:.*]] = nn.reshape %arg2 : (tensor<1x1x8xf32>) -> tensor<1x1x1x8xf32>
// CHECK-DAG: %[[Y:.*]] = nn.reshape %arg1 : (tensor<1x4x3x8xf32>) -> tensor<1x2x2x3x8xf32>
// CHECK: %[[M:.*]] = nn.mul %[[Y]], %[[S]]
// CHECK: %[[N:.*]] = nn.reshape %arg0 : (tensor<1x2x3x8xf32>) -> tensor<1x2x1x3x8xf32>
// CHECK: %[[E:.*]] = nn.exp %[[N]] : (tensor<1x2x1x3x8xf32>) -> tensor<1x2x1x3x8xf32>
// CHECK: %[[A:.*]] = nn.add %[[M]], %[[E]] : (tensor<1x2x2x3x8xf32>, tensor<1x2x1x3x8xf32>) -> tensor<1x2x2x3x8xf32>
// CHECK: %[[R:.*]] = nn.relu %[[A]]
// CHECK: nn.reshape %[[R]] : (tensor<1x2x2x3x8xf32>) -> tensor<1x4x3x8xf32>
func.func @among_elementwise(%x: tensor<1x2x3x8xf32>, %y: tensor<1x4x3x8xf32>, %s: tensor<1x1x8xf32>) -> tensor<1x4x3x8xf32> {
  %rows = arith.constant dense<[0, 0, 1, 1]> : tensor<4xsi64>
  %0 = nn.gather %x, %rows axis 1 : (tensor<1x2x3x8xf32>, tensor<4xsi64>) -> tensor<1x4x3x8xf32>
  %1 = nn.exp %0 : (tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  %2 = nn.mul %y, %s : (tensor<1x4x3x8xf32>, tensor<1x1x8xf32>) -> tensor<1x4x3x8xf32>
  %3 = nn.add %2, %1 : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  %4 = nn.relu %3 : (tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  return %4 : tensor<1x4x3x8xf32>
}

// Another order, a number that does not divide, short rows, the last dimension, indices from outside.
// CHECK-LABEL: @never
// CHECK-COUNT-5: nn.gather
// CHECK-NOT: nn.broadcast
func.func @never(%x: tensor<2x8xf32>, %short: tensor<2x3xf32>, %i: tensor<4xsi64>)
    -> (tensor<4x8xf32>, tensor<3x8xf32>, tensor<4x3xf32>, tensor<2x16xf32>, tensor<4x8xf32>) {
  %turns = arith.constant dense<[0, 1, 0, 1]> : tensor<4xsi64>
  %three = arith.constant dense<[0, 0, 1]> : tensor<3xsi64>
  %twice = arith.constant dense<[0, 0, 1, 1]> : tensor<4xsi64>
  %last = arith.constant dense<[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]> : tensor<16xsi64>
  %0 = nn.gather %x, %turns axis 0 : (tensor<2x8xf32>, tensor<4xsi64>) -> tensor<4x8xf32>
  %1 = nn.gather %x, %three axis 0 : (tensor<2x8xf32>, tensor<3xsi64>) -> tensor<3x8xf32>
  %2 = nn.gather %short, %twice axis 0 : (tensor<2x3xf32>, tensor<4xsi64>) -> tensor<4x3xf32>
  %3 = nn.gather %x, %last axis 1 : (tensor<2x8xf32>, tensor<16xsi64>) -> tensor<2x16xf32>
  %4 = nn.gather %x, %i axis 0 : (tensor<2x8xf32>, tensor<4xsi64>) -> tensor<4x8xf32>
  return %0, %1, %2, %3, %4 : tensor<4x8xf32>, tensor<3x8xf32>, tensor<4x3xf32>, tensor<2x16xf32>, tensor<4x8xf32>
}
