// Minimal filtering where it saves time by a model of both ways, the largest gains for each byte of weights first: the
// weights of a tile's products are more than those of the taps.
#include "dialects/kernel/Winograd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/ConstantBytes.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/ScaledWeights.h"
#include <map>

using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_WINOGRAD
#include "passes/schedule/Passes.h.inc"
namespace {

struct Form {
  int64_t tile[2];
  double time;  // in cycles of the vector units
  double bytes; // of weights
};

// Cycles of one core that multiplies and adds two vectors in each. What memory delivers hides behind arithmetic in
// part. Fitted to 3x3 convolutions of 56x56x64, 28x28x128, 14x14x256 and 7x7x512 in a network (README).
constexpr double vectorsPerCycle = 2, bytesPerCycle = 6, cyclesPerByte = 0.09;
// Shares of the multiply-add peak that the two kernels reach on weights in cache.
constexpr double directShare = 0.97, winogradShare = 0.9;

double timeOfWeights(double bytes, double compute) {
  return bytes * cyclesPerByte + std::max(bytes / bytesPerCycle - compute, 0.0);
}

Form directForm(const kernel::WindowGeometry &g, kernel::TargetAttr target) {
  // Padding is left out.
  double taps = 1;
  for (unsigned d = 1; d < 3; d++) {
    double inside = 0;
    for (int64_t at = 0; at < g.out[d]; at++)
      for (int64_t k = 0; k < g.kernel[d]; k++)
        inside += at + k >= g.low[d] && at + k - g.low[d] < g.in[d];
    taps *= inside;
  }
  int64_t lanes = target.getLanes(), columns = llvm::alignTo(g.oc / g.groups, lanes) * g.groups;
  double vectors = double(g.batch * g.out[0]) * taps * double(g.ic / g.groups) * double(columns) / double(lanes);
  double bytes = double(g.taps() * (g.ic / g.groups) * g.oc) * 4, compute = vectors / vectorsPerCycle / directShare;
  return {{1, 1}, compute + timeOfWeights(bytes, compute), bytes};
}

// A transform costs about two instructions for each number on the way, as loads and stores take turns with arithmetic.
// Each block repeats those of its halo. None where a halo leaves the cache no room.
std::optional<Form> winogradForm(const kernel::WindowGeometry &g, kernel::TargetAttr target, const int64_t tile[2]) {
  constexpr double leastRows = 8;
  constexpr int64_t panelVectors = 3, instructions = 4;
  kernel::WinogradGeometry w = kernel::winogradOf(g, tile);
  int64_t lanes = target.getLanes(), ofGroup = llvm::alignTo(g.oc / g.groups, lanes), columns = ofGroup * g.groups;
  int64_t room = kernel::tilesInCache(g, w, std::min(ofGroup, panelVectors * lanes), target.getL2());
  if (w.halo() && !room)
    return std::nullopt;
  double taps = double(w.products() * w.directTaps), tiles = double(w.count);
  double vectors = tiles * taps * double(g.ic / g.groups) * double(columns) / double(lanes);
  // Few tiles fill no register tile: then the latency of the adders or the loads of weights show.
  double compute = vectors / vectorsPerCycle / winogradShare * std::max(1.0, leastRows / double(w.tilesOfImage()));
  double blocks = w.halo() ? double(w.images * kernel::tilesOf(w.tilesOfImage(), room)) : 0;
  double inputs = (tiles + blocks * double(w.halo())) * double(llvm::alignTo(g.ic, lanes)) / double(lanes);
  double sums = tiles * double(columns) / double(lanes);
  double transforms = (inputs + sums) * double(w.products() * instructions);
  double bytes = taps * double(g.ic / g.groups * g.oc) * 4;
  return Form{{tile[0], tile[1]}, compute + transforms + timeOfWeights(bytes, compute), bytes};
}

// Factors may be those of channels, not of taps.
bool isScaledConstant(Value w) {
  auto weights = ScaledWeights::of(w);
  auto isTap = [&](int64_t d) { return weights->varyAlong(d); };
  return weights && llvm::none_of(llvm::seq<int64_t>(0, cast<ShapedType>(w.getType()).getRank() - 2), isTap);
}

struct WinogradPass : impl::WinogradBase<WinogradPass> {
  using WinogradBase::WinogradBase;

  // All forms, the direct one first.
  SmallVector<Form> formsOf(kernel::ConvOp op) {
    kernel::WindowGeometry g = kernel::geometryOf(op);
    if (g.batch * g.out[0] * g.out[1] * g.out[2] == 0)
      return {};
    kernel::TargetAttr target = kernel::TargetAttr::of(op);
    SmallVector<Form> forms = {directForm(g, target)};
    // One output: a dimension of one tap, or a direct one.
    auto sizes = [&](unsigned d) {
      SmallVector<int64_t> sizes = {1};
      int64_t most = g.kernel[d] == 1 ? 1 : std::min<int64_t>(largestTile, kernel::mostPoints - g.kernel[d] + 1);
      for (int64_t m = 2; m <= most; m += 2)
        sizes.push_back(m);
      return sizes;
    };
    for (int64_t h : sizes(1))
      for (int64_t w : sizes(2)) {
        int64_t tile[2] = {h, w};
        if (h * w == 1 || !kernel::canFilter(g, tile) ||
            kernel::amplificationOf(h, g.kernel[1]) * kernel::amplificationOf(w, g.kernel[2]) >
                kernel::mostAmplification)
          continue;
        if (auto form = winogradForm(g, target, tile))
          forms.push_back(*form);
      }
    return forms;
  }

