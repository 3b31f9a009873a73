// Contraction.h's implementation.
#include "passes/kernels/Contraction.h"

using namespace mlir;

namespace nncc {

// Above this many operations an epilogue is run in a loop over the stored tile.
static constexpr int64_t maxInlinedEpilogue = 10;

ContractionEmitter::ContractionEmitter(nn::EpilogueInterface op, Value init, kernel::TileAttr tile, Type element,
                                       int64_t columns, int64_t groups)
    : Emitter(op), op(op), element(element), rows(tile.getRows()), vectors(tile.getVectors()), lanes(tile.getLanes()),
      panel(tile.getPanel()), columns(columns), groups(groups), panels(kernel::tilesOf(columns, panel)),
      out(open(init)) {
  for (OpOperand &extra : op.getExtrasMutable()) {
    extras.push_back(open(extra.get()));
    // From here on strides are those along the result's dimensions.
    extras.back().strides = kernel::broadcastStrides(extra.get(), out.shape);
  }
  Region &epilogue = op.getEpilogue();
  heavy = kernel::costOf(epilogue.front()) > maxInlinedEpilogue;
  Block &block = epilogue.front();
  Value acc = block.getArgument(0);
  auto add = dyn_cast<arith::AddFOp>(block.front());
  if (!add || !acc.hasOneUse() || (add.getLhs() != acc && add.getRhs() != acc))
    return;
  auto bias = dyn_cast<BlockArgument>(add.getLhs() == acc ? add.getRhs() : add.getLhs());
  if (!bias || bias == acc || !bias.hasOneUse())
    return;
  biasIndex = bias.getArgNumber() - 1;
  const Buffer &extra = extras[biasIndex];
  if (extra.element == element && llvm::all_of(ArrayRef(extra.strides).drop_back(), [](int64_t s) { return s == 0; }))
    biasAdd = add;
}

void ContractionEmitter::forEachPanel(KernelSite::Range range, int64_t depth, bool packed, int64_t atOnce,
                                      function_ref<void(Value, ArrayRef<Column>)> body) {
  int64_t full = columns / panel, rest = columns % panel, panelSize = depth * panel;
  atOnce = std::min(atOnce, full);
  // The vectors of one panel, appended.
  auto append = [&](SmallVector<Column> &to, Value group, Value index, int64_t ahead, int64_t width) {
    Address weights, result;
    result = add(add(add(Address(), group, columns), index, panel), ahead * panel);
    weights =
        packed ? add(add(add(Address(), group, panels * panelSize), index, panelSize), ahead * panelSize) : result;
    for (int64_t at = 0; at < width; at += lanes) {
      int64_t valid = std::min(lanes, width - at);
      to.push_back({add(weights, at), add(result, at), valid, mask(lanes, valid)});
    }
  };
  auto ofGroup = [&](Value group, KernelSite::Range range) {
    Value wholeEnd = rest ? min(range.to, c(full)) : range.to;
    auto pass = [&](Value from, Value to, int64_t together) {
      loop(from, to, together, [&](Value j) {
        SmallVector<Column> list;
        for (int64_t p = 0; p < together; p++)
          append(list, group, j, p, panel);
        body(group, list);
      });
    };
    if (full && atOnce > 1) {
      Value count = max(sub(wholeEnd, range.from), c(0));
      Value end = add(range.from, mul(div(count, atOnce), atOnce));
      pass(range.from, end, atOnce);
      pass(end, wholeEnd, 1);
    } else if (full)
      pass(range.from, wholeEnd, 1);
    if (rest) {
      Value reached = b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sgt, range.to, c(full));
      onlyIf(reached, [&] {
        SmallVector<Column> list;
        append(list, group, c(full), 0, rest);
        body(group, list);
      });
    }
  };
  if (groups == 1)
    return ofGroup(c(0), range);
  loop(div(range.from, panels), ceilDiv(range.to, panels), 1, [&](Value group) {
    Value first = mul(group, panels);
    ofGroup(group, {max(sub(range.from, first), c(0)), min(sub(range.to, first), c(panels))});
  });
}

