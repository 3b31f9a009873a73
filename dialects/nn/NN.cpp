// The nn dialect's registration, and what elementwise ops and epilogues share.
#include "dialects/nn/NN.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
using namespace mlir;
using namespace nncc::nn;
#include "dialects/nn/NNDialect.cpp.inc"
#include "dialects/nn/NNEnums.cpp.inc"
#include "dialects/nn/NNInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/nn/NNOps.cpp.inc"

void NNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/NNOps.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  return arith::ConstantOp::materialize(b, value, type, loc);
}

bool NNDialect::mayFold(int64_t elements) {
  constexpr int64_t always = 64, total = int64_t(1) << 23;
  return elements <= always || folded.fetch_add(elements) + elements <= total;
}

bool nncc::nn::mayFold(RankedTensorType type) {
  constexpr int64_t most = 1024;
  return type.hasStaticShape() && type.getNumElements() <= most &&
         type.getContext()->getLoadedDialect<NNDialect>()->mayFold(type.getNumElements());
}

Type nncc::nn::computationType(Type element) {
  if (auto i = dyn_cast<IntegerType>(element))
    return IntegerType::get(element.getContext(), i.getWidth());
  return element;
}

//===-- Elementwise ---------------------------------------------------------------------------------------------===//

int64_t nncc::nn::broadcastOffset(ArrayRef<int64_t> shape, ArrayRef<int64_t> result, int64_t linear) {
  int64_t offset = 0, stride = 1;
  for (int64_t d = result.size() - 1, s = shape.size() - 1; s >= 0; d--, s--) {
    offset += shape[s] == 1 ? 0 : linear % result[d] * stride;
    stride *= shape[s];
    linear /= result[d];
  }
  return offset;
}

// A dimension of 1 gives way; a static one wins over `?`.
LogicalResult nncc::nn::inferBroadcast(std::optional<Location> loc, ValueRange operands, bool isPredicate,
                                       SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape;
  for (Value v : operands) {
    auto other = cast<RankedTensorType>(v.getType()).getShape();
    if (other.size() > shape.size())
      shape.insert(shape.begin(), other.size() - shape.size(), 1);
    for (auto [d, o] : llvm::zip(llvm::reverse(shape), llvm::reverse(other))) {
      if (d == 1 || (ShapedType::isDynamic(d) && o != 1))
        d = o;
      else if (o != 1 && !ShapedType::isDynamic(o) && o != d)
        return emitOptionalError(loc, "expected shapes that broadcast, found dimensions ", d, " and ", o);
    }
  }
  Type element = getElementTypeOrSelf(operands.back());
  types.push_back(RankedTensorType::get(shape, isPredicate ? IntegerType::get(element.getContext(), 1) : element));
  return success();
}

LogicalResult nncc::nn::verifyElementwise(Operation *op) {
  Type last = getElementTypeOrSelf(op->getOperands().back());
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    Type element = getElementTypeOrSelf(operand);
    Type expected = isa<WhereOp>(op) && i == 0 ? IntegerType::get(op->getContext(), 1) : last;
    if (element != expected)
      return op->emitError("expected operand ") << i << " of element type " << expected << ", found " << element;
  }
  return success();
}

OpFoldResult nncc::nn::foldElementwise(Type type, ArrayRef<Attribute> operands,
                                       function_ref<Number(ArrayRef<Number>)> evaluate) {
  auto result = cast<RankedTensorType>(type);
  if (!llvm::all_of(operands, llvm::IsaAndPresentPred<DenseElementsAttr>) || !mayFold(result))
    return {};
  SmallVector<Elements, 3> in;
  for (Attribute operand : operands)
    in.emplace_back(cast<DenseElementsAttr>(operand));
  bool isSplat = llvm::all_of(in, [](const Elements &a) { return a.isSplat; });
  SmallVector<Number> args(in.size()), out;
  for (int64_t e = 0, n = isSplat ? std::min<int64_t>(1, result.getNumElements()) : result.getNumElements(); e < n;
       e++) {
    for (auto [arg, a] : llvm::zip(args, in))
      arg = a[a.isSplat ? 0 : broadcastOffset(a.type.getShape(), result.getShape(), e)];
    out.push_back(evaluate(args));
  }
  return constantOf(result, out);
}

