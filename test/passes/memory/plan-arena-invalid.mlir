// RUN: nncc-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect --nncc-plan-arena

func.func @unbounded(%n: index) {
  // expected-error @+1 {{extent 0 has no constant bound}}
  %a = memref.alloc(%n) : memref<?xf32>
  "test.read"(%a) : (memref<?xf32>) -> ()
  return
}

// -----

func.func @huge() {
  // expected-error @+1 {{size exceeds 64 bits}}
  %a = memref.alloc() : memref<4294967296x4294967296xf32>
  "test.read"(%a) : (memref<4294967296x4294967296xf32>) -> ()
  return
}

// -----

// expected-error @+1 {{needs an arena of more than 64 bits}}
func.func @huge_together() {
  %a = memref.alloc() : memref<1073741824x1073741824xf32>
  %b = memref.alloc() : memref<1073741824x1073741824xf32>
  "test.both"(%a, %b) : (memref<1073741824x1073741824xf32>, memref<1073741824x1073741824xf32>) -> ()
  return
}

// -----

func.func @parallel() {
  scf.forall (%i) in (4) {
    // expected-error @+1 {{inside a parallel region has no place in the arena}}
    %a = memref.alloc() : memref<32xf32>
    "test.read"(%a) : (memref<32xf32>) -> ()
  }
  return
}
