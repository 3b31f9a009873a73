// As scale.mlir, with a weights section of a gigabyte.
module attributes {
  nncc.name = "huge", nncc.arena_bytes = 128 : i64, nncc.worker_bytes = 64 : i64, nncc.weights_bytes = 1000000000 : i64,
  nncc.inputs = [{name = "x", type = 1 : i32, shape = array<i64: 4, 8>}],
  nncc.outputs = [{name = "y", type = 1 : i32, shape = array<i64: 4, 8>}],
  nncc.weights = [{offset = 0 : i64, value = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>},
                  {offset = 64 : i64, value = dense<10.0> : tensor<8xf32>}]
} {
  func.func @main(%x: memref<4x8xf32>, %y: memref<4x8xf32>, %status: memref<i32>, %arena: memref<?xi8>, %weights: memref<?xi8>) {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %w = memref.view %weights[%c0][] : memref<?xi8> to memref<8xf32>
    %v = memref.view %weights[%c64][] : memref<?xi8> to memref<8xf32>
    %t = memref.view %arena[%c0][] : memref<?xi8> to memref<8xf32>
    kernel.node "add" flops 8.0 bytes 96.0 {
      func.call @add(%w, %v, %t) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    }
    kernel.node "mul" flops 64.0 bytes 288.0 {
      scf.forall (%i) in (4) {
        %worker = kernel.worker : index
        func.call @mul(%x, %t, %y, %i) : (memref<4x8xf32>, memref<8xf32>, memref<4x8xf32>, index) -> ()
      }
    }
    return
  }
  func.func private @add(%a: memref<8xf32> {llvm.align = 64 : i64, llvm.noalias}, %b: memref<8xf32> {llvm.align = 64 : i64}, %r: memref<8xf32> {llvm.align = 64 : i64, llvm.noalias}) {
    %c0 = arith.constant 0 : index
    %p = vector.load %a[%c0] : memref<8xf32>, vector<8xf32>
    %q = vector.load %b[%c0] : memref<8xf32>, vector<8xf32>
    %s = arith.addf %p, %q : vector<8xf32>
    vector.store %s, %r[%c0] : memref<8xf32>, vector<8xf32>
    return
  }
  func.func private @mul(%a: memref<4x8xf32>, %b: memref<8xf32>, %r: memref<4x8xf32>, %i: index) {
    %c0 = arith.constant 0 : index
    %p = vector.load %a[%i, %c0] : memref<4x8xf32>, vector<8xf32>
    %q = vector.load %b[%c0] : memref<8xf32>, vector<8xf32>
    %hundred = arith.constant dense<100.0> : vector<8xf32>
    %pq = arith.mulf %p, %q : vector<8xf32>
    %s = arith.mulf %pq, %hundred : vector<8xf32>
    vector.store %s, %r[%i, %c0] : memref<4x8xf32>, vector<8xf32>
    return
  }
}
