// ConstantBytes.h's implementation.
#include "passes/schedule/ConstantBytes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
using namespace mlir;

namespace nncc {

std::optional<ConstantBytes> bytesOf(ElementsAttr value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    return ConstantBytes{blob->getData().data(), false};
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  return ConstantBytes{dense.getRawData().data(), dense.isSplat()};
}

static DenseResourceElementsAttr resourceOf(Operation *op) {
  auto constant = dyn_cast<arith::ConstantOp>(op);
  return constant ? dyn_cast<DenseResourceElementsAttr>(constant.getValue()) : DenseResourceElementsAttr();
}

ReplacedSources::ReplacedSources(ModuleOp module) {
  module.walk([&](arith::ConstantOp op) {
    if (DenseResourceElementsAttr resource = resourceOf(op))
      constants[resource.getRawHandle().getResource()]++;
  });
}

void ReplacedSources::release(Operation *constant) {
  if (!constant->use_empty())
    return;
  DenseResourceElementsAttr resource = resourceOf(constant);
  constant->erase();
  if (!resource || --constants[resource.getRawHandle().getResource()])
    return;
  if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
    *blob = AsmResourceBlob();
}

} // namespace nncc
