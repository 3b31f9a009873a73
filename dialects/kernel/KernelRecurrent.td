// Recurrent layers: all steps of one op, because nothing but the state passes between them.
#ifndef NNCC_KERNEL_RECURRENT
#define NNCC_KERNEL_RECURRENT
include "dialects/kernel/KernelBase.td"
include "dialects/nn/NNEnums.td"

def Kernel_RecurrentOp : Kernel_Op<"recurrent", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<KernelInterface, ["getScratchBytes", "getFlops", "getBytes"]>]> {
  let summary = "every step of a recurrent layer from the gates' share of the input on";
  let description = [{
    x is [T, B, D * G * H], the input's products with w and all biases added; r is [D, G * H, H], packed by `schedule`
    to [D][parts][ceil(H / panel)][H][gates of the part][panel] with `tile` set: a GRU without `linearBeforeReset` has
    two parts (z and r, then h, which needs r of the whole state), every other cell one. hiddenBias [D, H] belongs to
    the last gate of a GRU with `linearBeforeReset`. inits are y [T, D, B, H], yh [D, B, H] and for an LSTM yc.
    Units: directions.

    Where a step is worth several tasks, one more init is memory for the states that pass from step to step, which
    otherwise is scratch; the stage `kernels` then cuts the op into one that `begins` (sets the states), one for each
    `step` and `part`, whose units are blocks of `panel` hidden elements, and one that `ends` (writes yh and yc).
  }];
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$r, Optional<AnyBuffer>:$hiddenBias, Optional<AnyBuffer>:$lengths,
                       Optional<AnyBuffer>:$h, Optional<AnyBuffer>:$c, Optional<AnyBuffer>:$peepholes,
                       Variadic<AnyBuffer>:$inits, Optional<Index>:$step, NN_CellKind:$cell, NN_Direction:$direction,
                       StrArrayAttr:$activations, F64ArrayAttr:$alphas, F64ArrayAttr:$betas, OptionalAttr<F64Attr>:$clip,
                       UnitAttr:$inputForget, UnitAttr:$linearBeforeReset, OptionalAttr<Kernel_TileAttr>:$tile,
                       UnitAttr:$begins, UnitAttr:$ends, DefaultValuedAttr<I64Attr, "0">:$part);
  let destination = "Inits";
  let assemblyFormat = [{
    $cell $direction $x `,` $r (`hiddenBias` $hiddenBias^)? (`lengths` $lengths^)? (`h` $h^)? (`c` $c^)?
    (`peepholes` $peepholes^)? `into` $inits (`step` $step^)? (`tile` $tile^)? attr-dict `:` functional-type(operands, results)
  }];
  let members = [{
    int64_t getHidden();
    int64_t getGates();
    int64_t getDirections();
    /// Blocks of `panel` hidden elements.
    int64_t getBlocks();
    /// The memory of states that are no scratch; null where they are.
    ::mlir::Value getState();
    /// Elements of that memory: both states (the old and the new h) of every row, c, and what the last gate of a GRU in
    /// two parts waits for (r * h, z).
    int64_t getStateSize();
    /// The gates of each part, in order.
    ::llvm::SmallVector<int64_t> getParts();
  }];
}
#endif
