// RUN: nncc-opt %s --split-input-file --verify-diagnostics --nncc-build-entry | FileCheck %s

// CHECK-LABEL: func.func @entry(
// CHECK-SAME: %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr, %[[W:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %[[ARENA:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %{{.*}}: !llvm.ptr) -> i32
// CHECK: %[[STATUS:.*]] = llvm.alloca
// CHECK: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
// CHECK: llvm.store %[[ZERO]], %[[STATUS]]
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[IN]][1]
// CHECK: %[[P:.*]] = llvm.load %[[AT]]
// CHECK: llvm.insertvalue %[[P]]
// CHECK: %[[B:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<2x3xf32>
// CHECK: llvm.insertvalue %[[ARENA]]
// CHECK: llvm.insertvalue %[[W]]
// CHECK: call @k(%[[B]])
// CHECK: %[[ATY:.*]] = llvm.getelementptr %[[OUT]][0]
// CHECK: llvm.load %[[ATY]]
// CHECK: call @l
// CHECK: %[[R:.*]] = llvm.load %[[STATUS]]
// CHECK: return %[[R]] : i32
// CHECK-NOT: @main
module attributes {nncc.inputs = [{name = "a", type = 1 : i32, shape = array<i64>}, {name = "b", type = 1 : i32, shape = array<i64: 2, 3>}]} {
  func.func @main(%a: memref<f32>, %b: memref<2x3xf32>, %y: memref<4xf32>, %status: memref<i32>, %arena: memref<?xi8>, %weights: memref<?xi8>) {
    func.call @k(%b) : (memref<2x3xf32>) -> ()
    func.call @l(%y) : (memref<4xf32>) -> ()
    return
  }
  func.func private @k(memref<2x3xf32>)
  func.func private @l(memref<4xf32>)
}

// -----

// expected-error@+1 {{expected a function @main(inputs..., outputs..., status, arena, weights) and 'nncc.inputs'}}
module attributes {nncc.inputs = []} {
  func.func @main(%status: memref<i32>) {
    return
  }
}
