// RUN: nncc-opt %s --allow-unregistered-dialect --nncc-place-copies | FileCheck %s

// Both parts of the concat are written where they end up, also the one that is read elsewhere.
// CHECK-LABEL: @concat
// CHECK: %[[C:.*]] = memref.alloc() : memref<4x24xf32>
// CHECK: %[[A:.*]] = memref.subview %[[C]][0, 0] [4, 16] [1, 1]
// CHECK: linalg.exp ins(%arg0 : {{.*}}) outs(%[[A]] : memref<4x16xf32, strided<[24, 1]>>)
// CHECK: "test.read"(%[[A]])
// CHECK: %[[B:.*]] = memref.subview %[[C]][0, 16] [4, 8] [1, 1]
// CHECK: linalg.exp ins(%arg1 : {{.*}}) outs(%[[B]] :
// CHECK-NOT: memref.copy
// CHECK-NOT: memref.alloc
// CHECK: linalg.exp ins(%[[A]] :
// CHECK: "test.read"(%[[C]])
func.func @concat(%x: memref<4x16xf32>, %y: memref<4x8xf32>) {
  %a = memref.alloc() : memref<4x16xf32>
  linalg.exp ins(%x : memref<4x16xf32>) outs(%a : memref<4x16xf32>)
  "test.read"(%a) : (memref<4x16xf32>) -> ()
  %b = memref.alloc() : memref<4x8xf32>
  linalg.exp ins(%y : memref<4x8xf32>) outs(%b : memref<4x8xf32>)
  %c = memref.alloc() : memref<4x24xf32>
  %s = memref.subview %c[0, 0] [4, 16] [1, 1] : memref<4x24xf32> to memref<4x16xf32, strided<[24, 1]>>
  memref.copy %a, %s : memref<4x16xf32> to memref<4x16xf32, strided<[24, 1]>>
  %t = memref.subview %c[0, 16] [4, 8] [1, 1] : memref<4x24xf32> to memref<4x8xf32, strided<[24, 1], offset: 16>>
  memref.copy %b, %t : memref<4x8xf32> to memref<4x8xf32, strided<[24, 1], offset: 16>>
  linalg.exp ins(%a : memref<4x16xf32>) outs(%x : memref<4x16xf32>)
  "test.read"(%c) : (memref<4x24xf32>) -> ()
  return
}

// A concat in a concat in an output: views are retyped on the way.
// CHECK-LABEL: @nested
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: linalg.exp {{.*}} outs(%{{.*}} : memref<2x4xf32, strided<[12, 1]>>)
// CHECK: linalg.exp {{.*}} outs(%{{.*}} : memref<2x4xf32, strided<[12, 1], offset: 4>>)
// CHECK: linalg.exp {{.*}} outs(%{{.*}} : memref<2x4xf32, strided<[12, 1], offset: 8>>)
// CHECK-NOT: memref.copy
func.func @nested(%x: memref<2x4xf32>, %out: memref<2x12xf32>) {
  %a = memref.alloc() : memref<2x4xf32>
  linalg.exp ins(%x : memref<2x4xf32>) outs(%a : memref<2x4xf32>)
  %b = memref.alloc() : memref<2x4xf32>
  linalg.exp ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>)
  %ab = memref.alloc() : memref<2x8xf32>
  %0 = memref.subview %ab[0, 0] [2, 4] [1, 1] : memref<2x8xf32> to memref<2x4xf32, strided<[8, 1]>>
  memref.copy %a, %0 : memref<2x4xf32> to memref<2x4xf32, strided<[8, 1]>>
  %1 = memref.subview %ab[0, 4] [2, 4] [1, 1] : memref<2x8xf32> to memref<2x4xf32, strided<[8, 1], offset: 4>>
  memref.copy %b, %1 : memref<2x4xf32> to memref<2x4xf32, strided<[8, 1], offset: 4>>
  %c = memref.alloc() : memref<2x4xf32>
  linalg.exp ins(%b : memref<2x4xf32>) outs(%c : memref<2x4xf32>)
  %abc = memref.alloc() : memref<2x12xf32>
  %2 = memref.subview %abc[0, 0] [2, 8] [1, 1] : memref<2x12xf32> to memref<2x8xf32, strided<[12, 1]>>
  memref.copy %ab, %2 : memref<2x8xf32> to memref<2x8xf32, strided<[12, 1]>>
  %3 = memref.subview %abc[0, 8] [2, 4] [1, 1] : memref<2x12xf32> to memref<2x4xf32, strided<[12, 1], offset: 8>>
  memref.copy %c, %3 : memref<2x4xf32> to memref<2x4xf32, strided<[12, 1], offset: 8>>
  memref.copy %abc, %out : memref<2x12xf32> to memref<2x12xf32>
  return
}

