// The passes of the stage `memory`, in the order in which the pipeline runs them; between nncc-settle-destinations and
// nncc-drop-carried-buffers stands upstream's one-shot bufferisation.
include "mlir/Pass/PassBase.td"

def PlanWeights : Pass<"nncc-plan-weights", "mlir::ModuleOp"> {
  let summary = "constant tensor => view of the weights section at an offset";
  let description = [{
    `arith.constant dense : tensor` => `to_tensor (memref.view %weights[offset])`, where %weights is a new last argument.
    Equal bytes share an offset. The bytes stay outside the code: `nncc.weights` on the module lists {offset, value}.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect", "mlir::bufferization::BufferizationDialect"];
}

def NestConcats : Pass<"nncc-nest-concats", "mlir::func::FuncOp"> {
  let summary = "concat(a, b, c) => concat(concat(a, b), c) where concat(a, b) exists";
}

def OwnDestinations : Pass<"nncc-own-destinations", "mlir::func::FuncOp"> {
  let summary = "op outs(shared) => op outs(tensor.empty of its own)";
  let description = [{
    One-shot bufferisation is cubic in the size of an alias set. So no two ops share a destination here, and a tensor
    that is only read (an input, a weight, a result with many readers) is a tensor of its own for each of its readers.
  }];
  let dependentDialects = ["mlir::tensor::TensorDialect", "mlir::bufferization::BufferizationDialect"];
}

def SettleDestinations : Pass<"nncc-settle-destinations", "mlir::func::FuncOp"> {
  let summary = "yield v => yield (v materialised in the destination of that result)";
  let description = [{
    A carried tensor of a loop has the buffer that the loop got, a tensor result of `scf.if` one `tensor.empty` before
    it; so no buffer escapes the region that it is made in. A value that would be overwritten before it is read (two
    carried tensors swapped) is copied first.
  }];
  let dependentDialects = ["mlir::tensor::TensorDialect", "mlir::bufferization::BufferizationDialect"];
}

def DropCarriedBuffers : Pass<"nncc-drop-carried-buffers", "mlir::func::FuncOp"> {
  let summary = "scf op that carries or returns a memref from outside => the memref itself";
}

def PlaceCopies : Pass<"nncc-place-copies", "mlir::func::FuncOp"> {
  let summary = "alloc a; write a; copy a to slice of b => write the slice of b";
  let description = [{
    What bufferisation leaves of concat, of results that become outputs and of branches. Only where nothing else
    touches the slice while `a` is in use; reshapes between `a` and the copy are inverted on the slice.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect"];
}

def FormBands : Pass<"nncc-form-bands", "mlir::func::FuncOp"> {
  let summary = "conv into alloc t; depthwise t into y => kernel.bands rows N { the same on a band_buffer t }";
  let description = [{
    A chain of image ops each of which alone reads the result of the one before it is computed a band of rows at a time
    where what lies between two of them would leave the second-level cache. On buffers, because only here it is plain
    who reads what; before buffers are reused, as an op of a chain must not write over what a later band reads.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect"];
  let options = [
    Option<"rows", "rows", "int64_t", "0", "make chains of all ops that can be in one, in bands of so many rows; 0: of those that gain">,
    Option<"remarks", "remarks", "bool", "false", "say which chains are made">,
    Option<"missedRemarks", "missed-remarks", "bool", "false", "say which chains that would gain are not made">];
}

def ReuseBuffers : Pass<"nncc-reuse-buffers", "mlir::func::FuncOp"> {
  let summary = "op ins(x) outs(alloc y), elementwise, last use of x => op ins(x) outs(x)";
}

def DenseRows : Pass<"nncc-dense-rows", "mlir::func::FuncOp"> {
  let summary = "kernel op on a buffer whose last stride is not 1 => copy to a dense buffer, and the op on that";
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::memref::MemRefDialect"];
}

def LowerCopies : Pass<"nncc-lower-copies", "mlir::func::FuncOp"> {
  let summary = "memref.copy of a buffer to itself => nothing; any other => linalg.copy";
  let dependentDialects = ["mlir::linalg::LinalgDialect"];
}

def PlanArena : Pass<"nncc-plan-arena", "mlir::ModuleOp"> {
  let summary = "memref.alloc => view of the arena at an offset";
  let description = [{
    `memref.alloc` => `memref.view %arena[offset]`, where %arena is a new argument before %weights; `nncc.arena_bytes`
    on the module is its size. Buffers whose lives do not overlap share bytes.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect", "mlir::arith::ArithDialect"];
}

def CheckMemory : Pass<"nncc-check-memory", "mlir::func::FuncOp"> {
  let summary = "fails where a tensor, an allocation, a global, a memref.copy or a carried buffer is left";
}
