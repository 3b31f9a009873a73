// RUN: nncc-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect --nncc-check-memory

func.func @good(%c: i1, %x: memref<4x8xf32>, %arena: memref<?xi8>, %o: index) -> f32 {
  %0 = memref.view %arena[%o][] : memref<?xi8> to memref<4x8xf32>
  %r = scf.if %c -> f32 {
    %a = memref.load %0[%o, %o] : memref<4x8xf32>
    scf.yield %a : f32
  } else {
    %a = memref.load %x[%o, %o] : memref<4x8xf32>
    scf.yield %a : f32
  }
  return %r : f32
}

// -----

func.func @tensor(%x: memref<4xf32>) {
  // expected-error @+1 {{is not on buffers after the memory stage}}
  %0 = bufferization.to_tensor %x : memref<4xf32> to tensor<4xf32>
  return
}

// -----

func.func @allocation() {
  // expected-error @+1 {{is not in the arena after the memory stage}}
  %a = memref.alloc() : memref<4xf32>
  // expected-error @+1 {{is not in the arena after the memory stage}}
  memref.dealloc %a : memref<4xf32>
  return
}

// -----

memref.global "private" constant @g : memref<4xf32> = dense<1.0>
func.func @global() {
  // expected-error @+1 {{is not in the weights section after the memory stage}}
  %0 = memref.get_global @g : memref<4xf32>
  return
}

// -----

func.func @carried(%c: i1, %x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error @+1 {{carries a buffer after the memory stage}}
  %r = scf.if %c -> memref<4xf32> {
    // expected-error @+1 {{carries a buffer after the memory stage}}
    scf.yield %x : memref<4xf32>
  } else {
    // expected-error @+1 {{carries a buffer after the memory stage}}
    scf.yield %y : memref<4xf32>
  }
  return
}

// -----

func.func @copy(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  // expected-error @+1 {{has no kernel after the memory stage}}
  memref.copy %x, %y : memref<4x4xf32> to memref<4x4xf32>
  return
}

// -----

func.func @bits(%arena: memref<?xi8>, %o: index) {
  // expected-error @+1 {{is a buffer of i1 after the memory stage}}
  %0 = memref.view %arena[%o][] : memref<?xi8> to memref<4xi1>
  return
}
