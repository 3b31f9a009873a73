// What the last stages need besides kernels: which worker runs a task, where a step of the model begins and ends, and
// which steps are computed band by band.
// Included by KernelOps.td, after the dialect.
#ifndef KERNEL_TASKS
#define KERNEL_TASKS
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/LoopLikeInterface.td"

def Kernel_BandsOp : Op<Kernel_Dialect, "bands", [NoTerminator, SingleBlock, RecursiveMemoryEffects,
                                                  DeclareOpInterfaceMethods<LoopLikeOpInterface>]> {
  let summary = "a chain of image ops, computed for a band of rows at a time";
  let description = [{
    Each op reads the result of the one before it, a `kernel.band_buffer`, as its image. `rows` rows of the last op's
    result are computed at a time, and before them whatever rows of the others they need, so that what passes from op to
    op stays in the cache. Any op of the chain computes the same bits as outside of it. On memrefs only.
    ```
    kernel.bands rows 8 {
      %t = kernel.band_buffer : memref<1x112x112x96xf32>
      kernel.conv %x, %w0 into %t ..
      kernel.depthwise %t, %w1 into %y ..
    }
    ```
  }];
  let arguments = (ins I64Attr:$rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`rows` $rows attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "int64_t":$rows), [{
    $_state.addAttribute("rows", $_builder.getI64IntegerAttr(rows));
    $_state.addRegion()->emplaceBlock();
  }]>];
  let extraClassDeclaration = [{
    /// The chain, in order.
    ::llvm::SmallVector<::mlir::Operation *> getChain();
  }];
}

def Kernel_BandBufferOp : Op<Kernel_Dialect, "band_buffer"> {
  let summary = "an image of which some rows exist at a time, in the worker's scratch memory";
  let results = (outs Res<AnyMemRef, "", [MemAlloc]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Kernel_WorkerOp : Op<Kernel_Dialect, "worker"> {
  let summary = "the number of the worker that runs this task";
  let description = [{
    Inside `scf.forall` the worker below `nncc_exec.workers` that runs the iteration, elsewhere in the entry function 0.
    It has unknown effects on purpose: it must not move out of a parallel loop, nor be merged with one outside.
    ```
    %w = kernel.worker : index
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Kernel_NodeOp : Op<Kernel_Dialect, "node", [NoTerminator, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "one step of the model, as profiles show it";
  let description = [{
    Its region is the step's work. The stage `llvm` numbers the nodes of the entry function in order, collects them in
    the module attribute `nncc.nodes` and brackets each with `nncc_exec.node` where the caller has one.
    ```
    kernel.node "conv1" flops 2.3e8 bytes 1.6e6 { func.call @k_0(%x, %w, %y) : ... }
    ```
  }];
  let arguments = (ins StrAttr:$name, F64Attr:$flops, F64Attr:$bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `flops` $flops `bytes` $bytes attr-dict-with-keyword $body";
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "llvm::StringRef":$name, "double":$flops, "double":$bytes), [{
    $_state.addAttribute("name", $_builder.getStringAttr(name));
    $_state.addAttribute("flops", $_builder.getF64FloatAttr(flops));
    $_state.addAttribute("bytes", $_builder.getF64FloatAttr(bytes));
    $_state.addRegion()->emplaceBlock();
  }]>];
}

#endif
