// The walk over nodes: scopes, forms, local functions, and what to do where a node cannot be imported. See Importer.h;
// the entry function is built in ImportEntry.cpp.
#include "compiler/import/Importer.h"
#include "compiler/import/Diagnostics.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include "compiler/import/Node.h"
#include "compiler/import/ReadTensor.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"
using namespace mlir;
using namespace nncc;

namespace nncc {
#define GET_Forms_IMPL
#include "compiler/import/Onnx.inc"
} // namespace nncc

const Value *Frame::find(StringRef name) const {
  for (const Frame *frame = this; frame; frame = frame->outer)
    if (auto found = frame->values.find(name); found != frame->values.end())
      return &found->second;
  return nullptr;
}

bool Frame::isAbsent(StringRef name) const {
  for (const Frame *frame = this; frame; frame = frame->outer)
    if (frame->absent.contains(name))
      return true;
  return false;
}

constexpr size_t longestPath = 200;

static std::string shortenPath(std::string path) {
  if (path.size() <= longestPath)
    return path;
  std::string hash = llvm::utohexstr(llvm::xxh3_64bits(path), /*LowerCase=*/true, 16);
  path.resize(longestPath - hash.size() - 3);
  return path + "..." + hash;
}

static bool exceeds(size_t count, uint8_t most) { return most != kAnyNumber && count > most; }

static std::string formKey(StringRef domain, StringRef name) { return functionKey(domain, name, ""); }

Importer::Importer(MLIRContext &context, const ModelFile &file, const ImportOptions &options)
    : builder(&context), file(file), options(options), fileLoc(fileLocation(&context, file.fileName())),
      inputTypes(options, fileLoc) {
  context.loadDialect<nn::NNDialect, func::FuncDialect, bufferization::BufferizationDialect, scf::SCFDialect,
                      arith::ArithDialect, tensor::TensorDialect>();
  for (const Form &form : Forms)
    forms[formKey(form.domain, form.name)].push_back(&form);
}

const Form *Importer::findForm(StringRef domain, StringRef name, int64_t opset) const {
  const Form *best = nullptr;
  auto found = forms.find(formKey(domain, name));
  if (found != forms.end())
    for (const Form *form : found->second)
      if (form->since <= opset && (!best || form->since > best->since))
        best = form;
  return best;
}

/// "float[1, 3, 224, 224], int64[4]": as ONNX's text writes types.
static std::string describe(ArrayRef<Value> values) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(values, os, [&](Value value) {
    auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
    if (!type) {
      os << (value ? "none" : "?");
      return;
    }
    os << elementTypeName(type.getElementType()) << '[';
    llvm::interleaveComma(type.getShape(), os);
    os << ']';
  });
  return text;
}

/// What nncc has of an operator that it lacks: other opsets, or the operator of the same name in ONNX's own domain.
std::string Importer::nearestForm(StringRef domain, StringRef name, int64_t opset) const {
  auto found = forms.find(formKey(domain, name));
  if (found == forms.end())
    return domain.empty() || !forms.contains(formKey("", name)) ? "" : "; ONNX's own " + name.str() + " is";
  const Form *removed = findForm(domain, name, opset);
  if (removed && !removed->importer)
    return "; it is below opset " + std::to_string(removed->since);
  unsigned first = kAnyNumber;
  for (const Form *form : found->second)
    if (form->importer && form->since > opset)
      first = std::min<unsigned>(first, form->since);
  return first == kAnyNumber ? "; it is for wider floats" : "; it is from opset " + std::to_string(first);
}

void Importer::addUnsupported(const onnx::NodeProto &proto, int64_t opset, Location loc, ArrayRef<Value> operands) {
  std::string types = describe(operands);
  std::string key = functionKey(proto.domain(), proto.op_type(), types + std::to_string(opset));
  auto [entry, inserted] = unsupported.insert({builder.getStringAttr(key), Unsupported{loc, types, {}, {}}});
  if (inserted)
    entry->second.nearest = nearestForm(normalizedDomain(proto.domain()), proto.op_type(), opset);
  else
    entry->second.others.push_back(quoted(nodeName(proto)));
}

