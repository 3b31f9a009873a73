// RUN: nncc-opt %s --split-input-file --nncc-choose-tiles | FileCheck %s

module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {

// The layout is the weight's, the height the rows'.
// CHECK-LABEL: @gemm
// CHECK: %[[W:.*]] = kernel.pack %{{.*}} into %{{.*}} panel 48 : tensor<100x768xf32> into tensor<16x100x48xf32>
// CHECK: kernel.gemm %{{.*}}, %[[W]] into %{{.*}} tile <8 x 3 x 16>
func.func @gemm(%a: tensor<128x100xf32>, %b: tensor<100x768xf32>, %y: tensor<128x768xf32>) -> tensor<128x768xf32> {
  %0 = kernel.gemm %a, %b into %y : tensor<128x100xf32>, tensor<100x768xf32> into tensor<128x768xf32> -> tensor<128x768xf32>
  return %0 : tensor<128x768xf32>
}

// CHECK-LABEL: @one_row
// CHECK: kernel.pack %{{.*}} panel 48 {transpose} : tensor<768x100xf32> into tensor<16x100x48xf32>
// CHECK: kernel.gemm %{{.*}} tile <1 x 3 x 16> :
func.func @one_row(%a: tensor<1x100xf32>, %b: tensor<768x100xf32>, %y: tensor<1x768xf32>) -> tensor<1x768xf32> {
  %0 = kernel.gemm %a, %b into %y {transposeB} : tensor<1x100xf32>, tensor<768x100xf32> into tensor<1x768xf32> -> tensor<1x768xf32>
  return %0 : tensor<1x768xf32>
}

// 64 columns make two panels of two vectors, not one of three and one of one.
// CHECK-LABEL: @equal_panels
// CHECK: kernel.pack %{{.*}} panel 32 : tensor<3x3x8x64xf32> into tensor<1x2x1x3x3x8x32xf32>
// CHECK: kernel.conv %{{.*}} tile <7 x 2 x 16>
func.func @equal_panels(%x: tensor<1x14x14x8xf32>, %w: tensor<3x3x8x64xf32>, %y: tensor<1x14x14x64xf32>) -> tensor<1x14x14x64xf32> {
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x14x14x8xf32>, tensor<3x3x8x64xf32> into tensor<1x14x14x64xf32> -> tensor<1x14x14x64xf32>
  return %0 : tensor<1x14x14x64xf32>
}

// CHECK-LABEL: @stem
// CHECK: kernel.conv %{{.*}} tile <4 x 4 x 16>
func.func @stem(%x: tensor<1x3x224x224xf32>, %w: tensor<7x7x3x64xf32>, %y: tensor<1x112x112x64xf32>) -> tensor<1x112x112x64xf32> {
  %0 = kernel.conv %x, %w into %y strides [2, 2] pads [3, 3, 3, 3] dilations [1, 1] {nchwInput}
    : tensor<1x3x224x224xf32>, tensor<7x7x3x64xf32> into tensor<1x112x112x64xf32> -> tensor<1x112x112x64xf32>
  return %0 : tensor<1x112x112x64xf32>
}

// CHECK-LABEL: @depthwise
// CHECK: kernel.pack %{{.*}} panel 16 : tensor<3x3x1x40xf32> into tensor<3x9x16xf32>
// CHECK: kernel.depthwise %{{.*}} tile <7 x 2 x 16>
func.func @depthwise(%x: tensor<1x14x14x40xf32>, %w: tensor<3x3x1x40xf32>, %y: tensor<1x14x14x40xf32>) -> tensor<1x14x14x40xf32> {
  %0 = kernel.depthwise %x, %w into %y kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x14x14x40xf32>, tensor<3x3x1x40xf32> into tensor<1x14x14x40xf32> -> tensor<1x14x14x40xf32>
  return %0 : tensor<1x14x14x40xf32>
}

// Three outputs of each channel don't fill 16 lanes evenly.
// CHECK-LABEL: @multiplier_of_three
// CHECK-NOT: kernel.depthwise
// CHECK: kernel.conv %{{.*}} {groups = 4 : i64}
func.func @multiplier_of_three(%x: tensor<1x14x14x4xf32>, %w: tensor<3x3x1x12xf32>, %y: tensor<1x14x14x12xf32>) -> tensor<1x14x14x12xf32> {
  %0 = kernel.depthwise %x, %w into %y kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x14x14x4xf32>, tensor<3x3x1x12xf32> into tensor<1x14x14x12xf32> -> tensor<1x14x14x12xf32>
  return %0 : tensor<1x14x14x12xf32>
}

// CHECK-LABEL: @wider_elements
// CHECK: kernel.gemm %{{.*}} tile <8 x 3 x 8>
func.func @wider_elements(%a: tensor<128x100xf64>, %b: tensor<100x768xf64>, %y: tensor<128x768xf64>) -> tensor<128x768xf64> {
  %0 = kernel.gemm %a, %b into %y : tensor<128x100xf64>, tensor<100x768xf64> into tensor<128x768xf64> -> tensor<128x768xf64>
  return %0 : tensor<128x768xf64>
}
}

// -----

module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, l1 = 32768, l2 = 262144>} {
// CHECK-LABEL: @avx2
// CHECK: kernel.gemm %{{.*}} tile <6 x 2 x 8>
func.func @avx2(%a: tensor<126x100xf32>, %b: tensor<100x768xf32>, %y: tensor<126x768xf32>) -> tensor<126x768xf32> {
  %0 = kernel.gemm %a, %b into %y : tensor<126x100xf32>, tensor<100x768xf32> into tensor<126x768xf32> -> tensor<126x768xf32>
  return %0 : tensor<126x768xf32>
}
}

// -----

// Without a target: plain x86-64.
// CHECK-LABEL: @sse2
// CHECK: kernel.batch_matmul %{{.*}} tile <4 x 2 x 4>
func.func @sse2(%a: tensor<3x128x100xf32>, %b: tensor<3x100x768xf32>, %y: tensor<3x128x768xf32>) -> tensor<3x128x768xf32> {
  %0 = kernel.batch_matmul %a, %b into %y : tensor<3x128x100xf32>, tensor<3x100x768xf32> into tensor<3x128x768xf32> -> tensor<3x128x768xf32>
  return %0 : tensor<3x128x768xf32>
}

// -----

// A register of 4 lanes and 32 of them, as AArch64 has.
module attributes {kernel.target = #kernel.target<triple = "aarch64-linux-gnu", cpu = "generic", features = "", lanes = 4, registers = 32, l1 = 32768, l2 = 1048576>} {
// CHECK-LABEL: @generic
// CHECK: kernel.gemm %{{.*}} tile <8 x 3 x 4>
func.func @generic(%a: tensor<128x100xf32>, %b: tensor<100x768xf32>, %y: tensor<128x768xf32>) -> tensor<128x768xf32> {
  %0 = kernel.gemm %a, %b into %y : tensor<128x100xf32>, tensor<100x768xf32> into tensor<128x768xf32> -> tensor<128x768xf32>
  return %0 : tensor<128x768xf32>
}
}
