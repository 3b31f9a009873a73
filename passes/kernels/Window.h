// What emitters of windows over images share: addresses of pixels, the taps that fall inside the image, and the cut of
// an output row into tiles whose position is known where they touch padding.
#pragma once
#include "dialects/kernel/Geometry.h"
#include "passes/kernels/Emitter.h"

namespace nncc {

/// Strides of an image operand: batch, three spatial dimensions (0 where the type has none), channel.
struct ImageStrides {
  int64_t batch, channel;
  kernel::Triple spatial;
};
ImageStrides imageStrides(mlir::Value image, unsigned spatial, bool channelsFirst = false);

/// Taps [from, to) along dimension `d` that lie inside the image when the first one is at input position `first`.
KernelSite::Range insideTaps(Emitter &e, const kernel::WindowGeometry &g, unsigned d, mlir::Value first);
/// True when no window reaches outside along `d`.
bool neverPads(const kernel::WindowGeometry &g, unsigned d);
/// True when tap `tap` of output position `at` along `d` lies inside the image.
bool isInside(const kernel::WindowGeometry &g, unsigned d, int64_t at, int64_t tap);
/// Of the whole tiles of `size` output positions along `d`, the range whose windows stay inside the image.
std::pair<int64_t, int64_t> insideTiles(const kernel::WindowGeometry &g, unsigned d, int64_t size);

/// A tile of pixels along an output row. Its position is a constant wherever a window reaches outside and for the last,
/// lower tile; where that would be too many tiles, they are one pixel high at a position that is none (`mayPad`).
struct RowTile {
  mlir::Value at;
  int64_t height;
  bool mayPad;
};
/// Cuts an output row into tiles of `rows` pixels. `spellsTaps`: code of `body` grows with the taps where the position
/// is a constant, so that fewer pixels get one.
void forEachRowTile(Emitter &e, const kernel::WindowGeometry &g, int64_t rows, bool spellsTaps,
                    llvm::function_ref<void(RowTile)> body);

/// Runs `body` over the taps of the two outer dimensions that lie inside the image when tap 0 is at `firsts`, carrying
/// `acc` from one to the next.
void forEachOuterTap(
    Emitter &e, const kernel::WindowGeometry &g, llvm::ArrayRef<mlir::Value> firsts,
    llvm::SmallVector<mlir::Value> &acc,
    llvm::function_ref<void(mlir::Value kd, mlir::Value kh, llvm::SmallVector<mlir::Value> &acc)> body);

} // namespace nncc
