// RUN: nncc-opt %s --split-input-file --verify-diagnostics

func.func @depth_differs(%a: tensor<5x8xf32>, %b: tensor<7x20xf32>, %y: tensor<5x20xf32>) {
  // expected-error @+1 {{expected b to multiply 'tensor<5x8xf32>' into 'tensor<5x20xf32>', found 'tensor<7x20xf32>'}}
  %0 = kernel.gemm %a, %b into %y : tensor<5x8xf32>, tensor<7x20xf32> into tensor<5x20xf32> -> tensor<5x20xf32>
  return
}

// -----

func.func @not_packed(%a: memref<5x8xf32>, %b: memref<8x20xf32>, %y: memref<5x20xf32>) {
  // expected-error @+1 {{expected b packed for #kernel.tile<4 x 2 x 8>, found 'memref<8x20xf32>'}}
  kernel.gemm %a, %b into %y tile <4 x 2 x 8> : memref<5x8xf32>, memref<8x20xf32> into memref<5x20xf32>
  return
}

// -----

func.func @extra_does_not_broadcast(%a: tensor<5x8xf32>, %b: tensor<8x20xf32>, %bias: tensor<19xf32>, %y: tensor<5x20xf32>) {
  // expected-error @+1 {{expected}}
  %0 = kernel.gemm %a, %b into %y : tensor<5x8xf32>, tensor<8x20xf32> into tensor<5x20xf32> -> tensor<5x20xf32>
    epilogue(%acc: f32, %x: f32 = %bias : tensor<19xf32>) {
      %s = arith.addf %acc, %x : f32
      nn.yield %s : f32
    }
  return
}

// -----

func.func @groups(%x: tensor<1x9x9x4xf32>, %w: tensor<3x3x2x6xf32>, %y: tensor<1x7x7x6xf32>) {
  // expected-error @+1 {{expected channels that divide into 3 groups}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] {groups = 3 : i64}
    : tensor<1x9x9x4xf32>, tensor<3x3x2x6xf32> into tensor<1x7x7x6xf32> -> tensor<1x7x7x6xf32>
  return
}

// -----

func.func @winograd_rank(%x: tensor<1x9x9x4xf32>, %w: tensor<4x4x4x6xf32>, %y: tensor<1x7x7x6xf32>) {
  // expected-error @+1 {{expected a tile of outputs for 2 spatial dimensions}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] winograd [2]
    : tensor<1x9x9x4xf32>, tensor<4x4x4x6xf32> into tensor<1x7x7x6xf32> -> tensor<1x7x7x6xf32>
  return
}

// -----

func.func @winograd_strides(%x: tensor<1x9x9x4xf32>, %w: tensor<4x4x4x6xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{expected a convolution that minimal filtering can compute}}
  %0 = kernel.conv %x, %w into %y strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] winograd [2, 2]
    : tensor<1x9x9x4xf32>, tensor<4x4x4x6xf32> into tensor<1x4x4x6xf32> -> tensor<1x4x4x6xf32>
  return
}

// -----

func.func @winograd_dilation(%x: tensor<1x9x9x4xf32>, %w: tensor<4x3x4x6xf32>, %y: tensor<1x5x7x6xf32>) {
  // expected-error @+1 {{expected a convolution that minimal filtering can compute}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [2, 1] winograd [2, 1]
    : tensor<1x9x9x4xf32>, tensor<4x3x4x6xf32> into tensor<1x5x7x6xf32> -> tensor<1x5x7x6xf32>
  return
}

// -----

func.func @winograd_direct(%x: tensor<1x9x9x4xf32>, %w: tensor<3x3x4x6xf32>, %y: tensor<1x7x7x6xf32>) {
  // expected-error @+1 {{expected a convolution that minimal filtering can compute}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] winograd [1, 1]
    : tensor<1x9x9x4xf32>, tensor<3x3x4x6xf32> into tensor<1x7x7x6xf32> -> tensor<1x7x7x6xf32>
  return
}

// -----

func.func @pooled_tile(%x: tensor<1x8x8x4xf32>, %w: tensor<3x6x4x6xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{expected tiles of an even number of outputs to pool}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [1, 4] {pooled}
    : tensor<1x8x8x4xf32>, tensor<3x6x4x6xf32> into tensor<1x4x4x6xf32> -> tensor<1x4x4x6xf32>
  return
}

// -----

func.func @pooled_epilogue(%x: tensor<1x8x8x4xf32>, %w: tensor<4x4x4x6xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{expected a pooled epilogue that depends on channels alone}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] winograd [2, 2] {pooled}
    : tensor<1x8x8x4xf32>, tensor<4x4x4x6xf32> into tensor<1x4x4x6xf32> -> tensor<1x4x4x6xf32>
    epilogue(%acc: f32, %r: f32 = %y : tensor<1x4x4x6xf32>) {
      %1 = arith.addf %acc, %r : f32
      nn.yield %1 : f32
    }
  return
}

// -----

func.func @winograd_points(%x: tensor<1x9x9x4xf32>, %w: tensor<9x9x4x6xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{expected at most 8 products along a dimension}}
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] winograd [4, 4]
    : tensor<1x9x9x4xf32>, tensor<9x9x4x6xf32> into tensor<1x4x4x6xf32> -> tensor<1x4x4x6xf32>
  return
}

// -----

func.func @winograd_depth(%x: tensor<1x4x9x9x4xf32>, %w: tensor<2x4x4x4x6xf32>, %y: tensor<1x4x7x7x6xf32>) {
  // expected-error @+1 {{expected a tile of outputs for 3 spatial dimensions}}
  %0 = kernel.conv %x, %w into %y strides [1, 1, 1] pads [0, 0, 0, 0, 0, 0] dilations [1, 1, 1] winograd [2, 2, 2]
    : tensor<1x4x9x9x4xf32>, tensor<2x4x4x4x6xf32> into tensor<1x4x7x7x6xf32> -> tensor<1x4x7x7x6xf32>
  return
}
