// RUN: nncc-opt %s --nncc-lower-to-kernel | FileCheck %s

// A kernel as large as the stride: each phase is a pointwise convolution with the weights of one tap, strided into the result.
// CHECK-LABEL: @pointwise_phases
// CHECK-SAME: %[[x:.*]]: tensor<1x4x4x3xf32>
// CHECK: %[[all:.*]] = tensor.empty() : tensor<1x8x8x5xf32>
// CHECK: %[[w:.*]] = arith.constant dense<2.000000e+00> : tensor<1x1x3x5xf32>
// CHECK: %[[p:.*]] = kernel.conv %[[x]], %[[w]] into %{{.*}} strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
// CHECK: tensor.insert_slice %[[p]] into %[[all]][0, 0, 0, 0] [1, 4, 4, 5] [1, 2, 2, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 0, 1, 0] [1, 4, 4, 5] [1, 2, 2, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 1, 0, 0] [1, 4, 4, 5] [1, 2, 2, 1]
// CHECK: %[[last:.*]] = tensor.insert_slice %{{.*}}[0, 1, 1, 0] [1, 4, 4, 5] [1, 2, 2, 1]
// CHECK: return %[[last]]
func.func @pointwise_phases(%x: tensor<1x4x4x3xf32>) -> tensor<1x8x8x5xf32> {
  %w = arith.constant dense<2.0> : tensor<2x2x3x5xf32>
  %y = nn.conv_transpose %x, %w strides [2, 2] lows [0, 0] dilations [1, 1] output [8, 8] : tensor<1x4x4x3xf32>, tensor<2x2x3x5xf32> -> tensor<1x8x8x5xf32>
  return %y : tensor<1x8x8x5xf32>
}

// Unit stride: one convolution with the taps reversed, and no slices.
// CHECK-LABEL: @unit_stride
// CHECK: arith.constant dense_resource<w{{[0-9]+}}> : tensor<3x2x2xf32>
// CHECK: %[[y:.*]] = kernel.conv %{{.*}} strides [1] pads [2, 2] dilations [1]
// CHECK-NOT: insert_slice
// CHECK: return %[[y]]
func.func @unit_stride(%x: tensor<1x7x2xf32>) -> tensor<1x9x2xf32> {
  %w = arith.constant dense<[[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]], [[8.0, 9.0], [10.0, 11.0]]]> : tensor<3x2x2xf32>
  %y = nn.conv_transpose %x, %w strides [1] lows [0] dilations [1] output [9] : tensor<1x7x2xf32>, tensor<3x2x2xf32> -> tensor<1x9x2xf32>
  return %y : tensor<1x9x2xf32>
}

// Outputs that no tap meets are the epilogue of 0; extras are sliced like the result.
// CHECK-LABEL: @gaps
// CHECK-SAME: %[[x:.*]]: tensor<1x3x2xf32>, %{{.*}}: tensor<1x2x4xf32>, %[[b:.*]]: tensor<1x6x4xf32>
// CHECK: %[[even:.*]] = tensor.extract_slice %[[b]][0, 0, 0] [1, 3, 4] [1, 2, 1]
// CHECK: kernel.conv %[[x]], %{{.*}} epilogue(%{{.*}}: f32, %{{.*}}: f32 = %[[even]] : tensor<1x3x4xf32>)
// CHECK: %[[odd:.*]] = tensor.extract_slice %[[b]][0, 1, 0] [1, 3, 4] [1, 2, 1]
// CHECK: linalg.generic {{.*}} ins(%[[odd]] : tensor<1x3x4xf32>)
func.func @gaps(%x: tensor<1x3x2xf32>, %w: tensor<1x2x4xf32>, %b: tensor<1x6x4xf32>) -> tensor<1x6x4xf32> {
  %y = nn.conv_transpose %x, %w strides [2] lows [0] dilations [1] output [6] : tensor<1x3x2xf32>, tensor<1x2x4xf32> -> tensor<1x6x4xf32>
    epilogue(%acc: f32, %e: f32 = %b : tensor<1x6x4xf32>) {
      %s = arith.addf %acc, %e : f32
      nn.yield %s : f32
    }
  return %y : tensor<1x6x4xf32>
}