LogicalResult Importer::spend(int64_t bytes, Location loc) {
  int64_t budget = std::max<int64_t>(limits::writtenBytes, int64_t(file.buffer().getBufferSize()));
  if (bytes <= budget - written) {
    written += bytes;
    return success();
  }
  return emitLimit(loc) << "constants of more than " << budget << " bytes would have to be written out";
}

LogicalResult Importer::importNodes(const Nodes &nodes, Frame &frame) {
  bool ok = true;
  for (const onnx::NodeProto &proto : nodes) {
    if (succeeded(importNode(proto, frame)))
      continue;
    ok = false;
    for (const std::string &output : proto.output())
      if (!output.empty())
        frame.values[output] = Value();
  }
  return success(ok);
}

/// A node of an inlined function is named after its callers. Their names come first and may be long, so that a name
/// beyond some length is cut and told from others by a hash.
Location Importer::locate(const onnx::NodeProto &proto, int64_t opset, const Frame &frame) {
  std::string name = frame.prefix + nodeName(proto).str();
  if (frame.calls)
    name = shortenPath(name);
  return nodeLocation(builder.getContext(), file.fileName(), name, proto.op_type(), opset, nodes++);
}

bool Importer::lacksForm(const onnx::NodeProto &proto, const Form *form, ArrayRef<Value> operands) const {
  return !form || !form->importer || llvm::any_of(operands, [](Value value) {
    return value && isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(value.getType()));
  });
}

/// A node that uses what could not be imported fails in silence; the operators in its bodies are looked at all the
/// same.
void Importer::importPoisoned(const onnx::NodeProto &proto, const LocalFunction *callee, Location loc,
                              ArrayRef<Value> operands, Frame &frame) {
  if (callee)
    (void)importCall(proto, *callee, loc, operands, frame);
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.has_g())
      (void)importGraph(attribute.g(), SmallVector<Value>(size_t(attribute.g().input_size())), frame);
}

LogicalResult Importer::importNode(const onnx::NodeProto &proto, Frame &frame) {
  StringRef domain = normalizedDomain(proto.domain());
  int64_t opset = frame.opsets->lookup(domain);
  Location loc = locate(proto, opset, frame);
  // Absent operands stay null and so do those whose nodes failed; the latter make this node fail in silence.
  SmallVector<Value> operands;
  bool poisoned = false;
  for (const std::string &input : proto.input()) {
    const Value *value = input.empty() ? nullptr : frame.find(input);
    if (!value && !input.empty() && !frame.isAbsent(input))
      return emitError(loc) << "uses " << quoted(input) << ", which has no value here";
    operands.push_back(value ? *value : Value());
    poisoned |= value && !*value;
  }
  const LocalFunction *callee = file.callee(proto);
  const Form *form = callee ? nullptr : findForm(domain, proto.op_type(), opset);
  if (!callee && lacksForm(proto, form, operands)) {
    addUnsupported(proto, opset, loc, operands);
    poisoned = true;
  }
  if (poisoned) {
    importPoisoned(proto, callee, loc, operands, frame);
    return failure();
  }
  if (callee)
    return importCall(proto, *callee, loc, operands, frame);
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  if (operands.size() < form->minInputs || exceeds(operands.size(), form->maxInputs) ||
      !llvm::all_of(ArrayRef(operands).take_front(form->minInputs), [](Value v) { return bool(v); })) {
    auto diagnostic = emitError(loc) << "expected " << unsigned(form->minInputs);
    if (form->maxInputs == kAnyNumber)
      diagnostic << " or more";
    else if (form->maxInputs > form->minInputs)
      diagnostic << " to " << unsigned(form->maxInputs);
    size_t given = llvm::count_if(operands, [](Value v) { return bool(v); });
    return diagnostic << " inputs, got " << given;
  }
  if (exceeds(proto.output_size(), form->maxOutputs))
    return emitError(loc) << "expected at most " << unsigned(form->maxOutputs) << " outputs, got "
                          << proto.output_size();
  Node node(*this, proto, *form, opset, frame, loc, operands);
  if (failed(form->importer(node)) || node.isBroken() || failed(node.checkUnused()))
    return failure();
  for (const std::string &output : proto.output())
    if (!output.empty() && !frame.calls && failed(fixValue(output, frame.values[output], loc)))
      return failure();
  return success();
}

