// Pooling: channels in the lanes, some neighbouring pixels of an output row together, so that overlapping windows load
// each pixel once.
#include "dialects/kernel/Geometry.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/kernels/Emitter.h"
#include "passes/kernels/Window.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;

namespace nncc {
namespace {

struct PoolEmitter : Emitter {
  PoolEmitter(kernel::PoolOp op, const KernelSite &site)
      : Emitter(op), op(op), site(site), g(kernel::geometryOf(op)), x(open(op.getX())), y(open(op.getInit())),
        xs(imageStrides(op.getX(), g.spatial)), ys(imageStrides(op.getInit(), g.spatial)),
        lanes(target.lanesOf(x.element)) {}

  kernel::PoolOp op;
  const KernelSite &site;
  kernel::WindowGeometry g;
  Buffer x, y;
  ImageStrides xs, ys;
  int64_t lanes;

  void run();
  void tile(ArrayRef<Value> row, RowTile t, ArrayRef<Address> channels, Value mask);
  void outerTap(RowTile t, Address corner, Value firstColumn, ArrayRef<Address> channels, Value mask,
                SmallVector<Value> &acc);
  Value combine(Value sum, Value value);
  Value finished(Value sum, Value count);
  Value tapCount(unsigned d, Value at);
  Value raise(Value value, int64_t power);
  Value initial();
};

void PoolEmitter::run() {
  int64_t full = g.oc / lanes, rest = g.oc % lanes;
  // Rows too short for a tile make up for it with channels.
  int64_t pixels = std::min<int64_t>(g.out[2], 4), together = std::max<int64_t>(1, 4 / pixels);
  loop(site.units[0].from, site.units[0].to, 1, [&](Value row) {
    SmallVector<Value> at = delinearize(row, {g.batch, g.out[0], g.out[1]});
    forEachRowTile(*this, g, pixels, /*spellsTaps=*/true, [&](RowTile t) {
      auto over = [&](Value from, Value to, int64_t count) {
        loop(from, to, count, [&](Value block) {
          SmallVector<Address> channels;
          for (int64_t v = 0; v < count; v++)
            channels.push_back(add(add(Address(), block, lanes), v * lanes));
          tile(at, t, channels, {});
        });
      };
      KernelSite::Range blocks = site.units[1];
      Value end = rest ? min(blocks.to, c(full)) : blocks.to;
      if (together > 1) {
        Value whole = add(blocks.from, mul(div(max(sub(end, blocks.from), c(0)), together), together));
        over(blocks.from, whole, together);
        over(whole, end, 1);
      } else
        over(blocks.from, end, 1);
      if (rest)
        onlyIf(b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sgt, blocks.to, c(full)),
               [&] { tile(at, t, Address{{}, full * lanes}, mask(lanes, rest)); });
    });
  });
}

void PoolEmitter::tile(ArrayRef<Value> row, RowTile t, ArrayRef<Address> channels, Value mask) {
  SmallVector<Value> outer = {row[1], row[2], t.at}, first;
  for (unsigned d = 0; d < 3; d++)
    first.push_back(add(mul(outer[d], g.stride[d]), -g.low[d]));
  SmallVector<Value> acc(t.height * channels.size(), initial());
  forEachOuterTap(*this, g, first, acc, [&](Value kd, Value kh, SmallVector<Value> &acc) {
    Address corner = add(Address(), row[0], xs.batch);
    corner = add(corner, add(first[0], mul(kd, g.dilation[0])), xs.spatial[0]);
    corner = add(corner, add(first[1], mul(kh, g.dilation[1])), xs.spatial[1]);
    outerTap(t, add(corner, first[2], xs.spatial[2]), first[2], channels, mask, acc);
  });
  Value outerCount;
  if (op.getKind() == nn::PoolKind::average)
    outerCount = mul(tapCount(0, outer[0]), tapCount(1, outer[1]));
  for (int64_t p = 0; p < t.height; p++) {
    Value count = outerCount ? mul(outerCount, tapCount(2, add(t.at, p))) : Value();
    Address to = add(add(add(Address(), row[0], ys.batch), row[1], ys.spatial[0]), row[2], ys.spatial[1]);
    to = add(add(to, t.at, ys.spatial[2]), p * ys.spatial[2]);
    for (auto [v, channel] : llvm::enumerate(channels))
      store(finished(acc[p * channels.size() + v], count), y, add(to, channel), mask);
  }
}

void PoolEmitter::outerTap(RowTile t, Address corner, Value firstColumn, ArrayRef<Address> channels, Value mask,
                           SmallVector<Value> &acc) {
  int64_t step = g.dilation[2] * xs.spatial[2];
  auto at = getConstantIntValue(t.at);
  bool inside = !t.mayPad && (!at || (isInside(g, 2, *at, 0) && isInside(g, 2, *at + t.height - 1, g.kernel[2] - 1)));
  auto join = [&](Address pixel, int64_t p, SmallVector<Value> &acc) {
    for (auto [v, channel] : llvm::enumerate(channels)) {
      Value &sum = acc[p * channels.size() + v];
      sum = combine(sum, load(x, add(pixel, channel), lanes, mask));
    }
  };
  if (t.mayPad || (inside && g.kernel[2] > 16)) {
    KernelSite::Range taps = t.mayPad ? insideTaps(*this, g, 2, firstColumn) : KernelSite::Range{c(0), c(g.kernel[2])};
    acc = loop(taps.from, taps.to, 1, acc, [&](Value kw, SmallVector<Value> &acc) {
      for (int64_t p = 0; p < t.height; p++)
        join(add(add(corner, kw, step), p * g.stride[2] * xs.spatial[2]), p, acc);
    });
    return;
  }
  for (int64_t kw = 0; kw < g.kernel[2]; kw++)
    for (int64_t p = 0; p < t.height; p++)
      if (!at || isInside(g, 2, *at + p, kw))
        join(add(corner, kw * step + p * g.stride[2] * xs.spatial[2]), p, acc);
}

Value PoolEmitter::initial() {
  auto floats = dyn_cast<FloatType>(x.element);
  if (op.getKind() != nn::PoolKind::max)
    return zeros(x.element, lanes);
  if (floats)
    return splat(FloatAttr::get(floats, APFloat::getInf(floats.getFloatSemantics(), /*Negative=*/true)), lanes);
  unsigned bits = x.element.getIntOrFloatBitWidth();
  return splat(IntegerAttr::get(x.element, op.getIsUnsigned() ? APInt::getZero(bits) : APInt::getSignedMinValue(bits)),
               lanes);
}

Value PoolEmitter::raise(Value value, int64_t power) {
  constexpr int64_t mostProducts = 8;
  if (power > mostProducts)
    return math::PowFOp::create(b, value, splat(FloatAttr::get(x.element, double(power)), lanes));
  Value result = value;
  for (int64_t i = 1; i < power; i++)
    result = arith::MulFOp::create(b, result, value);
  return result;
}

Value PoolEmitter::combine(Value sum, Value value) {
  switch (op.getKind()) {
  case nn::PoolKind::max:
    if (isa<FloatType>(x.element))
      return arith::MaximumFOp::create(b, sum, value, arith::FastMathFlags::nsz); // zeros of either sign are equal
    return op.getIsUnsigned() ? Value(arith::MaxUIOp::create(b, sum, value))
                              : Value(arith::MaxSIOp::create(b, sum, value));
  case nn::PoolKind::average:
    return arith::AddFOp::create(b, sum, value);
  case nn::PoolKind::lp:
    Value magnitude = op.getP() == 2 ? value : Value(math::AbsFOp::create(b, value));
    return arith::AddFOp::create(b, sum, raise(magnitude, op.getP()));
  }
  llvm_unreachable("unknown kind of pool");
}

Value PoolEmitter::finished(Value sum, Value count) {
  if (op.getKind() == nn::PoolKind::average) {
    Value number = arith::SIToFPOp::create(b, x.element, arith::IndexCastOp::create(b, b.getI32Type(), count));
    return arith::DivFOp::create(b, sum, broadcast(number, lanes));
  }
  if (op.getKind() == nn::PoolKind::max || op.getP() == 1)
    return sum;
  if (op.getP() == 2)
    return math::SqrtOp::create(b, sum);
  return math::PowFOp::create(b, sum, splat(FloatAttr::get(x.element, 1.0 / double(op.getP())), lanes));
}

// How many taps along `d` an average at output position `at` counts.
Value PoolEmitter::tapCount(unsigned d, Value at) {
  kernel::WindowGeometry padded = g;
  if (op.getCountPad()) {
    padded.in[d] += g.low[d] + g.high[d];
    padded.low[d] = 0;
  }
  Value first = add(mul(at, g.stride[d]), -padded.low[d]);
  auto [from, to] = insideTaps(*this, padded, d, first);
  return max(sub(to, from), c(1));
}

} // namespace

