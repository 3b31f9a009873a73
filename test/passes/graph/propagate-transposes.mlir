// RUN: nncc-opt --nncc-propagate-transposes %s | FileCheck %s

// CHECK-LABEL: @cancels_through_bias_relu_and_residual
// CHECK-NOT: transpose
func.func @cancels_through_bias_relu_and_residual(%x: tensor<1x8x8x2xf32>, %w: tensor<3x3x2x2xf32>) -> tensor<1x8x8x2xf32> {
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : tensor<1x8x8x2xf32>, tensor<3x3x2x2xf32> -> tensor<1x8x8x2xf32>
  %1 = nn.transpose %0 perm [0, 3, 1, 2] : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  // CHECK: %[[B:.*]] = arith.constant dense<{{.*}}> : tensor<1x1x1x2xf32>
  // CHECK: nn.add %{{.*}}, %[[B]] : (tensor<1x8x8x2xf32>, tensor<1x1x1x2xf32>)
  %b = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %2 = nn.add %1, %b : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %3 = nn.relu %2 : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %4 = nn.transpose %3 perm [0, 2, 3, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  %5 = nn.conv %4, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : tensor<1x8x8x2xf32>, tensor<3x3x2x2xf32> -> tensor<1x8x8x2xf32>
  %6 = nn.transpose %5 perm [0, 3, 1, 2] : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %7 = nn.add %6, %3 : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %8 = nn.transpose %7 perm [0, 2, 3, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  return %8 : tensor<1x8x8x2xf32>
}

// The gate has one element a channel: its transposes move nothing and are reshapes.
// CHECK-LABEL: @squeeze_and_excite
// CHECK-NOT: transpose
// CHECK: nn.reduce sum %{{.*}} axes [1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
// CHECK-NOT: transpose
// CHECK: nn.mul %{{.*}} : (tensor<1x8x8x16xf32>, tensor<1x1x1x16xf32>)
func.func @squeeze_and_excite(%x: tensor<1x8x8x16xf32>, %w: tensor<1x1x16x16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x16x8x8xf32>
  %1 = nn.reduce sum %0 axes [2, 3] : (tensor<1x16x8x8xf32>) -> tensor<1x16x1x1xf32>
  %2 = nn.transpose %1 perm [0, 2, 3, 1] : (tensor<1x16x1x1xf32>) -> tensor<1x1x1x16xf32>
  %3 = nn.conv %2, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x1x1x16xf32>, tensor<1x1x16x16xf32> -> tensor<1x1x1x16xf32>
  %4 = nn.transpose %3 perm [0, 3, 1, 2] : (tensor<1x1x1x16xf32>) -> tensor<1x16x1x1xf32>
  %5 = nn.sigmoid %4 : (tensor<1x16x1x1xf32>) -> tensor<1x16x1x1xf32>
  %6 = nn.mul %0, %5 : (tensor<1x16x8x8xf32>, tensor<1x16x1x1xf32>) -> tensor<1x16x8x8xf32>
  %7 = nn.transpose %6 perm [0, 2, 3, 1] : (tensor<1x16x8x8xf32>) -> tensor<1x8x8x16xf32>
  return %7 : tensor<1x8x8x16xf32>
}

// CHECK-LABEL: @patches_to_rows
// CHECK-NEXT: %[[R:.*]] = nn.reshape %{{.*}} : (tensor<2x14x14x96xf32>) -> tensor<2x196x96xf32>
// CHECK-NEXT: nn.add %[[R]]
func.func @patches_to_rows(%x: tensor<2x14x14x96xf32>, %pos: tensor<1x196x96xf32>) -> tensor<2x196x96xf32> {
  %0 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<2x14x14x96xf32>) -> tensor<2x96x14x14xf32>
  %1 = nn.reshape %0 : (tensor<2x96x14x14xf32>) -> tensor<2x96x196xf32>
  %2 = nn.transpose %1 perm [0, 2, 1] : (tensor<2x96x196xf32>) -> tensor<2x196x96xf32>
  %3 = nn.add %2, %pos : (tensor<2x196x96xf32>, tensor<1x196x96xf32>) -> tensor<2x196x96xf32>
  return %3 : tensor<2x196x96xf32>
}

// CHECK-LABEL: @concat_slice_pad_and_gather
// CHECK: nn.concat %arg0, %arg0 axis 3
// CHECK: nn.slice %{{.*}} starts [0, 0, 1, 1] sizes [2, 8, 4, 16] steps [1, 1, 1, 2]
// CHECK: nn.pad %{{.*}} low [0, 3, 4, 2] high [0, 0, 1, 0]
// CHECK: nn.gather %{{.*}} axis 3 : (tensor<2x11x9x18xf32>, tensor<si64>) -> tensor<2x11x9xf32>
// CHECK-NOT: transpose
func.func @concat_slice_pad_and_gather(%x: tensor<?x8x?x16xf32>) -> tensor<2x11x9xf32> {
  %0 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<?x8x?x16xf32>) -> tensor<?x16x8x?xf32>
  %1 = nn.concat %0, %0 axis 1 : (tensor<?x16x8x?xf32>, tensor<?x16x8x?xf32>) -> tensor<?x32x8x?xf32>
  %2 = nn.slice %1 starts [0, 1, 0, 1] sizes [2, 16, 8, 4] steps [1, 2, 1, 1] : (tensor<?x32x8x?xf32>) -> tensor<2x16x8x4xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %3 = nn.pad %2, %zero low [0, 2, 3, 4] high [0, 0, 0, 1] : (tensor<2x16x8x4xf32>, tensor<f32>) -> tensor<2x18x11x9xf32>
  %i = arith.constant dense<1> : tensor<si64>
  %4 = nn.gather %3, %i axis 1 : (tensor<2x18x11x9xf32>, tensor<si64>) -> tensor<2x11x9xf32>
  return %4 : tensor<2x11x9xf32>
}

