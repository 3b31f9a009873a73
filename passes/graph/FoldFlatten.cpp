// A flatten of a transposed tensor before a matmul with constant weights: the weights' rows take the tensor's order, so
// that nothing moves at run time. It is how a convolutional network meets its first dense layer.
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "passes/graph/Passes.h"
using namespace mlir;
using namespace nncc::nn;

namespace nncc {
#define GEN_PASS_DEF_FOLDFLATTEN
#include "passes/graph/Passes.h.inc"
namespace {
// matmul(reshape(transpose(x)), w) => matmul(reshape(x), reshape(transpose(reshape(w))))
void foldFlatten(MatmulOp matmul) {
  auto flatten = matmul.getX().getDefiningOp<ReshapeOp>();
  auto transpose = flatten ? flatten.getX().getDefiningOp<TransposeOp>() : TransposeOp();
  RankedTensorType w = typeOf(matmul.getW());
  if (!transpose || w.getRank() != 2 || !matchPattern(matmul.getW(), m_Constant()))
    return;
  // The trailing dimensions that make a row, which the leading ones stay out of.
  ArrayRef<int64_t> shape = transpose.getType().getShape(), perm = transpose.getPerm();
  bool transposeW = matmul.getTransposeW();
  int64_t rows = w.getDimSize(transposeW ? 1 : 0), first = shape.size(), product = 1;
  while (first > 0 && product < rows && !ShapedType::isDynamic(shape[first - 1]) && shape[first - 1] > 0)
    product *= shape[--first];
  if (product != rows || !llvm::equal(perm.take_front(first), llvm::seq<int64_t>(0, first)))
    return;

  int64_t lead = transposeW ? 1 : 0;
  SmallVector<int64_t> wide(shape.drop_front(first)), order = invertPermutationVector(perm);
  order.erase(order.begin(), order.begin() + first);
  for (int64_t &d : order)
    d += lead - first;
  wide.insert(transposeW ? wide.begin() : wide.end(), w.getDimSize(transposeW ? 0 : 1));
  order.insert(transposeW ? order.begin() : order.end(), transposeW ? 0 : order.size());
  OpBuilder b(matmul);
  Location loc = matmul.getW().getLoc();
  Value weights = ReshapeOp::create(b, loc, w.clone(wide), matmul.getW());
  weights = TransposeOp::create(b, loc, w.clone(applyPermutation(wide, order)), weights, order);
  weights = ReshapeOp::create(b, loc, w, weights);
  matmul.getWMutable().assign(weights);
  matmul.getXMutable().assign(ReshapeOp::create(b, flatten.getLoc(), flatten.getType(), transpose.getX()));
  if (flatten.use_empty())
    flatten.erase();
  if (transpose.use_empty())
    transpose.erase();
}

struct FoldFlattenPass : impl::FoldFlattenBase<FoldFlattenPass> {
  void runOnOperation() override { getOperation()->walk(foldFlatten); }
};
} // namespace
} // namespace nncc
