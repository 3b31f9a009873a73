// If, Loop and Scan become scf, whose regions capture outer values as SSA does. A condition that is known selects its
// branch here, before the other one is typed.
#include "compiler/import/Node.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace nncc {
namespace {

std::optional<bool> knownBool(Value v) {
  IntegerAttr value;
  if (v && matchPattern(v, m_Constant(&value)))
    return !value.getValue().isZero();
  return std::nullopt;
}

// The one element of a tensor as an index or an i1; fails where there is not exactly one.
FailureOr<Value> toScalar(Node &node, Value tensor, Type scalar, StringRef what) {
  RankedTensorType type = Node::typeOf(tensor);
  bool fits = scalar.isIndex() ? isa<IntegerType>(type.getElementType()) && !type.getElementType().isInteger(1)
                               : type.getElementType().isInteger(1);
  if (!type.hasStaticShape() || type.getNumElements() != 1 || !fits)
    return node.error() << "expected one " << (scalar.isIndex() ? "integer" : "bool") << " as " << what << ", found "
                        << type;
  Value v = node.buildTyped<nn::ToScalarOp>(scalar, tensor);
  if (!v)
    return failure();
  return v;
}
Value fromScalar(Node &node, Value scalar, Type element, ArrayRef<int64_t> shape = {}) {
  return node.buildTyped<nn::FromScalarOp>(RankedTensorType::get(shape, element), scalar);
}

//===-- If ------------------------------------------------------------------------------------------------------===//

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

//===-- Loop and Scan -------------------------------------------------------------------------------------------===//

namespace {
// A tensor of `count` rows of `row`'s type, and one row put into it.
Value emptyRows(Node &node, int64_t count, RankedTensorType row) {
  SmallVector<int64_t> shape = {count};
  llvm::append_range(shape, row.getShape());
  return tensor::EmptyOp::create(node.builder, node.loc, shape, row.getElementType());
}
struct RowSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
};
RowSlice rowSlice(OpBuilder &b, Value index, ArrayRef<int64_t> row) {
  RowSlice slice;
  slice.offsets.push_back(index);
  slice.sizes.push_back(b.getIndexAttr(1));
  for (int64_t extent : row) {
    slice.offsets.push_back(b.getIndexAttr(0));
    slice.sizes.push_back(b.getIndexAttr(extent));
  }
  slice.strides.assign(slice.sizes.size(), b.getIndexAttr(1));
  return slice;
}
Value insertRow(Node &node, Value row, Value rows, Value index) {
  RowSlice s = rowSlice(node.builder, index, Node::typeOf(row).getShape());
  return tensor::InsertSliceOp::create(node.builder, node.loc, row, rows, s.offsets, s.sizes, s.strides);
}
Value extractRow(Node &node, Value rows, Value index) {
  RankedTensorType type = Node::typeOf(rows);
  RowSlice s = rowSlice(node.builder, index, type.getShape().drop_front());
  auto row = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  return tensor::ExtractSliceOp::create(node.builder, node.loc, row, rows, s.offsets, s.sizes, s.strides);
}

LogicalResult checkCarried(Node &node, ValueRange before, ValueRange after) {
  for (auto [x, y] : llvm::zip(before, after))
    if (x.getType() != y.getType())
      return node.error() << "not supported: a carried value that changes its type from " << x.getType() << " to "
                          << y.getType();
  return success();
}

// What the rows of a body look like is known once it has been imported: a trial gives the types.
FailureOr<SmallVector<Type>> typesOfBody(Node &node, const onnx::GraphProto &body, ArrayRef<Value> arguments) {
  OpBuilder::InsertionGuard guard(node.builder);
  auto trial = scf::ExecuteRegionOp::create(node.builder, node.loc, TypeRange());
  node.builder.createBlock(&trial.getRegion());
  FailureOr<SmallVector<Value>> results = node.importer.importGraph(body, arguments, node.frame);
  FailureOr<SmallVector<Type>> types = failure();
  if (succeeded(results))
    types = llvm::to_vector(ValueRange(*results).getTypes());
  trial->dropAllReferences();
  trial->walk([](Operation *op) { op->dropAllReferences(); });
  trial.erase();
  return types;
}

struct CountedLoop {
  int64_t trips, carried, rows; // scan outputs
};

// for i < trips: (condition, carried..., rows...) = body(i, true, carried...). Null where the body's condition is not
// known to stay true.
FailureOr<SmallVector<Value>> importCounted(Node &node, const onnx::GraphProto &body, CountedLoop loop,
                                            ArrayRef<Value> inits, ArrayRef<Type> rowTypes) {
  OpBuilder &b = node.builder;
  auto index = [&](int64_t x) { return arith::ConstantIndexOp::create(b, node.loc, x); };
  SmallVector<Value> carried(inits);
  for (Type row : rowTypes)
    carried.push_back(emptyRows(node, loop.trips, cast<RankedTensorType>(row)));
  Value from = index(0), to = index(loop.trips), step = index(1);
  auto op = scf::ForOp::create(b, node.loc, from, to, step, carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  Type si64 = IntegerType::get(b.getContext(), 64, IntegerType::Signed);
  Value always = node.constant(DenseElementsAttr::get(RankedTensorType::get({}, b.getI1Type()), true));
  SmallVector<Value> arguments = {fromScalar(node, op.getInductionVar(), si64), always};
  llvm::append_range(arguments, op.getRegionIterArgs().take_front(loop.carried));
  FailureOr<SmallVector<Value>> results = node.importer.importGraph(body, arguments, node.frame);
  if (failed(results))
    return failure();
  ArrayRef<Value> state = ArrayRef(*results).slice(1, loop.carried);
  if (failed(checkCarried(node, inits, state)))
    return failure();
  SmallVector<Value> yields(state);
  for (int64_t i = 0; i < loop.rows; i++)
    yields.push_back(insertRow(node, (*results)[1 + loop.carried + i], op.getRegionIterArgs()[loop.carried + i],
                               op.getInductionVar()));
  scf::YieldOp::create(b, node.loc, yields);
  return llvm::to_vector_of<Value>(op.getResults());
}

// while condition and i < trips: (condition, carried...) = body(i, condition, carried...).
FailureOr<SmallVector<Value>> importConditional(Node &node, const onnx::GraphProto &body, Value trips, Value condition,
                                                ArrayRef<Value> inits) {
  OpBuilder &b = node.builder;
  Location loc = node.loc;
  Type si64 = IntegerType::get(b.getContext(), 64, IntegerType::Signed);
  SmallVector<Value> carried = {arith::ConstantIndexOp::create(b, loc, 0), condition};
  llvm::append_range(carried, inits);
  SmallVector<Type> types = llvm::to_vector(ValueRange(carried).getTypes());
  SmallVector<Location> locs(types.size(), loc);
  auto op = scf::WhileOp::create(b, loc, types, carried);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&op.getBefore(), {}, types, locs);
  Value goesOn = before->getArgument(1);
  if (trips) {
    Value isBelow = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), trips);
    goesOn = arith::AndIOp::create(b, loc, goesOn, isBelow);
  }
  scf::ConditionOp::create(b, loc, goesOn, before->getArguments());
  Block *after = b.createBlock(&op.getAfter(), {}, types, locs);
  SmallVector<Value> arguments = {fromScalar(node, after->getArgument(0), si64),
                                  fromScalar(node, after->getArgument(1), b.getI1Type())};
  llvm::append_range(arguments, after->getArguments().drop_front(2));
  FailureOr<SmallVector<Value>> results = node.importer.importGraph(body, arguments, node.frame);
  if (failed(results) || failed(checkCarried(node, inits, ValueRange(*results).drop_front())))
    return failure();
  FailureOr<Value> next = toScalar(node, results->front(), b.getI1Type(), "the body's condition");
  if (failed(next))
    return failure();
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  SmallVector<Value> yields = {arith::AddIOp::create(b, loc, after->getArgument(0), one), *next};
  llvm::append_range(yields, ArrayRef(*results).drop_front());
  scf::YieldOp::create(b, loc, yields);
  return llvm::to_vector_of<Value>(op.getResults().drop_front(2));
}

