// What outlining, task splitting and profiling ask of a kernel op. A kernel's work is a grid of units along one or two
// dimensions; any non-empty sub-range of the grid may be computed by any worker at any time, with the same bits.
#ifndef NNCC_KERNEL_INTERFACES
#define NNCC_KERNEL_INTERFACES
include "mlir/IR/OpBase.td"

def KernelInterface : OpInterface<"KernelInterface"> {
  let cppNamespace = "::nncc::kernel";
  let methods = [
    InterfaceMethod<"Extents of the grid of work units, one or two: rows first, columns (panels) second. Only asked of ops on memrefs, with their tile set.",
                    "::llvm::SmallVector<int64_t>", "getUnits">,
    InterfaceMethod<"Bytes of scratch memory that each worker needs, a multiple of 64.",
                    "int64_t", "getScratchBytes", (ins), [{}], [{ return 0; }]>,
    InterfaceMethod<"Arithmetic operations of the whole op; one for each element written unless the op says otherwise.",
                    "double", "getFlops", (ins), [{}], [{ return ::nncc::kernel::countElements($_op.getDpsInits()); }]>,
    InterfaceMethod<"Bytes read and written, each operand counted once.",
                    "double", "getBytes", (ins), [{}], [{ return ::nncc::kernel::countBytes($_op->getOperands()); }]>,
    InterfaceMethod<"True where the op reads what its destination holds (scatter, accumulation).",
                    "bool", "readsInit", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"True where any strides of the operands will do; else the elements of a row lie side by side.",
                    "bool", "takesStrides", (ins), [{}], [{ return false; }]>,
  ];
}
#endif
