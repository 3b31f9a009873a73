// RUN: nncc-opt %s --nncc-dense-rows | FileCheck %s

// A residual of every other column; what the op reads twice is copied once.
// CHECK-LABEL: @strided
// CHECK: %[[A:.*]] = memref.alloc() : memref<4x8xf32>
// CHECK-NEXT: linalg.copy ins(%{{.*}} : memref<4x8xf32, strided<[16, 2]>>) outs(%[[A]] : memref<4x8xf32>)
// CHECK-NEXT: kernel.gemm %[[A]], %arg1 into %arg2 : memref<4x8xf32>, memref<8x8xf32> into memref<4x8xf32> epilogue(%{{.*}}: f32, %{{.*}}: f32 = %[[A]] : memref<4x8xf32>)
func.func @strided(%z: memref<4x16xf32>, %w: memref<8x8xf32>, %y: memref<4x8xf32>) {
  %s = memref.subview %z[0, 0] [4, 8] [1, 2] : memref<4x16xf32> to memref<4x8xf32, strided<[16, 2]>>
  kernel.gemm %s, %w into %y : memref<4x8xf32, strided<[16, 2]>>, memref<8x8xf32> into memref<4x8xf32>
      epilogue(%acc: f32, %r: f32 = %s : memref<4x8xf32, strided<[16, 2]>>) {
    %0 = arith.addf %acc, %r : f32
    nn.yield %0 : f32
  }
  return
}

// A slice that lost its last dimension.
// CHECK-LABEL: @collapsed
// CHECK: linalg.copy ins(%{{.*}} : memref<4x8xf32, strided<[24, 3], offset: 1>>)
// CHECK: kernel.gemm %alloc
func.func @collapsed(%z: memref<4x8x3xf32>, %w: memref<8x8xf32>, %y: memref<4x8xf32>) {
  %s = memref.subview %z[0, 0, 1] [4, 8, 1] [1, 1, 1] : memref<4x8x3xf32> to memref<4x8x1xf32, strided<[24, 3, 1], offset: 1>>
  %c = memref.collapse_shape %s [[0], [1, 2]] : memref<4x8x1xf32, strided<[24, 3, 1], offset: 1>> into memref<4x8xf32, strided<[24, 3], offset: 1>>
  kernel.gemm %c, %w into %y : memref<4x8xf32, strided<[24, 3], offset: 1>>, memref<8x8xf32> into memref<4x8xf32>
  return
}

// Rows may lie apart, and what has one column has no neighbours.
// CHECK-LABEL: @rows_apart
// CHECK-NOT: copy
// CHECK: return
func.func @rows_apart(%z: memref<4x16xf32>, %w: memref<8x8xf32>, %v: memref<1x8xf32>, %y: memref<4x8xf32>) {
  %s = memref.subview %z[0, 8] [4, 8] [1, 1] : memref<4x16xf32> to memref<4x8xf32, strided<[16, 1], offset: 8>>
  kernel.gemm %s, %w into %y : memref<4x8xf32, strided<[16, 1], offset: 8>>, memref<8x8xf32> into memref<4x8xf32>
  %c = memref.subview %z[0, 0] [4, 1] [1, 2] : memref<4x16xf32> to memref<4x1xf32, strided<[16, 2]>>
  kernel.gemm %c, %v into %y : memref<4x1xf32, strided<[16, 2]>>, memref<1x8xf32> into memref<4x8xf32>
  return
}

// CHECK-LABEL: @takes_strides
// CHECK-NOT: copy
// CHECK: return
func.func @takes_strides(%z: memref<4x16xf32>, %y: memref<4x8xf32>) {
  %s = memref.subview %z[0, 0] [4, 8] [1, 2] : memref<4x16xf32> to memref<4x8xf32, strided<[16, 2]>>
  kernel.cumsum %s into %y axis 1 : memref<4x8xf32, strided<[16, 2]>> into memref<4x8xf32>
  return
}
