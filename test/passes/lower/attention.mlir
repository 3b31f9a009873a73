// RUN: nncc-opt %s --nncc-lower-to-kernel | FileCheck %s

// CHECK-LABEL: @keys
// CHECK: kernel.attention
func.func @keys(%q: tensor<1x8x1x2xf32>, %k: tensor<1x4x1x2xf32>, %out: memref<1x8x1x2xf32>) {
  %y = nn.attention %q, %k, %k scale 1.0 : (tensor<1x8x1x2xf32>, tensor<1x4x1x2xf32>, tensor<1x4x1x2xf32>) -> tensor<1x8x1x2xf32>
  bufferization.materialize_in_destination %y in restrict writable %out : (tensor<1x8x1x2xf32>, memref<1x8x1x2xf32>) -> ()
  return
}

// Without keys each result is a sum of nothing.
// CHECK-LABEL: @no_keys
// CHECK: linalg.fill ins(%cst : f32)
// CHECK-NOT: kernel.attention
func.func @no_keys(%q: tensor<1x8x1x2xf32>, %k: tensor<1x0x1x2xf32>, %out: memref<1x8x1x2xf32>) {
  %y = nn.attention %q, %k, %k scale 1.0 : (tensor<1x8x1x2xf32>, tensor<1x0x1x2xf32>, tensor<1x0x1x2xf32>) -> tensor<1x8x1x2xf32>
  bufferization.materialize_in_destination %y in restrict writable %out : (tensor<1x8x1x2xf32>, memref<1x8x1x2xf32>) -> ()
  return
}
