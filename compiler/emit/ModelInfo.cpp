// ModelInfo.h's implementation.
#include "compiler/emit/ModelInfo.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/nncc.h"
using namespace mlir;

namespace nncc {
namespace {
struct ElementType {
  unsigned type, bytes;
  StringLiteral c;
};
constexpr ElementType elementTypes[] = {
    {NNCC_FLOAT, 4, "float"},      {NNCC_UINT8, 1, "uint8_t"},   {NNCC_INT8, 1, "int8_t"},
    {NNCC_UINT16, 2, "uint16_t"},  {NNCC_INT16, 2, "int16_t"},   {NNCC_INT32, 4, "int32_t"},
    {NNCC_INT64, 8, "int64_t"},    {NNCC_BOOL, 1, "uint8_t"},    {NNCC_FLOAT16, 2, "uint16_t"},
    {NNCC_DOUBLE, 8, "double"},    {NNCC_UINT32, 4, "uint32_t"}, {NNCC_UINT64, 8, "uint64_t"},
    {NNCC_BFLOAT16, 2, "uint16_t"}};

const ElementType *lookup(unsigned type) {
  const ElementType *known = llvm::find_if(elementTypes, [&](const ElementType &e) { return e.type == type; });
  return known == std::end(elementTypes) ? nullptr : known;
}

std::vector<TensorInfo> readTensors(ModuleOp module, StringRef attribute) {
  std::vector<TensorInfo> tensors;
  auto list = module->getAttrOfType<ArrayAttr>(attribute);
  for (Attribute element : list ? list.getValue() : ArrayRef<Attribute>()) {
    auto record = cast<DictionaryAttr>(element);
    TensorInfo &tensor = tensors.emplace_back();
    tensor.name = record.getAs<StringAttr>("name").str();
    tensor.type = record.getAs<IntegerAttr>("type").getInt();
    tensor.shape = record.getAs<DenseI64ArrayAttr>("shape").asArrayRef();
    if (auto inPlace = record.getAs<IntegerAttr>("in_place"))
      tensor.inPlace = inPlace.getInt();
  }
  return tensors;
}

uint64_t readSize(ModuleOp module, StringRef attribute) {
  auto size = module->getAttrOfType<IntegerAttr>(attribute);
  return size ? size.getValue().getZExtValue() : 0;
}

// The bytes of a weight; a splat is given by one element.
ArrayRef<char> rawBytes(Attribute value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return resource.getRawHandle().getBlob()->getData();
  return cast<DenseElementsAttr>(value).getRawData();
}
} // namespace

uint64_t TensorInfo::elements() const {
  uint64_t n = 1;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}

uint64_t TensorInfo::bytes() const { return elements() * elementBytes(type); }

StringRef cType(unsigned type) {
  assert(lookup(type) && "an importer lets known types through only");
  return lookup(type)->c;
}

unsigned elementBytes(unsigned type) { return lookup(type) ? lookup(type)->bytes : 0; }

ModelInfo readModelInfo(ModuleOp module) {
  ModelInfo info;
  if (auto name = module->getAttrOfType<StringAttr>("nncc.name"))
    info.name = name.str();
  info.inputs = readTensors(module, "nncc.inputs");
  info.outputs = readTensors(module, "nncc.outputs");
  if (auto nodes = module->getAttrOfType<ArrayAttr>("nncc.nodes"))
    for (auto node : nodes.getAsRange<DictionaryAttr>())
      info.nodes.push_back({node.getAs<StringAttr>("name").str(), node.getAs<FloatAttr>("flops").getValueAsDouble(),
                            node.getAs<FloatAttr>("bytes").getValueAsDouble()});
  // An arena is never empty, so that a program can always declare one.
  info.arenaBytes = std::max<uint64_t>(llvm::alignTo(readSize(module, "nncc.arena_bytes"), arenaAlign), arenaAlign);
  info.workerBytes = llvm::alignTo(readSize(module, "nncc.worker_bytes"), arenaAlign);
  info.weightsBytes = readSize(module, "nncc.weights_bytes");
  return info;
}

std::vector<WeightRun> readWeights(ModuleOp module) {
  std::vector<WeightRun> runs;
  auto weights = module->getAttrOfType<ArrayAttr>("nncc.weights");
  for (Attribute element : weights ? weights.getValue() : ArrayRef<Attribute>()) {
    auto record = cast<DictionaryAttr>(element);
    auto value = cast<ElementsAttr>(record.get("value"));
    WeightRun &run = runs.emplace_back();
    run.offset = record.getAs<IntegerAttr>("offset").getInt();
    run.pattern = rawBytes(value);
    run.bytes = run.pattern.size();
    if (auto dense = dyn_cast<DenseElementsAttr>(value); dense && dense.isSplat())
      run.bytes *= value.getNumElements();
  }
  return runs;
}

void writeWeights(ArrayRef<WeightRun> runs, llvm::function_ref<void(uint64_t, ArrayRef<char>)> write) {
  for (const WeightRun &run : runs) {
    if (run.pattern.empty())
      continue;
    // A short pattern is repeated in pieces of some size.
    std::vector<char> repeated;
    ArrayRef<char> piece = run.pattern;
    if (run.bytes > piece.size()) {
      uint64_t count = std::min<uint64_t>(run.bytes / piece.size(), 65536 / piece.size() + 1);
      for (uint64_t i = 0; i < count; i++)
        repeated.insert(repeated.end(), run.pattern.begin(), run.pattern.end());
      piece = repeated;
    }
    for (uint64_t done = 0; done < run.bytes; done += piece.size())
      write(run.offset + done, piece.take_front(run.bytes - done));
  }
}

} // namespace nncc
