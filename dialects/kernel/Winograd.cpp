// Winograd.h's implementation.
#include "dialects/kernel/Winograd.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

using namespace mlir;
using namespace nncc::kernel;

// Small powers of two: their own powers, and so the transforms of inputs and sums, have exact coefficients.
static constexpr double points[mostPoints - 1] = {0, 1, -1, 2, -2, 0.5, -0.5};

// Coefficients of the product of (x - points[k]) over k < n, except k = `without`.
static SmallVector<double> productOfRoots(int64_t n, int64_t without) {
  SmallVector<double> polynomial = {1};
  for (int64_t k = 0; k < n; k++) {
    if (k == without)
      continue;
    polynomial.push_back(0);
    for (size_t i = polynomial.size(); i-- > 0;)
      polynomial[i] = (i ? polynomial[i - 1] : 0) - points[k] * polynomial[i];
  }
  return polynomial;
}

static double power(double x, int64_t n) { return n ? x * power(x, n - 1) : 1; }

// With M the product of all finite (x - p): row p of `input` is M / (x - p), of `filter` p's powers over that product's
// value at p; the last rows belong to the point at infinity.
Filtering nncc::kernel::filteringOf(int64_t m, int64_t r) {
  if (m == 1) {
    Filtering direct = {{r, r, SmallVector<double>(r * r)}, {1, 1, {1.}}, {1, 1, {1.}}};
    for (int64_t k = 0; k < r; k++)
      direct.filter.values[k * r + k] = 1;
    return direct;
  }
  int64_t all = m + r - 1, finite = all - 1;
  assert(m >= 1 && r >= 1 && all <= mostPoints && "expected extents with enough points");
  Filtering f = {{all, r, SmallVector<double>(all * r)},
                 {all, all, SmallVector<double>(all * all)},
                 {m, all, SmallVector<double>(m * all)}};
  for (int64_t j = 0; j < finite; j++) {
    SmallVector<double> others = productOfRoots(finite, j);
    double scale = 0;
    for (auto [i, coefficient] : llvm::enumerate(others)) {
      f.input.values[j * all + i] = coefficient;
      scale += coefficient * power(points[j], i);
    }
    for (int64_t i = 0; i < r; i++)
      f.filter.values[j * r + i] = power(points[j], i) / scale;
    for (int64_t i = 0; i < m; i++)
      f.output.values[i * all + j] = power(points[j], i);
  }
  llvm::copy(productOfRoots(finite, -1), f.input.values.begin() + finite * all);
  f.filter.values.back() = 1;
  f.output.values.back() = 1;
  return f;
}

double nncc::kernel::amplificationOf(int64_t m, int64_t r) {
  Filtering f = filteringOf(m, r);
  auto squares = [](const Matrix &matrix, int64_t row) {
    double sum = 0;
    for (int64_t k = 0; k < matrix.columns; k++)
      sum += matrix(row, k) * matrix(row, k);
    return sum;
  };
  double most = 0;
  for (int64_t i = 0; i < m; i++) {
    double sum = 0;
    for (int64_t p = 0; p < f.output.columns; p++)
      sum += f.output(i, p) * f.output(i, p) * squares(f.filter, p) * squares(f.input, p);
    most = std::max(most, sum);
  }
  return std::sqrt(most);
}

WinogradGeometry nncc::kernel::winogradOf(const WindowGeometry &g, const int64_t tile[2]) {
  WinogradGeometry w;
  w.images = 1;
  w.count = g.batch * g.out[0];
  for (unsigned d = 0; d < 2; d++) {
    w.tile[d] = tile[d];
    bool isDirect = tile[d] == 1 && g.kernel[1 + d] > 1;
    if (isDirect)
      w.direct = d;
    w.points[d] = isDirect ? 1 : tile[d] + g.kernel[1 + d] - 1;
    w.tiles[d] = tilesOf(g.out[1 + d], tile[d]);
    w.count *= w.tiles[d];
  }
  if (w.direct) {
    w.images = g.batch * g.out[0];
    w.directTaps = g.kernel[1 + *w.direct];
    w.tapDistance = g.dilation[1 + *w.direct] * w.tiles[1 - *w.direct];
  }
  return w;
}

WinogradGeometry nncc::kernel::winogradOf(ConvOp op) {
  ArrayRef<int64_t> outputs = *op.getWinograd();
  size_t n = outputs.size();
  int64_t tile[2] = {n > 1 ? outputs[n - 2] : 1, outputs[n - 1]};
  return winogradOf(geometryOf(op), tile);
}

