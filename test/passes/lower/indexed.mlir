// RUN: nncc-opt %s --nncc-lower-to-kernel | FileCheck %s

// A scatter writes where its x is: bufferisation decides whether that takes a copy.
// CHECK-LABEL: @scatter
// CHECK-SAME: %[[x:.*]]: tensor<4x8xi8>, %[[i:.*]]: tensor<2x8xi64>, %[[u:.*]]: tensor<2x8xi8>
// CHECK: kernel.scatter_elements max %[[u]] at %[[i]] into %[[x]] axis 0 {isUnsigned}
func.func @scatter(%x: tensor<4x8xui8>, %i: tensor<2x8xsi64>, %u: tensor<2x8xui8>, %out: memref<4x8xui8>) {
  %y = nn.scatter_elements %x, %i, %u axis 0 {kind = 3 : i32} : (tensor<4x8xui8>, tensor<2x8xsi64>, tensor<2x8xui8>) -> tensor<4x8xui8>
  bufferization.materialize_in_destination %y in restrict writable %out : (tensor<4x8xui8>, memref<4x8xui8>) -> ()
  return
}

// Checks stay beside the op that they guard, on the entry's status.
// CHECK-LABEL: @checked
// CHECK-SAME: %[[x:.*]]: tensor<9x4xf32>, %[[i:.*]]: tensor<3xi32>, %[[status:.*]]: memref<i32>
// CHECK: kernel.check_index %[[i]] extents [9] into %[[status]]
// CHECK: kernel.gather %[[x]], %[[i]] into %{{.*}} axis 0
func.func @checked(%x: tensor<9x4xf32>, %i: tensor<3xsi32>, %status: memref<i32>) -> tensor<3x4xf32> {
  nn.check_index %i extents [9] status %status : tensor<3xsi32>, memref<i32>
  %y = nn.gather %x, %i axis 0 : (tensor<9x4xf32>, tensor<3xsi32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: @topk
// CHECK: kernel.topk %{{.*}} into %{{.*}}, %{{.*}} axis 1 {isUnsigned, smallest} : tensor<2x9xi16> into tensor<2x3xi16>, tensor<2x3xi64> -> tensor<2x3xi16>, tensor<2x3xi64>
func.func @topk(%x: tensor<2x9xui16>, %values: memref<2x3xui16>, %indices: memref<2x3xsi64>) {
  %v, %i = nn.topk %x k 3 axis 1 {smallest} : (tensor<2x9xui16>) -> (tensor<2x3xui16>, tensor<2x3xsi64>)
  bufferization.materialize_in_destination %v in restrict writable %values : (tensor<2x3xui16>, memref<2x3xui16>) -> ()
  bufferization.materialize_in_destination %i in restrict writable %indices : (tensor<2x3xsi64>, memref<2x3xsi64>) -> ()
  return
}

// What has no elements is not computed.
// CHECK-LABEL: @empty
// CHECK-NOT: kernel
// CHECK-NOT: materialize
// CHECK: return
func.func @empty(%x: tensor<9x0xf32>, %i: tensor<3xsi32>, %out: memref<3x0xf32>) {
  %y = nn.gather %x, %i axis 0 : (tensor<9x0xf32>, tensor<3xsi32>) -> tensor<3x0xf32>
  bufferization.materialize_in_destination %y in restrict writable %out : (tensor<3x0xf32>, memref<3x0xf32>) -> ()
  return
}

// The status keeps the first code.
// CHECK-LABEL: @trap
// CHECK-SAME: %[[status:.*]]: memref<i32>
// CHECK: %[[old:.*]] = memref.load %[[status]][]
// CHECK: %[[isFirst:.*]] = arith.cmpi eq, %[[old]]
// CHECK: %[[new:.*]] = arith.select %[[isFirst]], %{{.*}}, %[[old]] : i32
// CHECK: memref.store %[[new]], %[[status]][]
func.func @trap(%status: memref<i32>) {
  nn.trap "a branch" status %status : memref<i32>
  return
}
