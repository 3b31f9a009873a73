// One walk over linalg ops merges each elementwise producer into its only consumer, so that a chain is one loop and its
// intermediate values stay in registers. Upstream's fusion does the same pair by pair with a greedy driver, which is
// quadratic in the length of a chain; here every op is looked at once, and a loop's body is limited.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "passes/schedule/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallBitVector.h"
using namespace mlir;

namespace nncc {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/schedule/Passes.h.inc"
namespace {

constexpr int64_t mostBodyOps = 64, mostOperands = 12, mostNames = 8;
// What is the same along a row costs nothing beside the row, if it is short and the row long.
constexpr int64_t mostRowOps = 8, leastRow = 32;

bool isFusable(linalg::LinalgOp op) {
  return isa<linalg::GenericOp, linalg::TransposeOp, linalg::BroadcastOp>(op) && op.hasPureTensorSemantics() &&
         op->getNumResults() == 1 && !op.hasDynamicShape() &&
         llvm::all_of(op.getBlock()->without_terminator(), [](Operation &inner) {
           return isa<linalg::IndexOp>(inner) || inner.hasTrait<OpTrait::ConstantLike>() ||
                  OpTrait::hasElementwiseMappableTraits(&inner);
         });
}

int64_t bodyOps(linalg::LinalgOp op) { return std::distance(op.getBlock()->begin(), op.getBlock()->end()) - 1; }

// Not to be done twice to save a load: also the two instructions that take a divider's time.
bool isExpensive(Operation &op) { return kernel::costOf(op) > 1 || isa<arith::DivFOp, math::SqrtOp>(op); }

int64_t bytesOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type ? type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8)) : 0;
}

// A cast, a broadcast, a constant: computing it again costs no more than reading its result.
bool isTrivial(linalg::LinalgOp op) {
  int64_t bytes = 0;
  for (OpOperand *input : op.getDpsInputOperands())
    bytes += bytesOf(input->get());
  return bodyOps(op) <= 2 && llvm::none_of(*op.getBlock(), isExpensive) && bytes <= bytesOf(op->getResult(0));
}

// Every loop's extent must follow from some operand.
bool coversLoops(ArrayRef<AffineMap> maps, AffineMap result) {
  llvm::SmallBitVector found(result.getNumDims());
  auto add = [&](AffineMap map) {
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        found.set(dim.getPosition());
  };
  llvm::for_each(maps, add);
  add(result);
  return found.all();
}

Location joined(Location x, Location y) {
  llvm::SmallSetVector<Location, mostNames> parts;
  for (Location location : {x, y}) {
    if (auto fused = dyn_cast<FusedLoc>(location))
      parts.insert_range(fused.getLocations());
    else
      parts.insert(location);
  }
  SmallVector<Location> locations = parts.takeVector();
  if (locations.size() > mostNames)
    locations.resize(mostNames, locations.front());
  return FusedLoc::get(x.getContext(), locations);
}