// What cannot cancel goes behind the elementwise ops, so that these can still become an epilogue.
// CHECK-LABEL: @sinks_to_the_output
// CHECK: nn.conv
// CHECK-NEXT: nn.relu
// CHECK-NEXT: nn.softmax %{{.*}} axis 3
// CHECK-NEXT: nn.transpose
// CHECK-NEXT: return
func.func @sinks_to_the_output(%x: tensor<1x8x8x16xf32>, %w: tensor<3x3x16x16xf32>) -> tensor<1x16x8x8xf32> {
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : tensor<1x8x8x16xf32>, tensor<3x3x16x16xf32> -> tensor<1x8x8x16xf32>
  %1 = nn.transpose %0 perm [0, 3, 1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x16x8x8xf32>
  %2 = nn.relu %1 : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %3 = nn.softmax %2 axis 1 : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  return %3 : tensor<1x16x8x8xf32>
}

// The convolution reads three channels in either order.
// CHECK-LABEL: @stays_before_the_stem
// CHECK: nn.sub %arg0
// CHECK-NEXT: nn.transpose
// CHECK-NEXT: nn.conv
func.func @stays_before_the_stem(%x: tensor<1x3x8x8xf32>, %w: tensor<3x3x3x16xf32>) -> tensor<1x8x8x16xf32> {
  %b = arith.constant dense<0.5> : tensor<f32>
  %0 = nn.sub %x, %b : (tensor<1x3x8x8xf32>, tensor<f32>) -> tensor<1x3x8x8xf32>
  %1 = nn.transpose %0 perm [0, 2, 3, 1] : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
  %2 = nn.conv %1, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<1x8x8x16xf32>
  return %2 : tensor<1x8x8x16xf32>
}

// Two tensors would have to move instead of one.
// CHECK-LABEL: @a_sum_with_two_others_stays
// CHECK-NEXT: nn.transpose %arg0
// CHECK-NEXT: nn.add
// CHECK-NEXT: nn.mul
// CHECK-NEXT: return
func.func @a_sum_with_two_others_stays(%x: tensor<8x8x16xf32>, %y: tensor<16x8x8xf32>, %z: tensor<16x8x8xf32>) -> tensor<16x8x8xf32> {
  %0 = nn.transpose %x perm [2, 0, 1] : (tensor<8x8x16xf32>) -> tensor<16x8x8xf32>
  %1 = nn.add %0, %y : (tensor<16x8x8xf32>, tensor<16x8x8xf32>) -> tensor<16x8x8xf32>
  %2 = nn.mul %1, %z : (tensor<16x8x8xf32>, tensor<16x8x8xf32>) -> tensor<16x8x8xf32>
  return %2 : tensor<16x8x8xf32>
}

// A reshape that cuts through the moved dimensions is a border.
// CHECK-LABEL: @a_reshape_that_mixes_stays
// CHECK: nn.reshape
// CHECK: nn.transpose %{{.*}} perm [0, 2, 1, 3]
func.func @a_reshape_that_mixes_stays(%x: tensor<1x10x64xf32>, %k: tensor<1x4x16x10xf32>) -> tensor<1x4x10x10xf32> {
  %0 = nn.reshape %x : (tensor<1x10x64xf32>) -> tensor<1x10x4x16xf32>
  %1 = nn.transpose %0 perm [0, 2, 1, 3] : (tensor<1x10x4x16xf32>) -> tensor<1x4x10x16xf32>
  %2 = nn.matmul %1, %k : tensor<1x4x10x16xf32>, tensor<1x4x16x10xf32> -> tensor<1x4x10x10xf32>
  return %2 : tensor<1x4x10x10xf32>
}

// CHECK-LABEL: @through_branches
// CHECK: scf.if
// CHECK: nn.relu %arg1 : (tensor<1x8x8x16xf32>)
// CHECK-NOT: transpose
// CHECK: return
func.func @through_branches(%c: i1, %x: tensor<1x8x8x16xf32>, %y: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = scf.if %c -> tensor<1x16x8x8xf32> {
    %1 = nn.transpose %x perm [0, 3, 1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x16x8x8xf32>
    %2 = nn.relu %1 : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
    scf.yield %2 : tensor<1x16x8x8xf32>
  } else {
    %1 = nn.transpose %y perm [0, 3, 1, 2] : (tensor<1x8x8x16xf32>) -> tensor<1x16x8x8xf32>
    scf.yield %1 : tensor<1x16x8x8xf32>
  }
  %2 = nn.transpose %0 perm [0, 2, 3, 1] : (tensor<1x16x8x8xf32>) -> tensor<1x8x8x16xf32>
  return %2 : tensor<1x8x8x16xf32>
}

// Attention reads heads and rows in either order, so that a rotary embedding is computed where the projection left its
// rows.
// CHECK-LABEL: @into_attention
// CHECK-NEXT: %[[S:.*]] = nn.slice %arg0 starts [0, 0, 0, 2]
// CHECK-NEXT: %[[Q:.*]] = nn.concat %[[S]], %[[S]] axis 3
// CHECK-NEXT: nn.attention %[[Q]], %arg1, %arg2 scale 1.000000e+00 {kHeadsFirst, vHeadsFirst}
// CHECK-NEXT: return
func.func @into_attention(%q: tensor<1x8x2x4xf32>, %k: tensor<1x2x9x4xf32>, %v: tensor<1x2x9x4xf32>) -> tensor<1x8x2x4xf32> {
  %0 = nn.transpose %q perm [0, 2, 1, 3] : (tensor<1x8x2x4xf32>) -> tensor<1x2x8x4xf32>
  %1 = nn.slice %0 starts [0, 0, 0, 2] sizes [1, 2, 8, 2] steps [1, 1, 1, 1] : (tensor<1x2x8x4xf32>) -> tensor<1x2x8x2xf32>
  %2 = nn.concat %1, %1 axis 3 : (tensor<1x2x8x2xf32>, tensor<1x2x8x2xf32>) -> tensor<1x2x8x4xf32>
  %3 = nn.attention %2, %k, %v scale 1.0 {kHeadsFirst, qHeadsFirst, resultHeadsFirst, vHeadsFirst} : (tensor<1x2x8x4xf32>, tensor<1x2x9x4xf32>, tensor<1x2x9x4xf32>) -> tensor<1x2x8x4xf32>
  %4 = nn.transpose %3 perm [0, 2, 1, 3] : (tensor<1x2x8x4xf32>) -> tensor<1x8x2x4xf32>
  return %4 : tensor<1x8x2x4xf32>
}

// One element a channel: nothing moves, but a reshape would keep the bias out of the epilogue.
// CHECK-LABEL: @ones_move_too
// CHECK: nn.conv
// CHECK-NEXT: nn.add
// CHECK-NEXT: nn.conv
func.func @ones_move_too(%x: tensor<1x1x1x8xf32>, %w: tensor<1x1x8x8xf32>) -> tensor<1x1x1x8xf32> {
  %b = arith.constant dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]], [[6.0]], [[7.0]], [[8.0]]]> : tensor<8x1x1xf32>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x1x1x8xf32>, tensor<1x1x8x8xf32> -> tensor<1x1x1x8xf32>
  %1 = nn.transpose %0 perm [0, 3, 1, 2] : (tensor<1x1x1x8xf32>) -> tensor<1x8x1x1xf32>
  %2 = nn.add %1, %b : (tensor<1x8x1x1xf32>, tensor<8x1x1xf32>) -> tensor<1x8x1x1xf32>
  %3 = nn.transpose %2 perm [0, 2, 3, 1] : (tensor<1x8x1x1xf32>) -> tensor<1x1x1x8xf32>
  %4 = nn.conv %3, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x1x1x8xf32>, tensor<1x1x8x8xf32> -> tensor<1x1x1x8xf32>
  return %4 : tensor<1x1x1x8xf32>
}

