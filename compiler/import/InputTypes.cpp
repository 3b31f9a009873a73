// Resolving free dimensions; see InputTypes.h.
#include "compiler/import/InputTypes.h"
#include "compiler/import/Diagnostics.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
using namespace mlir;
using namespace nncc;
constexpr int64_t dynamic = ShapedType::kDynamic;

InputTypes::InputTypes(const ImportOptions &options, Location loc) : options(options), loc(loc) {
  for (auto &[name, extent] : options.dims)
    if (name == "*")
      everyOther = extent;
    else
      symbols[name] = extent;
}

std::optional<int64_t> InputTypes::symbol(StringRef name) const {
  auto found = symbols.find(name);
  if (found != symbols.end())
    return found->second;
  return everyOther;
}

static const std::vector<int64_t> *givenShape(const ImportOptions &options, StringRef name) {
  for (auto &[key, shape] : options.shapes)
    if (key == name)
      return &shape;
  return nullptr;
}

/// The name of a dimension; some exporters write "?" for one without.
static StringRef symbolOf(const onnx::TensorShapeProto::Dimension &dim) {
  return dim.dim_param() == "?" ? "" : StringRef(dim.dim_param());
}

/// Whether a dimension has an extent in the model; exporters write -1 for what is free.
static bool isFixed(const onnx::TensorShapeProto::Dimension &dim) {
  return dim.has_dim_value() && dim.dim_value() != -1;
}

LogicalResult InputTypes::resolve(const onnx::GraphProto &graph) {
  llvm::StringMap<bool> initializers;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initializers[tensor.name()] = true;
  // A shape that the user gives to one input fixes its symbols for all.
  bool ok = true;
  llvm::StringMap<bool> used;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    const std::vector<int64_t> *given = givenShape(options, input.name());
    const onnx::TensorShapeProto &shape = input.type().tensor_type().shape();
    for (auto [i, dim] : llvm::enumerate(shape.dim())) {
      used[symbolOf(dim)] = true;
      if (isFixed(dim) || symbolOf(dim).empty() || !given || i >= given->size())
        continue;
      auto [entry, inserted] = symbols.try_emplace(symbolOf(dim), (*given)[i]);
      if (!inserted && entry->second != (*given)[i]) {
        ok = false;
        emitError(loc) << "dimension " << quoted(symbolOf(dim)) << " is given as " << entry->second << " and as "
                       << (*given)[i];
      }
    }
  }
  for (auto &[name, extent] : options.dims)
    if (name != "*" && !used.contains(name))
      return emitError(loc) << "--dim names " << quoted(name) << ", which is no dimension of an input";
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!initializers.contains(input.name()))
      ok &= succeeded(resolveInput(input));
  return success(ok);
}

LogicalResult InputTypes::resolveInput(const onnx::ValueInfoProto &input) {
  std::string name = quoted(input.name());
  if (!input.type().has_tensor_type())
    return emitError(loc) << "input " << name << " is no tensor, which is not supported";
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  Type element = importElementType(loc.getContext(), tensor.elem_type());
  if (!element) {
    const ElementType *known = findElementType(tensor.elem_type());
    return emitError(loc) << "input " << name << " has element type " << (known ? StringRef(known->name) : "unknown")
                          << ", which is not supported";
  }
  const std::vector<int64_t> *given = givenShape(options, input.name());
  if (!tensor.has_shape()) {
    if (!given)
      return emitError(loc) << "input " << name << " has no shape; --shape " << input.name() << "=... gives one";
    if (given->size() > limits::rank || llvm::any_of(*given, [](int64_t dim) { return dim < 0; }) ||
        !checkedSize(*given, 16))
      return emitError(loc) << "--shape gives input " << name << " a shape that cannot be";
    types[input.name()] = RankedTensorType::get(*given, element);
    return success();
  }
  if (given && int(given->size()) != tensor.shape().dim_size())
    return emitError(loc) << "--shape gives input " << name << " " << given->size() << " dimensions, expected "
                          << tensor.shape().dim_size();
  SmallVector<int64_t> shape;
  bool ok = true;
  for (auto [i, dim] : llvm::enumerate(tensor.shape().dim())) {
    if (isFixed(dim)) {
      shape.push_back(dim.dim_value());
      if (given && (*given)[i] != dim.dim_value()) {
        ok = false;
        emitError(loc) << "--shape gives input " << name << " " << (*given)[i] << " as dimension " << i
                       << ", which the model fixes to " << dim.dim_value();
      }
      continue;
    }
    std::optional<int64_t> extent = symbolOf(dim).empty() ? everyOther : symbol(symbolOf(dim));
    if (given)
      extent = (*given)[i];
    // As many elements as --value gives.
    for (auto &[key, values] : options.values)
      if (!extent && key == input.name() && tensor.shape().dim_size() == 1)
        extent = values.size();
    shape.push_back(extent.value_or(0));
    if (extent)
      continue;
    ok = false;
    auto diagnostic = emitError(loc) << "dimension " << i << " of input " << name << " is free; ";
    if (symbolOf(dim).empty())
      diagnostic << "--shape " << input.name() << "=... fixes it";
    else
      diagnostic << "--dim " << symbolOf(dim) << "=N fixes it";
  }
  if (!ok)
    return failure();
  if (shape.size() > limits::rank)
    return emitError(loc) << "input " << name << " has " << shape.size() << " dimensions, more than " << limits::rank;
  if (llvm::any_of(shape, [](int64_t dim) { return dim < 0; }) || !checkedSize(shape, 16))
    return emitError(loc) << "input " << name << " has a negative dimension or more elements than can be addressed";
  types[input.name()] = RankedTensorType::get(shape, element);
  return success();
}

RankedTensorType InputTypes::declared(const onnx::ValueInfoProto &value) const {
  if (!value.type().has_tensor_type() || !value.type().tensor_type().has_shape())
    return nullptr;
  const onnx::TypeProto::Tensor &tensor = value.type().tensor_type();
  Type element = importElementType(loc.getContext(), tensor.elem_type());
  if (!element)
    return nullptr;
  SmallVector<int64_t> shape;
  for (const onnx::TensorShapeProto::Dimension &dim : tensor.shape().dim())
    shape.push_back(dim.has_dim_value() && dim.dim_value() >= 0
                        ? dim.dim_value()
                        : (symbolOf(dim).empty() ? dynamic : symbol(symbolOf(dim)).value_or(dynamic)));
  if (!llvm::all_of(shape, [](int64_t dim) { return dim == dynamic || dim < (int64_t(1) << 40); }))
    return nullptr;
  return RankedTensorType::get(shape, element);
}