SmallVector<RowBase> ContractionEmitter::rowBases(ArrayRef<Value> indices, unsigned rowDim) {
  auto base = [&](ArrayRef<int64_t> strides) {
    RowBase row;
    for (auto [index, stride] : llvm::zip(indices, strides))
      row.first = add(row.first, index, stride);
    row.stride = strides[rowDim];
    return row;
  };
  SmallVector<RowBase> bases = {base(out.strides)};
  for (const Buffer &extra : extras)
    bases.push_back(base(extra.strides));
  return bases;
}

SmallVector<Value> ContractionEmitter::start(ArrayRef<Column> columns, int64_t height, ArrayRef<RowBase> bases) {
  if (!biasAdd)
    return SmallVector<Value>(columns.size() * height, zeros(element, lanes));
  const Buffer &bias = extras[biasIndex];
  SmallVector<Value> first;
  for (const Column &column : columns)
    first.push_back(bias.strides.back() ? load(bias, column.result, lanes, column.mask)
                                        : broadcast(bias, Address(), lanes));
  SmallVector<Value> acc;
  for (int64_t r = 0; r < height; r++)
    llvm::append_range(acc, first);
  return acc;
}

void ContractionEmitter::prefetch(ArrayRef<Column> columns, int64_t height, const RowBase &result) {
  for (int64_t r = 0; r < height; r++)
    for (const Column &column : columns)
      prefetchWrite(out, add(result.row(r), column.result));
}

void ContractionEmitter::cutSum(std::optional<kernel::Slabs> slabs, Value scratch) {
  this->slabs = slabs;
  if (slabs)
    partial = openScratch(scratch, 0, slabs->scratchBytes / (element.getIntOrFloatBitWidth() / 8), element);
}

SmallVector<Value> ContractionEmitter::loadPartial(Address at, size_t count) {
  SmallVector<Value> acc;
  for (size_t i = 0; i < count; i++)
    acc.push_back(load(partial, add(at, int64_t(i) * lanes), lanes));
  return acc;
}

void ContractionEmitter::storePartial(ArrayRef<Value> acc, Address at) {
  for (auto [i, sum] : llvm::enumerate(acc))
    store(sum, partial, add(at, int64_t(i) * lanes));
}

void ContractionEmitter::forEachSlab(int64_t depth, int64_t taps, function_ref<void(KernelSite::Range, Address)> body) {
  int64_t last = (slabs->count - 1) * slabs->depth;
  loop(c(0), c(depth), slabs->depth, [&](Value from) {
    Value isLast = b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, from, c(last));
    Value distance = arith::SelectOp::create(b, isLast, c((taps * depth - last) * panel), c(slabs->depth * panel));
    body({from, min(add(from, slabs->depth), c(depth))}, {distance});
  });
}

// Vectors of 16 bytes take longer to multiply than memory takes to deliver.
bool ContractionEmitter::comeFromMemory(int64_t weightBytes) const {
  return weightBytes * 16 > target.getL2() && lanes * element.getIntOrFloatBitWidth() > 128;
}

void ContractionEmitter::prefetchWeights(int64_t weightBytes, Address distance, Value tileNumber) {
  ahead.reset();
  if (!comeFromMemory(weightBytes))
    return;
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  int64_t lines = std::max<int64_t>(1, panel * bytes / 64);
  ahead = add(distance, rem(tileNumber, lines), 64 / bytes);
}

void ContractionEmitter::step(MutableArrayRef<Value> acc, ArrayRef<Column> columns, const Buffer &weights,
                              Address offset, ArrayRef<std::optional<Address>> x, const Buffer &xs, bool masked) {
  SmallVector<Value> w;
  for (const Column &column : columns)
    w.push_back(load(weights, add(column.weights, offset), lanes, masked ? column.mask : Value()));
  if (ahead)
    prefetchRead(weights, add(add(columns.front().weights, offset), *ahead));
  for (auto [r, at] : llvm::enumerate(x)) {
    if (!at)
      continue;
    Value value = broadcast(xs, *at, lanes);
    for (size_t v = 0; v < columns.size(); v++) {
      Value &sum = acc[r * columns.size() + v];
      sum = multiplyAdd(value, w[v], sum);
    }
  }
}

