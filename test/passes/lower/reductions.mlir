// RUN: nncc-opt %s --nncc-lower-to-kernel | FileCheck %s

// A pool keeps its power, and knows how its integers compare.
// CHECK-LABEL: @pools
// CHECK: kernel.pool lp {{.*}} {p = 3 : i64} : tensor<1x4x2xf32>
// CHECK: kernel.pool max {{.*}} dilations [1] : tensor<1x4x2xi8>
// CHECK: kernel.pool max {{.*}} {isUnsigned} : tensor<1x4x2xi8>
// CHECK: kernel.pool_index {{.*}} {isUnsigned} : tensor<1x4x2xi8>
func.func @pools(%f: tensor<1x4x2xf32>, %s: memref<1x4x2xsi8>, %u: memref<1x4x2xui8>) -> (tensor<1x3x2xf32>) {
  %0 = nn.pool lp %f kernel [2] strides [1] pads [0, 0] dilations [1] {p = 3 : i64} : (tensor<1x4x2xf32>) -> tensor<1x3x2xf32>
  %1 = bufferization.to_tensor %s restrict : memref<1x4x2xsi8> to tensor<1x4x2xsi8>
  %2 = nn.pool max %1 kernel [2] strides [1] pads [0, 0] dilations [1] : (tensor<1x4x2xsi8>) -> tensor<1x3x2xsi8>
  %3 = bufferization.to_tensor %u restrict : memref<1x4x2xui8> to tensor<1x4x2xui8>
  %4 = nn.pool max %3 kernel [2] strides [1] pads [0, 0] dilations [1] : (tensor<1x4x2xui8>) -> tensor<1x3x2xui8>
  %5 = nn.pool_index %3 kernel [2] strides [1] pads [0, 0] dilations [1] : (tensor<1x4x2xui8>) -> tensor<1x3x2xsi64>
  return %0 : tensor<1x3x2xf32>
}
