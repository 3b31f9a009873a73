// Register tiles that an op may have, and who decides between them.
#pragma once
#include "dialects/kernel/Kernel.h"

namespace nncc {

/// Decides between tiles by more than the table knows: by time (the driver's Tuner), or to see each of them tested.
class TileChoices {
public:
  virtual ~TileChoices() = default;
  /// One of the candidates, the first of which is the table's, for an op without a tile, whose weights are not packed.
  virtual kernel::TileAttr choose(mlir::Operation *op, llvm::ArrayRef<kernel::TileAttr> candidates) = 0;
};

/// The kinds of ops that have rows of the table (Tiles.td) of their own.
enum class TileKind { Product, Stem, Depthwise };

/// Candidates for an op whose result is `rows` x `columns` elements for the registers: the table's, then others, those
/// that take the fewest instructions first. All are as wide as the first with `oneWidth`.
llvm::SmallVector<kernel::TileAttr> productTiles(kernel::TargetAttr target, TileKind kind, mlir::Type element,
                                                 int64_t rows, int64_t columns, bool oneWidth);
/// The same for a depthwise convolution of `taps` taps, whose tiles are pixels of a row x rows.
llvm::SmallVector<kernel::TileAttr> depthwiseTiles(kernel::TargetAttr target, mlir::Type element, int64_t taps,
                                                   int64_t pixels, int64_t rows);

} // namespace nncc
