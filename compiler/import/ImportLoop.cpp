// Loop and Scan become scf. Inside a body the condition is always true: a body that leaves it so is counted.
#include "compiler/import/ControlFlow.h"
using namespace mlir;

namespace nncc {

/// The rows that the model declares for the outputs from `first` on, where it declares one number for all of them.
static std::optional<int64_t> declaredRows(Node &node, unsigned first, unsigned count) {
  std::optional<int64_t> rows;
  for (unsigned i = first; i < first + count; ++i) {
    std::optional<RankedTensorType> type = node.declaredType(i);
    if (!type || type->getRank() < 1 || (rows && *rows != type->getDimSize(0)))
      return std::nullopt;
    rows = type->getDimSize(0);
  }
  return rows;
}

/// A Loop of known length whose condition stays true is counted. Any other is conditional; how many rows its scan
/// outputs have must be declared.
LogicalResult importLoop(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  if (!body)
    return node.require("body");
  OpBuilder &b = node.builder;
  SmallVector<Value> inits(node.allOperands().drop_front(std::min<size_t>(node.allOperands().size(), 2)));
  if (llvm::is_contained(inits, Value()))
    return node.error() << "expected every carried value to be given";
  int64_t carried = int64_t(inits.size()), rows = body->output_size() - 1 - carried;
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
  } else {
    condition = arith::ConstantIntOp::create(b, node.loc, 1, 1);
  }
  LoopBody loop(node, inits);
  SmallVector<Value> arguments = {
      fromScalar(node, loop.index(), node.signed64()),
      node.constant(DenseElementsAttr::get(RankedTensorType::get({}, b.getI1Type()), true))};
  llvm::append_range(arguments, loop.carried());
  FailureOr<SmallVector<Value>> results = node.importer.importGraph(*body, arguments, node.frame);
  if (failed(results))
    return failure();
  FailureOr<Value> next = toScalar(node, results->front(), b.getI1Type(), "the body's condition");
  if (failed(next))
    return failure();
  LoopBody::Trip trip = {ValueRange(*results).slice(1, carried), ValueRange(*results).drop_front(1 + carried)};
  std::optional<int64_t> count = trips ? getConstantIntValue(trips) : std::nullopt;
  std::optional<bool> begins = knownBool(condition), stays = knownBool(*next);
  if (begins == false)
    count = 0;
  LoopBody::Results outputs = failure();
  if (count && begins && (*count <= 0 || stays == true)) {
    outputs = loop.count(std::max<int64_t>(*count, 0), trip);
  } else {
    std::optional<int64_t> declared = rows ? declaredRows(node, unsigned(carried), unsigned(rows)) : 0;
    if (!declared)
      return node.error()
             << "not supported: a scan output of a loop whose trip count is not constant; --value can fix it";
    if (!trips && begins == true && stays == true)
      return node.error() << "expected a trip count or a condition that ends the loop";
    outputs = loop.repeat(trips, condition, *next, trip, *declared);
  }
  return failed(outputs) ? failure() : node.results(*outputs);
}

namespace {
/// Scan's operands in one form: `sources` are read along their first axis, `backwards` where their flag is set.
struct ScanParts {
  const onnx::GraphProto &body;
  SmallVector<Value> inits, sources;
  SmallVector<bool> backwards, rowsBackwards;
};
} // namespace

/// One trip for each row of the sources: the last carried values, then rows along the first axis.
static LoopBody::Results scan(Node &node, const ScanParts &parts) {
  int64_t trips = Node::typeOf(parts.sources[0]).getDimSize(0);
  for (Value source : parts.sources)
    if (int64_t extent = Node::typeOf(source).getDimSize(0); extent != trips)
      return node.error() << "expected scanned inputs of one length, found " << trips << " and " << extent;
  LoopBody loop(node, parts.inits);
  SmallVector<Value> arguments(loop.carried());
  for (auto [source, backwards] : llvm::zip(parts.sources, parts.backwards))
    arguments.push_back(extractRow(node, source, tripFrom(node, loop.index(), trips, backwards)));
  LoopBody::Results results = node.importer.importGraph(parts.body, arguments, node.frame);
  if (failed(results))
    return failure();
  size_t carried = parts.inits.size();
  LoopBody::Trip trip = {ValueRange(*results).take_front(carried), ValueRange(*results).drop_front(carried)};
  return loop.count(trips, trip, parts.rowsBackwards);
}

