// The entry function and the module's attributes: inputs and outputs as memrefs in the model's order, free dimensions
// fixed by the user's options. See Importer.h.
#include "compiler/import/Diagnostics.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/InputTypes.h"
#include "compiler/import/Node.h"
#include "compiler/import/ReadTensor.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Verifier.h"
using namespace mlir;
using namespace nncc;

OwningOpRef<ModuleOp> nncc::importModel(MLIRContext &context, const ModelFile &model, const ImportOptions &options) {
  return Importer(context, model, options).run();
}

/// The options name what the model has, and the constant that --value gives.
static LogicalResult checkNames(const ImportOptions &options, const onnx::GraphProto &graph, Location loc) {
  auto isInput = [&](StringRef name) {
    return llvm::any_of(graph.input(), [&](const onnx::ValueInfoProto &input) { return input.name() == name; });
  };
  for (auto &[name, shape] : options.shapes)
    if (!isInput(name))
      return emitError(loc) << "--shape names " << quoted(name) << ", which is no input of the model";
  for (auto &[name, values] : options.values) {
    auto computes = [&, name = StringRef(name)](const onnx::NodeProto &node) {
      return llvm::is_contained(node.output(), name);
    };
    if (!isInput(name) && llvm::none_of(graph.node(), computes))
      return emitError(loc) << "--value names " << quoted(name) << ", which is no input or value of the model";
  }
  return success();
}

OwningOpRef<ModuleOp> Importer::run() {
  module = ModuleOp::create(fileLoc);
  const onnx::GraphProto &graph = file.proto().graph();
  builder.setInsertionPointToEnd(module->getBody());
  entry = func::FuncOp::create(builder, fileLoc, "main", builder.getFunctionType({}, {})).addEntryBlock();
  builder.setInsertionPointToEnd(entry);
  Frame frame;
  frame.opsets = &file.opsets();
  if (failed(checkNames(options, graph, fileLoc)))
    return nullptr;
  // Where an input has no type yet, operators that nncc lacks are listed all the same.
  bool ok = succeeded(importInputs(frame));
  ok &= succeeded(importInitializers(graph, frame));
  ok &= succeeded(importNodes(graph.node(), frame));
  for (auto &[key, missing] : unsupported) {
    auto diagnostic = emitError(missing.loc)
                      << "operator is not supported, inputs (" << missing.types << ")" << missing.nearest;
    if (!missing.others.empty())
      diagnostic << "; nor are nodes " << llvm::join(missing.others, ", ");
  }
  if (!ok || failed(finish(frame)))
    return nullptr;
  return std::move(module);
}

static Attribute describe(OpBuilder &builder, StringRef name, RankedTensorType type) {
  auto entry = [&](StringRef key, Attribute value) { return builder.getNamedAttr(key, value); };
  return builder.getDictionaryAttr(
      {entry("name", builder.getStringAttr(name)), entry("shape", builder.getDenseI64ArrayAttr(type.getShape())),
       entry("type", builder.getI32IntegerAttr(elementTypeNumber(type.getElementType())))});
}

LogicalResult Importer::importInputs(Frame &frame) {
  const onnx::GraphProto &graph = file.proto().graph();
  bool ok = succeeded(inputTypes.resolve(graph));
  declare(graph, frame);
  for (const onnx::ValueInfoProto &input : graph.input()) {
    RankedTensorType type = inputTypes.input(input.name());
    if (!type) {
      // An initializer's declaration, or an input whose problem has been reported.
      frame.values[input.name()] = Value();
      continue;
    }
    Location loc = NameLoc::get(builder.getStringAttr(input.name()), fileLoc);
    Value &value = frame.values[input.name()];
    auto isFixed = [&](auto &entry) { return entry.first == input.name(); };
    if (llvm::any_of(options.values, isFixed)) {
      // A stand-in of the type, which the constant replaces.
      value = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
      ok &= succeeded(fixValue(input.name(), value, fileLoc));
      continue;
    }
    inputs.push_back(describe(builder, input.name(), type));
    Value argument = entry->addArgument(MemRefType::get(type.getShape(), type.getElementType()), loc);
    value = bufferization::ToTensorOp::create(builder, loc, type, argument, /*restrict=*/true);
  }
  status = entry->addArgument(MemRefType::get({}, builder.getI32Type()), fileLoc);
  return success(ok);
}

LogicalResult Importer::fixValue(StringRef name, Value &value, Location loc) {
  for (auto &[key, texts] : options.values) {
    if (key != name)
      continue;
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<char> bytes;
    for (const std::string &text : texts)
      if (!appendElement(text, type.getElementType(), bytes))
        return emitError(loc) << "--value " << name << ": " << quoted(text) << " is no "
                              << elementTypeName(type.getElementType());
    if (type.getNumElements() != int64_t(texts.size()))
      return emitError(loc) << "--value " << name << " gives " << texts.size() << " values, expected "
                            << type.getNumElements();
    value = arith::ConstantOp::create(builder, value.getLoc(), denseFromBytes(type, bytes));
  }
  return success();
}

LogicalResult Importer::finish(Frame &frame) {
  const onnx::GraphProto &graph = file.proto().graph();
  unsigned count = inputs.size();
  SmallVector<Attribute> outputs;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    Value value = *frame.find(output.name());
    auto type = cast<RankedTensorType>(value.getType());
    if (auto declared = frame.declared.lookup(output.name());
        declared && declared.getElementType() != type.getElementType())
      return emitError(value.getLoc()) << "output " << quoted(output.name()) << " is declared as "
                                       << elementTypeName(declared.getElementType()) << ", but computed as "
                                       << elementTypeName(type.getElementType());
    Location loc = NameLoc::get(builder.getStringAttr(output.name()), fileLoc);
    Value argument =
        entry->insertArgument(count + outputs.size(), MemRefType::get(type.getShape(), type.getElementType()), loc);
    auto write = bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), value, argument);
    write.setRestrict(true);
    write.setWritable(true);
    outputs.push_back(describe(builder, output.name(), type));
  }
  func::ReturnOp::create(builder, fileLoc);
  auto function = cast<func::FuncOp>(entry->getParentOp());
  function.setFunctionType(builder.getFunctionType(entry->getArgumentTypes(), {}));
  for (unsigned i = 0; i < count; ++i)
    function.setArgAttr(i, "bufferization.writable", builder.getBoolAttr(false));
  module->getOperation()->setAttr("nncc.name", builder.getStringAttr(options.name));
  module->getOperation()->setAttr("nncc.inputs", builder.getArrayAttr(inputs));
  module->getOperation()->setAttr("nncc.outputs", builder.getArrayAttr(outputs));
  // What folded away leaves its operands behind, and a model may compute what nothing uses.
  module->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
  return verify(*module);
}

void Importer::declare(const onnx::GraphProto &graph, Frame &frame) {
  for (const auto *list : {&graph.value_info(), &graph.output()})
    for (const onnx::ValueInfoProto &value : *list)
      if (RankedTensorType type = inputTypes.declared(value))
        frame.declared[value.name()] = type;
}
