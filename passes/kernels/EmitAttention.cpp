// Attention without a horizontal step: a block of queries lies in the lanes. Its queries are transposed and scaled
// once; scores^T[key][query] have rows of k as their broadcast operand, the maximum, exponentials and their sum run
// down the lanes, and result^T[d][query] has rows of v as its broadcast operand. A full row of scores per query stays
// in scratch memory. Where there are too few queries, the keys take the lanes instead.
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Emitter.h"
using namespace mlir;

namespace nncc {
namespace {

// Keys whose exponentials and rows of v stay in L1, and whose pages in the first TLB, while all of the result's rows
// take them.
constexpr int64_t keysAtOnce = 64;

// One tensor with its strides by meaning.
struct Heads {
  Buffer buffer;
  int64_t batch, sequence, head;
};

class AttentionEmitter : Emitter {
public:
  AttentionEmitter(kernel::AttentionOp op, const KernelSite &site)
      : Emitter(op), op(op), element(cast<ShapedType>(op.getQ().getType()).getElementType()),
        lanes(target.lanesOf(element)), block(op.getBlock()), vectors(std::max<int64_t>(1, block / lanes)),
        query(kernel::AttentionOp::extentsOf(op.getQ(), op.getQHeadsFirst())),
        key(kernel::AttentionOp::extentsOf(op.getK(), op.getKHeadsFirst())),
        width(kernel::AttentionOp::extentsOf(op.getV(), op.getVHeadsFirst()).width),
        tileRows(target.getRegisters() >= 32 ? 8 : 4) {
    auto heads = [&](Value v, bool headsFirst) -> Heads {
      Buffer m = open(v);
      return {m, m.strides[0], m.strides[headsFirst ? 2 : 1], m.strides[headsFirst ? 1 : 2]};
    };
    q = heads(op.getQ(), op.getQHeadsFirst());
    k = heads(op.getK(), op.getKHeadsFirst());
    v = heads(op.getV(), op.getVHeadsFirst());
    out = heads(op.getInit(), op.getResultHeadsFirst());
    if (op.getMask())
      mask = open(op.getMask());
    int64_t turned = std::max(query.width, width) * block;
    queries = openScratch(site.scratch, 0, turned, element);
    scores = openScratch(site.scratch, turned * element.getIntOrFloatBitWidth() / 8,
                         llvm::alignTo(key.sequence, 64) * block, element);
  }

  void emit(const KernelSite &site) {
    int64_t blocks = llvm::divideCeil(query.sequence, block), rest = query.sequence % block;
    loop(site.units[0].from, site.units[0].to, 1, [&](Value unit) {
      SmallVector<Value> at = delinearize(unit, {query.batch, query.heads, blocks});
      batch = at[0];
      head = at[1];
      kvHead = div(head, query.heads / key.heads);
      if (block == 1)
        return emitRow(at[2]);
      Value first = mul(at[2], block);
      if (!rest)
        return emitBlock(first, block);
      Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, at[2], c(blocks - 1));
      if (blocks > 1)
        onlyIf(arith::XOrIOp::create(b, isLast, arith::ConstantIntOp::create(b, 1, 1)),
               [&] { emitBlock(first, block); });
      onlyIf(isLast, [&] { emitBlock(first, rest); });
    });
  }

private:
  kernel::AttentionOp op;
  Type element;
  int64_t lanes, block, vectors;
  kernel::AttentionOp::Extents query, key;
  int64_t width, tileRows;
  Heads q, k, v, out;
  Buffer mask, queries, scores;
  Value batch, head, kvHead;

