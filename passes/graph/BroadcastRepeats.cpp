// Upsampling to the nearest pixel by a whole factor reads each row several times: a broadcast between two reshapes, of
// which the elementwise ops around it can be part. One loop then reads the small image, instead of one loop for each
// axis that writes a larger one.
#include "dialects/nn/NN.h"
#include "passes/graph/Match.h"
#include "passes/graph/Passes.h"
#include "passes/graph/Weights.h"
using namespace mlir;
using namespace nncc::nn;
using namespace nncc::graph;

namespace nncc {
#define GEN_PASS_DEF_BROADCASTREPEATS
#include "passes/graph/Passes.h.inc"
namespace {

// Elementwise ops that are rewritten with one repetition.
constexpr int64_t mostOps = 32;
// Elements of the last dimension that make a loop of its own worth while.
constexpr int64_t leastRow = 8;

ArrayRef<int64_t> shapeOf(Value v) { return typeOf(v).getShape(); }

// How often `gather` repeats each element of its axis in a row; 0 if it does not.
int64_t timesOf(GatherOp gather) {
  int64_t axis = gather.getAxis(), rank = typeOf(gather.getX()).getRank();
  auto indices = Weights::of(gather.getIndices());
  if (!indices || indices->isSplat || indices->type.getRank() != 1 || !typeOf(gather.getX()).hasStaticShape() ||
      axis + 1 >= rank || shapeOf(gather).back() < leastRow)
    return 0;
  int64_t extent = shapeOf(gather.getX())[axis], count = indices->type.getDimSize(0);
  if (!extent || count == extent || count % extent)
    return 0;
  int64_t times = count / extent;
  bool isWide = indices->width() == sizeof(int64_t);
  for (int64_t i = 0; i < count; i++)
    if ((isWide ? indices->load<int64_t>(i) : indices->load<int32_t>(i)) != i / times)
      return 0;
  return times;
}

// A value whose dimension d repeats each element of x's times[d] times.
struct Repeat {
  Value x;
  SmallVector<int64_t> times;
};
std::optional<Repeat> repeatOf(Value v) {
  Repeat repeat = {v, SmallVector<int64_t>(typeOf(v).getRank(), 1)};
  for (auto gather = v.getDefiningOp<GatherOp>(); gather; gather = repeat.x.getDefiningOp<GatherOp>()) {
    int64_t times = repeat.x == v || repeat.x.hasOneUse() ? timesOf(gather) : 0;
    if (!times)
      break;
    repeat.times[gather.getAxis()] *= times;
    repeat.x = gather.getX();
  }
  if (repeat.x == v)
    return std::nullopt;
  return repeat;
}

class Rewrite {
public:
  Rewrite(Value gathered, Repeat repeat) : repeat(std::move(repeat)), root(gathered) {}

  // e(.., repeat(x)) => reshape(e(reshape(..), broadcast(reshape(x))))
  void run() {
    // Of the elementwise ops behind it all that nothing else reads.
    while (root.hasOneUse()) {
      Operation *user = *root.getUsers().begin();
      if (!isa<ElementwiseInterface>(user) || user->getBlock() != root.getParentBlock() ||
          shapeOf(user->getResult(0)) != shapeOf(root))
        break;
      root = user->getResult(0);
    }
    OpBuilder b(root.getDefiningOp());
    b.setInsertionPointAfterValue(root);
    Value wide = expand(b, root);
    SmallVector<int64_t> shape = split(shapeOf(root));
    if (shapeOf(wide) != ArrayRef(shape))
      wide = BroadcastOp::create(b, root.getLoc(), typeOf(root).clone(shape), wide);
    Value result = ReshapeOp::create(b, root.getLoc(), typeOf(root), wide);
    root.replaceAllUsesWith(result);
    SmallVector<Operation *> dead = {root.getDefiningOp()};
    while (!dead.empty()) {
      Operation *op = dead.pop_back_val();
      if (!op || !isa<ElementwiseInterface>(op) || !op->use_empty())
        continue;
      for (Value operand : op->getOperands())
        dead.push_back(operand.getDefiningOp());
      op->erase();
    }
  }

private:
  // Each dimension that repeats as two.
  SmallVector<int64_t> split(ArrayRef<int64_t> shape) const {
    SmallVector<int64_t> result;
    for (auto [extent, times] : llvm::zip(shape, ArrayRef(repeat.times).take_back(shape.size()))) {
      bool isOne = extent == 1; // which broadcasts
      result.push_back(isOne ? 1 : extent / times);
      if (times > 1)
        result.push_back(isOne ? 1 : times);
    }
    return result;
  }

  Value expand(OpBuilder &b, Value v) {
    Operation *op = v.getDefiningOp();
    if (shapeOf(v) != shapeOf(root))
      return reshapeOf(b, v, split(shapeOf(v)));
    if (auto other = repeatOf(v); other && other->times == repeat.times) {
      SmallVector<int64_t> narrow;
      for (auto [extent, times] : llvm::zip(shapeOf(other->x), repeat.times)) {
        narrow.push_back(extent);
        if (times > 1)
          narrow.push_back(1);
      }
      return reshapeOf(b, other->x, narrow);
    }
    bool mayMove = v == root || (v.hasOneUse() && op && op->getBlock() == root.getParentBlock());
    if (!mayMove || !isa<ElementwiseInterface>(op) || ops++ == mostOps)
      return reshapeOf(b, v, split(shapeOf(v)));
    SmallVector<Value> operands;
    SmallVector<int64_t> shape;
    for (Value operand : op->getOperands()) {
      operands.push_back(expand(b, operand));
      ArrayRef<int64_t> own = shapeOf(operands.back());
      shape.insert(shape.begin(), std::max<int64_t>(own.size() - shape.size(), 0), 1);
      for (auto [all, one] : llvm::zip(MutableArrayRef(shape).take_back(own.size()), own))
        all = one == 1 ? all : one;
    }
    Operation *moved = b.clone(*op);
    moved->setOperands(operands);
    moved->getResult(0).setType(typeOf(v).clone(shape));
    return moved->getResult(0);
  }

  Repeat repeat;
  Value root;
  int64_t ops = 0;
};

struct BroadcastRepeatsPass : impl::BroadcastRepeatsBase<BroadcastRepeatsPass> {
  void runOnOperation() override {
    SmallVector<GatherOp> gathers;
    getOperation()->walk([&](GatherOp op) { gathers.push_back(op); });
    // The last of a chain of gathers stands for all of them.
    for (GatherOp gather : llvm::reverse(gathers)) {
      if (gather.use_empty())
        continue;
      auto user = dyn_cast<GatherOp>(*gather->getUsers().begin());
      if (user && gather->hasOneUse() && timesOf(user))
        continue;
      if (auto repeat = repeatOf(gather))
        Rewrite(gather, *repeat).run();
    }
    eraseDead(getOperation());
  }
};
} // namespace
} // namespace nncc