struct FuseElementwisePass : impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (isFusable(op))
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      if (linalg::GenericOp folded = foldConstants(op))
        op = folded;
      while (linalg::GenericOp fused = fuseOne(op))
        op = fused;
    }
  }

  // The producer of `operand`, if merging it into `consumer` saves work.
  linalg::LinalgOp fusableProducer(linalg::LinalgOp consumer, OpOperand &operand) {
    auto producer = operand.get().getDefiningOp<linalg::LinalgOp>();
    if (!producer || producer->getBlock() != consumer->getBlock() || !isFusable(producer) ||
        producer.getNumParallelLoops() != producer.getNumLoops())
      return {};
    OpOperand *init = producer.getDpsInitOperand(0);
    AffineMap read = consumer.getMatchingIndexingMap(&operand);
    if (producer.payloadUsesValueFromOperand(init) || !producer.getMatchingIndexingMap(init).isPermutation() ||
        !read.isProjectedPermutation(/*allowZeroInResults=*/true))
      return {};
    if (bodyOps(producer) + bodyOps(consumer) > mostBodyOps ||
        producer.getNumDpsInputs() + consumer.getNumDpsInputs() > mostOperands)
      return {};
    bool trivial = isTrivial(producer);
    if (trivial && makesRowsShort(producer, consumer))
      return {};
    if (!trivial && !llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == consumer; }))
      return {};
    // Each element is computed once: every loop of the consumer moves over the producer's result.
    bool once = read.isPermutation();
    if (!once && !trivial && !isRowConstant(producer, consumer, read) && iterations(consumer) != iterations(producer))
      return {};
    // Against the grain two inputs are dearer to read than one.
    if (once && !read.isIdentity() && producer.getNumDpsInputs() > 1)
      return {};
    return producer;
  }

  // A few numbers, each for some neighbours: in the consumer's loop they would leave rows as short as that.
  static bool makesRowsShort(linalg::LinalgOp producer, linalg::LinalgOp consumer) {
    constexpr int64_t shortRow = 64, leastReads = 8;
    int64_t last = producer.getNumLoops() - 1;
    if (last < 1 || iterations(producer) * leastReads > iterations(consumer))
      return false;
    SmallVector<int64_t> ranges = producer.getStaticLoopRanges();
    if (ranges[last] == 1 || ranges[last] > shortRow)
      return false;
    return llvm::any_of(producer.getDpsInputOperands(), [&](OpOperand *input) {
      AffineMap map = producer.getMatchingIndexingMap(input);
      return !map.isFunctionOfDim(last) && ranges[last - 1] > 1 && map.isFunctionOfDim(last - 1);
    });
  }

  // LLVM moves what does not depend on the innermost loop out of it.
  static bool isRowConstant(linalg::LinalgOp producer, linalg::LinalgOp consumer, AffineMap read) {
    SmallVector<int64_t> ranges = consumer.getStaticLoopRanges();
    unsigned inner = ranges.size();
    while (inner > 0 && ranges[inner - 1] == 1)
      inner--;
    return inner && ranges[inner - 1] >= leastRow && !read.isFunctionOfDim(inner - 1) &&
           bodyOps(producer) <= mostRowOps;
  }

  static int64_t iterations(linalg::LinalgOp op) { return ShapedType::getNumElements(op.getStaticLoopRanges()); }

  linalg::GenericOp fuseOne(linalg::LinalgOp consumer) {
    for (OpOperand *operand : consumer.getDpsInputOperands())
      if (linalg::LinalgOp producer = fusableProducer(consumer, *operand))
        return fuse(producer, consumer);
    return {};
  }

  // Inputs of the op being built; equal ones are one.
  struct Inputs {
    SmallVector<Value> values;
    SmallVector<AffineMap> maps;
    unsigned add(Value value, AffineMap map) {
      for (unsigned i = 0; i < values.size(); i++)
        if (values[i] == value && maps[i] == map)
          return i;
      values.push_back(value);
      maps.push_back(map);
      return values.size() - 1;
    }
  };

  // consumer(.., producer(x, ..), ..) => one generic with the producer's body before the consumer's, once for each
  // distinct way in which the consumer reads it.
  linalg::GenericOp fuse(linalg::LinalgOp producer, linalg::LinalgOp consumer) {
    Value intermediate = producer->getResult(0);
    AffineMap fromResult = inversePermutation(producer.getMatchingIndexingMap(producer.getDpsInitOperand(0)));
    Inputs inputs;
    SmallVector<unsigned> ownArgs;                                  // of the consumer's inputs: index in `inputs`, or
    SmallVector<std::pair<AffineMap, SmallVector<unsigned>>> reads; // of the producer's, by what it is read by
    SmallVector<int> readOf; // of the consumer's inputs: index in `reads`, else -1
    for (OpOperand *operand : consumer.getDpsInputOperands()) {
      AffineMap map = consumer.getMatchingIndexingMap(operand);
      if (operand->get() != intermediate || !map.isProjectedPermutation(/*allowZeroInResults=*/true)) {
        readOf.push_back(-1);
        ownArgs.push_back(inputs.add(operand->get(), map));
        continue;
      }
      AffineMap loops = fromResult.compose(map); // the consumer's loops to the producer's
      unsigned i = 0;
      while (i < reads.size() && reads[i].first != loops)
        i++;
      if (i == reads.size()) {
        reads.emplace_back(loops, SmallVector<unsigned>());
        for (OpOperand *input : producer.getDpsInputOperands())
          reads[i].second.push_back(inputs.add(input->get(), producer.getMatchingIndexingMap(input).compose(loops)));
      }
      readOf.push_back(i);
      ownArgs.push_back(0);
    }
    if (!coversLoops(inputs.maps, consumer.getMatchingIndexingMap(consumer.getDpsInitOperand(0))))
      return {};
    auto body = [&](OpBuilder &b, Location, ValueRange args) {
      SmallVector<Value> results;
      for (auto &[loops, own] : reads) {
        IRMapping map;
        for (auto [k, operand] : llvm::enumerate(producer.getDpsInputOperands()))
          map.map(producer.getMatchingBlockArgument(operand), args[own[k]]);
        results.push_back(cloneBody(b, producer, map, loops));
      }
      IRMapping map;
      for (auto [k, operand] : llvm::enumerate(consumer.getDpsInputOperands()))
        map.map(consumer.getMatchingBlockArgument(operand), readOf[k] < 0 ? args[ownArgs[k]] : results[readOf[k]]);
      if (BlockArgument init = consumer.getMatchingBlockArgument(consumer.getDpsInitOperand(0)))
        map.map(init, args.back());
      linalg::YieldOp::create(b, consumer.getLoc(), cloneBody(b, consumer, map, {}));
    };
    linalg::GenericOp fused = replace(consumer, inputs, joined(producer.getLoc(), consumer.getLoc()), body);
    if (producer->use_empty())
      producer->erase();
    return fused;
  }

  // Copies a body; the yielded value. `loops` gives the old op's loops by the new one's, null: they are the same.
  static Value cloneBody(OpBuilder &b, linalg::LinalgOp op, IRMapping &map, AffineMap loops) {
    for (Operation &inner : op.getBlock()->without_terminator()) {
      auto index = dyn_cast<linalg::IndexOp>(inner);
      if (!index || !loops) {
        b.clone(inner, map);
        continue;
      }
      AffineExpr expr = loops.getResult(index.getDim());
      auto dim = dyn_cast<AffineDimExpr>(expr);
      map.map(index.getResult(), dim ? Value(linalg::IndexOp::create(b, index.getLoc(), dim.getPosition()))
                                     : Value(arith::ConstantIndexOp::create(
                                           b, index.getLoc(), cast<AffineConstantExpr>(expr).getValue())));
    }
    return map.lookupOrDefault(op.getBlock()->getTerminator()->getOperand(0));
  }

  linalg::GenericOp replace(linalg::LinalgOp op, const Inputs &inputs, Location location,
                            function_ref<void(OpBuilder &, Location, ValueRange)> body) {
    OpBuilder b(op);
    OpOperand *init = op.getDpsInitOperand(0);
    SmallVector<AffineMap> maps(inputs.maps);
    maps.push_back(op.getMatchingIndexingMap(init));
    auto result = linalg::GenericOp::create(b, location, op->getResultTypes(), inputs.values, init->get(), maps,
                                            op.getIteratorTypesArray(), body);
    op->replaceAllUsesWith(result);
    op->erase();
    return result;
  }

  // The scalar that a tensor holds everywhere.
  static TypedAttr splatOf(Value v) {
    DenseElementsAttr dense;
    TypedAttr scalar;
    if (matchPattern(v, m_Constant(&dense)) && dense.isSplat())
      return dense.getSplatValue<TypedAttr>();
    auto fill = v.getDefiningOp<linalg::FillOp>();
    return fill && matchPattern(fill.getInputs()[0], m_Constant(&scalar)) ? scalar : TypedAttr();
  }

  // Inputs that hold one value everywhere become constants of the body.
  linalg::GenericOp foldConstants(linalg::LinalgOp op) {
    SmallVector<TypedAttr> scalars;
    for (OpOperand *operand : op.getDpsInputOperands())
      scalars.push_back(isa<RankedTensorType>(operand->get().getType()) ? splatOf(operand->get()) : TypedAttr());
    if (llvm::none_of(scalars, [](TypedAttr a) { return bool(a); }))
      return {};
    Inputs inputs;
    SmallVector<unsigned> args;
    for (auto [operand, scalar] : llvm::zip_equal(op.getDpsInputOperands(), scalars))
      args.push_back(scalar ? 0 : inputs.add(operand->get(), op.getMatchingIndexingMap(operand)));
    if (!coversLoops(inputs.maps, op.getMatchingIndexingMap(op.getDpsInitOperand(0))))
      return {};
    auto body = [&](OpBuilder &b, Location loc, ValueRange values) {
      IRMapping map;
      for (auto [k, operand] : llvm::enumerate(op.getDpsInputOperands()))
        map.map(op.getMatchingBlockArgument(operand),
                scalars[k] ? arith::ConstantOp::create(b, loc, scalars[k]).getResult() : values[args[k]]);
      if (BlockArgument init = op.getMatchingBlockArgument(op.getDpsInitOperand(0)))
        map.map(init, values.back());
      linalg::YieldOp::create(b, loc, cloneBody(b, op, map, {}));
    };
    return replace(op, inputs, op.getLoc(), body);
  }
};

} // namespace
} // namespace nncc
