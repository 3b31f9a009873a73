// RUN: nncc-opt %s --pass-pipeline='builtin.module(func.func(nncc-merge-convolutions))' | FileCheck %s
// RUN: nncc-opt %s --nncc-schedule=without=merge-convolutions | FileCheck %s --check-prefix=WITHOUT

// WITHOUT-NOT: extract_slice

module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
// A bias for each channel is joined, a slope that all share stays one. Each part is copied, as its rows are few elements.
// CHECK-LABEL: @heads
// CHECK-SAME: (%[[X:.*]]: tensor<1x9x9x32xf32>)
// CHECK-DAG: %[[W:.*]] = arith.constant dense_resource<merged{{.*}}> : tensor<1x1x32x6xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense_resource<merged{{.*}}> : tensor<6xf32>
// CHECK: %[[Y:.*]] = kernel.conv %[[X]], %[[W]]
// CHECK-SAME: epilogue(%{{.*}}: f32, %{{.*}}: f32 = %[[B]] : tensor<6xf32>, %{{.*}}: f32 = %{{.*}} : tensor<1xf32>)
// CHECK-NOT: kernel.conv
// CHECK: %[[P0:.*]] = tensor.extract_slice %[[Y]][0, 0, 0, 0] [1, 9, 9, 4] [1, 1, 1, 1]
// CHECK: %[[R0:.*]] = bufferization.alloc_tensor() copy(%[[P0]])
// CHECK: %[[P1:.*]] = tensor.extract_slice %[[Y]][0, 0, 0, 4] [1, 9, 9, 2] [1, 1, 1, 1]
// CHECK: %[[R1:.*]] = bufferization.alloc_tensor() copy(%[[P1]])
// CHECK: return %[[R0]], %[[R1]]
func.func @heads(%x: tensor<1x9x9x32xf32>) -> (tensor<1x9x9x4xf32>, tensor<1x9x9x2xf32>) {
  %w0 = arith.constant dense<1.0> : tensor<1x1x32x4xf32>
  %b0 = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %s0 = arith.constant dense<0.5> : tensor<1xf32>
  %y0 = tensor.empty() : tensor<1x9x9x4xf32>
  %0 = kernel.conv %x, %w0 into %y0 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
    epilogue(%acc: f32, %e0: f32 = %b0 : tensor<4xf32>, %e1: f32 = %s0 : tensor<1xf32>) {
      %s = arith.addf %acc, %e0 : f32
      %t = arith.mulf %s, %e1 : f32
      nn.yield %t : f32
    }
  %w1 = arith.constant dense<2.0> : tensor<1x1x32x2xf32>
  %b1 = arith.constant dense<[5.0, 6.0]> : tensor<2xf32>
  %s1 = arith.constant dense<0.5> : tensor<1xf32>
  %y1 = tensor.empty() : tensor<1x9x9x2xf32>
  %1 = kernel.conv %x, %w1 into %y1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x2xf32> into tensor<1x9x9x2xf32> -> tensor<1x9x9x2xf32>
    epilogue(%acc: f32, %e0: f32 = %b1 : tensor<2xf32>, %e1: f32 = %s1 : tensor<1xf32>) {
      %s = arith.addf %acc, %e0 : f32
      %t = arith.mulf %s, %e1 : f32
      nn.yield %t : f32
    }
  return %0, %1 : tensor<1x9x9x4xf32>, tensor<1x9x9x2xf32>
}

// Two vectors hold either both or one each: nothing is won. Nor where a sum is as short as its copy.
// CHECK-LABEL: @fillsNoBetter
// CHECK-COUNT-4: kernel.conv
func.func @fillsNoBetter(%x: tensor<1x9x9x32xf32>, %z: tensor<1x9x9x2xf32>) {
  %w0 = arith.constant dense<1.0> : tensor<1x1x32x12xf32>
  %w1 = arith.constant dense<2.0> : tensor<1x1x32x10xf32>
  %v0 = arith.constant dense<1.0> : tensor<1x1x2x4xf32>
  %v1 = arith.constant dense<2.0> : tensor<1x1x2x4xf32>
  %y0 = tensor.empty() : tensor<1x9x9x12xf32>
  %y1 = tensor.empty() : tensor<1x9x9x10xf32>
  %y2 = tensor.empty() : tensor<1x9x9x4xf32>
  %0 = kernel.conv %x, %w0 into %y0 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x12xf32> into tensor<1x9x9x12xf32> -> tensor<1x9x9x12xf32>
  %1 = kernel.conv %x, %w1 into %y1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x10xf32> into tensor<1x9x9x10xf32> -> tensor<1x9x9x10xf32>
  %2 = kernel.conv %z, %v0 into %y2 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x2xf32>, tensor<1x1x2x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  %3 = kernel.conv %z, %v1 into %y2 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x2xf32>, tensor<1x1x2x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  return
}

// Other windows, weights at run time, an epilogue of its own, a residual.
// CHECK-LABEL: @differ
// CHECK-COUNT-5: kernel.conv
func.func @differ(%x: tensor<1x9x9x32xf32>, %w: tensor<1x1x32x4xf32>, %r: tensor<1x9x9x4xf32>) {
  %w0 = arith.constant dense<1.0> : tensor<1x1x32x4xf32>
  %w1 = arith.constant dense<1.0> : tensor<3x3x32x4xf32>
  %s0 = arith.constant dense<0.5> : tensor<1xf32>
  %s1 = arith.constant dense<0.25> : tensor<1xf32>
  %y = tensor.empty() : tensor<1x9x9x4xf32>
  %0 = kernel.conv %x, %w0 into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  %1 = kernel.conv %x, %w1 into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<3x3x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  %2 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
  %3 = kernel.conv %x, %w0 into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
    epilogue(%acc: f32, %e0: f32 = %r : tensor<1x9x9x4xf32>) {
      %s = arith.addf %acc, %e0 : f32
      nn.yield %s : f32
    }
  %4 = kernel.conv %x, %w0 into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
    epilogue(%acc: f32) {
      %s = arith.negf %acc : f32
      nn.yield %s : f32
    }
  return
}

// CHECK-LABEL: @slopesDiffer
// CHECK-COUNT-2: kernel.conv
func.func @slopesDiffer(%x: tensor<1x9x9x32xf32>) {
  %w0 = arith.constant dense<1.0> : tensor<1x1x32x4xf32>
  %s0 = arith.constant dense<0.5> : tensor<1xf32>
  %s1 = arith.constant dense<0.25> : tensor<1xf32>
  %y = tensor.empty() : tensor<1x9x9x4xf32>
  %0 = kernel.conv %x, %w0 into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
    epilogue(%acc: f32, %e0: f32 = %s0 : tensor<1xf32>) {
      %s = arith.mulf %acc, %e0 : f32
      nn.yield %s : f32
    }
  %1 = kernel.conv %x, %w0 into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x9x9x32xf32>, tensor<1x1x32x4xf32> into tensor<1x9x9x4xf32> -> tensor<1x9x9x4xf32>
    epilogue(%acc: f32, %e0: f32 = %s1 : tensor<1xf32>) {
      %s = arith.mulf %acc, %e0 : f32
      nn.yield %s : f32
    }
  return
}
}
