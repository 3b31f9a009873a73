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

void PackedSources::add(ElementsAttr source) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(source))
    sources.push_back(resource);
}

void PackedSources::release(ModuleOp module) {
  DenseSet<const void *> used; // one blob may be there as several attributes, of other shapes
  module.walk([&](arith::ConstantOp op) {
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue()))
      used.insert(resource.getRawHandle().getResource());
  });
  for (DenseResourceElementsAttr source : sources)
    if (!used.contains(source.getRawHandle().getResource()))
      if (AsmResourceBlob *blob = source.getRawHandle().getBlob())
        *blob = AsmResourceBlob();
}

} // namespace nncc