static SmallVector<bool> areBackwards(Node &node, StringRef name, int64_t count) {
  SmallVector<int64_t> given = node.integers(name);
  SmallVector<bool> backwards(size_t(std::max<int64_t>(count, 0)), false);
  for (auto [flag, direction] : llvm::zip(backwards, given))
    flag = direction == 1;
  return backwards;
}

/// How many of a Scan's operands are scanned; the rest, in front, is carried.
static FailureOr<int64_t> countScans(Node &node, const onnx::GraphProto &body, ArrayRef<Value> operands) {
  int64_t scans = node.integer("num_scan_inputs", 0), all = int64_t(operands.size());
  if (scans >= 1 && scans <= all && !llvm::is_contained(operands, Value()) && body.input_size() == all &&
      body.output_size() >= all - scans)
    return scans;
  return node.error() << "expected a body of " << all << " inputs, of which " << scans << " are scanned, found "
                      << body.input_size() << " inputs and " << body.output_size() << " outputs";
}

/// Scanned inputs may be read along any axis and backwards, and rows collected so.
LogicalResult importScan(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  if (!body)
    return node.require("body");
  FailureOr<int64_t> scans = countScans(node, *body, node.allOperands());
  if (failed(scans))
    return failure();
  int64_t carried = int64_t(node.allOperands().size()) - *scans, rows = body->output_size() - carried;
  auto listed = [](ArrayRef<int64_t> list, int64_t i) { return i < int64_t(list.size()) ? list[i] : 0; };
  SmallVector<int64_t> inputAxes = node.integers("scan_input_axes"), outputAxes = node.integers("scan_output_axes");
  ScanParts parts{*body, SmallVector<Value>(node.allOperands().take_front(carried)), {}, {}, {}};
  parts.backwards = areBackwards(node, "scan_input_directions", *scans);
  parts.rowsBackwards = areBackwards(node, "scan_output_directions", rows);
  for (int64_t i = 0; i < *scans; i++) {
    Value source = node.operand(unsigned(carried + i));
    int64_t rank = Node::typeOf(source).getRank();
    FailureOr<int64_t> axis = node.axis(listed(inputAxes, i), rank);
    if (failed(axis))
      return failure();
    SmallVector<int64_t> perm = {*axis};
    for (int64_t d = 0; d < rank; d++)
      if (d != *axis)
        perm.push_back(d);
    parts.sources.push_back(node.transpose(source, perm));
  }
  LoopBody::Results results = scan(node, parts);
  if (failed(results))
    return failure();
  for (int64_t i = 0; i < rows; i++) {
    Value &result = (*results)[size_t(carried + i)];
    int64_t rank = Node::typeOf(result).getRank();
    FailureOr<int64_t> axis = node.axis(listed(outputAxes, i), rank);
    if (failed(axis))
      return failure();
    auto perm = llvm::to_vector(llvm::seq<int64_t>(1, rank));
    perm.insert(perm.begin() + *axis, 0);
    result = node.transpose(result, perm);
  }
  return node.results(*results);
}

/// The first form: every operand has a batch in front, each of whose elements is scanned by itself.
LogicalResult importBatchScan(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  if (!body)
    return node.require("body");
  if (node.operand(0))
    return node.error() << "not supported: sequences of different lengths";
  ArrayRef<Value> operands = node.allOperands().drop_front();
  FailureOr<int64_t> scans = countScans(node, *body, operands);
  if (failed(scans))
    return failure();
  std::optional<int64_t> batch;
  int64_t carried = int64_t(operands.size()) - *scans;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    RankedTensorType type = Node::typeOf(operand);
    if (type.getRank() < (int64_t(i) < carried ? 1 : 2) || (batch && *batch != type.getDimSize(0)))
      return node.error() << "expected operands of one batch, found " << type;
    batch = type.getDimSize(0);
  }
  LoopBody loop(node, {});
  ScanParts parts{*body, {}, {}, areBackwards(node, "directions", *scans), {}};
  for (auto [i, operand] : llvm::enumerate(operands))
    (int64_t(i) < carried ? parts.inits : parts.sources).push_back(extractRow(node, operand, loop.index()));
  LoopBody::Results results = scan(node, parts);
  if (failed(results))
    return failure();
  LoopBody::Results rows = loop.count(*batch, {{}, *results});
  return failed(rows) ? failure() : node.results(*rows);
}

} // namespace nncc
