// Sums of products: what must reach the machine's multiply-add peak.
#ifndef NNCC_KERNEL_CONTRACTIONS
#define NNCC_KERNEL_CONTRACTIONS
include "dialects/kernel/KernelBase.td"

// The epilogue region and its extra operands are those of nn's contractions: arguments are the accumulator and one
// scalar for each extra operand, broadcast to the result by numpy's rule.
class Kernel_Contraction<string mnemonic, list<string> methods = []> : Kernel_Op<mnemonic, [
    IsolatedFromAbove, NN_EpilogueInterface,
    DeclareOpInterfaceMethods<KernelInterface, ["getFlops"] # methods>]> {
  let regions = (region SizedRegion<1>:$epilogue);
  let hasVerifier = 1;
}

def Kernel_GemmOp : Kernel_Contraction<"gemm", ["getScratchBytes"]> {
  let summary = "init[.., m, n] = epilogue(sum_k a[.., m, k] * b[k, n])";
  let description = [{
    b is [K, N], or [N, K] with `transposeB`; `schedule` packs it to [ceil(N / panel)][K][panel], zeros after the last
    column, and sets `tile` (and removes `transposeB`). Units: tiles of rows, panels.
  }];
  let arguments = (ins AnyBuffer:$a, AnyBuffer:$b, Variadic<AnyBuffer>:$extras, AnyBuffer:$init,
                       UnitAttr:$transposeB, OptionalAttr<Kernel_TileAttr>:$tile);
  let assemblyFormat = [{
    $a `,` $b `into` $init (`tile` $tile^)? attr-dict
    `:` type($a) `,` type($b) `into` type($init) (`->` type($results)^)?
    custom<Epilogue>(ref(type($init)), $extras, type($extras), $epilogue)
  }];
}

def Kernel_BatchMatmulOp : Kernel_Contraction<"batch_matmul", ["getScratchBytes"]> {
  let summary = "init[.., m, n] = epilogue(sum_k a[.., m, k] * b[.., k, n])";
  let description = [{
    Both operands are activations, read where they lie; leading dimensions broadcast by numpy's rule. With
    `transposeB` b is [.., N, K], and a panel of it is transposed into scratch. Units: batches x tiles of rows, panels.
  }];
  let arguments = (ins AnyBuffer:$a, AnyBuffer:$b, Variadic<AnyBuffer>:$extras, AnyBuffer:$init,
                       UnitAttr:$transposeB, OptionalAttr<Kernel_TileAttr>:$tile);
  let assemblyFormat = [{
    $a `,` $b `into` $init (`tile` $tile^)? attr-dict
    `:` type($a) `,` type($b) `into` type($init) (`->` type($results)^)?
    custom<Epilogue>(ref(type($init)), $extras, type($extras), $epilogue)
  }];
}

def Kernel_ConvOp : Kernel_Contraction<"conv", ["getScratchBytes"]> {
  let summary = "channels-last convolution of one to three spatial dimensions, in groups";
  let description = [{
    x is [batch, spatial.., IC] ([batch, IC, spatial..] with `nchwInput`), w [spatial.., IC / groups, OC], init
    [batch, spatial.., OC]; `pads` are all those before the spatial dimensions, then all those after.
    `schedule` packs w to [groups][ceil(OC / groups / panel)][KD][KH][KW][IC / groups][panel] (missing spatial
    dimensions are 1) and sets `tile`. Units: rows of the output (tiles of pixels where the convolution is pointwise),
    panels of all groups.
    With `winograd`, the extents of a tile of outputs, the kernel computes by minimal filtering (Winograd.h), and the
    spatial extents of w are those of a tile's products: tile + taps - 1. Where the tile has one output, the taps of
    that dimension are summed directly; they may be dilated. Units: as many tiles as `tile` has rows (of one image, if
    there is such a dimension), panels of all groups.
    With `pooled` besides, init holds the maximum of each 2x2 outputs, taken before the epilogue, in which no extra
    varies along a spatial dimension: init is half the convolution's outputs along the last two.
  }];
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$w, Variadic<AnyBuffer>:$extras, AnyBuffer:$init,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups, UnitAttr:$nchwInput,
                       UnitAttr:$pooled, OptionalAttr<DenseI64ArrayAttr>:$winograd, OptionalAttr<Kernel_TileAttr>:$tile);
  let assemblyFormat = [{
    $x `,` $w `into` $init `strides` $strides `pads` $pads `dilations` $dilations (`winograd` $winograd^)?
    (`tile` $tile^)? attr-dict
    `:` type($x) `,` type($w) `into` type($init) (`->` type($results)^)?
    custom<Epilogue>(ref(type($init)), $extras, type($extras), $epilogue)
  }];
  let members = [{
    /// The window's spatial extents; from the packed weights once `tile` is set.
    ::llvm::SmallVector<int64_t> getKernelExtents();
  }];
}

def Kernel_DepthwiseOp : Kernel_Contraction<"depthwise"> {
  let summary = "channels-last convolution with one input channel for each output channel";
  let description = [{
    As `kernel.conv` with as many groups as input channels and a multiple of them as output channels; w is
    [spatial.., 1, OC], packed to [ceil(OC / lanes)][KD * KH * KW][lanes]. Units: groups of output rows, vectors of
    channels. `tile` is pixels x rows x lanes here.
  }];
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$w, Variadic<AnyBuffer>:$extras, AnyBuffer:$init,
                       DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations, OptionalAttr<Kernel_TileAttr>:$tile);
  let assemblyFormat = [{
    $x `,` $w `into` $init `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations
    (`tile` $tile^)? attr-dict
    `:` type($x) `,` type($w) `into` type($init) (`->` type($results)^)?
    custom<Epilogue>(ref(type($init)), $extras, type($extras), $epilogue)
  }];
}

def Kernel_PackOp : Kernel_Op<"pack", [DeclareOpInterfaceMethods<KernelInterface>]> {
  let summary = "weights that are not constant, packed at run time";
  let description = [{
    w [K.., N] (or [N, K] with `transpose`) with N in `groups` equal parts becomes init
    [groups][ceil(N / groups / panel)][K..][panel] in that order of elements, whatever the shape of init says; zeros
    after the last column of a group. Units: panels of all groups.
  }];
  let arguments = (ins AnyBuffer:$w, AnyBuffer:$init, I64Attr:$panel, DefaultValuedAttr<I64Attr, "1">:$groups, UnitAttr:$transpose);
  let assemblyFormat = [{
    $w `into` $init `panel` $panel attr-dict
    `:` type($w) `into` type($init) (`->` type($results)^)?
  }];
  let members = "bool takesStrides() { return true; }";
}
#endif
