// The message gate; see Validate.h. Tensors are checked in ValidateTensor.cpp.
#include "compiler/import/Validate.h"
#include "compiler/import/Diagnostics.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include <google/protobuf/unknown_field_set.h>
using namespace mlir;
using namespace nncc;

Validator::Validator(MLIRContext &context, ModelFile &file)
    : context(context), file(file), fileLoc(fileLocation(&context, file.fileName())) {}

InFlightDiagnostic Validator::error(Location loc) {
  ok = false;
  return emitError(loc);
}

LogicalResult Validator::run() {
  const onnx::ModelProto &model = file.proto();
  if (!model.has_graph())
    error() << (model.ByteSizeLong() ? "the model has no graph" : "not an ONNX model");
  if (!ok)
    return failure();
  if (!model.has_ir_version() || model.ir_version() < limits::irVersionMin || model.ir_version() > limits::irVersionMax)
    error() << "IR version " << model.ir_version() << " is not supported, expected " << limits::irVersionMin << " to "
            << limits::irVersionMax;
  checkOpsets(model.opset_import(), file.imports);
  checkFunctions();
  if (ok)
    checkGraph(model.graph(), nullptr, {file.imports, nullptr, 0});
  if (ok && countNodes(model.graph().node(), 0) > limits::nodes) {
    ok = false;
    emitLimit(fileLoc) << "more than " << limits::nodes << " nodes once local functions are inlined";
  }
  return success(ok);
}

void Validator::checkOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                            Opsets &opsets) {
  for (const onnx::OperatorSetIdProto &import : imports) {
    StringRef domain = normalizedDomain(import.domain());
    int64_t version = import.version();
    auto [entry, inserted] = opsets.try_emplace(domain, version);
    if (!inserted && entry->second != version)
      error() << "operator set " << quoted(domain) << " is imported in versions " << entry->second << " and "
              << version;
    if (domain.empty() && (version < limits::opsetMin || version > limits::opsetMax))
      error() << "opset " << version << " is not supported, expected " << limits::opsetMin << " to "
              << limits::opsetMax;
  }
}

void Validator::checkFunctions() {
  SmallVector<const LocalFunction *> functions; // in the file's order, so that errors come in it too
  for (const onnx::FunctionProto &proto : file.proto().functions()) {
    std::unique_ptr<LocalFunction> function = readFunction(proto);
    if (!function) {
      error() << "function " << quoted(proto.name()) << " has a broken default attribute";
      continue;
    }
    Opsets opsets;
    checkOpsets(proto.opset_import(), opsets);
    std::string key = functionKey(normalizedDomain(proto.domain()), proto.name(), function->overload);
    auto [entry, inserted] = file.functions.try_emplace(key, std::move(function));
    functions.push_back(entry->second.get());
    if (!inserted)
      error() << "function " << quoted(proto.name()) << " of domain " << quoted(proto.domain())
              << " is defined more than once";
  }
  if (!ok)
    return;
  for (const LocalFunction *function : functions)
    checkFunction(*function);
}

void Validator::checkFunction(const LocalFunction &function) {
  const onnx::FunctionProto &proto = *function.proto;
  std::string what = "function " + quoted(proto.name());
  checkUnknown(proto.unknown_fields(), {11, 12, 13, 14}, what, fileLoc);
  Scope scope;
  for (const std::string &input : proto.input())
    if (input.empty() || !scope.defined.insert(input).second)
      error() << what << " has the input " << quoted(input) << " more than once or without a name";
  Body body{function.opsets, &function, 0};
  for (const onnx::AttributeProto &attribute : function.defaults)
    checkAttribute(attribute, nullptr, body, fileLoc);
  checkNodes(proto.node(), scope, body);
  for (const std::string &output : proto.output())
    if (!scope.has(output))
      error() << "output " << quoted(output) << " of " << what << " is not computed by any node";
}

void Validator::checkGraph(const onnx::GraphProto &graph, const Scope *outer, Body body) {
  if (body.depth > limits::subgraphDepth) {
    ok = false;
    emitLimit(fileLoc) << "sub-graphs are nested deeper than " << limits::subgraphDepth;
    return;
  }
  Scope scope;
  scope.outer = outer;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (input.name().empty())
      error() << "an input of graph " << quoted(graph.name()) << " has no name";
    else if (!scope.defined.insert(input.name()).second)
      error() << "input " << quoted(input.name()) << " is declared more than once";
  llvm::DenseSet<StringRef> initializers;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    if (tensor.name().empty())
      error() << "an initializer has no name";
    else if (!initializers.insert(tensor.name()).second)
      error() << "initializer " << quoted(tensor.name()) << " is defined more than once";
    scope.defined.insert(tensor.name());
    checkTensor(tensor, "initializer " + quoted(tensor.name()), fileLoc);
  }
  for (const onnx::SparseTensorProto &sparse : graph.sparse_initializer())
    error() << "sparse initializer " << quoted(sparse.values().name()) << " is not supported";
  checkNodes(graph.node(), scope, body);
  for (const onnx::ValueInfoProto &output : graph.output())
    if (!scope.has(output.name()))
      error() << "graph output " << quoted(output.name()) << " is not computed by any node";
  if (graph.output().empty())
    error() << "graph " << quoted(graph.name()) << " has no outputs";
}