Value CastOp::buildFormula(OpBuilder &b, Location loc, ValueRange args) {
  ImplicitLocOpBuilder ib(loc, b);
  Type from = getX().getType().getElementType(), to = getType().getElementType();
  Scalar x{&ib, args[0], isUnsignedOrBool(from)};
  return convert(x, computationType(to), to.isUnsignedInteger()).v;
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  Type to = getType().getElementType();
  return foldElementwise(getType(), adaptor.getOperands(), [&](ArrayRef<Number> x) { return convert(x[0], to); });
}

//===-- Epilogues -----------------------------------------------------------------------------------------------===//

ParseResult nncc::nn::parseEpilogue(OpAsmParser &p, Type result,
                                    SmallVectorImpl<OpAsmParser::UnresolvedOperand> &extras,
                                    SmallVectorImpl<Type> &types, Region &region) {
  if (p.parseOptionalKeyword("epilogue")) {
    makeIdentityEpilogue(region, computationType(getElementTypeOrSelf(result)),
                         p.getEncodedSourceLoc(p.getCurrentLocation()));
    return success();
  }
  SmallVector<OpAsmParser::Argument> args;
  auto parseOne = [&]() -> ParseResult {
    if (p.parseArgument(args.emplace_back(), /*allowType=*/true))
      return failure();
    if (args.size() == 1)
      return success();
    return failure(p.parseEqual() || p.parseOperand(extras.emplace_back()) || p.parseColonType(types.emplace_back()));
  };
  if (p.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseOne))
    return failure();
  return p.parseRegion(region, args);
}

bool nncc::nn::isIdentityEpilogue(Region &region) {
  auto yield = dyn_cast<YieldOp>(region.front().front());
  return yield && yield.getValue() == region.getArgument(0);
}

void nncc::nn::makeIdentityEpilogue(Region &region, Type element, Location loc) {
  Block &block = region.emplaceBlock();
  // The region may not belong to an op yet.
  OpBuilder inner(element.getContext());
  inner.setInsertionPointToEnd(&block);
  YieldOp::create(inner, loc, block.addArgument(element, loc));
}

void nncc::nn::printEpilogue(OpAsmPrinter &p, Operation *, Type, ValueRange extras, TypeRange types, Region &region) {
  if (isIdentityEpilogue(region))
    return;
  p << "epilogue(";
  p.printRegionArgument(region.getArgument(0));
  for (auto [arg, extra, type] : llvm::zip(region.getArguments().drop_front(), extras, types)) {
    p << ", ";
    p.printRegionArgument(arg);
    p << " = " << extra << " : " << type;
  }
  p << ") ";
  p.printRegion(region, /*printEntryBlockArgs=*/false);
}

LogicalResult nncc::nn::verifyEpilogue(Operation *op, ValueRange extras, ShapedType result, Region &region) {
  if (region.getNumArguments() != extras.size() + 1)
    return op->emitOpError("expected ") << extras.size() + 1 << " epilogue arguments, found "
                                        << region.getNumArguments();
  for (auto [arg, extra] : llvm::zip(region.getArguments().drop_front(), extras)) {
    auto type = cast<ShapedType>(extra.getType());
    if (arg.getType() != computationType(type.getElementType()))
      return op->emitOpError("expected an epilogue argument of type ")
             << computationType(type.getElementType()) << ", found " << arg.getType();
    for (auto [e, r] : llvm::zip(llvm::reverse(type.getShape()), llvm::reverse(result.getShape())))
      if (e != 1 && !ShapedType::isDynamic(e) && !ShapedType::isDynamic(r) && e != r)
        return op->emitOpError("expected an extra operand that broadcasts to ") << result << ", found " << type;
  }
  auto yield = dyn_cast<YieldOp>(region.front().getTerminator());
  if (!yield || yield.getValue().getType() != computationType(result.getElementType()))
    return op->emitOpError("expected the epilogue to yield ") << computationType(result.getElementType());
  return success();
}

bool nncc::nn::haveSameShape(TypeRange x, TypeRange y) {
  return x.size() == y.size() && llvm::all_of(llvm::zip(x, y), [](auto pair) {
           return cast<ShapedType>(std::get<0>(pair)).getShape() == cast<ShapedType>(std::get<1>(pair)).getShape();
         });
}
