// RUN: nncc-opt %s --nncc-winograd --split-input-file | FileCheck %s
// RUN: nncc-opt %s --nncc-winograd=largest-tile=2 --split-input-file | FileCheck %s --check-prefix=TWO
// RUN: nncc-opt %s --nncc-winograd=growth=0 --split-input-file | FileCheck %s --check-prefix=NEVER

// NEVER-NOT: winograd

module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
// What the room for weights is measured by.
func.func @others() -> tensor<1000x1000xf32> {
  %0 = arith.constant dense<1.0> : tensor<1000x1000xf32>
  return %0 : tensor<1000x1000xf32>
}

// A large image of few channels. The filter of one, 1/4 at the first point and its like, in each product.
// CHECK-LABEL: @large
// CHECK: kernel.conv {{.*}} winograd [4, 4] : tensor<1x56x56x64xf32>, tensor<6x6x64x64xf32>
// TWO-LABEL: @large
// TWO: kernel.conv {{.*}} winograd [2, 2] : tensor<1x56x56x64xf32>, tensor<4x4x64x64xf32>
func.func @large(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
  %w = arith.constant dense<1.0> : tensor<3x3x64x64xf32>
  %y = tensor.empty() : tensor<1x56x56x64xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32> into tensor<1x56x56x64xf32> -> tensor<1x56x56x64xf32>
  return %0 : tensor<1x56x56x64xf32>
}

// Along one dimension.
// CHECK-LABEL: @narrow
// CHECK: kernel.conv {{.*}} winograd [4] : tensor<1x500x64xf32>, tensor<6x64x64xf32>
func.func @narrow(%x: tensor<1x500x64xf32>) -> tensor<1x500x64xf32> {
  %w = arith.constant dense<1.0> : tensor<3x64x64xf32>
  %y = tensor.empty() : tensor<1x500x64xf32>
  %0 = kernel.conv %x, %w into %y strides [1] pads [1, 1] dilations [1]
    : tensor<1x500x64xf32>, tensor<3x64x64xf32> into tensor<1x500x64xf32> -> tensor<1x500x64xf32>
  return %0 : tensor<1x500x64xf32>
}

// Eight products for twenty.
// CHECK-LABEL: @five
// CHECK: kernel.conv {{.*}} winograd [4] : tensor<1x500x64xf32>, tensor<8x64x64xf32>
func.func @five(%x: tensor<1x500x64xf32>) -> tensor<1x500x64xf32> {
  %w = arith.constant dense<1.0> : tensor<5x64x64xf32>
  %y = tensor.empty() : tensor<1x500x64xf32>
  %0 = kernel.conv %x, %w into %y strides [1] pads [2, 2] dilations [1]
    : tensor<1x500x64xf32>, tensor<5x64x64xf32> into tensor<1x500x64xf32> -> tensor<1x500x64xf32>
  return %0 : tensor<1x500x64xf32>
}

// Tiles of 4 x 4 would cost too many digits; four outputs along one dimension take fewer transforms than 2 x 2.
// CHECK-LABEL: @square
// CHECK: kernel.conv {{.*}} winograd [1, 4] : tensor<1x56x56x32xf32>, tensor<5x8x32x32xf32>
// TWO-LABEL: @square
// TWO: kernel.conv {{.*}} winograd [2, 2] : tensor<1x56x56x32xf32>, tensor<6x6x32x32xf32>
func.func @square(%x: tensor<1x56x56x32xf32>) -> tensor<1x56x56x32xf32> {
  %w = arith.constant dense<1.0> : tensor<5x5x32x32xf32>
  %y = tensor.empty() : tensor<1x56x56x32xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [2, 2, 2, 2] dilations [1, 1]
    : tensor<1x56x56x32xf32>, tensor<5x5x32x32xf32> into tensor<1x56x56x32xf32> -> tensor<1x56x56x32xf32>
  return %0 : tensor<1x56x56x32xf32>
}

// A dilated dimension is direct.
// CHECK-LABEL: @dilated
// CHECK: kernel.conv {{.*}} winograd [1, 4] : tensor<1x128x62x12xf32>, tensor<7x6x12x12xf32>
// CHECK: kernel.conv {{.*}} winograd [4, 1] : tensor<1x62x128x12xf32>, tensor<6x9x12x12xf32>
func.func @dilated(%x: tensor<1x128x62x12xf32>, %z: tensor<1x62x128x12xf32>)
    -> (tensor<1x128x62x12xf32>, tensor<1x62x128x12xf32>) {
  %w = arith.constant dense<1.0> : tensor<7x3x12x12xf32>
  %v = arith.constant dense<1.0> : tensor<3x9x12x12xf32>
  %y0 = tensor.empty() : tensor<1x128x62x12xf32>
  %y1 = tensor.empty() : tensor<1x62x128x12xf32>
  %0 = kernel.conv %x, %w into %y0 strides [1, 1] pads [6, 1, 6, 1] dilations [2, 1]
    : tensor<1x128x62x12xf32>, tensor<7x3x12x12xf32> into tensor<1x128x62x12xf32> -> tensor<1x128x62x12xf32>
  %1 = kernel.conv %z, %v into %y1 strides [1, 1] pads [1, 4, 1, 4] dilations [1, 1]
    : tensor<1x62x128x12xf32>, tensor<3x9x12x12xf32> into tensor<1x62x128x12xf32> -> tensor<1x62x128x12xf32>
  return %0, %1 : tensor<1x128x62x12xf32>, tensor<1x62x128x12xf32>
}

