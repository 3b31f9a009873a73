// RUN: nncc-opt %s --nncc-pool-convolutions | FileCheck %s

// A bias and a maximum never fall as the sum grows.
// CHECK-LABEL: @relu
// CHECK: kernel.conv {{.*}} winograd [4, 4] {pooled} : {{.*}} into tensor<1x5x6x8xf32>
// CHECK-NOT: kernel.pool
func.func @relu(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x5x6x8xf32> {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x5x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x5x6x8xf32> -> tensor<1x5x6x8xf32>
  return %p : tensor<1x5x6x8xf32>
}

// The last row is left out.
// CHECK-LABEL: @odd
// CHECK: kernel.conv {{.*}} winograd [4, 4] {pooled} : {{.*}} into tensor<1x5x6x8xf32>
// CHECK-NOT: kernel.pool
func.func @odd(%x: tensor<1x11x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x5x6x8xf32> {
  %y = tensor.empty() : tensor<1x11x12x8xf32>
  %z = tensor.empty() : tensor<1x5x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x11x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x11x12x8xf32> -> tensor<1x11x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x11x12x8xf32> into tensor<1x5x6x8xf32> -> tensor<1x5x6x8xf32>
  return %p : tensor<1x5x6x8xf32>
}

// The last row makes a window of its own.
// CHECK-LABEL: @padded
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @padded(%x: tensor<1x11x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x6x6x8xf32> {
  %y = tensor.empty() : tensor<1x11x12x8xf32>
  %z = tensor.empty() : tensor<1x6x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x11x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x11x12x8xf32> -> tensor<1x11x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 1, 0] dilations [1, 1]
    : tensor<1x11x12x8xf32> into tensor<1x6x6x8xf32> -> tensor<1x6x6x8xf32>
  return %p : tensor<1x6x6x8xf32>
}

// Padding before the first row.
// CHECK-LABEL: @shifted
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @shifted(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x6x6x8xf32> {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x6x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [1, 0, 1, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x6x6x8xf32> -> tensor<1x6x6x8xf32>
  return %p : tensor<1x6x6x8xf32>
}

// The largest sum gives the least result.
// CHECK-LABEL: @falling
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @falling(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x5x6x8xf32> {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x5x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %3 = arith.subf %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x5x6x8xf32> -> tensor<1x5x6x8xf32>
  return %p : tensor<1x5x6x8xf32>
}

// What is chosen below the bound is not the bound.
// CHECK-LABEL: @step
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @step(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x5x6x8xf32> {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x5x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %b, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x5x6x8xf32> -> tensor<1x5x6x8xf32>
  return %p : tensor<1x5x6x8xf32>
}

// The outputs themselves are read as well.
// CHECK-LABEL: @shared
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @shared(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> (tensor<1x5x6x8xf32>, tensor<1x10x12x8xf32>) {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x5x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x5x6x8xf32> -> tensor<1x5x6x8xf32>
  return %p, %c : tensor<1x5x6x8xf32>, tensor<1x10x12x8xf32>
}

// Not a maximum.
// CHECK-LABEL: @average
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @average(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x5x6x8xf32> {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x5x6x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool average %c into %z kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x5x6x8xf32> -> tensor<1x5x6x8xf32>
  return %p : tensor<1x5x6x8xf32>
}

// Windows that share outputs.
// CHECK-LABEL: @overlapping
// CHECK: kernel.conv
// CHECK-NOT: pooled
// CHECK: kernel.pool
func.func @overlapping(%x: tensor<1x10x12x8xf32>, %w: tensor<6x6x8x8xf32>, %bias: tensor<8xf32>) -> tensor<1x9x11x8xf32> {
  %y = tensor.empty() : tensor<1x10x12x8xf32>
  %z = tensor.empty() : tensor<1x9x11x8xf32>
  %c = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [4, 4]
    : tensor<1x10x12x8xf32>, tensor<6x6x8x8xf32> into tensor<1x10x12x8xf32> -> tensor<1x10x12x8xf32>
    epilogue(%acc: f32, %b: f32 = %bias : tensor<8xf32>) {
      %zero = arith.constant 0.0 : f32
      %1 = arith.addf %acc, %b : f32
      %2 = arith.cmpf olt, %1, %zero : f32
      %3 = arith.select %2, %zero, %1 : f32
      nn.yield %3 : f32
    }
  %p = kernel.pool max %c into %z kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x10x12x8xf32> into tensor<1x9x11x8xf32> -> tensor<1x9x11x8xf32>
  return %p : tensor<1x9x11x8xf32>
}
