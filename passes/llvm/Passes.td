// The passes of the stage `llvm`: from scf, vector and memref to the LLVM dialect, with one entry function.
#ifndef LLVM_PASSES
#define LLVM_PASSES
include "mlir/Pass/PassBase.td"

def BuildEntry : Pass<"nncc-build-entry", "mlir::ModuleOp"> {
  let summary = "turn @main into @entry, which takes arrays of pointers";
  let description = [{
    `main(inputs..., outputs..., status, arena, weights)` => `i32 entry(ptr inputs, ptr outputs, ptr weights, ptr arena,
    ptr exec)`: the body moves, each argument becomes a memref over a loaded pointer, the status a cell on the stack.
    The module attribute `nncc.inputs` says how many of the arguments are inputs.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def BracketNodes : Pass<"nncc-bracket-nodes", "mlir::ModuleOp"> {
  let summary = "call the caller's hooks around the run and around each node";
  let description = [{
    `kernel.node "n" flops f bytes b { S }` => `node(exec, i, 1); S; node(exec, i, 0)`, numbered in order, and an entry
    {name, flops, bytes} of the module attribute `nncc.nodes`. The body of @entry is put between `begin` and `end`.
    Above 4096 nodes neighbours share a number, and are called "first+...+last".
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def OutlineTasks : Pass<"nncc-outline-tasks", "mlir::ModuleOp"> {
  let summary = "make parallel loops calls of the caller's parallel_for";
  let description = [{
    `scf.forall (%i) in (n) { S }` => `parallel_for(exec, n, @task, closure)` with a function
    `task(closure, i, worker) { S }`; views and constants are computed again in the task, other values come from the
    closure, of which one is enough for all loops of @entry. `kernel.worker` becomes the task's argument, 0 elsewhere.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def FlattenSignatures : Pass<"nncc-flatten-signatures", "mlir::ModuleOp"> {
  let summary = "pass memrefs to internal functions as pointers";
  let description = [{
    `func @k(%x: memref<4x8xf32>, %s: memref<?xi8>)` => `func @k(%x: ptr, %s: ptr, %n: i64)`, attributes staying with the
    pointer; memrefs of dynamic strides stay as they are. Every function but the entry becomes internal and is kept out
    of line.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def NameNodes : Pass<"nncc-name-nodes", "mlir::ModuleOp"> {
  let summary = "show ONNX nodes to debuggers as inlined frames";
  let description = [{
    A call with the location of node "conv1" gets the location "inlined from a subprogram called conv1".
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

#endif
