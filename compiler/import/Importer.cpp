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

void Importer::addUnsupported(const onnx::NodeProto &proto, int64_t opset, Location loc, ArrayRef<Value> operands) {
  std::string types = describe(operands);
  std::string key = functionKey(proto.domain(), proto.op_type(), types + std::to_string(opset));
  auto [entry, inserted] = unsupported.insert({builder.getStringAttr(key), Unsupported{loc, types, {}}});
  if (!inserted)
    entry->second.others.push_back(quoted(nodeName(proto)));
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

LogicalResult Importer::importNode(const onnx::NodeProto &proto, Frame &frame) {
  StringRef domain = normalizedDomain(proto.domain());
  int64_t opset = frame.opsets->lookup(domain);
  std::string name = frame.prefix + nodeName(proto).str();
  Location loc = nodeLocation(builder.getContext(), file.fileName(), name, proto.op_type(), opset, nodes++);
  // The message gate has counted nodes once; control flow may import a body more often.
  if (nodes > 2 * limits::nodes)
    return emitLimit(loc) << "more than " << 2 * limits::nodes << " nodes were imported";
  // Absent operands stay null and so do those whose nodes failed; the latter make this node fail in silence.
  SmallVector<Value> operands;
  bool poisoned = false;
  for (const std::string &input : proto.input()) {
    const Value *value = input.empty() ? nullptr : frame.find(input);
    operands.push_back(value ? *value : Value());
    poisoned |= value && !*value;
  }
  const LocalFunction *callee = file.callee(proto);
  const Form *form = callee ? nullptr : findForm(domain, proto.op_type(), opset);
  bool narrowFloat = llvm::any_of(operands, [](Value value) {
    return value && isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(value.getType()));
  });
  if (!callee && (!form || !form->importer || narrowFloat)) {
    addUnsupported(proto, opset, loc, operands);
    return failure();
  }
  if (poisoned)
    return failure();
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
  body.prefix = frame.prefix + nodeName(proto).str() + "/";
  body.calls = frame.calls + 1;
  // An absent operand is absent in the body too.
  for (auto [input, operand] : llvm::zip(function.input(), operands))
    if (operand)
      body.values[input] = operand;
  if (failed(importNodes(function.node(), body)))
    return failure();
  for (auto [i, output] : llvm::enumerate(proto.output())) {
    if (output.empty())
      continue;
    const Value *value = body.find(function.output(int(i)));
    if (!value || !*value)
      return emitError(loc) << "output " << quoted(output) << " of the function is an input that is not given";
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
    frame.values[tensor.name()] =
        value ? Value(arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value))) : Value();
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
    if (!value || !*value)
      return failure();
    outputs.push_back(*value);
  }
  return outputs;
}