// Transposes that stand in a branch go with what they transpose.
// CHECK-LABEL: @of_a_rebuilt_op_in_a_branch
// CHECK: %[[A:.*]] = nn.relu %arg0
// CHECK: %[[B:.*]] = nn.relu %arg1
// CHECK: scf.if
// CHECK-DAG: nn.transpose %[[A]]
// CHECK-DAG: nn.transpose %[[B]]
func.func @of_a_rebuilt_op_in_a_branch(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>, %c: i1) -> tensor<16x8xf32> {
  %0 = nn.transpose %x perm [1, 0] : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = nn.relu %0 : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = nn.transpose %y perm [1, 0] : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %3 = nn.relu %2 : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %4 = scf.if %c -> (tensor<16x8xf32>) {
    %5 = nn.transpose %1 perm [1, 0] : (tensor<8x8xf32>) -> tensor<8x8xf32>
    %6 = nn.matmul %5, %1 : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
    %7 = nn.transpose %3 perm [1, 0] : (tensor<8x8xf32>) -> tensor<8x8xf32>
    %8 = nn.matmul %7, %3 : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
    %9 = nn.concat %6, %8 axis 0 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
    scf.yield %9 : tensor<16x8xf32>
  } else {
    %5 = nn.concat %x, %y axis 0 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
    scf.yield %5 : tensor<16x8xf32>
  }
  return %4 : tensor<16x8xf32>
}
