// Elementwise operators: operands and attributes one by one, by name.
#include "compiler/import/Node.h"
using namespace mlir;

namespace nncc {

/// The form's arguments are the op's float attributes with ONNX's defaults: "alpha=0.01,beta=0.5".
LogicalResult importElementwise(Node &node) {
  SmallVector<NamedAttribute> attributes;
  for (StringRef rest = node.form.args; !rest.empty();) {
    auto [param, tail] = rest.split(',');
    auto [name, text] = param.split('=');
    double otherwise = 0;
    (void)text.getAsDouble(otherwise);
    attributes.push_back(node.builder.getNamedAttr(name, node.builder.getF64FloatAttr(node.number(name, otherwise))));
    rest = tail;
  }
  return node.results(node.buildNamed(node.form.op, node.allOperands(), attributes));
}

} // namespace nncc
