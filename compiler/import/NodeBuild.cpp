// Building ops from a node: inference with a diagnostic, creation with explicit types, verification, and only then
// folding. The builders that MLIR generates abort where a model's types don't fit. See Node.h.
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include "compiler/import/Node.h"
#include "mlir/IR/Verifier.h"
using namespace mlir;
using namespace nncc;

SmallVector<Value> Node::create(OperationState &state, ArrayRef<Value> values) {
  if (broken)
    return {};
  for (Value value : values)
    if (value)
      state.addOperands(value);
  if (state.types.empty()) {
    auto *inference = state.name.getInterface<InferTypeOpInterface>();
    SmallVector<Type> types;
    DictionaryAttr attributes = state.attributes.getDictionary(builder.getContext());
    if (mlir::failed(inference->inferReturnTypes(builder.getContext(), loc, state.operands, attributes,
                                                 state.getRawProperties(), state.regions, types))) {
      broken = true;
      return {};
    }
    state.addTypes(types);
  }
  for (Type type : state.types)
    if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && !fits(tensor.getShape()))
      return {};
  Operation *op = builder.create(state);
  if (mlir::failed(verify(op, /*verifyRecursively=*/false))) {
    broken = true;
    op->erase();
    return {};
  }
  SmallVector<Value> folded;
  if (succeeded(builder.tryFold(op, folded)) && !folded.empty()) {
    op->erase();
    return folded;
  }
  return SmallVector<Value>(op->getResults());
}

bool Node::fits(ArrayRef<int64_t> shape) {
  if (shape.size() > limits::rank) {
    error() << "a result has " << shape.size() << " dimensions, more than " << limits::rank;
    return false;
  }
  if (checkedSize(shape, 8))
    return true;
  auto diagnostic = error() << "a result of [";
  llvm::interleaveComma(shape, diagnostic);
  diagnostic << "] has a negative dimension or more elements than can be addressed";
  return false;
}

bool Node::spend(int64_t bytes) {
  broken |= mlir::failed(importer.spend(bytes, loc));
  return !broken;
}

void Node::addEpilogue(OperationState &state, ArrayRef<Value> values) {
  if (!broken)
    nn::makeIdentityEpilogue(*state.addRegion(), nn::computationType(typeOf(values[0]).getElementType()), loc);
}

SmallVector<Value> Node::buildNamed(StringRef op, ArrayRef<Value> values, ArrayRef<NamedAttribute> attributes) {
  OperationState state(loc, op);
  // Elementwise inference looks at operands only. An op without properties must not be given any.
  if (!attributes.empty())
    state.propertiesAttr = builder.getDictionaryAttr(attributes);
  return create(state, values);
}

Value Node::convert(Value x, Type element) {
  if (broken || typeOf(x).getElementType() == element)
    return x;
  return buildTyped<nn::CastOp>(RankedTensorType::get(typeOf(x).getShape(), element), x);
}

Value Node::reshape(Value x, ArrayRef<int64_t> shape) {
  if (broken || typeOf(x).getShape() == shape)
    return x;
  return buildTyped<nn::ReshapeOp>(RankedTensorType::get(shape, typeOf(x).getElementType()), x);
}

Value Node::broadcast(Value x, ArrayRef<int64_t> shape) {
  if (broken || typeOf(x).getShape() == shape)
    return x;
  return buildTyped<nn::BroadcastOp>(RankedTensorType::get(shape, typeOf(x).getElementType()), x);
}

Value Node::transpose(Value x, ArrayRef<int64_t> perm) {
  return build<nn::TransposeOp>(x, [&](auto &p) { p.setPerm(builder.getDenseI64ArrayAttr(perm)); });
}

Value Node::slice(Value x, int64_t axis, int64_t start, int64_t size) {
  if (broken)
    return {};
  SmallVector<int64_t> starts(typeOf(x).getRank(), 0), sizes(typeOf(x).getShape()), steps(starts.size(), 1);
  starts[axis] = start;
  sizes[axis] = size;
  return build<nn::SliceOp>(x, [&](auto &p) {
    p.setStarts(builder.getDenseI64ArrayAttr(starts));
    p.setSizes(builder.getDenseI64ArrayAttr(sizes));
    p.setSteps(builder.getDenseI64ArrayAttr(steps));
  });
}

