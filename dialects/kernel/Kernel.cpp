// The dialect itself, its attributes, and what all kernel ops share.
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/TargetParser/Triple.h"

#include "dialects/kernel/KernelDialect.cpp.inc"
#include "dialects/kernel/KernelInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.cpp.inc"

using namespace mlir;
using namespace nncc;
using namespace nncc::kernel;

void KernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kernel/KernelAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/KernelOps.cpp.inc"
      >();
}

//===-- The target ----------------------------------------------------------------------------------------------===//

TargetAttr TargetAttr::of(Operation *op) {
  auto module = isa<ModuleOp>(op) ? cast<ModuleOp>(op) : op->getParentOfType<ModuleOp>();
  while (auto outer = module->getParentOfType<ModuleOp>())
    module = outer;
  if (auto target = module->getAttrOfType<TargetAttr>("kernel.target"))
    return target;
  return TargetAttr::get(op->getContext(), "x86_64-pc-linux-gnu", "x86-64", "", /*lanes=*/4, /*registers=*/16,
                         /*l1=*/32768, /*l2=*/262144);
}

int64_t TargetAttr::lanesOf(Type type) const {
  unsigned bits = type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 64;
  return bits == 1 ? getLanes() : std::max<int64_t>(getLanes() * 32 / bits, 1);
}

// Only x86-64's first two levels, whose vectors have 4 lanes, lack it.
bool TargetAttr::hasFma() const { return getLanes() > 4 || !llvm::Triple(getTriple()).isX86(); }
bool TargetAttr::hasMasks() const { return getLanes() >= 16 && llvm::Triple(getTriple()).isX86(); }

//===-- What scalar ops cost ------------------------------------------------------------------------------------===//

int64_t nncc::kernel::costOf(Operation &op) {
  if (op.hasTrait<OpTrait::ConstantLike>())
    return 0;
  bool isInstruction = !isa<math::MathDialect>(op.getDialect()) ||
                       isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::FmaOp, math::CopySignOp, math::FloorOp,
                           math::CeilOp, math::TruncOp, math::RoundEvenOp>(op);
  // No vector divides integers, and the remainder of floats is a call.
  bool isSerial = isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::RemFOp>(op);
  return isInstruction && !isSerial ? 1 : 20;
}

int64_t nncc::kernel::costOf(Block &body) {
  int64_t cost = 0;
  for (Operation &op : body.without_terminator())
    cost += costOf(op);
  return cost;
}

//===-- What all kernel ops share -------------------------------------------------------------------------------===//

SmallVector<int64_t> nncc::kernel::stridesOf(Value v) {
  auto type = cast<ShapedType>(v.getType());
  SmallVector<int64_t> strides;
  // MLIR has no strides for memrefs without elements.
  if (auto memref = dyn_cast<MemRefType>(type); memref && !memref.getLayout().isIdentity()) {
    int64_t offset;
    [[maybe_unused]] LogicalResult strided = memref.getStridesAndOffset(strides, offset);
    assert(succeeded(strided) && "expected strided buffers");
    return strides;
  }
  return computeStrides(type.getShape());
}

double nncc::kernel::countElements(ValueRange shaped) {
  double count = 0;
  for (Value v : shaped)
    if (auto type = dyn_cast<ShapedType>(v.getType()); type && type.hasStaticShape())
      count += double(type.getNumElements());
  return count;
}

double nncc::kernel::countBytes(ValueRange shaped) {
  double count = 0;
  for (Value v : shaped)
    if (auto type = dyn_cast<ShapedType>(v.getType()); type && type.getElementType().isIntOrFloat())
      count += countElements(v) * double(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  return count;
}

LogicalResult nncc::kernel::bufferizeKernel(DestinationStyleOpInterface op, RewriterBase &rewriter,
                                            const bufferization::BufferizationOptions &options,
                                            bufferization::BufferizationState &state) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SmallVector<Value> operands;
  for (Value v : op->getOperands()) {
    if (isa<TensorType>(v.getType())) {
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, v, options, state);
      if (failed(buffer))
        return failure();
      v = *buffer;
    }
    operands.push_back(v);
  }
  SmallVector<Value> inits;
  for (OpOperand &init : op.getDpsInitsMutable())
    if (isa<TensorType>(init.get().getType())) // a status is a memref from the start
      inits.push_back(operands[init.getOperandNumber()]);
  Operation *onBuffers = cloneWithoutRegions(rewriter, op, TypeRange(), operands);
  for (auto [from, to] : llvm::zip(op->getRegions(), onBuffers->getRegions()))
    to.takeBody(from);
  bufferization::replaceOpWithBufferizedValues(rewriter, op, inits);
  return success();
}

void nncc::kernel::addEffects(DestinationStyleOpInterface op, bool readsInit,
                              SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool written = op.isDpsInit(&operand);
    if (!written || readsInit)
      effects.emplace_back(MemoryEffects::Read::get(), &operand, SideEffects::DefaultResource::get());
    if (written)
      effects.emplace_back(MemoryEffects::Write::get(), &operand, SideEffects::DefaultResource::get());
  }
}
