// RUN: nncc-opt %s --nncc-lower-copies | FileCheck %s

// CHECK-LABEL: @contiguous
// CHECK: linalg.copy ins(%arg0 : memref<4x4xf32>) outs(%arg1 : memref<4x4xf32>)
// CHECK: linalg.copy ins(%arg0 : memref<4x4xf32>) outs(%{{.*}} : memref<4x4xf32, strided<[4, 1], offset: 16>>)
func.func @contiguous(%x: memref<4x4xf32>, %y: memref<4x4xf32>, %z: memref<8x4xf32>) {
  memref.copy %x, %y : memref<4x4xf32> to memref<4x4xf32>
  %s = memref.subview %z[4, 0] [4, 4] [1, 1] : memref<8x4xf32> to memref<4x4xf32, strided<[4, 1], offset: 16>>
  memref.copy %x, %s : memref<4x4xf32> to memref<4x4xf32, strided<[4, 1], offset: 16>>
  return
}

// CHECK-LABEL: @strided
// CHECK: linalg.copy ins(%arg0 : memref<4x4xf32>) outs(%{{.*}} : memref<4x4xf32, strided<[8, 1]>>)
// CHECK-NOT: memref.copy
func.func @strided(%x: memref<4x4xf32>, %z: memref<4x8xf32>) {
  %s = memref.subview %z[0, 0] [4, 4] [1, 1] : memref<4x8xf32> to memref<4x4xf32, strided<[8, 1]>>
  memref.copy %x, %s : memref<4x4xf32> to memref<4x4xf32, strided<[8, 1]>>
  return
}

// CHECK-LABEL: @onto_itself
// CHECK-NOT: copy
// CHECK: return
func.func @onto_itself(%x: memref<4x4xf32>) {
  memref.copy %x, %x : memref<4x4xf32> to memref<4x4xf32>
  %0 = memref.collapse_shape %x [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  %1 = memref.expand_shape %0 [[0, 1]] output_shape [4, 4] : memref<16xf32> into memref<4x4xf32>
  memref.copy %1, %x : memref<4x4xf32> to memref<4x4xf32>
  return
}

// CHECK-LABEL: @empty
// CHECK-NOT: copy
// CHECK: return
func.func @empty(%x: memref<0x4xf32>, %y: memref<0x4xf32>) {
  memref.copy %x, %y : memref<0x4xf32> to memref<0x4xf32>
  return
}
