// RUN: nncc-opt %s --split-input-file --verify-diagnostics --nncc-outline-tasks | FileCheck %s

// A view of the arena and a constant are computed again, the arena itself travels as a pointer and its extent.
// CHECK-LABEL: func.func @entry(
// CHECK-SAME: %[[X:.*]]: memref<4xf32>, %{{.*}}: memref<?xi8>, %[[EXEC:.*]]: !llvm.ptr)
// CHECK: %[[SIZE:.*]] = llvm.mlir.constant(24 : i64)
// CHECK: %[[CLOSURE:.*]] = llvm.alloca %[[SIZE]] x i8 {alignment = 16 : i64}
// CHECK: %[[ALONE:.*]] = arith.constant 0 : index
// CHECK: call @use(%{{.*}}, %{{.*}}, %[[ALONE]], %[[ALONE]])
// CHECK: llvm.store %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK: %[[N:.*]] = llvm.mlir.constant(6 : i32)
// CHECK: %[[TASK:.*]] = llvm.mlir.addressof @task_0
// CHECK: llvm.call @nncc_parallel_for(%[[EXEC]], %[[N]], %[[TASK]], %[[CLOSURE]])
// CHECK-NOT: scf.forall

// CHECK-LABEL: llvm.func internal @task_0(
// CHECK-SAME: %[[C:.*]]: !llvm.ptr, %[[I:.*]]: i32, %[[W:.*]]: i32)
// CHECK: llvm.getelementptr %[[C]][0, 0] {{.*}} !llvm.struct<(ptr, ptr, i64)>
// CHECK: %[[C64:.*]] = arith.constant 64 : index
// CHECK: %[[VIEW:.*]] = memref.view %{{.*}}[%[[C64]]][] : memref<?xi8> to memref<4xf32>
// CHECK: %[[NUMBER:.*]] = arith.index_castui %[[I]] : i32 to index
// CHECK: arith.remui %[[NUMBER]]
// CHECK: arith.divui %[[NUMBER]]
// CHECK: %[[WORKER:.*]] = arith.index_castui %[[W]] : i32 to index
// CHECK: call @use({{.*}}, %[[WORKER]])
func.func @entry(%x: memref<4xf32>, %arena: memref<?xi8>, %exec: !llvm.ptr) -> i32 {
  %r = llvm.mlir.constant(0 : i32) : i32
  %c64 = arith.constant 64 : index
  %t = memref.view %arena[%c64][] : memref<?xi8> to memref<4xf32>
  %alone = kernel.worker : index
  func.call @use(%x, %t, %alone, %alone) : (memref<4xf32>, memref<4xf32>, index, index) -> ()
  scf.forall (%i, %j) = (0, 8) to (2, 20) step (1, 4) {
    %w = kernel.worker : index
    func.call @use(%x, %t, %i, %w) : (memref<4xf32>, memref<4xf32>, index, index) -> ()
  }
  return %r : i32
}
func.func private @use(memref<4xf32>, memref<4xf32>, index, index)

// -----

// CHECK-LABEL: func.func @entry(
// CHECK-COUNT-1: llvm.alloca
// CHECK: @task_0
// CHECK: @task_1
// CHECK-NOT: llvm.alloca
// CHECK: llvm.func internal @task_0
// CHECK: llvm.func internal @task_1
// CHECK: scf.for
func.func @entry(%exec: !llvm.ptr) -> i32 {
  %r = llvm.mlir.constant(0 : i32) : i32
  scf.forall (%i) in (3) {
    func.call @use(%i) : (index) -> ()
  }
  scf.forall (%i) in (5) {
    scf.forall (%j) in (2) {
      func.call @use(%j) : (index) -> ()
    }
  }
  return %r : i32
}
func.func private @use(index)

// -----

func.func @entry(%n: index, %exec: !llvm.ptr) {
  // expected-error@+1 {{expected constant bounds}}
  scf.forall (%i) in (%n) {
  }
  return
}

// -----

func.func @k() {
  // expected-error@+1 {{expected in @entry}}
  %w = kernel.worker : index
  return
}