LogicalResult emitPool(kernel::PoolOp op, const KernelSite &site) {
  PoolEmitter(op, site).run();
  return success();
}

// One element at a time: indices are rarely asked for.
LogicalResult emitPoolIndex(kernel::PoolIndexOp op, const KernelSite &site) {
  Emitter e(op);
  kernel::WindowGeometry g = kernel::geometryOf(op);
  Buffer x = e.open(op.getX()), y = e.open(op.getInit());
  ImageStrides xs = imageStrides(op.getX(), g.spatial), ys = imageStrides(op.getInit(), g.spatial);
  bool floats = isa<FloatType>(x.element);
  Type index = y.element;
  auto pixel = [&](Value row, Value column, Value channel) {
    SmallVector<Value> at = e.delinearize(row, {g.batch, g.out[0], g.out[1]});
    SmallVector<Value> outer = {at[1], at[2], column}, first;
    for (unsigned d = 0; d < 3; d++)
      first.push_back(e.add(e.mul(outer[d], g.stride[d]), -g.low[d]));
    // The best value so far and its position; -1 before the first.
    Value none = arith::ConstantOp::create(e.b, e.b.getIntegerAttr(index, -1));
    SmallVector<Value> best = {arith::ConstantOp::create(e.b, e.b.getZeroAttr(x.element)), none};
    forEachOuterTap(e, g, first, best, [&](Value kd, Value kh, SmallVector<Value> &best) {
      auto [from, to] = insideTaps(e, g, 2, first[2]);
      best = e.loop(from, to, 1, best, [&](Value kw, SmallVector<Value> &best) {
        Value taps[3] = {kd, kh, kw}, position[3];
        Address from = e.add(e.add(Address(), at[0], xs.batch), channel, xs.channel);
        for (unsigned d = 0; d < 3; d++) {
          position[d] = e.add(first[d], e.mul(taps[d], g.dilation[d]));
          from = e.add(from, position[d], xs.spatial[d]);
        }
        bool columnMajor = op.getColumnMajor();
        Value linear = e.add(e.mul(at[0], g.ic), channel);
        linear = e.mul(linear, g.in[0] * g.in[1] * g.in[2]);
        int64_t stride = 1;
        for (unsigned i = 0; i < 3; i++) {
          unsigned d = columnMajor ? i : 2 - i;
          linear = e.add(linear, e.mul(position[d], stride));
          stride *= g.in[d];
        }
        Value value = e.loadScalar(x, from), greater;
        if (floats)
          greater = arith::CmpFOp::create(e.b, arith::CmpFPredicate::OGT, value, best[0]);
        else
          greater = arith::CmpIOp::create(
              e.b, op.getIsUnsigned() ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, value, best[0]);
        Value isFirst = arith::CmpIOp::create(e.b, arith::CmpIPredicate::slt, best[1],
                                              arith::ConstantOp::create(e.b, e.b.getIntegerAttr(index, 0)));
        Value take = arith::OrIOp::create(e.b, greater, isFirst);
        best[0] = arith::SelectOp::create(e.b, take, value, best[0]);
        best[1] = arith::SelectOp::create(e.b, take, arith::IndexCastOp::create(e.b, index, linear), best[1]);
      });
    });
    Address to = e.add(e.add(Address(), at[0], ys.batch), channel, ys.channel);
    for (unsigned d = 0; d < 3; d++)
      to = e.add(to, outer[d], ys.spatial[d]);
    memref::StoreOp::create(e.b, best[1], y.flat, ValueRange{e.value(e.add(to, y.offset))});
  };
  e.loop(site.units[0].from, site.units[0].to, 1, [&](Value row) {
    e.loop(e.c(0), e.c(g.out[2]), 1,
           [&](Value column) { e.loop(e.c(0), e.c(g.oc), 1, [&](Value channel) { pixel(row, column, channel); }); });
  });
  return success();
}

} // namespace nncc