// CHECK-LABEL: @reshaped
// CHECK: %[[E:.*]] = memref.expand_shape %arg1 {{.*}} into memref<2x2xf32>
// CHECK: linalg.exp {{.*}} outs(%[[E]] : memref<2x2xf32>)
// CHECK-NEXT: return
func.func @reshaped(%x: memref<2x2xf32>, %out: memref<4xf32>) {
  %a = memref.alloc() : memref<2x2xf32>
  linalg.exp ins(%x : memref<2x2xf32>) outs(%a : memref<2x2xf32>)
  %0 = memref.collapse_shape %a [[0, 1]] : memref<2x2xf32> into memref<4xf32>
  memref.copy %0, %out : memref<4xf32> to memref<4xf32>
  return
}

// Both branches and the reshape before them.
// CHECK-LABEL: @branches
// CHECK-NOT: memref.alloc
// CHECK: linalg.exp {{.*}} outs(%arg2 :
// CHECK: linalg.log {{.*}} outs(%arg2 :
// CHECK-NOT: memref.copy
func.func @branches(%c: i1, %x: memref<4xf32>, %out: memref<4xf32>) {
  %d = memref.alloc() : memref<4xf32>
  scf.if %c {
    %a = memref.alloc() : memref<4xf32>
    linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
    memref.copy %a, %d : memref<4xf32> to memref<4xf32>
  } else {
    %a = memref.alloc() : memref<4xf32>
    linalg.log ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
    memref.copy %a, %d : memref<4xf32> to memref<4xf32>
  }
  memref.copy %d, %out : memref<4xf32> to memref<4xf32>
  return
}

// A scan's row is written where it belongs.
// CHECK-LABEL: @row
// CHECK: scf.for
// CHECK: %[[S:.*]] = memref.subview
// CHECK: linalg.exp {{.*}} outs(%[[S]] :
// CHECK-NOT: memref.copy
func.func @row(%n: index, %x: memref<4xf32>, %out: memref<8x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() : memref<4xf32>
    linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
    %s = memref.subview %out[%i, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<4xf32, strided<[1], offset: ?>>
    memref.copy %a, %s : memref<4xf32> to memref<4xf32, strided<[1], offset: ?>>
  }
  return
}

// An elementwise state is updated in place, another one is not.
// CHECK-LABEL: @state
// CHECK: linalg.exp ins(%arg1 : memref<4xf32>) outs(%arg1 : memref<4xf32>)
// CHECK: linalg.matvec {{.*}} outs(%[[A:.*]] :
// CHECK: memref.copy %[[A]], %arg1
func.func @state(%n: index, %h: memref<4xf32>, %w: memref<4x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() : memref<4xf32>
    linalg.exp ins(%h : memref<4xf32>) outs(%a : memref<4xf32>)
    memref.copy %a, %h : memref<4xf32> to memref<4xf32>
    %b = memref.alloc() : memref<4xf32>
    linalg.matvec ins(%w, %h : memref<4x4xf32>, memref<4xf32>) outs(%b : memref<4xf32>)
    memref.copy %b, %h : memref<4xf32> to memref<4xf32>
  }
  return
}

// CHECK-LABEL: @target_read_meanwhile
// CHECK: memref.copy
func.func @target_read_meanwhile(%x: memref<4xf32>, %h: memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  "test.read"(%h) : (memref<4xf32>) -> ()
  memref.copy %a, %h : memref<4xf32> to memref<4xf32>
  return
}

// CHECK-LABEL: @written_after_the_copy
// CHECK: memref.copy
func.func @written_after_the_copy(%x: memref<4xf32>, %h: memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  memref.copy %a, %h : memref<4xf32> to memref<4xf32>
  linalg.log ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  return
}

// CHECK-LABEL: @target_overwritten_before_the_last_read
// CHECK: memref.copy
func.func @target_overwritten_before_the_last_read(%x: memref<4xf32>, %h: memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  memref.copy %a, %h : memref<4xf32> to memref<4xf32>
  linalg.log ins(%x : memref<4xf32>) outs(%h : memref<4xf32>)
  linalg.exp ins(%a : memref<4xf32>) outs(%x : memref<4xf32>)
  return
}

