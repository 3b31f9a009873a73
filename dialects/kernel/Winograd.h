// Winograd's minimal filtering: m neighbouring outputs of a filter of r taps from m + r - 1 products. The matrices are
// those of Toom and Cook (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015, with points of our
// own); an image takes them along both dimensions, or along one while the taps of the other are summed directly.
#pragma once
#include "dialects/kernel/Geometry.h"

namespace nncc::kernel {

/// Row-major.
struct Matrix {
  int64_t rows, columns;
  llvm::SmallVector<double> values;
  double operator()(int64_t r, int64_t c) const { return values[r * columns + c]; }
};

/// y = output * ((filter * g) . (input * d)): `m` outputs y of `r` taps g and m + r - 1 inputs d. Points come in pairs
/// +-p, so that rows of `input` and columns of `output` differ in the sign of every other element.
struct Filtering {
  Matrix filter; // [m + r - 1, r]
  Matrix input;  // [m + r - 1, m + r - 1], with the largest power's coefficient 1
  Matrix output; // [m, m + r - 1]
};
/// m + r - 1 may be 1 to `mostPoints`. One output is the direct sum, of any taps: each has a filter of its own, and one
/// input at a time.
Filtering filteringOf(int64_t m, int64_t r);
constexpr int64_t mostPoints = 8;
/// How much the transforms enlarge errors of their parts, in the root of the mean square: of two dimensions the
/// product.
double amplificationOf(int64_t m, int64_t r);
/// That of tiles of 4x4 for windows of 3x3, whose errors are about 5e-6 of the largest output.
constexpr double mostAmplification = 100;

/// A convolution by minimal filtering, in numbers. The depth has one tap; the other two dimensions have tiles. Along a
/// direct dimension a tile has one output, and the sum of a product runs over its taps as well: tiles are numbered with
/// it outermost, so that tap k reads the tile `tapDistance` * k further on, of an input padded along it.
struct WinogradGeometry {
  int64_t tile[2];   // outputs of a tile along a dimension
  int64_t points[2]; // products: tile + taps - 1, or 1
  int64_t tiles[2];  // of an image
  int64_t count;     // tiles of all images
  int64_t images;    // which are transformed apart: 1 where no dimension is direct
  std::optional<unsigned> direct;
  int64_t directTaps = 1, tapDistance = 0;
  int64_t products() const { return points[0] * points[1]; }
  int64_t tilesOfImage() const { return count / images; }
  /// Tiles of the input that a block has more than of the output.
  int64_t halo() const { return (directTaps - 1) * tapDistance; }
};
WinogradGeometry winogradOf(const WindowGeometry &g, const int64_t tile[2]);
/// Of a convolution whose attribute `winograd` is set.
WinogradGeometry winogradOf(ConvOp op);

/// How many tiles' inputs and sums of one panel fit a share of the second-level cache; 0 where not even a halo does.
int64_t tilesInCache(const WindowGeometry &g, const WinogradGeometry &w, int64_t panel, int64_t l2);

/// What the kernel keeps in scratch memory: transformed inputs of a block of tiles and its halo,
/// [product][tile][channel], and the sums of one panel, [product][tile][column]. Strides are in elements, padded so
/// that neither the rows of a tile nor the products of a row share a set of the cache.
struct WinogradScratch {
  int64_t block; // tiles, a multiple of the register tile's rows
  int64_t rowStride, productStride;
  int64_t sumsOffset, bytes;
};
WinogradScratch winogradScratchOf(ConvOp op);

/// Whether minimal filtering applies: no strides, no taps in depth, more than one tap, and with these tiles no dilation
/// but along a direct dimension, of which there is one at most.
bool canFilter(const WindowGeometry &g, const int64_t tile[2]);

/// Weights [taps of two dimensions, channels..] in f32, at any alignment, become [products or direct taps..,
/// channels..], computed in double. `pairs`: how many numbers there are for each tap; `splat`: all are the first.
void transformWeights(const char *from, bool splat, float *to, const int64_t tile[2], const int64_t taps[2],
                      int64_t pairs);

} // namespace nncc::kernel
