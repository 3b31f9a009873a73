// RUN: nncc-opt %s --nncc-own-destinations | FileCheck %s

// CHECK-LABEL: @shared_empty
// CHECK: %[[E0:.*]] = tensor.empty
// CHECK: linalg.exp ins(%{{.*}}) outs(%[[E0]] :
// CHECK: %[[E1:.*]] = tensor.empty
// CHECK: linalg.log ins(%{{.*}}) outs(%[[E1]] :
func.func @shared_empty(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %1 = linalg.log ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @destination_that_is_not_read
// CHECK: %[[E:.*]] = tensor.empty
// CHECK: linalg.exp ins(%{{.*}}) outs(%[[E]] :
func.func @destination_that_is_not_read(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @destination_that_is_read
// CHECK: linalg.matmul ins(%{{.*}}) outs(%arg2 :
func.func @destination_that_is_read(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>, %z: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// Each reduction starts from a fill of its own.
// CHECK-LABEL: @shared_fill
// CHECK: linalg.fill
// CHECK: linalg.fill
// CHECK: linalg.matmul
// CHECK: linalg.fill
// CHECK: linalg.matmul
func.func @shared_fill(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.matmul ins(%y, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0, %1 : tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: @one_tensor_for_each_reader
// CHECK: bufferization.to_tensor %arg0 restrict
// CHECK: linalg.exp
// CHECK: bufferization.to_tensor %arg0 restrict
// CHECK: linalg.log
func.func @one_tensor_for_each_reader(%x: memref<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %t = bufferization.to_tensor %x restrict : memref<4xf32> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%t : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %f = tensor.empty() : tensor<4xf32>
  %1 = linalg.log ins(%t : tensor<4xf32>) outs(%f : tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// What may be written is one tensor for all.
// CHECK-LABEL: @writable
// CHECK-COUNT-1: bufferization.to_tensor %arg0 restrict writable
// CHECK-NOT: bufferization.to_tensor
func.func @writable(%x: memref<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %t = bufferization.to_tensor %x restrict writable : memref<4xf32> to tensor<4xf32>
  return %t, %t : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @many_readers
// CHECK: %[[R:.*]] = linalg.exp
// CHECK: %[[B:.*]] = bufferization.to_buffer %[[R]] read_only
// CHECK-COUNT-16: bufferization.to_tensor %[[B]] restrict
func.func @many_readers(%x: tensor<16xf32>) -> tensor<16xf32> {
  %e = tensor.empty() : tensor<16xf32>
  %0 = linalg.exp ins(%x : tensor<16xf32>) outs(%e : tensor<16xf32>) -> tensor<16xf32>
  %r = tensor.concat dim(0) %0, %0, %0, %0, %0, %0, %0, %0, %0, %0, %0, %0, %0, %0, %0, %0
    : (tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>,
       tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<256xf32>
  %s = tensor.extract_slice %r[0] [16] [1] : tensor<256xf32> to tensor<16xf32>
  return %s : tensor<16xf32>
}

// The reshape's source is updated behind it: its readers may not rely on a buffer that nobody writes.
// CHECK-LABEL: @many_readers_of_what_has_other_users
// CHECK-NOT: to_buffer
// CHECK: return
func.func @many_readers_of_what_has_other_users(%x: tensor<16xf32>, %i: tensor<4xi64>, %v: tensor<4xf32>) -> (tensor<64xf32>, tensor<16xf32>) {
  %e = tensor.empty() : tensor<16xf32>
  %0 = linalg.exp ins(%x : tensor<16xf32>) outs(%e : tensor<16xf32>) -> tensor<16xf32>
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [4, 4] : tensor<16xf32> into tensor<4x4xf32>
  %2 = kernel.scatter_elements none %v at %i into %0 axis 0 : tensor<4xf32>, tensor<4xi64> into tensor<16xf32> -> tensor<16xf32>
  %3 = tensor.concat dim(0) %1, %1, %1, %1, %1, %1, %1, %1, %1, %1, %1, %1, %1, %1, %1, %1
    : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>,
       tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<64x4xf32>
  %4 = tensor.extract_slice %3[0, 0] [64, 1] [1, 1] : tensor<64x4xf32> to tensor<64xf32>
  return %4, %2 : tensor<64xf32>, tensor<16xf32>
}