// A halo larger than the cache.
// CHECK-LABEL: @far
// CHECK-NOT: winograd
func.func @far(%x: tensor<1x128x512x64xf32>) -> tensor<1x128x512x64xf32> {
  %w = arith.constant dense<1.0> : tensor<3x3x64x64xf32>
  %y = tensor.empty() : tensor<1x128x512x64xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [24, 1, 24, 1] dilations [24, 1]
    : tensor<1x128x512x64xf32>, tensor<3x3x64x64xf32> into tensor<1x128x512x64xf32> -> tensor<1x128x512x64xf32>
  return %0 : tensor<1x128x512x64xf32>
}

// Few tiles and large weights: the taps are less to read.
// CHECK-LABEL: @small
// CHECK-NOT: winograd
func.func @small(%x: tensor<1x2x2x128xf32>) -> tensor<1x2x2x128xf32> {
  %w = arith.constant dense<1.0> : tensor<3x3x128x128xf32>
  %y = tensor.empty() : tensor<1x2x2x128xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x2x2x128xf32>, tensor<3x3x128x128xf32> into tensor<1x2x2x128xf32> -> tensor<1x2x2x128xf32>
  return %0 : tensor<1x2x2x128xf32>
}

// Strides, dilations, weights that are no constant, doubles.
// CHECK-LABEL: @never
// CHECK-NOT: winograd
func.func @never(%x: tensor<1x56x56x64xf32>, %v: tensor<3x3x64x64xf32>, %z: tensor<1x56x56x64xf64>)
    -> (tensor<1x28x28x64xf32>, tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>, tensor<1x56x56x64xf64>) {
  %w = arith.constant dense<1.0> : tensor<3x3x64x64xf32>
  %d = arith.constant dense<1.0> : tensor<3x3x64x64xf64>
  %y0 = tensor.empty() : tensor<1x28x28x64xf32>
  %y = tensor.empty() : tensor<1x56x56x64xf32>
  %y3 = tensor.empty() : tensor<1x56x56x64xf64>
  %0 = kernel.conv %x, %w into %y0 strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32> into tensor<1x28x28x64xf32> -> tensor<1x28x28x64xf32>
  %1 = kernel.conv %x, %w into %y strides [1, 1] pads [2, 2, 2, 2] dilations [2, 2]
    : tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32> into tensor<1x56x56x64xf32> -> tensor<1x56x56x64xf32>
  %2 = kernel.conv %x, %v into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32> into tensor<1x56x56x64xf32> -> tensor<1x56x56x64xf32>
  %3 = kernel.conv %z, %d into %y3 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x64xf64>, tensor<3x3x64x64xf64> into tensor<1x56x56x64xf64> -> tensor<1x56x56x64xf64>
  return %0, %1, %2, %3 : tensor<1x28x28x64xf32>, tensor<1x56x56x64xf32>, tensor<1x56x56x64xf32>, tensor<1x56x56x64xf64>
}
}

// -----

// Room for 27 kB: a tile of 2 x 4, not also what 4 x 4 takes more.
// RUN: nncc-opt %s --nncc-winograd=growth=56 --split-input-file | FileCheck %s --check-prefix=ROOM
// CHECK-LABEL: @room
// ROOM-LABEL: @room
// ROOM: kernel.conv {{.*}} winograd [2, 4]
module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
func.func @room(%x: tensor<1x56x56x16xf32>) -> (tensor<1x56x56x16xf32>, tensor<5000xf32>) {
  %others = arith.constant dense<1.0> : tensor<5000xf32>
  %w = arith.constant dense<1.0> : tensor<3x3x16x16xf32>
  %y = tensor.empty() : tensor<1x56x56x16xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x16xf32>, tensor<3x3x16x16xf32> into tensor<1x56x56x16xf32> -> tensor<1x56x56x16xf32>
  return %0, %others : tensor<1x56x56x16xf32>, tensor<5000xf32>
}
}

// -----

// Room for 5 kB: neither [1, 4], the first of the lower hull, nor 2 x 2, but two outputs along a row.
// RUN: nncc-opt %s --nncc-winograd=growth=22 --split-input-file | FileCheck %s --check-prefix=LESS
// CHECK-LABEL: @less
// LESS-LABEL: @less
// LESS: kernel.conv {{.*}} winograd [1, 2]
module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
func.func @less(%x: tensor<1x56x56x16xf32>) -> (tensor<1x56x56x16xf32>, tensor<3500xf32>) {
  %others = arith.constant dense<1.0> : tensor<3500xf32>
  %w = arith.constant dense<1.0> : tensor<3x3x16x16xf32>
  %y = tensor.empty() : tensor<1x56x56x16xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x16xf32>, tensor<3x3x16x16xf32> into tensor<1x56x56x16xf32> -> tensor<1x56x56x16xf32>
  return %0, %others : tensor<1x56x56x16xf32>, tensor<3500xf32>
}
}
