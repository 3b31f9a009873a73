// The recurrent step: for a block of hidden vectors all gates accumulate together over the old state, and gates and
// state are updated in registers right behind, so that the weights are one sequential stream. Rows of the batch are
// tiled as a gemm's. The state lives twice in scratch memory, old and new, padded to whole panels.
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Emitter.h"
#include <numeric>
using namespace mlir;
using namespace nncc::nn;

namespace nncc {
namespace {
// Independent sums that hide the latency of a multiply-add.
constexpr int64_t minChains = 8;

class RecurrentEmitter : Emitter {
public:
  RecurrentEmitter(kernel::RecurrentOp op, const KernelSite &site)
      : Emitter(op), op(op), element(cast<ShapedType>(op.getX().getType()).getElementType()), tile(*op.getTile()),
        lanes(tile.getLanes()), panel(tile.getPanel()), hidden(op.getHidden()), gates(op.getGates()),
        directions(op.getDirections()), blocks(op.getBlocks()), width(blocks * panel) {
    ArrayRef<int64_t> shape = cast<ShapedType>(op.getX().getType()).getShape();
    steps = shape[0];
    rows = shape[1];
    x = open(op.getX());
    r = open(op.getR());
    y = open(op.getInits()[0]);
    yh = open(op.getInits()[1]);
    if (isLstm())
      yc = open(op.getInits()[2]);
    auto openOptional = [&](Value v, Buffer &buffer) {
      if (v)
        buffer = open(v);
    };
    openOptional(op.getHiddenBias(), hiddenBias);
    openOptional(op.getLengths(), lengths);
    openOptional(op.getH(), h0);
    openOptional(op.getC(), c0);
    openOptional(op.getPeepholes(), peepholes);
    Buffer all = op.getState() ? open(op.getState()) : openScratch(site.scratch, 0, op.getStateSize(), element);
    auto plane = [&](int64_t number) {
      Buffer part = all;
      part.offset = add(all.offset, number * rows * width);
      return part;
    };
    state = plane(0); // two of them
    cell = plane(2);
    pending = plane(3);
    update = plane(4);
    firstBlock = c(0);
    endBlock = c(blocks);
  }

  void emit(const KernelSite &site) {
    if (op.getBegins())
      return begin();
    if (op.getEnds())
      return end();
    if (op.getStep()) {
      beginStep(op.getStep());
      firstBlock = site.units[0].from;
      endBlock = site.units[0].to;
      return emitPart(op.getPart());
    }
    for (int64_t d = 0; d < directions; d++) {
      Value number = c(d);
      Value begun = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, site.units[0].from, number);
      Value unfinished = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, site.units[0].to);
      onlyIf(arith::AndIOp::create(b, begun, unfinished), [&] { emitDirection(d); });
    }
  }

private:
  kernel::RecurrentOp op;
  Type element;
  kernel::TileAttr tile;
  int64_t lanes, panel, hidden, gates, directions, blocks, width, steps = 0, rows = 0;
  Buffer x, r, y, yh, yc, hiddenBias, lengths, h0, c0, peepholes, state, cell, pending, update;
  // Of the step that is emitted.
  int64_t direction = 0;
  Value time, oldState, newState;
  Value firstBlock, endBlock; // of those that are computed here

  bool isLstm() { return op.getCell() == CellKind::lstm; }

