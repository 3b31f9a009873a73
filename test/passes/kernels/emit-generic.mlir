// RUN: nncc-opt %s --nncc-emit-generic --canonicalize --cse --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#col = affine_map<(d0, d1) -> (d0)>
module attributes {kernel.target = #kernel.target<triple = "x86_64-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {

// Both loops are one, four vectors at a time; the rest is three vectors, one of them masked.
// CHECK-LABEL: @flat
// CHECK-DAG: %[[MAIN:.*]] = arith.constant 6976 : index
// CHECK-DAG: %[[STEP:.*]] = arith.constant 64 : index
// CHECK: scf.for %{{.*}} to %[[MAIN]] step %[[STEP]]
// CHECK-COUNT-4: vector.store
// CHECK: }
// CHECK: vector.store
// CHECK-NEXT: %{{.*}} = vector.load
// CHECK: vector.store
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
// CHECK-NOT: scf.for
// CHECK: return
func.func @flat(%x: memref<1003x7xf32>, %y: memref<1003x7xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<1003x7xf32>) outs(%y : memref<1003x7xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.negf %in : f32
    linalg.yield %r : f32
  }
  return
}

// What the inner loop does not move over is loaded before it.
// CHECK-LABEL: @broadcast
// CHECK: scf.for
// CHECK: memref.load
// CHECK-NEXT: vector.broadcast
// CHECK: scf.for
// CHECK-NOT: memref.load
// CHECK: return
func.func @broadcast(%x: memref<300x640xf32>, %s: memref<300xf32>, %y: memref<300x640xf32>) {
  linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %s : memref<300x640xf32>, memref<300xf32>) outs(%y : memref<300x640xf32>) {
  ^bb0(%in: f32, %scale: f32, %out: f32):
    %r = arith.mulf %in, %scale : f32
    linalg.yield %r : f32
  }
  return
}

// Blocks of 16 x 16 change places in registers: no element is loaded by itself.
// CHECK-LABEL: @transpose
// CHECK-NOT: memref.load
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
// CHECK-NOT: vector.load
// CHECK: return
func.func @transpose(%x: memref<64x32xf32>, %y: memref<32x64xf32>) {
  linalg.transpose ins(%x : memref<64x32xf32>) outs(%y : memref<32x64xf32>) permutation = [1, 0]
  return
}

// Partial sums in the lanes of four accumulators; the lanes are added once for each row.
// CHECK-LABEL: @sum_of_rows
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK-NOT: vector.shuffle
// CHECK: scf.yield
// CHECK: }
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7]
// CHECK: memref.store
// CHECK: }
func.func @sum_of_rows(%x: memref<50x1024xf32>, %y: memref<50xf32>) {
  linalg.generic {indexing_maps = [#id, #col], iterator_types = ["parallel", "reduction"]} ins(%x : memref<50x1024xf32>) outs(%y : memref<50xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %out, %in : f32
    linalg.yield %r : f32
  }
  return
}

// The lanes along the kept loop: the reduction is inside, its accumulators in registers.
// CHECK-LABEL: @sum_of_columns
// CHECK: scf.for
// CHECK: vector.load
// CHECK: scf.for {{.*}} iter_args
// CHECK-NOT: vector.store
// CHECK: scf.yield
// CHECK: vector.store
func.func @sum_of_columns(%x: memref<50x1024xf32>, %y: memref<1024xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["reduction", "parallel"]} ins(%x : memref<50x1024xf32>) outs(%y : memref<1024xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %out, %in : f32
    linalg.yield %r : f32
  }
  return
}

// Few channels inside: lanes along the pixels, each vector of one channel. The two loads change places.
// CHECK-LABEL: @sum_of_two_channels
// CHECK: scf.for
// CHECK-COUNT-2: vector.load {{.*}} vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 2, 4, 6
// CHECK: vector.shuffle {{.*}} [1, 3, 5, 7
// CHECK-COUNT-2: arith.addf
// CHECK: vector.store
// CHECK: }
// CHECK-NOT: memref.load
// CHECK: return
func.func @sum_of_two_channels(%x: memref<320x2xf32>, %y: memref<320xf32>) {
  linalg.generic {indexing_maps = [#id, #col], iterator_types = ["parallel", "reduction"]} ins(%x : memref<320x2xf32>) outs(%y : memref<320xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %out, %in : f32
    linalg.yield %r : f32
  }
  return
}

// Elementwise what is dense stays as it lies; each pixel's value is repeated for its channels, theirs wait before the
// loop.
// CHECK-LABEL: @scale_pixels
// CHECK-COUNT-2: memref.load
// CHECK: scf.for
// CHECK-COUNT-2: vector.load
// CHECK: vector.load
// CHECK: vector.shuffle {{.*}} [0, 0, 1, 1, 2, 2
// CHECK-NEXT: vector.shuffle {{.*}} [8, 8, 9, 9
// CHECK-NOT: vector.shuffle
// CHECK-COUNT-2: vector.store
// CHECK: return
func.func @scale_pixels(%x: memref<320x2xf32>, %s: memref<320xf32>, %c: memref<2xf32>, %y: memref<320x2xf32>) {
  linalg.generic {indexing_maps = [#id, #col, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %s, %c : memref<320x2xf32>, memref<320xf32>, memref<2xf32>) outs(%y : memref<320x2xf32>) {
  ^bb0(%in: f32, %scale: f32, %shift: f32, %out: f32):
    %t = arith.mulf %in, %scale : f32
    %r = arith.addf %t, %shift : f32
    linalg.yield %r : f32
  }
  return
}

// Three channels, an odd number: blends rotate the lanes, then each vector sorts its own. Too few pixels: no lanes of
// theirs.
// CHECK-LABEL: @planes
// CHECK: scf.for
// CHECK-COUNT-3: vector.load
// CHECK-COUNT-9: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK-COUNT-3: vector.store
// CHECK: scf.for
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @planes(%x: memref<320x3xf32>, %y: memref<3x320xf32>, %z: memref<15x3xf32>, %s: memref<15xf32>) {
  linalg.transpose ins(%x : memref<320x3xf32>) outs(%y : memref<3x320xf32>) permutation = [1, 0]
  linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]} ins(%s : memref<15xf32>) outs(%z : memref<15x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}
}

// -----

// Without masks what is left of a vector is done by shorter ones.
module attributes {kernel.target = #kernel.target<triple = "x86_64-linux-gnu", cpu = "x86-64", features = "", lanes = 4, registers = 16, l1 = 32768, l2 = 1048576>} {
// CHECK-LABEL: @tail
// CHECK: scf.for
// CHECK: }
// CHECK: vector.load {{.*}} vector<2xf32>
// CHECK: memref.load
// CHECK-NOT: vector.maskedload
// CHECK: return
func.func @tail(%x: memref<35xf32>, %y: memref<35xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : memref<35xf32>) outs(%y : memref<35xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.negf %in : f32
    linalg.yield %r : f32
  }
  return
}
}