void Validator::checkNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, Scope &scope, Body body) {
  for (const onnx::NodeProto &node : nodes)
    for (const std::string &output : node.output())
      scope.later.insert(output);
  for (const onnx::NodeProto &node : nodes) {
    auto opset = body.opsets.find(normalizedDomain(node.domain()));
    int64_t version = opset == body.opsets.end() ? 0 : opset->second;
    Location loc = nodeLocation(&context, file.fileName(), nodeName(node), node.op_type(), version, this->nodes++);
    if (node.op_type().empty())
      error(loc) << "the node has no operator";
    else if (opset == body.opsets.end() && !file.callee(node))
      error(loc) << "the model imports no operator set of domain " << quoted(node.domain());
    checkNode(node, scope, body, loc);
  }
}

void Validator::checkNode(const onnx::NodeProto &node, Scope &scope, Body body, Location loc) {
  checkUnknown(node.unknown_fields(), {8, 9, 10}, "the node", loc);
  for (const std::string &input : node.input()) {
    if (input.empty() || scope.has(input))
      continue;
    if (scope.later.contains(input))
      error(loc) << "uses " << quoted(input)
                 << ", which only this or a later node computes: the graph has a cycle or is not sorted";
    else
      error(loc) << "uses " << quoted(input) << ", which nothing defines";
  }
  llvm::DenseSet<StringRef> names;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.name().empty() || !names.insert(attribute.name()).second)
      error(loc) << "attribute " << quoted(attribute.name()) << " is given more than once or has no name";
    else
      checkAttribute(attribute, &scope, body, loc);
  }
  for (const std::string &output : node.output())
    if (!output.empty() && !scope.defined.insert(output).second)
      error(loc) << "output " << quoted(output) << " is already defined";
}

/// Which field of an attribute holds a value of a kind; the order is that of AttributeProto's enumeration.
static llvm::SmallVector<bool> attributeFields(const onnx::AttributeProto &a) {
  return {false,
          a.has_f(),
          a.has_i(),
          a.has_s(),
          a.has_t(),
          a.has_g(),
          a.floats_size() > 0,
          a.ints_size() > 0,
          a.strings_size() > 0,
          a.tensors_size() > 0,
          a.graphs_size() > 0,
          a.has_sparse_tensor(),
          a.sparse_tensors_size() > 0,
          a.has_tp(),
          a.type_protos_size() > 0};
}

void Validator::checkAttribute(const onnx::AttributeProto &attribute, const Scope *scope, Body body, Location loc) {
  std::string what = "attribute " + quoted(attribute.name());
  llvm::SmallVector<bool> fields = attributeFields(attribute);
  if (!attribute.ref_attr_name().empty()) {
    const std::string &name = attribute.ref_attr_name();
    auto named = [&](const onnx::AttributeProto &a) { return a.name() == name; };
    if (!body.function)
      error(loc) << what << " refers to a function's attribute outside of a function";
    else if (!llvm::is_contained(body.function->proto->attribute(), name) &&
             llvm::none_of(body.function->defaults, named))
      error(loc) << what << " refers to " << quoted(name) << ", which is no attribute of the function";
    return;
  }
  if (attribute.type() == onnx::AttributeProto::UNDEFINED) {
    error(loc) << what << " has no type";
    return;
  }
  // A value that is its kind's default may be absent from the file, a tensor or a graph may not.
  for (auto [type, set] : llvm::enumerate(fields))
    if (set && int(type) != attribute.type())
      error(loc) << what << " is not of the kind that it claims";
  if ((attribute.type() == onnx::AttributeProto::TENSOR && !attribute.has_t()) ||
      (attribute.type() == onnx::AttributeProto::GRAPH && !attribute.has_g()))
    error(loc) << what << " has no value";
  if (attribute.has_t())
    checkTensor(attribute.t(), what, loc);
  for (const onnx::TensorProto &tensor : attribute.tensors())
    checkTensor(tensor, what, loc);
  ++body.depth;
  if (attribute.has_g())
    checkGraph(attribute.g(), scope, body);
  for (const onnx::GraphProto &graph : attribute.graphs())
    checkGraph(graph, scope, body);
}

void Validator::checkUnknown(const google::protobuf::UnknownFieldSet &fields, ArrayRef<int> known, StringRef what,
                             Location loc) {
  for (int i = 0; i < fields.field_count(); ++i)
    if (!llvm::is_contained(known, fields.field(i).number())) {
      error(loc) << what << " has the field " << fields.field(i).number() << ", which nncc does not know";
      return;
    }
}

int64_t Validator::countNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, unsigned depth) {
  constexpr int64_t tooMany = int64_t(limits::nodes) + 1;
  if (depth > limits::functionDepth + limits::subgraphDepth)
    return tooMany;
  int64_t count = 0;
  for (const onnx::NodeProto &node : nodes) {
    ++count;
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        count += countNodes(attribute.g().node(), depth + 1);
      for (const onnx::GraphProto &graph : attribute.graphs())
        count += countNodes(graph.node(), depth + 1);
    }
    if (const LocalFunction *function = file.callee(node)) {
      auto [entry, inserted] = counts.try_emplace(function, tooMany);
      int64_t callee = inserted ? countNodes(function->proto->node(), depth + 1) : entry->second;
      counts[function] = callee;
      count += callee;
    }
    if (count > limits::nodes)
      return tooMany;
  }
  return count;
}