  // A block of hidden vectors: its first column, a value, and how many of its columns exist.
  struct Columns {
    Value first;
    int64_t valid;
    int64_t validLanes(int64_t vector, int64_t lanes) const {
      return std::clamp<int64_t>(valid - vector * lanes, 0, lanes);
    }
  };
  void forEachBlock(function_ref<void(Value, Columns)> body) {
    int64_t full = hidden / panel;
    if (full)
      loop(firstBlock, min(endBlock, c(full)), 1, [&](Value j) { body(j, {mul(j, panel), panel}); });
    if (hidden % panel)
      onlyIf(b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sgt, endBlock, c(full)),
             [&] { body(c(full), {c(full * panel), hidden % panel}); });
  }
  void forEachTile(function_ref<void(Value, int64_t)> body) {
    int64_t height = std::min(tile.getRows(), rows), full = rows / height * height;
    loop(c(0), c(full), height, [&](Value row) { body(row, height); });
    if (rows % height)
      body(c(full), rows % height);
  }

  void emitDirection(int64_t d) {
    direction = d;
    begin();
    loop(c(0), c(steps), 1, [&](Value step) {
      beginStep(step);
      for (size_t part = 0; part < op.getParts().size(); part++)
        emitPart(part);
    });
    end();
  }

  void begin() {
    forEachRowVector([&](Value row, Columns columns, int64_t v) {
      Address at = stateAt(row, columns, v);
      Value m = mask(lanes, columns.validLanes(v, lanes));
      auto initial = [&](const Buffer &from) {
        return from.flat ? load(from, planeAt(from, row, columns, v), lanes, m) : zeros(element, lanes);
      };
      store(initial(h0), state, at);
      if (isLstm())
        store(initial(c0), cell, at);
    });
  }

  void beginStep(Value step) {
    bool reverse = op.getDirection() == Direction::reverse || direction == 1;
    time = reverse ? sub(c(steps - 1), step) : step;
    Value odd = arith::AndIOp::create(b, step, c(1));
    oldState = mul(odd, rows * width);
    newState = sub(c(rows * width), oldState);
  }

  void end() {
    Value last = c(steps % 2 * rows * width);
    forEachRowVector([&](Value row, Columns columns, int64_t v) {
      Address at = stateAt(row, columns, v);
      Value m = mask(lanes, columns.validLanes(v, lanes));
      store(load(state, add(at, last), lanes), yh, planeAt(yh, row, columns, v), m);
      if (isLstm())
        store(load(cell, at, lanes), yc, planeAt(yc, row, columns, v), m);
    });
  }

  void forEachRowVector(function_ref<void(Value, Columns, int64_t)> body) {
    loop(c(0), c(rows), 1, [&](Value row) {
      forEachBlock([&](Value, Columns columns) {
        for (int64_t v = 0; v < tile.getVectors() && columns.validLanes(v, lanes); v++)
          body(row, columns, v);
      });
    });
  }

  // Places in scratch memory, in states [D, B, H], in y and among the gates of x.
  Address stateAt(Value row, Columns columns, int64_t v) { return add(Address{columns.first, v * lanes}, row, width); }
  Address planeAt(const Buffer &plane, Value row, Columns columns, int64_t v) {
    return add(Address{columns.first, v * lanes + direction * plane.strides[0]}, row, plane.strides[1]);
  }
  Address sequenceAt(Value row, Columns columns, int64_t v) {
    Address at = add(Address{columns.first, v * lanes + direction * y.strides[1]}, row, y.strides[2]);
    return add(at, time, y.strides[0]);
  }
  Address gateAt(Value row, Columns columns, int64_t v, int64_t gate) {
    Address at = add(Address{columns.first, v * lanes + (direction * gates + gate) * hidden}, row, x.strides[1]);
    return add(at, time, x.strides[0]);
  }

  // One part of the step that began last.
  void emitPart(size_t part) {
    SmallVector<int64_t> counts = op.getParts();
    int64_t firstGate = std::accumulate(counts.begin(), counts.begin() + part, int64_t(0)), count = counts[part];
    int64_t perGate = hidden * width, first = (direction * gates + firstGate) * perGate;
    forEachBlock([&](Value block, Columns columns) {
      Address weights = add(Address{{}, first}, block, hidden * count * panel);
      forEachTile([&](Value row, int64_t height) {
        SmallVector<Value> sums = accumulate(weights, count, row, height, /*usesPending=*/firstGate > 0);
        for (int64_t i = 0; i < height; i++)
          for (int64_t v = 0; v < tile.getVectors() && columns.validLanes(v, lanes); v++) {
            SmallVector<Value> of;
            for (int64_t g = 0; g < count; g++)
              of.push_back(sums[(i * count + g) * tile.getVectors() + v]);
            finish(of, firstGate, add(row, i), columns, v);
          }
      });
    });
  }

  // sum_k state[row][k] * r[k][gate][columns] for `height` rows; [row][gate][vector].
  SmallVector<Value> accumulate(Address weights, int64_t count, Value row, int64_t height, bool usesPending) {
    int64_t vectors = tile.getVectors(), perRow = count * vectors, sums = height * perRow;
    int64_t chains = std::clamp<int64_t>(minChains / sums, 1, 4), whole = hidden / chains * chains;
    const Buffer &from = usesPending ? pending : state;
    Address start = add(Address{usesPending ? Value() : oldState, 0}, row, width);
    auto step = [&](Value k, int64_t offset, MutableArrayRef<Value> acc) {
      SmallVector<Value> w;
      Address at = add(add(weights, k, perRow * lanes), offset * perRow * lanes);
      for (int64_t n = 0; n < perRow; n++)
        w.push_back(load(r, add(at, n * lanes), lanes));
      for (int64_t i = 0; i < height; i++) {
        Value h = broadcast(from, add(add(start, k, 1), i * width + offset), lanes);
        for (int64_t n = 0; n < perRow; n++)
          acc[i * perRow + n] = multiplyAdd(h, w[n], acc[i * perRow + n]);
      }
    };
    SmallVector<Value> init(sums * chains, zeros(element, lanes));
    SmallVector<Value> acc = loop(c(0), c(whole), chains, init, [&](Value k, SmallVector<Value> &carried) {
      for (int64_t chain = 0; chain < chains; chain++)
        step(k, chain, MutableArrayRef<Value>(carried).slice(chain * sums, sums));
    });
    for (int64_t k = whole; k < hidden; k++)
      step(c(k), 0, MutableArrayRef<Value>(acc).take_front(sums));
    for (int64_t chain = 1; chain < chains; chain++)
      for (int64_t i = 0; i < sums; i++)
        acc[i] = arith::AddFOp::create(b, acc[i], acc[chain * sums + i]);
    acc.resize(sums);
    return acc;
  }

  Scalar wrap(Value v) { return {&b, v}; }
  // A gate's activation; the clip bounds what goes into it.
  Scalar activate(unsigned which, Scalar v) {
    if (op.getClip()) {
      double limit = op.getClip()->convertToDouble();
      v = formulas::atMost(formulas::atLeast(v, -limit), limit);
    }
    return applyActivation(which, v);
  }
  Scalar applyActivation(unsigned which, Scalar v) {
    unsigned index = direction * op.getActivations().size() / directions + which;
    auto number = [&](ArrayAttr list) { return cast<FloatAttr>(list[index]).getValueAsDouble(); };
    double alpha = number(op.getAlphas()), beta = number(op.getBetas());
    StringRef name = cast<StringAttr>(op.getActivations()[index]).getValue();
    if (name == "Sigmoid")
      return formulas::sigmoid(v);
    if (name == "Tanh")
      return tanh(v);
    if (name == "Relu")
      return formulas::atLeast(v, 0);
    if (name == "Affine")
      return v * alpha + beta;
    if (name == "LeakyRelu")
      return select(v < 0, v * alpha, v);
    if (name == "ThresholdedRelu")
      return select(v < alpha, v.like(0), v);
    if (name == "ScaledTanh")
      return tanh(v * beta) * alpha;
    if (name == "HardSigmoid")
      return formulas::atMost(formulas::atLeast(v * alpha + beta, 0), 1);
    if (name == "Elu")
      return select(v < 0, expm1(v) * alpha, v);
    if (name == "Softsign")
      return v / (abs(v) + 1);
    assert(name == "Softplus" && "expected one of ONNX's activations");
    return formulas::softplus(v);
  }

  // The gates of one vector of one row from their sums on: stores what the step leaves there.
  void finish(ArrayRef<Value> sums, int64_t firstGate, Value row, Columns columns, int64_t v) {
    Value m = mask(lanes, columns.validLanes(v, lanes));
    auto gate = [&](int64_t g) {
      return wrap(arith::AddFOp::create(b, load(x, gateAt(row, columns, v, firstGate + g), lanes, m), sums[g]));
    };
    Scalar old = wrap(load(state, add(stateAt(row, columns, v), oldState), lanes));
    if (op.getCell() == CellKind::rnn)
      return keep(activate(0, gate(0)), old, row, columns, v, m);
    if (isLstm())
      return finishLstm({gate(0), gate(1), gate(2), gate(3)}, old, row, columns, v, m);
    if (op.getParts().size() == 1) {
      Scalar z = activate(0, gate(0)), reset = activate(0, gate(1)), fromState = wrap(sums[2]);
      if (hiddenBias.flat)
        fromState = fromState + wrap(load(hiddenBias, perDirection(hiddenBias, columns, v), lanes, m));
      Scalar fromInput = wrap(load(x, gateAt(row, columns, v, 2), lanes, m));
      Scalar h = activate(1, fromInput + reset * fromState);
      return keep((1 - z) * h + z * old, old, row, columns, v, m);
    }
    Address at = stateAt(row, columns, v);
    if (firstGate == 0) {
      store(activate(0, gate(0)).v, update, at);
      store((activate(0, gate(1)) * old).v, pending, at);
      return;
    }
    Scalar z = wrap(load(update, at, lanes)), h = activate(1, gate(0));
    keep((1 - z) * h + z * old, old, row, columns, v, m);
  }

  Address perDirection(const Buffer &buffer, Columns columns, int64_t v, int64_t offset = 0) {
    return Address{columns.first, v * lanes + direction * buffer.strides[0] + offset};
  }

  void finishLstm(std::array<Scalar, 4> gate, Scalar old, Value row, Columns columns, int64_t v, Value m) {
    Address at = stateAt(row, columns, v);
    Scalar c = wrap(load(cell, at, lanes));
    auto peephole = [&](int64_t which, Scalar from) {
      return wrap(load(peepholes, perDirection(peepholes, columns, v, which * hidden), lanes, m)) * from;
    };
    if (peepholes.flat) {
      gate[0] = gate[0] + peephole(0, c);
      gate[2] = gate[2] + peephole(2, c);
    }
    Scalar i = activate(0, gate[0]), forget = op.getInputForget() ? 1 - i : activate(0, gate[2]);
    Scalar next = forget * c + i * activate(1, gate[3]);
    if (peepholes.flat)
      gate[1] = gate[1] + peephole(1, next);
    Scalar h = activate(0, gate[1]) * applyActivation(2, next);
    store(whileValid(next, c, row).v, cell, at);
    keep(h, old, row, columns, v, m);
  }

  // `next` while the row's sequence lasts, `old` beyond.
  Scalar whileValid(Scalar next, Scalar old, Value row) {
    if (!lengths.flat)
      return next;
    return wrap(arith::SelectOp::create(b, isValid(row), next.v, old.v));
  }
  Value isValid(Value row) {
    Value length = loadScalar(lengths, add(Address{}, row, lengths.strides[0]));
    Value t = arith::IndexCastOp::create(b, length.getType(), time);
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, t, length);
  }
  void keep(Scalar h, Scalar old, Value row, Columns columns, int64_t v, Value m) {
    store(whileValid(h, old, row).v, state, add(stateAt(row, columns, v), newState));
    store(whileValid(h, h.like(0), row).v, y, sequenceAt(row, columns, v), m);
  }
};
} // namespace

LogicalResult emitRecurrent(kernel::RecurrentOp op, const KernelSite &site) {
  RecurrentEmitter(op, site).emit(site);
  return success();
}
} // namespace nncc
