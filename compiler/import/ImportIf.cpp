// If becomes scf.if, whose regions capture outer values as SSA does. A condition that is known selects its branch here,
// before the other one is typed.
#include "compiler/import/ControlFlow.h"
using namespace mlir;

namespace nncc {
namespace {

struct Branch {
  FailureOr<SmallVector<Value>> results = failure();
  std::string reason; // why it cannot be computed
  bool lacksOperator = false;
};

Branch importBranch(Node &node, const onnx::GraphProto &graph, Block *block) {
  Branch branch;
  OpBuilder::InsertionGuard guard(node.builder);
  node.builder.setInsertionPointToStart(block);
  size_t unsupported = node.importer.unsupportedCount();
  ScopedDiagnosticHandler handler(node.builder.getContext(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return failure();
    if (branch.reason.empty())
      branch.reason = diagnostic.str();
    return success();
  });
  branch.results = node.importer.importGraph(graph, {}, node.frame);
  branch.lacksOperator = node.importer.unsupportedCount() != unsupported;
  return branch;
}

// Ends a branch that cannot be computed: it reports so and yields zeros.
SmallVector<Value> trap(Node &node, Block *block, StringRef reason, TypeRange types) {
  OpBuilder &b = node.builder;
  OpBuilder::InsertionGuard guard(b);
  block->dropAllDefinedValueUses();
  while (!block->empty())
    block->back().erase();
  b.setInsertionPointToStart(block);
  nn::TrapOp::create(b, node.loc, node.importer.status, reason);
  SmallVector<Value> zeros;
  for (Type type : types) {
    auto tensor = cast<RankedTensorType>(type);
    Type element = tensor.getElementType();
    Attribute zero = isa<FloatType>(element) ? Attribute(b.getFloatAttr(element, 0)) : b.getIntegerAttr(element, 0);
    zeros.push_back(arith::ConstantOp::create(b, node.loc, DenseElementsAttr::get(tensor, zero)));
  }
  return zeros;
}
} // namespace

/// if (condition) then else otherwise; a branch that fails for these shapes traps when it is taken.
LogicalResult importIf(Node &node) {
  const onnx::GraphProto *graphs[] = {node.graph("then_branch"), node.graph("else_branch")};
  if (!graphs[0] || !graphs[1])
    return failure(node.require("then_branch").failed() || node.require("else_branch").failed());
  int counts[] = {graphs[0]->output_size(), graphs[1]->output_size()};
  if (graphs[0]->input_size() || graphs[1]->input_size())
    return node.error() << "expected branches without inputs";
  if (counts[0] != counts[1] || node.proto.output_size() > counts[0])
    return node.error() << "expected branches of as many outputs as the node, found " << counts[0] << " and "
                        << counts[1];
  OpBuilder &b = node.builder;
  FailureOr<Value> condition = toScalar(node, node.operand(0), b.getI1Type(), "the condition");
  if (failed(condition))
    return failure();
  if (std::optional<bool> known = knownBool(*condition)) {
    FailureOr<SmallVector<Value>> results = node.importer.importGraph(*graphs[*known ? 0 : 1], {}, node.frame);
    return failed(results) ? failure() : node.results(*results);
  }
  auto typeless = scf::IfOp::create(b, node.loc, TypeRange(), *condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  Block *blocks[] = {typeless.thenBlock(), typeless.elseBlock()};
  Branch branches[2];
  for (int i : {0, 1})
    branches[i] = importBranch(node, *graphs[i], blocks[i]);
  bool fails[] = {failed(branches[0].results), failed(branches[1].results)};
  if (branches[0].lacksOperator || branches[1].lacksOperator)
    return failure(); // they are listed with all others
  for (int i : {0, 1})
    if (fails[i] && branches[i].reason.empty())
      return failure(); // what it uses has been reported
  if (fails[0] && fails[1])
    return node.error() << "neither branch can be computed for the given shapes: " << branches[0].reason;
  for (int i : {0, 1})
    if (fails[i]) {
      emitWarning(node.loc) << "the " << (i ? "else" : "then") << " branch cannot be computed for the given shapes and "
                            << "returns NNCC_E_BRANCH when it is taken: " << branches[i].reason;
      branches[i].results = trap(node, blocks[i], branches[i].reason, ValueRange(*branches[1 - i].results).getTypes());
    }
  SmallVector<Value> &then = *branches[0].results, &otherwise = *branches[1].results;
  if (TypeRange(ValueRange(then)) != TypeRange(ValueRange(otherwise)))
    for (auto [x, y] : llvm::zip(then, otherwise))
      if (x.getType() != y.getType())
        return node.error() << "not supported: branches whose results differ in type, found " << x.getType() << " and "
                            << y.getType();
  auto op = scf::IfOp::create(b, node.loc, ValueRange(then).getTypes(), *condition, /*withElseRegion=*/true);
  op.getThenRegion().takeBody(typeless.getThenRegion());
  op.getElseRegion().takeBody(typeless.getElseRegion());
  typeless.erase();
  for (int i : {0, 1}) {
    OpBuilder::InsertionGuard guard(b);
    Block *block = i ? op.elseBlock() : op.thenBlock();
    if (!block->empty() && isa<scf::YieldOp>(block->back()))
      block->back().erase();
    b.setInsertionPointToEnd(block);
    scf::YieldOp::create(b, node.loc, *branches[i].results);
  }
  return node.results(llvm::to_vector_of<Value>(op.getResults()));
}

} // namespace nncc
