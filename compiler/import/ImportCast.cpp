// Conversions between element types.
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Node.h"
using namespace mlir;

namespace nncc {

/// The element type that an attribute names by ONNX's number, `otherwise` where it is absent; null after a diagnostic.
Type elementTypeAttribute(Node &node, StringRef name, Type otherwise) {
  if (!node.has(name))
    return otherwise;
  int64_t number = node.integer(name, 0);
  const ElementType *known = findElementType(int(std::clamp<int64_t>(number, 0, 255)));
  Type type = known ? importElementType(node.builder.getContext(), known->number) : Type();
  if (type && !isa<Float16Type, BFloat16Type>(type))
    return type;
  node.error() << "element type " << (known ? StringRef(known->name) : "unknown") << " is not supported";
  return nullptr;
}

LogicalResult importCast(Node &node) {
  if (failed(node.require("to")))
    return failure();
  // Of consequence for narrow float types only.
  (void)node.integer("saturate", 1);
  (void)node.string("round_mode", "up");
  Type element = elementTypeAttribute(node, "to", nullptr);
  return element ? node.results(node.convert(node.operand(0), element)) : failure();
}

LogicalResult importCastLike(Node &node) {
  (void)node.integer("saturate", 1);
  (void)node.string("round_mode", "up");
  return node.results(node.convert(node.operand(0), node.type(1).getElementType()));
}

} // namespace nncc
