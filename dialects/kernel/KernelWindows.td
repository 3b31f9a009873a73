// Windows without weights.
#ifndef NNCC_KERNEL_WINDOWS
#define NNCC_KERNEL_WINDOWS
include "dialects/kernel/KernelBase.td"
include "dialects/nn/NNEnums.td"

def Kernel_PoolOp : Kernel_Op<"pool", [DeclareOpInterfaceMethods<KernelInterface, ["getFlops"]>]> {
  let summary = "channels-last pooling of one to three spatial dimensions";
  let description = [{
    x [batch, spatial.., C], init [batch, spatial.., C]. `pads` holds those before every spatial dimension, then those
    after. A maximum ignores padding; an average divides by the elements of x in the window, with `countPad`
    by those within the padded extent; `isUnsigned` says how integers compare; `lp` is (sum |x|^p)^(1/p). Units: rows of the output.
  }];
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$init, NN_PoolKind:$kind,
                       DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       UnitAttr:$countPad, UnitAttr:$isUnsigned, DefaultValuedAttr<I64Attr, "2">:$p);
  let assemblyFormat = [{
    $kind $x `into` $init `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations
    attr-dict `:` type($x) `into` type($init) (`->` type($results)^)?
  }];
}

def Kernel_PoolIndexOp : Kernel_Op<"pool_index", [DeclareOpInterfaceMethods<KernelInterface, ["getFlops"]>]> {
  let summary = "where each maximum of a pooling lies";
  let description = [{
    As a `max` pool, but init (i64) holds the position of the first greatest element in x laid out as [batch, C,
    spatial..]; with `columnMajor` the spatial dimensions count from the first.
  }];
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$init,
                       DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       UnitAttr:$columnMajor, UnitAttr:$isUnsigned);
  let assemblyFormat = [{
    $x `into` $init `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations
    attr-dict `:` type($x) `into` type($init) (`->` type($results)^)?
  }];
  let members = "bool takesStrides() { return true; }";
}
#endif