LogicalResult Importer::importCall(const onnx::NodeProto &proto, const LocalFunction &callee, Location loc,
                                   ArrayRef<Value> operands, Frame &frame) {
  if (frame.calls >= limits::functionDepth)
    return emitLimit(loc) << "local functions call each other deeper than " << limits::functionDepth;
  const onnx::FunctionProto &function = *callee.proto;
  if (int(operands.size()) > function.input_size() || proto.output_size() > function.output_size())
    return emitError(loc) << "expected at most " << function.input_size() << " inputs and " << function.output_size()
                          << " outputs, got " << operands.size() << " and " << proto.output_size();
  llvm::StringMap<const onnx::AttributeProto *> arguments;
  for (const onnx::AttributeProto &attribute : callee.defaults)
    arguments[attribute.name()] = &attribute;
  for (const onnx::AttributeProto &attribute : proto.attribute()) {
    if (!llvm::is_contained(function.attribute(), attribute.name()) && !arguments.contains(attribute.name()))
      return emitError(loc) << "attribute " << quoted(attribute.name()) << " is unknown to this function";
    // An attribute passed on from the caller's own caller; absent there, it is absent here or the default.
    const onnx::AttributeProto *value = &attribute;
    if (!attribute.ref_attr_name().empty())
      value = frame.arguments ? frame.arguments->lookup(attribute.ref_attr_name()) : nullptr;
    if (value)
      arguments[attribute.name()] = value;
  }
  Frame body;
  body.opsets = &callee.opsets;
  body.arguments = &arguments;
  body.prefix = shortenPath(frame.prefix + nodeName(proto).str()) + "/";
  body.calls = frame.calls + 1;
  // An absent operand is absent in the body too, and one that could not be imported is known there to be so.
  for (auto [i, input] : llvm::enumerate(function.input())) {
    StringRef given = int(i) < proto.input_size() ? StringRef(proto.input(int(i))) : "";
    if (given.empty() || !frame.find(given))
      body.absent.insert(input);
    else
      body.values[input] = operands[i];
  }
  if (failed(importNodes(function.node(), body)))
    return failure();
  for (auto [i, output] : llvm::enumerate(proto.output())) {
    if (output.empty())
      continue;
    const Value *value = body.find(function.output(int(i)));
    if (!value)
      return emitError(loc) << "output " << quoted(output) << " of the function is an input that is not given";
    if (!*value)
      return failure();
    frame.values[output] = *value;
    if (!frame.calls && failed(fixValue(output, frame.values[output], loc)))
      return failure();
  }
  return success();
}

LogicalResult Importer::importInitializers(const onnx::GraphProto &graph, Frame &frame) {
  bool ok = true;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    Location loc = NameLoc::get(builder.getStringAttr(tensor.name()), fileLoc);
    ElementsAttr value = readTensor(file, tensor, fileLoc);
    ok &= bool(value);
    Value &constant = frame.values[tensor.name()];
    if (!value)
      continue;
    constant = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value));
    if (!frame.outer)
      ok &= succeeded(fixValue(tensor.name(), constant, fileLoc));
  }
  return success(ok);
}

FailureOr<SmallVector<Value>> Importer::importGraph(const onnx::GraphProto &graph, ValueRange arguments, Frame &outer) {
  Frame frame;
  frame.outer = &outer;
  frame.opsets = outer.opsets;
  frame.arguments = outer.arguments;
  frame.prefix = outer.prefix;
  frame.calls = outer.calls;
  declare(graph, frame);
  for (auto [input, value] : llvm::zip(graph.input(), arguments))
    frame.values[input.name()] = value;
  if (failed(importInitializers(graph, frame)) || failed(importNodes(graph.node(), frame)))
    return failure();
  SmallVector<Value> outputs;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    const Value *value = frame.find(output.name());
    if (!value)
      return emitError(fileLoc) << "output " << quoted(output.name()) << " of graph " << quoted(graph.name())
                                << " has no value here";
    if (!*value)
      return failure();
    outputs.push_back(*value);
  }
  return outputs;
}
