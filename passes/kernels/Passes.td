// The passes of the stage `kernels`: from kernel and linalg ops on memrefs to scf and vector.
#ifndef KERNELS_PASSES
#define KERNELS_PASSES
include "mlir/Pass/PassBase.td"

def EmitGeneric : Pass<"nncc-emit-generic"> {
  let summary = "linalg ops on memrefs => loops over vectors";
  let description = [{
    `linalg.generic outs(%y)` => `scf.for` over vectors of `y`: all work units of each op, where it stands.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::affine::AffineDialect",
                           "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"];
  let options = [Option<"parts", "parts", "int64_t", "1", "emit the units in this many ranges, one after another">];
}

def SplitRecurrent : Pass<"nncc-split-recurrent", "mlir::func::FuncOp"> {
  let summary = "cut a recurrent op with a state of its own into its beginning, its steps and its end";
  let description = [{
    `kernel.recurrent .. into %y, %yh, %state` =>
    `kernel.node .. { kernel.recurrent .. {begins}; scf.for (%t) { kernel.recurrent .. step %t }; kernel.recurrent .. {ends} }`
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::scf::SCFDialect", "mlir::arith::ArithDialect"];
}

def OutlineKernels : Pass<"nncc-outline-kernels", "mlir::ModuleOp"> {
  let summary = "move each kernel and linalg op into a function over a range of its work units";
  let description = [{
    `kernel.gemm %a, %b into %c` =>
    `kernel.node "name" .. { scf.forall (%t) in (T) { call @k_N(%a, %b, %c, %lo, %hi, ..) } }`: task t takes an equal
    part of the units; without enough work for two tasks the call is direct. The function's attribute `kernel.units`
    counts its ranges, which are its last arguments; a kernel with scratch memory gets it as the argument before, from
    the worker's part of the arena (`nncc.worker_bytes`). Offsets of slices become arguments, so that equal kernels on
    different slices are equal functions.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::scf::SCFDialect", "mlir::linalg::LinalgDialect", "mlir::func::FuncDialect",
                           "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
}

def EmitKernels : Pass<"nncc-emit-kernels", "mlir::func::FuncOp"> {
  let summary = "emit each outlined op as loops over registers of vectors";
  let description = "`func @k_N(%a, .., %lo, %hi) { kernel.gemm .. }` => scf, vector, memref and arith; one emitter per op.";
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::scf::SCFDialect", "mlir::vector::VectorDialect", "mlir::memref::MemRefDialect",
                           "mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

def ExpandMath : Pass<"nncc-expand-math", "mlir::ModuleOp"> {
  let summary = "math ops => arithmetic, or calls of libm for scalars";
  let description = [{
    `math.exp %x : vector<16xf32>` => a polynomial in `arith`; `math.exp %x : f64` => `call @exp(%x)`. Runs before
    `scf` is lowered: angles too large for the approximations take a branch of their own.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::arith::ArithDialect",
                           "mlir::func::FuncDialect", "mlir::LLVM::LLVMDialect", "mlir::math::MathDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"];
}
#endif
