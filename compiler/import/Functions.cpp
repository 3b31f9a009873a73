// Decoding of newer fields of functions and nodes; see Functions.h.
#include "compiler/import/Functions.h"
#include <google/protobuf/unknown_field_set.h>
using namespace nncc;
using google::protobuf::UnknownField;
using llvm::StringRef;

std::unique_ptr<LocalFunction> nncc::readFunction(const onnx::FunctionProto &proto) {
  auto function = std::make_unique<LocalFunction>();
  function->proto = &proto;
  for (const onnx::OperatorSetIdProto &opset : proto.opset_import())
    function->opsets[normalizedDomain(opset.domain())] = opset.version();
  for (int i = 0; i < proto.unknown_fields().field_count(); ++i) {
    const UnknownField &field = proto.unknown_fields().field(i);
    if (field.type() != UnknownField::TYPE_LENGTH_DELIMITED)
      continue;
    if (field.number() == 13)
      function->overload = field.length_delimited();
    if (field.number() == 11 && !function->defaults.emplace_back().ParsePartialFromString(field.length_delimited()))
      return nullptr;
  }
  return function;
}

StringRef nncc::overloadOf(const onnx::NodeProto &node) {
  for (int i = 0; i < node.unknown_fields().field_count(); ++i) {
    const UnknownField &field = node.unknown_fields().field(i);
    if (field.number() == 8 && field.type() == UnknownField::TYPE_LENGTH_DELIMITED)
      return field.length_delimited();
  }
  return "";
}

std::string nncc::functionKey(StringRef domain, StringRef name, StringRef overload) {
  // Protobuf strings may hold anything; the lengths keep the parts apart.
  return (llvm::Twine(domain.size()) + ":" + llvm::Twine(name.size()) + ":" + domain + name + overload).str();
}

StringRef nncc::nodeName(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  for (const std::string &output : node.output())
    if (!output.empty())
      return output;
  return node.op_type();
}
