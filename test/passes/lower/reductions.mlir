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

// A large maximum is one along each dimension in turn; a small one, and every average, is one op.
// CHECK-LABEL: @windows
// CHECK: %[[ROWS:.*]] = kernel.pool max %arg0 into %{{.*}} kernel [1, 5] strides [1, 1] pads [0, 2, 0, 2]
// CHECK: kernel.pool max %[[ROWS]] into %{{.*}} kernel [5, 1] strides [1, 1] pads [2, 0, 2, 0]
// CHECK: kernel.pool max %arg0 into %{{.*}} kernel [3, 3]
// CHECK: kernel.pool average %arg0 into %{{.*}} kernel [5, 5]
func.func @windows(%x: tensor<1x9x9x8xf32>) -> (tensor<1x9x9x8xf32>, tensor<1x9x9x8xf32>, tensor<1x9x9x8xf32>) {
  %0 = nn.pool max %x kernel [5, 5] strides [1, 1] pads [2, 2, 2, 2] dilations [1, 1] : (tensor<1x9x9x8xf32>) -> tensor<1x9x9x8xf32>
  %1 = nn.pool max %x kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (tensor<1x9x9x8xf32>) -> tensor<1x9x9x8xf32>
  %2 = nn.pool average %x kernel [5, 5] strides [1, 1] pads [2, 2, 2, 2] dilations [1, 1] : (tensor<1x9x9x8xf32>) -> tensor<1x9x9x8xf32>
  return %0, %1, %2 : tensor<1x9x9x8xf32>, tensor<1x9x9x8xf32>, tensor<1x9x9x8xf32>
}

// Of groups of a few channels: first along the pixels, then along the channels of a group.
// CHECK-LABEL: @groups
// CHECK: linalg.generic {{.*}} ins(%arg0 : tensor<1x6x4x8xf32>) outs(%{{.*}} : tensor<1x1x4x8xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x1x4x8xf32>) outs(%{{.*}} : tensor<1x1x4x1xf32>)
func.func @groups(%x: tensor<1x6x4x8xf32>) -> tensor<1x1x4x1xf32> {
  %0 = nn.reduce sum %x axes [1, 3] : (tensor<1x6x4x8xf32>) -> tensor<1x1x4x1xf32>
  return %0 : tensor<1x1x4x1xf32>
}
