// Attention as one kernel: scores never leave the cache.
#ifndef NNCC_KERNEL_ATTENTION
#define NNCC_KERNEL_ATTENTION
include "dialects/kernel/KernelBase.td"

def Kernel_AttentionOp : Kernel_Op<"attention", [
    DeclareOpInterfaceMethods<KernelInterface, ["getScratchBytes", "getFlops"]>]> {
  let summary = "softmax(scale * q k^T + mask) v for each head";
  let description = [{
    q [B, S, H, D], k and v with H / n heads, init as q with v's last extent; a tensor with its flag set is
    [B, H, S, D]. The mask is [B or 1, H or 1, Sq or 1, Sk]. With `causal` query i sees the keys up to i + Sk - Sq.
    Units: batches x heads x blocks of queries.
  }];
  let arguments = (ins AnyBuffer:$q, AnyBuffer:$k, AnyBuffer:$v, Optional<AnyBuffer>:$mask, AnyBuffer:$init,
                       F64Attr:$scale, UnitAttr:$causal, UnitAttr:$qHeadsFirst, UnitAttr:$kHeadsFirst,
                       UnitAttr:$vHeadsFirst, UnitAttr:$resultHeadsFirst);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`mask` $mask^)? `into` $init `scale` $scale attr-dict `:` functional-type(operands, results)
  }];
  let members = [{
    /// Extents of one tensor's dimensions by meaning.
    struct Extents { int64_t batch, sequence, heads, width; };
    static Extents extentsOf(::mlir::Value tensor, bool headsFirst);
    /// Queries that one block holds in lanes; 1 where so few queries exist that keys take the lanes.
    int64_t getBlock();
  }];
}
#endif