  // The forms in which each saves time for more bytes than the one before, at falling rates: the lower hull.
  SmallVector<Form> hullOf(SmallVector<Form> forms) {
    llvm::sort(forms, [](const Form &a, const Form &b) {
      return std::tie(a.bytes, a.time, a.tile[0]) < std::tie(b.bytes, b.time, b.tile[0]);
    });
    SmallVector<Form> hull;
    for (const Form &form : forms) {
      if (!hull.empty() && form.time >= hull.back().time)
        continue;
      auto rate = [](const Form &from, const Form &to) {
        return (from.time - to.time) / std::max(to.bytes - from.bytes, 1.0);
      };
      while (hull.size() > 1 && rate(hull[hull.size() - 2], hull.back()) <= rate(hull.back(), form))
        hull.pop_back();
      hull.push_back(form);
    }
    return hull;
  }

  void runOnOperation() override {
    struct Step {
      size_t op;
      Form form;
      double rate, bytes;
    };
    SmallVector<kernel::ConvOp> ops;
    SmallVector<SmallVector<Form>> forms;
    SmallVector<Step> steps;
    double weights = 0;
    getOperation().walk([&](Operation *op) {
      if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && constant->getNumResults())
        weights += kernel::countBytes(constant->getResults());
      auto conv = dyn_cast<kernel::ConvOp>(op);
      bool isStatic =
          conv && llvm::all_of(conv->getOperandTypes(), [](Type t) { return cast<ShapedType>(t).hasStaticShape(); });
      if (!isStatic || conv.getWinograd() || conv.getTile() || conv.getNchwInput() || !isScaledConstant(conv.getW()) ||
          !getElementTypeOrSelf(conv.getX().getType()).isF32())
        return;
      forms.push_back(formsOf(conv));
      SmallVector<Form> hull = hullOf(forms.back());
      for (size_t i = 1; i < hull.size(); i++) {
        double bytes = hull[i].bytes - hull[i - 1].bytes;
        steps.push_back({ops.size(), hull[i], (hull[i - 1].time - hull[i].time) / bytes, bytes});
      }
      ops.push_back(conv);
    });
    // Of one convolution rates fall, so that its forms keep their order.
    llvm::sort(steps, [](const Step &a, const Step &b) {
      return std::tie(b.rate, a.op, a.form.bytes) < std::tie(a.rate, b.op, b.form.bytes);
    });
    SmallVector<std::optional<Form>> chosen(ops.size());
    double room = weights * double(growth) / 100;
    SmallVector<bool> ended(ops.size(), false);
    for (const Step &step : steps) {
      if (ended[step.op])
        continue;
      Form from = chosen[step.op].value_or(forms[step.op].front()), to = step.form;
      if (step.bytes > room) {
        // Each step counts from the one before, so that this convolution's way ends here, with the fastest form that
        // does fit.
        ended[step.op] = true;
        to = from;
        for (const Form &form : forms[step.op])
          if (form.bytes - from.bytes <= room && form.time < to.time)
            to = form;
        if (to.time == from.time)
          continue;
      }
      room -= to.bytes - from.bytes;
      chosen[step.op] = to;
    }
    sources.emplace(getOperation());
    for (auto [op, form] : llvm::zip(ops, chosen))
      if (form)
        apply(op, *form);
    done.clear();
  }

  void apply(kernel::ConvOp op, const Form &form) {
    kernel::WindowGeometry g = kernel::geometryOf(op);
    auto weights = ScaledWeights::of(op.getW());
    ElementsAttr value;
    matchPattern(weights->constant, m_Constant(&value));
    auto source = bytesOf(value);
    if (!source)
      return;
    auto type = cast<RankedTensorType>(op.getW().getType());
    SmallVector<int64_t> shape(type.getShape()), tile(g.spatial, 1);
    for (int64_t d = 0; d < 2; d++)
      if (int64_t at = int64_t(g.spatial) - 2 + d; at >= 0) {
        tile[at] = form.tile[d];
        shape[at] += form.tile[d] - 1;
      }
    auto to = RankedTensorType::get(shape, type.getElementType());
    TypedAttr &transformed = done[{value.getAsOpaquePointer(), to.getAsOpaquePointer()}];
    if (!transformed) {
      AsmResourceBlob blob =
          HeapAsmResourceBlob::allocate(to.getNumElements() * sizeof(float), 64, /*dataIsMutable=*/true);
      int64_t taps[2] = {g.kernel[1], g.kernel[2]};
      kernel::transformWeights(source->data, source->splat, reinterpret_cast<float *>(blob.getMutableData().data()),
                               form.tile, taps, g.ic / g.groups * g.oc);
      transformed = DenseResourceElementsAttr::get(to, "filtered", std::move(blob));
    }
    OpBuilder b(op);
    Operation *weight = weights->constant.getDefiningOp();
    op.getWMutable().assign(weights->on(b, arith::ConstantOp::create(b, op.getLoc(), transformed)));
    op.setWinograd(tile);
    weights->eraseUnused();
    sources->release(weight);
  }

  std::map<std::pair<const void *, const void *>, TypedAttr> done;
  std::optional<ReplacedSources> sources;
};

} // namespace
} // namespace nncc