// The second concat's slice cannot be the first one's too.
// CHECK-LABEL: @part_of_two
// CHECK-COUNT-1: memref.copy
// CHECK-NOT: memref.copy
func.func @part_of_two(%x: memref<4xf32>, %p: memref<8xf32>, %q: memref<8xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  %s = memref.subview %p[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
  memref.copy %a, %s : memref<4xf32> to memref<4xf32, strided<[1]>>
  %t = memref.subview %q[4] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 4>>
  memref.copy %a, %t : memref<4xf32> to memref<4xf32, strided<[1], offset: 4>>
  return
}

// Slices that overlap keep their order.
// CHECK-LABEL: @overlapping_slices
// CHECK: memref.copy
func.func @overlapping_slices(%x: memref<4xf32>, %p: memref<8xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  %s = memref.subview %p[3] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 3>>
  linalg.log ins(%x : memref<4xf32>) outs(%s : memref<4xf32, strided<[1], offset: 3>>)
  %t = memref.subview %p[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
  memref.copy %a, %t : memref<4xf32> to memref<4xf32, strided<[1]>>
  return
}

// Rows whose elements do not lie side by side are better copied.
// CHECK-LABEL: @column
// CHECK: memref.copy
func.func @column(%x: memref<4xf32>, %p: memref<4x8xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  %s = memref.subview %p[0, 3] [4, 1] [1, 1] : memref<4x8xf32> to memref<4xf32, strided<[8], offset: 3>>
  memref.copy %a, %s : memref<4xf32> to memref<4xf32, strided<[8], offset: 3>>
  return
}

// The part is read flat, which its slice cannot be.
// CHECK-LABEL: @flattened
// CHECK: memref.copy
func.func @flattened(%x: memref<4x4xf32>, %p: memref<4x8xf32>) {
  %a = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%a : memref<4x4xf32>)
  %f = memref.collapse_shape %a [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  "test.read"(%f) : (memref<16xf32>) -> ()
  %s = memref.subview %p[0, 0] [4, 4] [1, 1] : memref<4x8xf32> to memref<4x4xf32, strided<[8, 1]>>
  memref.copy %a, %s : memref<4x4xf32> to memref<4x4xf32, strided<[8, 1]>>
  return
}

// The slice's place is not known yet when the part is written.
// CHECK-LABEL: @late_offset
// CHECK: memref.copy
func.func @late_offset(%x: memref<4xf32>, %p: memref<8xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  %i = "test.index"(%a) : (memref<4xf32>) -> index
  %s = memref.subview %p[%i] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: ?>>
  memref.copy %a, %s : memref<4xf32> to memref<4xf32, strided<[1], offset: ?>>
  return
}

// The border is filled before what it surrounds is written.
// CHECK-LABEL: @pad
// CHECK: %[[P:.*]] = memref.alloc() : memref<6x8xf32>
// CHECK: linalg.fill ins(%{{.*}}) outs(%[[P]] :
// CHECK: %[[S:.*]] = memref.subview %[[P]][1, 0] [4, 8] [1, 1]
// CHECK: linalg.exp {{.*}} outs(%[[S]] :
// CHECK-NOT: memref.copy
func.func @pad(%x: memref<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<4x8xf32>
  linalg.exp ins(%x : memref<4x8xf32>) outs(%a : memref<4x8xf32>)
  %p = memref.alloc() : memref<6x8xf32>
  linalg.fill ins(%zero : f32) outs(%p : memref<6x8xf32>)
  %s = memref.subview %p[1, 0] [4, 8] [1, 1] : memref<6x8xf32> to memref<4x8xf32, strided<[8, 1], offset: 8>>
  memref.copy %a, %s : memref<4x8xf32> to memref<4x8xf32, strided<[8, 1], offset: 8>>
  "test.read"(%p) : (memref<6x8xf32>) -> ()
  return
}

// What lay there before is still read.
// CHECK-LABEL: @filled_again
// CHECK: memref.copy
func.func @filled_again(%x: memref<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<6x8xf32>
  "test.write"(%p) : (memref<6x8xf32>) -> ()
  %a = memref.alloc() : memref<4x8xf32>
  linalg.exp ins(%x : memref<4x8xf32>) outs(%a : memref<4x8xf32>)
  linalg.fill ins(%zero : f32) outs(%p : memref<6x8xf32>)
  %s = memref.subview %p[1, 0] [4, 8] [1, 1] : memref<6x8xf32> to memref<4x8xf32, strided<[8, 1], offset: 8>>
  memref.copy %a, %s : memref<4x8xf32> to memref<4x8xf32, strided<[8, 1], offset: 8>>
  "test.read"(%p) : (memref<6x8xf32>) -> ()
  return
}