// The body's condition is a constant true, or the one that it was given.
bool conditionStaysTrue(const onnx::GraphProto &body) {
  StringRef name = body.output(0).name();
  for (bool found = true; found;) {
    found = false;
    for (const onnx::NodeProto &n : body.node())
      if (n.op_type() == "Identity" && n.output_size() == 1 && n.output(0) == name) {
        name = n.input(0);
        found = true;
        break;
      }
  }
  if (name == body.input(1).name())
    return true;
  auto isTrue = [](const onnx::TensorProto &t) {
    return t.data_type() == onnx::TensorProto::BOOL && t.dims_size() <= 1 &&
           (t.int32_data_size() == 1 ? t.int32_data(0) != 0 : t.raw_data().size() == 1 && t.raw_data()[0] != 0);
  };
  for (const onnx::TensorProto &t : body.initializer())
    if (t.name() == name)
      return isTrue(t);
  for (const onnx::NodeProto &n : body.node())
    if (n.op_type() == "Constant" && n.output(0) == name)
      for (const onnx::AttributeProto &a : n.attribute())
        if (a.name() == "value")
          return isTrue(a.t());
  return false;
}
} // namespace

/// A Loop of known length whose condition stays true is counted; any other is conditional and has no scan outputs.
LogicalResult importLoop(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  if (!body)
    return node.require("body");
  OpBuilder &b = node.builder;
  SmallVector<Value> inits(node.allOperands().drop_front(std::min<size_t>(node.allOperands().size(), 2)));
  if (llvm::is_contained(inits, Value()))
    return node.error() << "expected every carried value to be given";
  int64_t carried = inits.size(), rows = body->output_size() - 1 - carried;
  if (body->input_size() != carried + 2 || rows < 0)
    return node.error() << "expected a body of " << carried + 2 << " inputs and at least " << carried + 1
                        << " outputs, found " << body->input_size() << " and " << body->output_size();
  Value trips, condition;
  if (Value m = node.operand(0)) {
    FailureOr<Value> scalar = toScalar(node, m, b.getIndexType(), "the trip count");
    if (failed(scalar))
      return failure();
    trips = *scalar;
  }
  if (Value c = node.operand(1)) {
    FailureOr<Value> scalar = toScalar(node, c, b.getI1Type(), "the condition");
    if (failed(scalar))
      return failure();
    condition = *scalar;
  }
  std::optional<int64_t> count = trips ? getConstantIntValue(trips) : std::nullopt;
  std::optional<bool> begins = condition ? knownBool(condition) : std::optional(true);
  if (begins == false)
    count = 0;
  if (count && begins && (*count <= 0 || conditionStaysTrue(*body))) {
    SmallVector<Value> arguments = {
        node.constant(DenseElementsAttr::get(
            RankedTensorType::get({}, IntegerType::get(b.getContext(), 64, IntegerType::Signed)), APInt(64, 0))),
        node.constant(DenseElementsAttr::get(RankedTensorType::get({}, b.getI1Type()), true))};
    llvm::append_range(arguments, inits);
    SmallVector<Type> rowTypes;
    if (rows) {
      FailureOr<SmallVector<Type>> types = typesOfBody(node, *body, arguments);
      if (failed(types))
        return failure();
      rowTypes.assign(types->begin() + 1 + carried, types->end());
    }
    CountedLoop loop = {std::max<int64_t>(*count, 0), carried, rows};
    FailureOr<SmallVector<Value>> results = importCounted(node, *body, loop, inits, rowTypes);
    return failed(results) ? failure() : node.results(*results);
  }
  if (rows)
    return node.error()
           << "not supported: a scan output of a loop whose trip count is not constant; --value can fix it";
  if (!condition)
    condition = arith::ConstantIntOp::create(b, node.loc, 1, 1);
  FailureOr<SmallVector<Value>> results = importConditional(node, *body, trips, condition, inits);
  return failed(results) ? failure() : node.results(*results);
}

