// RUN: nncc-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect --nncc-drop-carried-buffers | FileCheck %s

// CHECK-LABEL: @loop
// CHECK: %[[R:.*]] = scf.for {{.*}} iter_args(%[[S:.*]] = %arg2) -> (f32)
// CHECK: "test.step"(%arg1)
// CHECK: scf.yield %[[S]] : f32
// CHECK: "test.after"(%arg1, %[[R]])
func.func @loop(%n: index, %x: memref<4xf32>, %y: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x, %s = %y) -> (memref<4xf32>, f32) {
    "test.step"(%h) : (memref<4xf32>) -> ()
    scf.yield %h, %s : memref<4xf32>, f32
  }
  "test.after"(%r#0, %r#1) : (memref<4xf32>, f32) -> ()
  return
}

// CHECK-LABEL: @nested
// CHECK: scf.for {{.*}} {
// CHECK: scf.if %{{.*}} {
// CHECK: "test.step"(%arg2)
// CHECK: "test.after"(%arg2)
func.func @nested(%n: index, %c: i1, %x: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x) -> (memref<4xf32>) {
    %s = scf.if %c -> memref<4xf32> {
      "test.step"(%h) : (memref<4xf32>) -> ()
      scf.yield %h : memref<4xf32>
    } else {
      scf.yield %h : memref<4xf32>
    }
    scf.yield %s : memref<4xf32>
  }
  "test.after"(%r) : (memref<4xf32>) -> ()
  return
}

// CHECK-LABEL: @while
// CHECK: %[[R:.*]] = scf.while (%[[D:.*]] = %arg0) : (i1) -> i1
// CHECK: scf.condition(%[[D]]) %[[D]] : i1
// CHECK: ^bb0(%[[E:.*]]: i1):
// CHECK: "test.step"(%arg1)
// CHECK: scf.yield %[[E]] : i1
// CHECK: "test.after"(%arg1, %[[R]])
func.func @while(%c: i1, %x: memref<4xf32>) {
  %r:2 = scf.while (%h = %x, %d = %c) : (memref<4xf32>, i1) -> (memref<4xf32>, i1) {
    scf.condition(%d) %h, %d : memref<4xf32>, i1
  } do {
  ^bb0(%h: memref<4xf32>, %d: i1):
    "test.step"(%h) : (memref<4xf32>) -> ()
    scf.yield %h, %d : memref<4xf32>, i1
  }
  "test.after"(%r#0, %r#1) : (memref<4xf32>, i1) -> ()
  return
}

// -----

func.func @other_buffer(%n: index, %x: memref<4xf32>, %y: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{makes a buffer for value 0 where one from outside was expected}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x) -> (memref<4xf32>) {
    scf.yield %y : memref<4xf32>
  }
  return
}

// -----

func.func @own_buffer(%c: i1) {
  // expected-error @+1 {{makes a buffer for value 0 where one from outside was expected}}
  %r = scf.if %c -> memref<4xf32> {
    %a = memref.alloc() : memref<4xf32>
    scf.yield %a : memref<4xf32>
  } else {
    %a = memref.alloc() : memref<4xf32>
    scf.yield %a : memref<4xf32>
  }
  return
}