  Value splatOf(double x) { return splat(b.getFloatAttr(element, x), lanes); }
  Value least() {
    return splat(b.getFloatAttr(element, APFloat::getInf(cast<FloatType>(element).getFloatSemantics(), true)), lanes);
  }
  Value greater(Value x, Value y) {
    return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y), y, x);
  }
  Value laneNumbers() {
    auto type = VectorType::get({lanes}, b.getI32Type());
    SmallVector<int32_t> steps = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef<int32_t>(steps)));
  }
  Value multiply(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Address rowOf(const Heads &t, Value at, Value whichHead) {
    return add(add(add(Address{}, batch, t.batch), whichHead, t.head), at, t.sequence);
  }
  // Queries and keys are aligned at their ends.
  Value lastSeen(Value queryIndex) { return add(queryIndex, key.sequence - query.sequence); }

  // Runs `body` on groups of `lanes` columns, of which the last may have fewer.
  void forEachColumns(int64_t columns, function_ref<void(Value, int64_t)> body) {
    int64_t full = columns / lanes * lanes;
    if (full)
      loop(c(0), c(full), lanes, [&](Value d) { body(d, lanes); });
    if (columns > full)
      body(c(full), columns - full);
  }
  // Runs `body` on tiles of `tileRows` of `count` rows.
  void forEachRows(int64_t count, function_ref<void(Value, int64_t)> body) {
    int64_t full = count / tileRows * tileRows;
    if (full)
      loop(c(0), c(full), tileRows, [&](Value row) { body(row, tileRows); });
    if (count > full)
      body(c(full), count - full);
  }

  //===-- Queries in the lanes ----------------------------------------------------------------------------------===//

  // `valid` queries from `first` on; the lanes beyond repeat the last one and are not stored.
  void emitBlock(Value first, int64_t valid) {
    loadQueries(first, valid);
    if (mask.flat && mask.shape[2] != 1)
      loadMask(first, valid);
    Value end = c(key.sequence);
    if (op.getCausal()) // the tile of keys in which the last query's last key lies is the last to be computed
      end = min(end, mul(ceilDiv(add(lastSeen(first), valid), tileRows), tileRows));
    SmallVector<Value> largest = computeScores(first, end);
    // From here on `queries` holds results.
    loop(c(0), c(width), 1, [&](Value d) {
      for (int64_t n = 0; n < vectors; n++)
        store(zeros(element, lanes), queries, add(Address{{}, n * lanes}, d, block));
    });
    SmallVector<Value> sums(vectors, zeros(element, lanes));
    sums = loop(c(0), end, keysAtOnce, sums, [&](Value from, SmallVector<Value> &carried) {
      Value to = min(add(from, keysAtOnce), end);
      carried = exponentiate(from, to, largest, carried);
      addResult(from, to);
    });
    for (Value &sum : sums)
      sum = arith::DivFOp::create(b, splatOf(1), sum);
    storeResult(first, valid, sums);
  }

  // scores[key][query] => exp(scores - largest), whose sums over the keys are added to `sums`.
  SmallVector<Value> exponentiate(Value from, Value to, ArrayRef<Value> largest, ArrayRef<Value> sums) {
    return loop(from, to, 1, sums, [&](Value row, SmallVector<Value> &carried) {
      for (int64_t n = 0; n < vectors; n++) {
        Address at = add(Address{{}, n * lanes}, row, block);
        Value p = math::ExpOp::create(b, arith::SubFOp::create(b, load(scores, at, lanes), largest[n]));
        store(p, scores, at);
        carried[n] = arith::AddFOp::create(b, carried[n], p);
      }
    });
  }

  void loadQueries(Value first, int64_t valid) {
    Value scale = splatOf(op.getScale().convertToDouble());
    forEachColumns(query.width, [&](Value d, int64_t columns) {
      for (int64_t n = 0; n < vectors; n++) {
        SmallVector<Value> rows;
        for (int64_t i = 0; i < lanes; i++) {
          Value at = add(first, std::min(n * lanes + i, valid - 1));
          rows.push_back(load(q.buffer, add(rowOf(q, at, head), d, 1), lanes, Emitter::mask(lanes, columns)));
        }
        rows = transposed(rows);
        for (int64_t j = 0; j < columns; j++)
          store(multiply(rows[j], scale), queries, add(Address{{}, j * block + n * lanes}, d, block));
      }
    });
  }

  // The mask, transposed, to where the scores will be.
  void loadMask(Value first, int64_t valid) {
    forEachColumns(key.sequence, [&](Value row, int64_t columns) {
      for (int64_t n = 0; n < vectors; n++) {
        SmallVector<Value> rows;
        for (int64_t i = 0; i < lanes; i++) {
          Value at = add(first, std::min(n * lanes + i, valid - 1));
          rows.push_back(load(mask, add(maskRow(at), row, 1), lanes, Emitter::mask(lanes, columns)));
        }
        rows = transposed(rows);
        for (int64_t j = 0; j < columns; j++)
          store(rows[j], scores, add(Address{{}, j * block + n * lanes}, row, block));
      }
    });
  }
  Address maskRow(Value queryIndex) {
    Address at;
    Value indices[] = {batch, head, queryIndex};
    for (int64_t d = 0; d < 3; d++)
      if (mask.shape[d] != 1)
        at = add(at, indices[d], mask.strides[d]);
    return at;
  }

  // scores[key][query] for the keys below `end`; returns each query's maximum.
  SmallVector<Value> computeScores(Value first, Value end) {
    SmallVector<Value> largest(vectors, least());
    auto tile = [&](Value row, int64_t rows, SmallVector<Value> &carried) {
      SmallVector<Value> acc;
      for (int64_t i = 0; i < rows; i++)
        for (int64_t n = 0; n < vectors; n++)
          acc.push_back(initialScore(add(row, i), n));
      Address keys = rowOf(k, row, kvHead);
      acc = loop(c(0), c(query.width), 1, acc, [&](Value d, SmallVector<Value> &sums) {
        SmallVector<Value> x;
        for (int64_t n = 0; n < vectors; n++)
          x.push_back(load(queries, add(Address{{}, n * lanes}, d, block), lanes));
        for (int64_t i = 0; i < rows; i++) {
          Value y = broadcast(k.buffer, add(add(keys, d, 1), i * k.sequence), lanes);
          for (int64_t n = 0; n < vectors; n++)
            sums[i * vectors + n] = multiplyAdd(y, x[n], sums[i * vectors + n]);
        }
      });
      for (int64_t i = 0; i < rows; i++)
        for (int64_t n = 0; n < vectors; n++) {
          Value &s = acc[i * vectors + n];
          if (op.getCausal())
            s = arith::SelectOp::create(b, isSeen(first, n, add(row, i)), s, least());
          store(s, scores, add(Address{{}, i * block + n * lanes}, row, block));
          carried[n] = greater(carried[n], s);
        }
    };
    int64_t full = key.sequence / tileRows * tileRows;
    if (full)
      largest = loop(c(0), min(end, c(full)), tileRows, largest,
                     [&](Value row, SmallVector<Value> &carried) { tile(row, tileRows, carried); });
    // A causal block that ends before the last keys computes them all the same: they are not seen.
    if (key.sequence > full)
      tile(c(full), key.sequence - full, largest);
    return largest;
  }
  Value initialScore(Value row, int64_t n) {
    if (!mask.flat)
      return zeros(element, lanes);
    if (mask.shape[2] == 1)
      return broadcast(mask, add(maskRow({}), row, 1), lanes);
    return load(scores, add(Address{{}, n * lanes}, row, block), lanes);
  }
  Value isSeen(Value first, int64_t n, Value row) {
    Value difference = sub(row, lastSeen(add(first, n * lanes))); // seen where it is at most the lane
    Value wide = broadcast(arith::IndexCastOp::create(b, b.getI32Type(), difference), lanes);
    return arith::CmpIOp::create(b, arith::CmpIPredicate::sle, wide, laneNumbers());
  }

  // queries[d][query] += sum_key v[key][d] * scores[key][query]
  void addResult(Value from, Value to) {
    forEachRows(width, [&](Value d, int64_t rows) {
      auto resultAt = [&](int64_t i, int64_t n) { return add(Address{{}, i * block + n * lanes}, d, block); };
      SmallVector<Value> acc;
      for (int64_t i = 0; i < rows; i++)
        for (int64_t n = 0; n < vectors; n++)
          acc.push_back(load(queries, resultAt(i, n), lanes));
      acc = loop(from, to, 1, acc, [&](Value row, SmallVector<Value> &sums) {
        SmallVector<Value> p;
        for (int64_t n = 0; n < vectors; n++)
          p.push_back(load(scores, add(Address{{}, n * lanes}, row, block), lanes));
        Address values = add(rowOf(v, row, kvHead), d, 1);
        for (int64_t i = 0; i < rows; i++) {
          Value x = broadcast(v.buffer, add(values, i), lanes);
          for (int64_t n = 0; n < vectors; n++)
            sums[i * vectors + n] = multiplyAdd(x, p[n], sums[i * vectors + n]);
        }
      });
      for (int64_t i = 0; i < rows; i++)
        for (int64_t n = 0; n < vectors; n++)
          store(acc[i * vectors + n], queries, resultAt(i, n));
    });
  }

  void storeResult(Value first, int64_t valid, ArrayRef<Value> factors) {
    forEachColumns(width, [&](Value d, int64_t columns) {
      for (int64_t n = 0; n < vectors; n++) {
        SmallVector<Value> rows;
        for (int64_t j = 0; j < lanes; j++)
          rows.push_back(
              multiply(load(queries, add(Address{{}, std::min(j, columns - 1) * block + n * lanes}, d, block), lanes),
                       factors[n]));
        rows = transposed(rows);
        for (int64_t i = 0; i < std::min(lanes, valid - n * lanes); i++)
          store(rows[i], out.buffer, add(rowOf(out, add(first, n * lanes + i), head), d, 1),
                Emitter::mask(lanes, columns));
      }
    });
  }

  //===-- Keys in the lanes -------------------------------------------------------------------------------------===//

  void emitRow(Value row) {
    Value scale = splatOf(op.getScale().convertToDouble());
    int64_t chunks = llvm::divideCeil(query.width, lanes), keyVectors = llvm::divideCeil(key.sequence, lanes);
    SmallVector<Value> x;
    for (int64_t i = 0; i < chunks; i++)
      x.push_back(
          multiply(load(q.buffer, add(rowOf(q, row, head), i * lanes), lanes, chunkMask(query.width, i)), scale));
    auto tile = [&](Value first, int64_t valid, SmallVector<Value> &carried) {
      SmallVector<Value> sums;
      for (int64_t i = 0; i < lanes; i++) {
        Address at = rowOf(k, add(first, std::min(i, valid - 1)), kvHead);
        Value sum = zeros(element, lanes);
        for (int64_t j = 0; j < chunks; j++)
          sum = multiplyAdd(x[j], load(k.buffer, add(at, j * lanes), lanes, chunkMask(query.width, j)), sum);
        sums.push_back(sum);
      }
      sums = transposed(sums);
      for (int64_t step = lanes / 2; step; step /= 2)
        for (int64_t i = 0; i < step; i++)
          sums[i] = arith::AddFOp::create(b, sums[i], sums[i + step]);
      Value s = sums[0], inside = Emitter::mask(lanes, valid);
      if (mask.flat)
        s = arith::AddFOp::create(b, s, load(mask, add(maskRow(row), first, 1), lanes, inside));
      if (op.getCausal())
        s = arith::SelectOp::create(b, isKeySeen(row, first), s, least());
      if (inside)
        s = arith::SelectOp::create(b, inside, s, least());
      store(s, scores, add(Address{}, first, 1));
      carried[0] = greater(carried[0], s);
    };
    int64_t full = key.sequence / lanes * lanes;
    SmallVector<Value> largest = {least()};
    if (full)
      largest = loop(c(0), c(full), lanes, largest,
                     [&](Value first, SmallVector<Value> &carried) { tile(first, lanes, carried); });
    if (key.sequence > full)
      tile(c(full), key.sequence - full, largest);
    Value top = broadcast(vector::ReductionOp::create(b, vector::CombiningKind::MAXNUMF, largest[0]), lanes);
    SmallVector<Value> sum = loop(
        c(0), c(keyVectors * lanes), lanes, {zeros(element, lanes)}, [&](Value first, SmallVector<Value> &carried) {
          Address at = add(Address{}, first, 1);
          Value p = math::ExpOp::create(b, arith::SubFOp::create(b, load(scores, at, lanes), top));
          store(p, scores, at);
          carried[0] = arith::AddFOp::create(b, carried[0], p);
        });
    Value total = vector::ReductionOp::create(b, vector::CombiningKind::ADD, sum[0]);
    Value factor = arith::DivFOp::create(b, splatOf(1), broadcast(total, lanes));
    int64_t outputs = llvm::divideCeil(width, lanes);
    SmallVector<Value> acc(outputs, zeros(element, lanes));
    acc = loop(c(0), c(key.sequence), 1, acc, [&](Value first, SmallVector<Value> &carried) {
      Value p = broadcast(scores, add(Address{}, first, 1), lanes);
      for (int64_t i = 0; i < outputs; i++) {
        Value y = load(v.buffer, add(rowOf(v, first, kvHead), i * lanes), lanes, chunkMask(width, i));
        carried[i] = multiplyAdd(p, y, carried[i]);
      }
    });
    for (int64_t i = 0; i < outputs; i++)
      store(multiply(acc[i], factor), out.buffer, add(rowOf(out, row, head), i * lanes), chunkMask(width, i));
  }
  Value chunkMask(int64_t columns, int64_t chunk) {
    return Emitter::mask(lanes, std::min(lanes, columns - chunk * lanes));
  }
  Value isKeySeen(Value row, Value first) {
    Value limit = broadcast(arith::IndexCastOp::create(b, b.getI32Type(), sub(lastSeen(row), first)), lanes);
    return arith::CmpIOp::create(b, arith::CmpIPredicate::sle, laneNumbers(), limit);
  }
};
} // namespace

LogicalResult emitAttention(kernel::AttentionOp op, const KernelSite &site) {
  AttentionEmitter(op, site).emit(site);
  return success();
}
} // namespace nncc
