// RUN: nncc-opt %s --nncc-form-bands --verify-diagnostics --split-input-file | FileCheck %s --check-prefixes=CHECK,GAIN
// RUN: nncc-opt %s --nncc-form-bands=rows=3 --split-input-file | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: nncc-opt %s --nncc-form-bands=remarks --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// 1.6 MB pass between both ops, which 1 MB of cache cannot hold.
module attributes {kernel.target = #kernel.target<triple = "x86_64-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
// CHECK-LABEL: @large
// GAIN: kernel.bands rows {{[0-9]+}} {
// ALL: kernel.bands rows 3 {
// CHECK: %[[T:.*]] = kernel.band_buffer : memref<1x112x112x32xf32>
// CHECK: kernel.conv %arg0, %arg1 into %[[T]]
// CHECK: kernel.pool max %[[T]] into %arg2
// CHECK: }
// REMARK: remark: computed with the 1 ops before it in bands of {{[0-9]+}} rows: the buffers between them take {{[0-9]+}} KB, not 1568
func.func @large(%x: memref<1x112x112x8xf32>, %w: memref<1x1x1x3x3x8x32xf32>, %y: memref<1x56x56x32xf32>) {
  %t = memref.alloc() : memref<1x112x112x32xf32>
  kernel.conv %x, %w into %t strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] tile <8 x 2 x 16> : memref<1x112x112x8xf32>, memref<1x1x1x3x3x8x32xf32> into memref<1x112x112x32xf32>
  kernel.pool max %t into %y kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : memref<1x112x112x32xf32> into memref<1x56x56x32xf32>
  return
}
}

// -----

// What passes between stays in the cache.
// CHECK-LABEL: @small
// GAIN-NOT: kernel.bands
// ALL: kernel.bands rows 3 {
func.func @small(%x: memref<1x14x14x8xf32>, %y: memref<1x7x7x8xf32>) {
  %t = memref.alloc() : memref<1x14x14x8xf32>
  kernel.pool max %x into %t kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : memref<1x14x14x8xf32> into memref<1x14x14x8xf32>
  kernel.pool max %t into %y kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : memref<1x14x14x8xf32> into memref<1x7x7x8xf32>
  return
}

// Another op reads the image too.
// CHECK-LABEL: @two_readers
// CHECK-NOT: kernel.bands
// CHECK: return
func.func @two_readers(%x: memref<1x14x14x8xf32>, %y: memref<1x7x7x8xf32>, %z: memref<1x14x14x8xf32>) {
  %t = memref.alloc() : memref<1x14x14x8xf32>
  kernel.pool max %x into %t kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : memref<1x14x14x8xf32> into memref<1x14x14x8xf32>
  kernel.pool max %t into %y kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : memref<1x14x14x8xf32> into memref<1x7x7x8xf32>
  memref.copy %t, %z : memref<1x14x14x8xf32> to memref<1x14x14x8xf32>
  return
}

// One dimension has no rows.
// CHECK-LABEL: @sequence
// CHECK-NOT: kernel.bands
// CHECK: return
func.func @sequence(%x: memref<1x14x8xf32>, %y: memref<1x7x8xf32>) {
  %t = memref.alloc() : memref<1x14x8xf32>
  kernel.pool max %x into %t kernel [3] strides [1] pads [1, 1] dilations [1] : memref<1x14x8xf32> into memref<1x14x8xf32>
  kernel.pool max %t into %y kernel [3] strides [2] pads [1, 1] dilations [1] : memref<1x14x8xf32> into memref<1x7x8xf32>
  return
}
