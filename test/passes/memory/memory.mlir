// RUN: nncc-opt %s --split-input-file --nncc-memory | FileCheck %s

// A recurrence with a stacked output: rows are written where they belong, the state is updated in its output.
// CHECK-LABEL: @recurrence
// CHECK-SAME: %[[X:[^:]*]]: memref<4x8xf32>, %[[H:[^:]*]]: memref<8xf32>, %[[Y:[^:]*]]: memref<4x8xf32>, %[[N:[^:]*]]: memref<8xf32>
// CHECK: linalg.copy ins(%[[H]] : {{.*}}) outs(%[[N]] :
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK-DAG: %[[XI:.*]] = memref.subview %[[X]][%[[I]], 0]
// CHECK: linalg.matvec ins(%{{.*}}, %[[N]] : {{.*}}) outs(%[[T:[^ ]*]] :
// CHECK: linalg.add ins(%[[T]], %[[XI]] : {{.*}}) outs(%[[N]] :
// CHECK: %[[YI:.*]] = memref.subview %[[Y]][%[[I]], 0]
// CHECK: linalg.exp ins(%[[N]] : {{.*}}) outs(%[[YI]] :
// CHECK-NOT: memref.copy
func.func @recurrence(%x: memref<4x8xf32> {bufferization.writable = false}, %h0: memref<8xf32> {bufferization.writable = false},
                      %y: memref<4x8xf32>, %hn: memref<8xf32>, %status: memref<i32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.125> : tensor<8x8xf32>
  %xt = bufferization.to_tensor %x restrict : memref<4x8xf32> to tensor<4x8xf32>
  %ht = bufferization.to_tensor %h0 restrict : memref<8xf32> to tensor<8xf32>
  %y0 = tensor.empty() : tensor<4x8xf32>
  %e = tensor.empty() : tensor<8xf32>
  %r:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%h = %ht, %rows = %y0) -> (tensor<8xf32>, tensor<4x8xf32>) {
    %xi = tensor.extract_slice %xt[%i, 0] [1, 8] [1, 1] : tensor<4x8xf32> to tensor<8xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
    %m = linalg.matvec ins(%w, %h : tensor<8x8xf32>, tensor<8xf32>) outs(%f : tensor<8xf32>) -> tensor<8xf32>
    %a = linalg.add ins(%m, %xi : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
    %row = linalg.exp ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
    %next = tensor.insert_slice %row into %rows[%i, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<4x8xf32>
    scf.yield %a, %next : tensor<8xf32>, tensor<4x8xf32>
  }
  bufferization.materialize_in_destination %r#1 in restrict writable %y : (tensor<4x8xf32>, memref<4x8xf32>) -> ()
  bufferization.materialize_in_destination %r#0 in restrict writable %hn : (tensor<8xf32>, memref<8xf32>) -> ()
  return
}

// -----

// An input that is an output, and a result that is two.
// CHECK-LABEL: @passed_through
// CHECK-SAME: %[[X:[^:]*]]: memref<8xf32>, %[[A:[^:]*]]: memref<8xf32>, %[[B:[^:]*]]: memref<8xf32>, %[[C:[^:]*]]: memref<8xf32>
// CHECK-DAG: linalg.copy ins(%[[X]] : {{.*}}) outs(%[[A]] :
// CHECK-DAG: linalg.exp ins(%[[X]] : {{.*}}) outs(%[[B]] :
// CHECK: linalg.copy ins(%[[B]] : {{.*}}) outs(%[[C]] :
func.func @passed_through(%x: memref<8xf32> {bufferization.writable = false}, %a: memref<8xf32>, %b: memref<8xf32>, %c: memref<8xf32>) {
  %t = bufferization.to_tensor %x restrict : memref<8xf32> to tensor<8xf32>
  %e = tensor.empty() : tensor<8xf32>
  %r = linalg.exp ins(%t : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  bufferization.materialize_in_destination %t in restrict writable %a : (tensor<8xf32>, memref<8xf32>) -> ()
  bufferization.materialize_in_destination %r in restrict writable %b : (tensor<8xf32>, memref<8xf32>) -> ()
  bufferization.materialize_in_destination %r in restrict writable %c : (tensor<8xf32>, memref<8xf32>) -> ()
  return
}

// -----

// Two layers of a dense block: one buffer, no copy.
// CHECK-LABEL: @dense_block
// CHECK-NOT: copy
// CHECK: return
func.func @dense_block(%x: memref<4x8xf32> {bufferization.writable = false}, %out: memref<4x32xf32>) {
  %t = bufferization.to_tensor %x restrict : memref<4x8xf32> to tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %a = linalg.exp ins(%t : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %b = linalg.log ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %ab = tensor.concat dim(1) %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x16xf32>
  %e2 = tensor.empty() : tensor<4x16xf32>
  %c = linalg.exp ins(%ab : tensor<4x16xf32>) outs(%e2 : tensor<4x16xf32>) -> tensor<4x16xf32>
  %abc = tensor.concat dim(1) %a, %b, %c : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x16xf32>) -> tensor<4x32xf32>
  bufferization.materialize_in_destination %abc in restrict writable %out : (tensor<4x32xf32>, memref<4x32xf32>) -> ()
  return
}
