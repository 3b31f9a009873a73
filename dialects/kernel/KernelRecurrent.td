// Recurrent layers: all steps of one op, because nothing but the state passes between them.
#ifndef NNCC_KERNEL_RECURRENT
#define NNCC_KERNEL_RECURRENT
include "dialects/kernel/KernelBase.td"
include "dialects/nn/NNEnums.td"

def Kernel_RecurrentOp : Kernel_Op<"recurrent", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<KernelInterface, ["getScratchBytes", "getFlops"]>]> {
  let summary = "every step of a recurrent layer from the gates' share of the input on";
  let description = [{
    x is [T, B, D * G * H], the input's products with w and all biases added; r is [D, G * H, H], packed by `schedule`
    to [D][parts][ceil(H / panel)][H][gates of the part][panel] with `tile` set: a GRU without `linearBeforeReset` has
    two parts (z and r, then h, which needs r of the whole state), every other cell one. hiddenBias [D, H] belongs to
    the last gate of a GRU with `linearBeforeReset`. inits are y [T, D, B, H], yh [D, B, H] and for an LSTM yc.
    Units: directions.
  }];
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$r, Optional<AnyBuffer>:$hiddenBias, Optional<AnyBuffer>:$lengths,
                       Optional<AnyBuffer>:$h, Optional<AnyBuffer>:$c, Optional<AnyBuffer>:$peepholes,
                       Variadic<AnyBuffer>:$inits, NN_CellKind:$cell, NN_Direction:$direction,
                       StrArrayAttr:$activations, F64ArrayAttr:$alphas, F64ArrayAttr:$betas, OptionalAttr<F64Attr>:$clip,
                       UnitAttr:$inputForget, UnitAttr:$linearBeforeReset, OptionalAttr<Kernel_TileAttr>:$tile);
  let destination = "Inits";
  let assemblyFormat = [{
    $cell $direction $x `,` $r (`hiddenBias` $hiddenBias^)? (`lengths` $lengths^)? (`h` $h^)? (`c` $c^)?
    (`peepholes` $peepholes^)? `into` $inits (`tile` $tile^)? attr-dict `:` functional-type(operands, results)
  }];
  let members = [{
    int64_t getHidden();
    int64_t getGates();
    int64_t getDirections();
    /// The gates of each part, in order.
    ::llvm::SmallVector<int64_t> getParts();
  }];
}
#endif