Value ContractionEmitter::finished(Value acc, const Column &column, ArrayRef<Address> rows) {
  SmallVector<Value> args = {acc};
  for (auto [i, extra] : llvm::enumerate(extras)) {
    if (biasAdd && i == biasIndex)
      args.push_back(acc); // added at the start already
    else if (extra.strides.back())
      args.push_back(load(extra, add(rows[1 + i], column.result), lanes, column.mask));
    else
      args.push_back(broadcast(extra, rows[1 + i], lanes));
  }
  return runOnVectors(op.getEpilogue(), args, lanes, biasAdd);
}

void ContractionEmitter::finish(ArrayRef<Value> acc, ArrayRef<Column> columns, int64_t height,
                                ArrayRef<RowBase> bases) {
  size_t width = columns.size();
  if (!heavy) {
    // Extras are read before the first store: where one is the result's memory, the masked store of a row would hold up
    // the load of the next, which lies under the lanes that it leaves out. A long epilogue hides that.
    SmallVector<Value> results;
    for (int64_t r = 0; r < height; r++) {
      auto rows = llvm::map_to_vector(bases, [&](const RowBase &base) { return base.row(r); });
      for (size_t v = 0; v < width; v++)
        results.push_back(finished(acc[r * width + v], columns[v], rows));
    }
    for (int64_t r = 0; r < height; r++)
      for (size_t v = 0; v < width; v++)
        store(results[r * width + v], out, add(bases[0].row(r), columns[v].result), columns[v].mask);
    return;
  }
  // The tile goes through the stack, which stays in L1. Not through the result: an extra may be the same memory.
  Buffer tile = allocate(height * width * lanes, element);
  for (auto [i, value] : llvm::enumerate(acc))
    store(value, tile, {{}, int64_t(i) * lanes});
  loop(c(0), c(height), 1, [&](Value r) {
    auto rows = llvm::map_to_vector(bases, [&](const RowBase &base) { return add(base.first, r, base.stride); });
    for (size_t v = 0; v < width; v++) {
      Value value = load(tile, add(add(Address(), r, width * lanes), v * lanes), lanes);
      store(finished(value, columns[v], rows), out, add(rows[0], columns[v].result), columns[v].mask);
    }
  });
}

// Few rows want more columns, or the latency of the adders shows.
int64_t ContractionEmitter::panelsAtOnce(int64_t extent) const {
  int64_t accumulators = std::clamp<int64_t>(extent, 1, rows) * vectors;
  return std::max<int64_t>(1, (target.getRegisters() >= 32 ? 9 : 6) / accumulators);
}

// With bands the weights are read once for each band, without them the input once for each panel. Weights that stay in
// L2 cost little, and few rows at a time write the result in long runs.
int64_t ContractionEmitter::bandOf(int64_t units, int64_t inputBytes, int64_t weightBytes) const {
  int64_t share = target.getL2() / 4;
  if (panels * groups == 1)
    return 0;
  if (weightBytes <= share)
    return 2;
  if (inputBytes <= share)
    return 0;
  double bands = double(llvm::divideCeil(inputBytes, share));
  double weightCost = weightBytes * 10 <= target.getL2() * 7 ? 0.3 * double(weightBytes) : double(weightBytes);
  if (bands * weightCost + double(inputBytes) > double(panels) * double(inputBytes) + double(weightBytes))
    return 0;
  return std::max<int64_t>(1, int64_t(double(units) / bands));
}

void ContractionEmitter::forEachBand(KernelSite::Range range, int64_t band,
                                     function_ref<void(KernelSite::Range)> body) {
  if (!band)
    return body(range);
  loop(range.from, range.to, band, [&](Value from) { body({from, min(add(from, band), range.to)}); });
}

} // namespace nncc