// Padding beyond what a phase reads cuts the input.
// CHECK-LABEL: @cropped
// CHECK: %[[x:.*]] = tensor.extract_slice %{{.*}}[0, 1, 0] [1, 5, 1] [1, 1, 1]
// CHECK: kernel.conv %[[x]], %{{.*}} strides [1] pads [0, 0] dilations [1]
func.func @cropped(%x: tensor<1x7x1xf32>, %w: tensor<1x1x1xf32>) -> tensor<1x5x1xf32> {
  %y = nn.conv_transpose %x, %w strides [1] lows [1] dilations [1] output [5] : tensor<1x7x1xf32>, tensor<1x1x1xf32> -> tensor<1x5x1xf32>
  return %y : tensor<1x5x1xf32>
}

// Many phases are the channels of one convolution, in front of the epilogue.
// CHECK-LABEL: @many_phases
// CHECK-SAME: %[[x:.*]]: tensor<1x4x4x3xf32>, %[[b:.*]]: tensor<2xf32>
// CHECK: %[[w:.*]] = arith.constant dense<2.000000e+00> : tensor<2x2x3x50xf32>
// CHECK: %[[y:.*]] = kernel.conv %[[x]], %[[w]] into %{{.*}} strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
// CHECK-SAME: -> tensor<1x5x5x50xf32>
// CHECK: tensor.expand_shape %[[y]] {{.*}} into tensor<1x5x5x1x5x5x2xf32>
// CHECK: tensor.collapse_shape {{.*}} into tensor<1x25x25x2xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[b]] : tensor<1x25x25x2xf32>, tensor<2xf32>)
// CHECK-NOT: insert_slice
// CHECK: return
func.func @many_phases(%x: tensor<1x4x4x3xf32>, %b: tensor<2xf32>) -> tensor<1x25x25x2xf32> {
  %w = arith.constant dense<2.0> : tensor<10x10x3x2xf32>
  %y = nn.conv_transpose %x, %w strides [5, 5] lows [0, 0] dilations [1, 1] output [25, 25] : tensor<1x4x4x3xf32>, tensor<10x10x3x2xf32> -> tensor<1x25x25x2xf32>
    epilogue(%acc: f32, %e: f32 = %b : tensor<2xf32>) {
      %s = arith.addf %acc, %e : f32
      nn.yield %s : f32
    }
  return %y : tensor<1x25x25x2xf32>
}

// Phases are counted only as far as there are outputs.
// CHECK-LABEL: @stride_beyond_the_result
// CHECK-COUNT-4: kernel.conv
// CHECK-NOT: kernel.conv
func.func @stride_beyond_the_result(%x: tensor<1x1x1x1xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x2x1xf32> {
  %y = nn.conv_transpose %x, %w strides [2097152, 2097152] lows [0, 0] dilations [1, 1] output [2, 2] : tensor<1x1x1x1xf32>, tensor<2x2x1x1xf32> -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// Dilated taps of many phases meet zeros between the pixels.
// CHECK-LABEL: @dilated
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0, 0] [1, 3, 1] [1, 20, 1] : tensor<1x3x1xf32> into tensor<1x41x1xf32>
// CHECK: kernel.conv {{.*}} strides [1] pads [6, 6] dilations [3]
func.func @dilated(%x: tensor<1x3x1xf32>, %w: tensor<3x1x1xf32>) -> tensor<1x47x1xf32> {
  %y = nn.conv_transpose %x, %w strides [20] lows [0] dilations [3] output [47] : tensor<1x3x1xf32>, tensor<3x1x1xf32> -> tensor<1x47x1xf32>
  return %y : tensor<1x47x1xf32>
}