// The stride between tiles in scratch memory.
static int64_t rowStrideOf(const WindowGeometry &g) {
  constexpr int64_t bytes = sizeof(float), line = 64 / bytes;
  int64_t stride = llvm::alignTo(g.ic, line);
  return stride * bytes % 1024 == 0 ? stride + line : stride;
}

// Weights that stay in the second-level cache leave room for few tiles, and few are enough; others are read once for
// each block, so that blocks had better be large.
int64_t nncc::kernel::tilesInCache(const WindowGeometry &g, const WinogradGeometry &w, int64_t panel, int64_t l2) {
  constexpr int64_t bytes = sizeof(float);
  int64_t weightBytes = w.directTaps * w.products() * (g.ic / g.groups) * g.oc * bytes;
  int64_t room = weightBytes <= l2 / 2 ? l2 * 3 / 4 - weightBytes : l2 / 2, stride = rowStrideOf(g);
  room -= w.halo() * w.products() * stride * bytes;
  return std::max<int64_t>(room, 0) / (w.products() * (stride + panel) * bytes);
}

WinogradScratch nncc::kernel::winogradScratchOf(ConvOp op) {
  constexpr int64_t bytes = sizeof(float), line = 64 / bytes, leastUnits = 3;
  WindowGeometry g = geometryOf(op);
  WinogradGeometry w = winogradOf(op);
  TileAttr tile = op.getTileAttr();
  WinogradScratch s;
  s.rowStride = rowStrideOf(g);
  int64_t units = tilesOf(w.tilesOfImage(), tile.getRows());
  int64_t fit = tilesInCache(g, w, tile.getPanel(), TargetAttr::of(op).getL2()) / tile.getRows();
  int64_t most = std::clamp<int64_t>(fit, std::min(leastUnits, units), units);
  s.block = tilesOf(units, tilesOf(units, most)) * tile.getRows();
  s.productStride = ((s.block + w.halo()) * s.rowStride) | line;
  s.sumsOffset = llvm::alignTo(w.products() * s.productStride * bytes, 64);
  s.bytes = llvm::alignTo(s.sumsOffset + w.products() * s.block * tile.getPanel() * bytes, 64);
  return s;
}

bool nncc::kernel::canFilter(const WindowGeometry &g, const int64_t tile[2]) {
  unsigned direct = 0;
  for (unsigned d = 0; d < 2; d++) {
    bool hasTaps = g.kernel[1 + d] > 1;
    direct += hasTaps && tile[d] == 1;
    if (g.stride[1 + d] != 1 || (hasTaps && tile[d] != 1 && g.dilation[1 + d] != 1))
      return false;
  }
  return direct < 2 && g.stride[0] == 1 && g.kernel[0] == 1 && g.low[0] == 0 && g.high[0] == 0 && g.taps() > 1;
}

// filter_h * g * filter_w^T, a row of numbers at a time.
void nncc::kernel::transformWeights(const char *from, bool splat, float *to, const int64_t tile[2],
                                    const int64_t taps[2], int64_t pairs) {
  Matrix down = filteringOf(tile[0], taps[0]).filter, across = filteringOf(tile[1], taps[1]).filter;
  constexpr int64_t block = 256;
  std::vector<double> g(taps[0] * taps[1] * block), half(down.rows * taps[1] * block);
  // to[i] += scale * from[i]
  auto accumulate = [](double *to, double scale, const double *from) {
    for (int64_t i = 0; i < block; i++)
      to[i] += scale * from[i];
  };
  for (int64_t first = 0; first < pairs; first += block) {
    int64_t count = std::min(block, pairs - first);
    for (int64_t tap = 0; tap < taps[0] * taps[1]; tap++)
      for (int64_t i = 0; i < count; i++) {
        float value;
        std::memcpy(&value, from + (splat ? 0 : tap * pairs + first + i) * sizeof value, sizeof value);
        g[tap * block + i] = value;
      }
    std::fill(half.begin(), half.end(), 0);
    for (int64_t p = 0; p < down.rows; p++)
      for (int64_t kh = 0; kh < taps[0]; kh++)
        for (int64_t kw = 0; kw < taps[1]; kw++)
          accumulate(&half[(p * taps[1] + kw) * block], down(p, kh), &g[(kh * taps[1] + kw) * block]);
    for (int64_t p = 0; p < down.rows; p++)
      for (int64_t q = 0; q < across.rows; q++) {
        double sum[block] = {};
        for (int64_t kw = 0; kw < taps[1]; kw++)
          accumulate(sum, across(q, kw), &half[(p * taps[1] + kw) * block]);
        std::copy(sum, sum + count, to + (p * across.rows + q) * pairs + first);
      }
  }
}
