// RUN: nncc-opt %s --split-input-file --allow-unregistered-dialect --nncc-plan-arena | FileCheck %s

// CHECK: module attributes {nncc.arena_bytes = 256 : i64}
// CHECK: func.func @disjoint_lives_share(%{{.*}}: memref<f32>, %[[ARENA:.*]]: memref<?xi8> {nncc.arena}, %{{.*}}: memref<?xi8> {nncc.weights})
// CHECK: %[[O0:.*]] = arith.constant [[A:[0-9]+]] : index
// CHECK: memref.view %[[ARENA]][%[[O0]]][] : memref<?xi8> to memref<32xf32>
// CHECK: arith.constant
// CHECK: memref.view
// CHECK: %[[O2:.*]] = arith.constant [[A]] : index
// CHECK: memref.view %[[ARENA]][%[[O2]]][]
// CHECK-NOT: memref.alloc
func.func @disjoint_lives_share(%f: memref<f32>, %weights: memref<?xi8> {nncc.weights}) {
  %a = memref.alloc() : memref<32xf32>
  "test.first"(%a) : (memref<32xf32>) -> ()
  %b = memref.alloc() : memref<32xf32>
  "test.both"(%a, %b) : (memref<32xf32>, memref<32xf32>) -> ()
  %c = memref.alloc() : memref<32xf32>
  "test.both"(%b, %c) : (memref<32xf32>, memref<32xf32>) -> ()
  return
}

// -----

// `a` is read in the loop, so it lives to the loop's end although `b` comes after its last use in the text.
// CHECK: nncc.arena_bytes = 256
// CHECK: @outlives_the_loop
func.func @outlives_the_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<32xf32>
  scf.for %i = %c0 to %n step %c1 {
    "test.read"(%a) : (memref<32xf32>) -> ()
    %b = memref.alloc() : memref<32xf32>
    "test.read"(%b) : (memref<32xf32>) -> ()
  }
  return
}

// -----

// `a` is first touched in the loop after `b`, but carries something from trip to trip.
// CHECK: nncc.arena_bytes = 256
// CHECK: @lives_through_the_loop
func.func @lives_through_the_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<32xf32>
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloc() : memref<32xf32>
    "test.read"(%b) : (memref<32xf32>) -> ()
    "test.read"(%a) : (memref<32xf32>) -> ()
  }
  return
}

// -----

// Both loops' buffers and the one before share one place, as those within a body do.
// CHECK: nncc.arena_bytes = 128
// CHECK: @bodies_share
func.func @bodies_share(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<32xf32>
  "test.read"(%a) : (memref<32xf32>) -> ()
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloc() : memref<32xf32>
    "test.read"(%b) : (memref<32xf32>) -> ()
    %c = memref.alloc() : memref<32xf32>
    "test.read"(%c) : (memref<32xf32>) -> ()
  }
  scf.for %i = %c0 to %n step %c1 {
    %d = memref.alloc() : memref<32xf32>
    "test.read"(%d) : (memref<32xf32>) -> ()
  }
  return
}

// -----

// CHECK: nncc.arena_bytes = 256
// CHECK: @branches_share
func.func @branches_share(%c: i1) {
  %a = memref.alloc() : memref<32xf32>
  scf.if %c {
    %b = memref.alloc() : memref<32xf32>
    "test.both"(%a, %b) : (memref<32xf32>, memref<32xf32>) -> ()
  } else {
    %b = memref.alloc() : memref<32xf32>
    "test.both"(%a, %b) : (memref<32xf32>, memref<32xf32>) -> ()
  }
  "test.read"(%a) : (memref<32xf32>) -> ()
  return
}

// -----

// A view keeps its buffer alive.
// CHECK: nncc.arena_bytes = 256
// CHECK: @views_count
func.func @views_count() {
  %a = memref.alloc() : memref<32xf32>
  "test.write"(%a) : (memref<32xf32>) -> ()
  %v = memref.subview %a[0] [8] [1] : memref<32xf32> to memref<8xf32, strided<[1]>>
  %b = memref.alloc() : memref<32xf32>
  "test.read"(%b) : (memref<32xf32>) -> ()
  "test.read"(%v) : (memref<8xf32, strided<[1]>>) -> ()
  return
}

// -----

// The small one takes the narrower of two gaps that fit.
// CHECK: nncc.arena_bytes = 1984
// CHECK: @best_fit
// CHECK: arith.constant 1920 : index
// CHECK: arith.constant 1792 : index
// CHECK-NEXT: memref.view {{.*}} to memref<64xi8>
func.func @best_fit() {
  %largest = memref.alloc() : memref<1024xi8>
  %wide = memref.alloc() : memref<512xi8>
  %between = memref.alloc() : memref<256xi8>
  %narrow = memref.alloc() : memref<128xi8>
  %last = memref.alloc() : memref<64xi8>
  %small = memref.alloc() : memref<64xi8>
  "test.all"(%largest, %wide, %between, %narrow, %last) : (memref<1024xi8>, memref<512xi8>, memref<256xi8>, memref<128xi8>, memref<64xi8>) -> ()
  "test.all"(%largest, %between, %last, %small) : (memref<1024xi8>, memref<256xi8>, memref<64xi8>, memref<64xi8>) -> ()
  return
}

// -----

// An extent with a constant bound takes the room of the bound; odd sizes are rounded up to 64 bytes.
// CHECK: nncc.arena_bytes = 128
// CHECK: @bounded
// CHECK: memref.view %{{.*}}[%{{.*}}][%{{.*}}] : memref<?xi8> to memref<?x3xf32>
func.func @bounded(%n: index) {
  %m = affine.min affine_map<()[s0] -> (s0, 7)>()[%n]
  %a = memref.alloc(%m) : memref<?x3xf32>
  "test.read"(%a) : (memref<?x3xf32>) -> ()
  return
}

// -----

// CHECK: nncc.arena_bytes = 0
// CHECK: @unused
// CHECK-NEXT: return
func.func @unused() {
  %a = memref.alloc() : memref<32xf32>
  %v = memref.subview %a[0] [8] [1] : memref<32xf32> to memref<8xf32, strided<[1]>>
  return
}