Value Node::iota(Type element, ArrayRef<int64_t> shape, int64_t axis) {
  OperationState state(loc, nn::IotaOp::getOperationName());
  state.getOrAddProperties<nn::IotaOp::Properties>().setAxis(builder.getI64IntegerAttr(axis));
  state.addTypes(RankedTensorType::get(shape, element));
  return first(create(state, {}));
}

Value Node::gather(Value x, ArrayRef<int64_t> indices, int64_t axis) {
  return build<nn::GatherOp>({x, constantIndices(indices, int64_t(indices.size()))},
                             [&](auto &p) { p.setAxis(builder.getI64IntegerAttr(axis)); });
}

Value Node::toChannelsLast(Value x) {
  if (broken)
    return {};
  int64_t rank = typeOf(x).getRank();
  if (rank < 2) {
    error() << "expected a batch and channels, found " << x.getType();
    return {};
  }
  SmallVector<int64_t> perm = {0};
  llvm::append_range(perm, llvm::seq<int64_t>(2, rank));
  perm.push_back(1);
  return transpose(x, perm);
}

Value Node::toChannelsFirst(Value x) {
  if (broken)
    return {};
  int64_t rank = typeOf(x).getRank();
  SmallVector<int64_t> perm = {0, rank - 1};
  llvm::append_range(perm, llvm::seq<int64_t>(1, rank - 1));
  return transpose(x, perm);
}

void Node::checkIndices(Value indices, ArrayRef<int64_t> extents) {
  DenseIntElementsAttr dense;
  if (broken || !typeOf(indices).getNumElements())
    return;
  if (!matchPattern(indices, m_Constant(&dense))) {
    nn::CheckIndexOp::create(builder, loc, indices, importer.status, builder.getDenseI64ArrayAttr(extents));
    return;
  }
  for (auto [i, value] : llvm::enumerate(dense.getValues<APInt>())) {
    int64_t extent = extents[i % extents.size()], index = value.getSExtValue();
    if (index >= -extent && index < extent)
      continue;
    error() << "index " << index << " is out of range for " << extent << " elements";
    return;
  }
}

void Node::checkValue(Value value, ArrayRef<int64_t> expected) {
  if (broken)
    return;
  if (typeOf(value).getNumElements() != int64_t(expected.size()))
    error() << "expected " << expected.size() << " integers for the declared result, found " << value.getType();
  else
    nn::CheckValueOp::create(builder, loc, value, importer.status, builder.getDenseI64ArrayAttr(expected));
}

void Node::checkAxes(Value axes, ArrayRef<int64_t> expected, int64_t rank) {
  if (broken)
    return;
  if (typeOf(axes).getNumElements() != int64_t(expected.size())) {
    error() << "expected " << expected.size() << " axes, found " << axes.getType();
    return;
  }
  // How often each axis occurs, as a line of `rank` counts.
  Value column = reshape(convert(axes, signed64()), {int64_t(expected.size()), 1});
  Value isNegative = build<nn::LessOp>({column, scalar(signed64(), 0)});
  Value wrapped = build<nn::AddOp>({column, scalar(signed64(), double(rank))});
  Value positive = build<nn::WhereOp>({isNegative, wrapped, column});
  Value hits = convert(build<nn::EqualOp>({positive, iota(signed64(), {1, rank}, 1)}), signed64());
  Value counts = build<nn::ReduceOp>(hits, [&](auto &p) {
    p.setKind(nn::ReduceKindAttr::get(builder.getContext(), nn::ReduceKind::sum));
    p.setAxes(builder.getDenseI64ArrayAttr({0}));
  });
  SmallVector<int64_t> once(rank, 0);
  for (int64_t axis : expected)
    once[axis] = 1;
  checkValue(counts, once);
}
