// RUN: nncc-opt %s --nncc-flatten-signatures | FileCheck %s

// CHECK-LABEL: func.func @entry
// CHECK: call @k(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, i64, !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>, i64) -> ()
func.func @entry(%a: memref<4x8xf32>, %b: memref<?xi8>, %c: memref<4xf32, strided<[?], offset: ?>>, %i: index) {
  call @k(%a, %b, %c, %i) : (memref<4x8xf32>, memref<?xi8>, memref<4xf32, strided<[?], offset: ?>>, index) -> ()
  call @extern() : () -> ()
  return
}
// CHECK: func.func private @k(%[[A:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %{{.*}}: !llvm.ptr, %[[N:.*]]: i64, %{{.*}}: !llvm.struct<{{.*}}>, %{{.*}}: i64) attributes {llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline"]}
// CHECK: llvm.insertvalue %[[A]]
// CHECK: builtin.unrealized_conversion_cast {{.*}} to memref<4x8xf32>
// CHECK: llvm.insertvalue %[[N]]
func.func private @k(%a: memref<4x8xf32> {llvm.align = 64 : i64, llvm.noalias}, %b: memref<?xi8>, %c: memref<4xf32, strided<[?], offset: ?>>, %i: index) {
  return
}
// CHECK: func.func private @extern() attributes {llvm.linkage = #llvm.linkage<external>}
func.func private @extern()

// Without elements, too: MLIR knows no strides then.
// CHECK-LABEL: func.func private @empty(
// CHECK-SAME: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK: call @empty(%{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr) -> ()
func.func private @empty(%a: memref<2x0x4xf32>, %b: memref<2x0x4xf32>) {
  %c0 = arith.constant 0 : index
  %m = memref.alloca() : memref<8xi8>
  %v = memref.view %m[%c0][] : memref<8xi8> to memref<2x0x4xf32>
  call @empty(%a, %v) : (memref<2x0x4xf32>, memref<2x0x4xf32>) -> ()
  return
}