/// One trip for each row of the scanned inputs, which may be read along any axis and backwards.
LogicalResult importScan(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  if (!body)
    return node.require("body");
  int64_t scans = node.integer("num_scan_inputs", 0), carried = node.allOperands().size() - scans;
  if (scans < 1 || carried < 0 || llvm::is_contained(node.allOperands(), Value()) ||
      body->input_size() != carried + scans || body->output_size() < carried)
    return node.error() << "expected a body of " << carried + scans << " inputs, of which " << scans
                        << " are scanned, found " << body->input_size() << " inputs and " << body->output_size()
                        << " outputs";
  OpBuilder &b = node.builder;
  Location loc = node.loc;
  int64_t rows = body->output_size() - carried;
  auto listed = [](ArrayRef<int64_t> list, int64_t i) { return i < int64_t(list.size()) ? list[i] : 0; };
  SmallVector<int64_t> inputAxes = node.integers("scan_input_axes"),
                       inputDirections = node.integers("scan_input_directions");
  SmallVector<int64_t> outputAxes = node.integers("scan_output_axes"),
                       outputDirections = node.integers("scan_output_directions");
  SmallVector<Value> sources;
  std::optional<int64_t> trips;
  for (int64_t i = 0; i < scans; i++) {
    Value source = node.operand(carried + i);
    int64_t rank = Node::typeOf(source).getRank();
    FailureOr<int64_t> axis = node.axis(listed(inputAxes, i), rank);
    if (failed(axis))
      return failure();
    SmallVector<int64_t> perm = {*axis};
    for (int64_t d = 0; d < rank; d++)
      if (d != *axis)
        perm.push_back(d);
    sources.push_back(node.transpose(source, perm));
    int64_t extent = Node::typeOf(source).getDimSize(*axis);
    if (trips && *trips != extent)
      return node.error() << "expected scanned inputs of one length, found " << *trips << " and " << extent;
    trips = extent;
  }
  SmallVector<Value> inits(node.allOperands().take_front(carried));
  auto argumentsAt = [&](Value index, ValueRange state) {
    SmallVector<Value> arguments(state);
    for (int64_t i = 0; i < scans; i++) {
      Value at = index;
      if (listed(inputDirections, i) == 1)
        at = arith::SubIOp::create(b, loc, arith::ConstantIndexOp::create(b, loc, *trips - 1), index);
      arguments.push_back(extractRow(node, sources[i], at));
    }
    return arguments;
  };
  FailureOr<SmallVector<Type>> types =
      typesOfBody(node, *body, argumentsAt(arith::ConstantIndexOp::create(b, loc, 0), inits));
  if (failed(types))
    return failure();
  SmallVector<Value> loopInits(inits);
  for (int64_t i = 0; i < rows; i++)
    loopInits.push_back(emptyRows(node, *trips, cast<RankedTensorType>((*types)[carried + i])));
  Value from = arith::ConstantIndexOp::create(b, loc, 0), to = arith::ConstantIndexOp::create(b, loc, *trips);
  Value step = arith::ConstantIndexOp::create(b, loc, 1);
  auto op = scf::ForOp::create(b, loc, from, to, step, loopInits);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    auto state = op.getRegionIterArgs().take_front(carried);
    FailureOr<SmallVector<Value>> results =
        node.importer.importGraph(*body, argumentsAt(op.getInductionVar(), ValueRange(state)), node.frame);
    if (failed(results) || failed(checkCarried(node, inits, ValueRange(*results).take_front(carried))))
      return failure();
    SmallVector<Value> yields(ArrayRef(*results).take_front(carried));
    for (int64_t i = 0; i < rows; i++) {
      Value at = op.getInductionVar();
      if (listed(outputDirections, i) == 1)
        at = arith::SubIOp::create(b, loc, arith::ConstantIndexOp::create(b, loc, *trips - 1), at);
      yields.push_back(insertRow(node, (*results)[carried + i], op.getRegionIterArgs()[carried + i], at));
    }
    scf::YieldOp::create(b, loc, yields);
  }
  SmallVector<Value> outputs(op.getResults().begin(), op.getResults().begin() + carried);
  for (int64_t i = 0; i < rows; i++) {
    Value result = op.getResult(carried + i);
    int64_t rank = Node::typeOf(result).getRank();
    FailureOr<int64_t> axis = node.axis(listed(outputAxes, i), rank);
    if (failed(axis))
      return failure();
    SmallVector<int64_t> perm;
    for (int64_t d = 1; d < rank; d++)
      perm.push_back(d);
    perm.insert(perm.begin() + *axis, 0);
    outputs.push_back(node.transpose(result, perm));
  }
  return node.results(outputs);
}

} // namespace nncc
