// The passes of the stage `schedule`: strategy, tiles and layout of weights.
#ifndef SCHEDULE_PASSES
#define SCHEDULE_PASSES
include "mlir/Pass/PassBase.td"

def MergeConvolutions : Pass<"nncc-merge-convolutions", "mlir::func::FuncOp"> {
  let summary = "convolutions of one image whose channels fill vectors better together become one";
  let description = [{
    `kernel.conv %x, %w1`, `kernel.conv %x, %w2` => copies of slices of `kernel.conv %x, (%w1 and %w2 side by side)`,
    for constant weights and equal epilogues.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect", "mlir::tensor::TensorDialect"];
}

def WidenConvolutions : Pass<"nncc-widen-convolutions", "mlir::func::FuncOp"> {
  let summary = "neighbouring pixels of a convolution of few output channels become channels of one";
  let description = [{
    `kernel.conv %x, %w strides [s]` of OC channels => `kernel.conv %x, %w' strides [s * p]` of p * OC channels and
    taps + s * (p - 1) taps along a row, of which those before and after the window's are zeros, for constant weights.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def Winograd : Pass<"nncc-winograd", "mlir::ModuleOp"> {
  let summary = "compute convolutions of constant weights by minimal filtering where that is faster";
  let description = [{
    `kernel.conv %x, %w` => `kernel.conv %x, (filter %w filter^T) winograd [m, n]`, for f32 without strides, up to 4
    outputs a tile and 8 products along a dimension; one dimension may be direct, [1, n] or [m, 1], and then of any
    number of taps and dilation. A model of all ways chooses; the weights of all constants together grow by no more than
    60 %.
  }];
  let options = [Option<"largestTile", "largest-tile", "int64_t", "4", "outputs of a tile along a dimension, at most">,
                 Option<"growth", "growth", "int64_t", "60", "percent that all weights together may grow by">];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def PoolConvolutions : Pass<"nncc-pool-convolutions", "mlir::func::FuncOp"> {
  let summary = "take the maxima of 2x2 outputs while they are in registers";
  let description = [{
    `kernel.pool max (kernel.conv .. winograd [m, n]) kernel [2, 2] strides [2, 2]` => `kernel.conv .. pooled`, for even
    m and n, where the pool reads no padding and is the only reader, and the epilogue never falls as its sum grows.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect"];
}

def ChooseTiles : Pass<"nncc-choose-tiles", "mlir::func::FuncOp"> {
  let summary = "give each contraction its register tile, and its weights the layout that goes with it";
  let description = [{
    `kernel.gemm %a, %w` => `kernel.gemm %a, (kernel.pack %w) tile #kernel.tile<8x3x16>`, by the table in Tiles.td. The
    layout depends on the weight and the target, never on the number of rows.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def PackWeights : Pass<"nncc-pack-weights", "mlir::ModuleOp"> {
  let summary = "pack constant weights at compile time";
  let description = "`kernel.pack (constant W)` => `constant (W packed)`; one constant for equal packings of one weight.";
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def PackRecurrent : Pass<"nncc-pack-recurrent", "mlir::ModuleOp"> {
  let summary = "choose the tile of each kernel.recurrent and pack its weights into one stream";
  let description = [{
    `kernel.recurrent %x, %r` => `kernel.recurrent %x, (%r as [direction][part][block][k][gate of the part][panel]) tile
    #kernel.tile<..>`: a constant where %r is one, else ops that move its elements.
  }];
  let dependentDialects = ["::nncc::kernel::KernelDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"nncc-fuse-elementwise", "mlir::func::FuncOp"> {
  let summary = "merge elementwise ops into their only consumer, elementwise or reduction";
  let description = [{
    `g(f(x), y)` => `(g . f)(x, y)` for a `linalg.generic` f that is used once, or is no more than a cast or broadcast,
    if each element of f is computed once; constants become part of the body. A body holds at most 64 operations.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect"];
}
#endif
