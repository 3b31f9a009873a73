// RUN: nncc-opt %s --allow-unregistered-dialect --nncc-reuse-buffers | FileCheck %s

// CHECK-LABEL: @chain
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: linalg.exp ins(%arg0 : {{.*}}) outs(%[[A]] :
// CHECK: linalg.log ins(%[[A]] : {{.*}}) outs(%[[A]] :
// CHECK: linalg.add ins(%[[A]], %arg0 : {{.*}}) outs(%[[A]] :
// CHECK: "test.read"(%[[A]])
func.func @chain(%x: memref<4x4xf32>) {
  %a = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%a : memref<4x4xf32>)
  %b = memref.alloc() : memref<4x4xf32>
  linalg.log ins(%a : memref<4x4xf32>) outs(%b : memref<4x4xf32>)
  %c = memref.alloc() : memref<4x4xf32>
  linalg.add ins(%b, %x : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  "test.read"(%c) : (memref<4x4xf32>) -> ()
  return
}

// The operand dies as another type; that type again is the buffer itself, not a view of a view.
// CHECK-LABEL: @reshapes
// CHECK: %[[A:.*]] = memref.alloc() : memref<4x4xf32>
// CHECK: %[[V:.*]] = memref.collapse_shape %[[A]]
// CHECK: linalg.log ins(%[[V]] : {{.*}}) outs(%[[V]] : memref<16xf32>)
// CHECK-NEXT: linalg.exp ins(%[[A]] : {{.*}}) outs(%[[A]] : memref<4x4xf32>)
// CHECK: "test.read"(%[[A]])
func.func @reshapes(%x: memref<4x4xf32>) {
  %a = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%a : memref<4x4xf32>)
  %v = memref.collapse_shape %a [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  linalg.log ins(%v : memref<16xf32>) outs(%b : memref<16xf32>)
  %w = memref.expand_shape %b [[0, 1]] output_shape [4, 4] : memref<16xf32> into memref<4x4xf32>
  %c = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%w : memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  "test.read"(%c) : (memref<4x4xf32>) -> ()
  return
}

// CHECK-LABEL: @read_later
// CHECK-COUNT-2: memref.alloc
func.func @read_later(%x: memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  %b = memref.alloc() : memref<4xf32>
  linalg.log ins(%a : memref<4xf32>) outs(%b : memref<4xf32>)
  "test.both"(%a, %b) : (memref<4xf32>, memref<4xf32>) -> ()
  return
}

// What the next trip reads does not die in this one.
// CHECK-LABEL: @read_in_the_next_trip
// CHECK-COUNT-2: memref.alloc
func.func @read_in_the_next_trip(%n: index, %x: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloc() : memref<4xf32>
    linalg.log ins(%a : memref<4xf32>) outs(%b : memref<4xf32>)
    "test.read"(%b) : (memref<4xf32>) -> ()
  }
  return
}

// CHECK-LABEL: @not_elementwise
// CHECK-COUNT-3: memref.alloc
func.func @not_elementwise(%x: memref<4x4xf32>) {
  %a = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%a : memref<4x4xf32>)
  %b = memref.alloc() : memref<4x4xf32>
  linalg.transpose ins(%a : memref<4x4xf32>) outs(%b : memref<4x4xf32>) permutation = [1, 0]
  %c = memref.alloc() : memref<4x4xf32>
  linalg.matmul ins(%b, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  "test.read"(%c) : (memref<4x4xf32>) -> ()
  return
}

// Read at the same index once, and transposed.
// CHECK-LABEL: @read_in_two_ways
// CHECK-COUNT-2: memref.alloc
func.func @read_in_two_ways(%x: memref<4x4xf32>) {
  %a = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%a : memref<4x4xf32>)
  %b = memref.alloc() : memref<4x4xf32>
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
    ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%b : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.read"(%b) : (memref<4x4xf32>) -> ()
  return
}

// The region looks at other elements than the one that is being written.
// CHECK-LABEL: @captured
// CHECK-COUNT-2: memref.alloc
func.func @captured(%x: memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  %b = memref.alloc() : memref<4xf32>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%a : memref<4xf32>) outs(%b : memref<4xf32>) {
  ^bb0(%p: f32, %r: f32):
    %c0 = arith.constant 0 : index
    %q = memref.load %a[%c0] : memref<4xf32>
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.read"(%b) : (memref<4xf32>) -> ()
  return
}

// CHECK-LABEL: @inputs_are_kept
// CHECK: linalg.exp ins(%arg0 : {{.*}}) outs(%alloc :
func.func @inputs_are_kept(%x: memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  "test.read"(%a) : (memref<4xf32>) -> ()
  return
}

// A residual is read where the result is then written.
// CHECK-LABEL: @residual
// CHECK: linalg.exp ins(%arg0 : {{.*}}) outs(%[[R:.*]] :
// CHECK: kernel.gemm %arg0, %arg1 into %[[R]] {{.*}}epilogue({{.*}} = %[[R]] :
// CHECK: "test.read"(%[[R]])
func.func @residual(%x: memref<4x4xf32>, %w: memref<4x4xf32>) {
  %r = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%r : memref<4x4xf32>)
  %y = memref.alloc() : memref<4x4xf32>
  kernel.gemm %x, %w into %y : memref<4x4xf32>, memref<4x4xf32> into memref<4x4xf32>
    epilogue(%acc: f32, %a: f32 = %r : memref<4x4xf32>) {
      %s = arith.addf %acc, %a : f32
      nn.yield %s : f32
    }
  "test.read"(%y) : (memref<4x4xf32>) -> ()
  return
}

// The same as the operand of the product is read again for other elements.
// CHECK-LABEL: @residual_is_factor
// CHECK-COUNT-2: memref.alloc
func.func @residual_is_factor(%x: memref<4x4xf32>, %w: memref<4x4xf32>) {
  %r = memref.alloc() : memref<4x4xf32>
  linalg.exp ins(%x : memref<4x4xf32>) outs(%r : memref<4x4xf32>)
  %y = memref.alloc() : memref<4x4xf32>
  kernel.gemm %r, %w into %y : memref<4x4xf32>, memref<4x4xf32> into memref<4x4xf32>
    epilogue(%acc: f32, %a: f32 = %r : memref<4x4xf32>) {
      %s = arith.addf %acc, %a : f32
      nn.yield %s : f32
    }
  "test.read"(%y) : (memref<4x4xf32>) -> ()
  return
}
