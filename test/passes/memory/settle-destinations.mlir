// RUN: nncc-opt %s --split-input-file --verify-diagnostics --nncc-settle-destinations | FileCheck %s

// CHECK-LABEL: @branch
// CHECK: %[[D:.*]] = tensor.empty
// CHECK: scf.if
// CHECK: %[[A:.*]] = bufferization.materialize_in_destination %arg1 in %[[D]]
// CHECK: scf.yield %[[A]]
// CHECK: else
// CHECK: %[[B:.*]] = bufferization.materialize_in_destination %arg2 in %[[D]]
// CHECK: scf.yield %[[B]]
func.func @branch(%c: i1, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %r = scf.if %c -> tensor<4xf32> {
    scf.yield %x : tensor<4xf32>
  } else {
    scf.yield %y : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: @loop
// CHECK: %[[I:.*]] = bufferization.alloc_tensor() copy(%arg1)
// CHECK: iter_args(%[[H:.*]] = %[[I]], %{{.*}} = %arg2)
// CHECK: %[[N:.*]] = linalg.exp
// CHECK: %[[S:.*]] = bufferization.materialize_in_destination %[[N]] in %[[H]]
// CHECK: scf.yield %[[S]], %{{.*}} : tensor<4xf32>, f32
func.func @loop(%n: index, %x: tensor<4xf32>, %y: f32) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x, %s = %y) -> (tensor<4xf32>, f32) {
    %e = tensor.empty() : tensor<4xf32>
    %0 = linalg.exp ins(%h : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %0, %s : tensor<4xf32>, f32
  }
  return %r#0 : tensor<4xf32>
}

// What is passed on unchanged needs no destination.
// CHECK-LABEL: @unchanged
// CHECK-NOT: materialize_in_destination
func.func @unchanged(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x) -> tensor<4xf32> {
    scf.yield %h : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: @swapped
// CHECK: iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}})
// CHECK: tensor.expand_shape %[[A]]
// CHECK: %[[CB:.*]] = bufferization.alloc_tensor() copy(%[[B]])
// CHECK: %[[CA:.*]] = bufferization.alloc_tensor() copy(%{{.*}})
// CHECK: bufferization.materialize_in_destination %[[CB]] in %[[A]]
// CHECK: bufferization.materialize_in_destination %[[CA]] in %[[B]]
func.func @swapped(%n: index, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<4xf32>) {
    %v = tensor.expand_shape %a [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
    %w = tensor.collapse_shape %v [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
    scf.yield %b, %w : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0 : tensor<4xf32>
}

// A buffer that nobody else knows needs no copy.
// CHECK-LABEL: @empty
// CHECK: %[[E:.*]] = tensor.empty
// CHECK: iter_args(%{{.*}} = %[[E]])
func.func @empty(%n: index, %x: tensor<4xf32>) -> tensor<4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<4x4xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %e) -> tensor<4x4xf32> {
    %0 = tensor.insert_slice %x into %h[%i, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<4x4xf32>
    scf.yield %0 : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}

// CHECK-LABEL: @while
// CHECK: ^bb0(%[[H:.*]]: tensor<4xf32>, %{{.*}}: i1):
// CHECK: bufferization.materialize_in_destination %{{.*}} in %[[H]]
func.func @while(%c: i1, %x: tensor<4xf32>) -> tensor<4xf32> {
  %r:2 = scf.while (%h = %x, %d = %c) : (tensor<4xf32>, i1) -> (tensor<4xf32>, i1) {
    scf.condition(%d) %h, %d : tensor<4xf32>, i1
  } do {
  ^bb0(%h: tensor<4xf32>, %d: i1):
    %e = tensor.empty() : tensor<4xf32>
    %0 = linalg.exp ins(%h : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    %false = arith.constant false
    scf.yield %0, %false : tensor<4xf32>, i1
  }
  return %r#0 : tensor<4xf32>
}

// -----

func.func @lost(%c: i1, %x: tensor<4xf32>) {
  // expected-error @+1 {{does not pass its tensor 0 on to its body}}
  scf.while (%h = %x) : (tensor<4xf32>) -> () {
    scf.condition(%c)
  } do {
    scf.yield %x : tensor<4xf32>
  }
  return
}
