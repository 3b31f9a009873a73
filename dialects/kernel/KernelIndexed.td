// Ops whose addresses depend on data, or that have an order, and the checks that guard them. Indices are i32 or i64;
// negative ones count from the end, and what is out of range is clamped: memory outside the buffers is never touched.
#ifndef NNCC_KERNEL_INDEXED
#define NNCC_KERNEL_INDEXED
include "dialects/kernel/KernelBase.td"
include "dialects/nn/NNEnums.td"

class Kernel_Indexed<string mnemonic, list<string> methods = []>
    : Kernel_Op<mnemonic, [DeclareOpInterfaceMethods<KernelInterface, methods>]> {
  let hasVerifier = 1;
  let members = "bool takesStrides() { return true; }";
}

def Kernel_GatherOp : Kernel_Indexed<"gather", ["getBytes"]> {
  let summary = "init[a.., i.., b..] = x[a.., indices[i..], b..]";
  let description = "Units: outer positions a, indices.";
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$indices, AnyBuffer:$init, I64Attr:$axis);
  let assemblyFormat = [{
    $x `,` $indices `into` $init `axis` $axis attr-dict
    `:` type($x) `,` type($indices) `into` type($init) (`->` type($results)^)?
  }];
}

def Kernel_GatherElementsOp : Kernel_Indexed<"gather_elements", ["getBytes"]> {
  let summary = "init[.., i, ..] = x[.., indices[.., i, ..], ..]";
  let description = "Units: rows of indices, their elements.";
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$indices, AnyBuffer:$init, I64Attr:$axis);
  let assemblyFormat = [{
    $x `,` $indices `into` $init `axis` $axis attr-dict
    `:` type($x) `,` type($indices) `into` type($init) (`->` type($results)^)?
  }];
}

def Kernel_GatherNDOp : Kernel_Indexed<"gather_nd", ["getBytes"]> {
  let summary = "init[b.., i.., r..] = x[b.., indices[b.., i.., :].., r..]";
  let description = "Units: batches b, tuples i.";
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$indices, AnyBuffer:$init, DefaultValuedAttr<I64Attr, "0">:$batchDims);
  let assemblyFormat = [{
    $x `,` $indices `into` $init attr-dict
    `:` type($x) `,` type($indices) `into` type($init) (`->` type($results)^)?
  }];
}

// A scatter changes what its destination holds. `isUnsigned` matters to max and min of integers.
def Kernel_ScatterElementsOp : Kernel_Indexed<"scatter_elements", ["readsInit", "getFlops", "getBytes"]> {
  let summary = "combines updates into init at [.., indices[.., i, ..], ..], in row-major order of the updates";
  let description = "Units: updates before the axis, updates behind it; those along the axis may meet one element.";
  let arguments = (ins AnyBuffer:$indices, AnyBuffer:$updates, AnyBuffer:$init, NN_ScatterKind:$kind,
                       I64Attr:$axis, UnitAttr:$isUnsigned);
  let assemblyFormat = [{
    $kind $updates `at` $indices `into` $init `axis` $axis attr-dict
    `:` type($updates) `,` type($indices) `into` type($init) (`->` type($results)^)?
  }];
}

def Kernel_ScatterNDOp : Kernel_Indexed<"scatter_nd", ["readsInit", "getFlops", "getBytes"]> {
  let summary = "combines slices of updates into init at [indices[i.., :].., r..], in row-major order";
  let description = "Units: elements along the first dimension of a slice; slices may meet.";
  let arguments = (ins AnyBuffer:$indices, AnyBuffer:$updates, AnyBuffer:$init, NN_ScatterKind:$kind,
                       UnitAttr:$isUnsigned);
  let assemblyFormat = [{
    $kind $updates `at` $indices `into` $init attr-dict
    `:` type($updates) `,` type($indices) `into` type($init) (`->` type($results)^)?
  }];
}

def Kernel_CumSumOp : Kernel_Indexed<"cumsum"> {
  let summary = "init[.., i, ..] = sum of x[.., j, ..] for j <= i; j < i when exclusive, j >= i when reverse";
  let description = "Units: positions before the axis, vectors of positions behind it.";
  let arguments = (ins AnyBuffer:$x, AnyBuffer:$init, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let assemblyFormat = [{
    $x `into` $init `axis` $axis attr-dict `:` type($x) `into` type($init) (`->` type($results)^)?
  }];
}

def Kernel_TopKOp : Kernel_Indexed<"topk", ["getFlops"]> {
  let summary = "the first elements of x along the axis in descending order (ascending: `smallest`), and their i64 indices";
  let description = [{
    Of equal elements the first comes first; NaN is above every number. The destinations, values and indices, have k
    elements along the axis. Units: rows.
  }];
  let arguments = (ins AnyBuffer:$x, Variadic<AnyBuffer>:$inits, I64Attr:$axis, UnitAttr:$smallest,
                       UnitAttr:$isUnsigned);
  let destination = "Inits";
  let assemblyFormat = [{
    $x `into` $inits `axis` $axis attr-dict `:` type($x) `into` type($inits) (`->` type($results)^)?
  }];
}

// `status` keeps the first code that is stored. Unit: the whole op.
class Kernel_Check<string mnemonic> : Kernel_Indexed<mnemonic, ["readsInit", "getFlops"]> {
  let destination = "Status";
}

def Kernel_CheckIndexOp : Kernel_Check<"check_index"> {
  let summary = "stores NNCC_E_INDEX unless -extents[d] <= indices[.., d] < extents[d]";
  let description = "One extent holds for all elements, several for the entries of the last dimension.";
  let arguments = (ins AnyBuffer:$indices, MemRefRankOf<[I32], [0]>:$status, DenseI64ArrayAttr:$extents);
  let assemblyFormat = [{
    $indices `extents` $extents `into` $status attr-dict
    `:` type($indices) `into` type($status) (`->` type($results)^)?
  }];
}

def Kernel_CheckValueOp : Kernel_Check<"check_value"> {
  let summary = "stores NNCC_E_SHAPE unless the elements of value are the expected ones, in row-major order";
  let arguments = (ins AnyBuffer:$value, MemRefRankOf<[I32], [0]>:$status, DenseI64ArrayAttr:$expected);
  let assemblyFormat = [{
    $value `expected` $expected `into` $status attr-dict
    `:` type($value) `into` type($status) (`->` type($results)^)?
  }];
}
#endif
