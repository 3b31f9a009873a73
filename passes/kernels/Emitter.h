// What emitters share: an op inside its outlined function with the ranges of work units that it computes, and a builder
// that speaks in linear addresses. All strides are static; offsets are values.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace nncc {

/// An outlined op. Code is emitted at `op`, which is erased afterwards.
struct KernelSite {
  mlir::Operation *op;
  struct Range {
    mlir::Value from, to;
  };
  llvm::SmallVector<Range, 2> units; // one for each dimension of the op's work
  mlir::Value scratch;               // memref<?xi8> of the op's scratch bytes, null when it wants none
};

/// A memref as base, offset and strides.
struct Buffer {
  mlir::Value flat, offset;
  llvm::SmallVector<int64_t> strides;
  llvm::ArrayRef<int64_t> shape;
  mlir::Type element;
};

/// An address: a value plus a constant, which LLVM folds into the instruction.
struct Address {
  mlir::Value base; // null: 0
  int64_t constant = 0;
};

class Emitter {
public:
  using Value = mlir::Value;

  explicit Emitter(mlir::Operation *op)
      : b(op->getLoc(), op), function(op->getParentOfType<mlir::func::FuncOp>()), target(kernel::TargetAttr::of(op)) {
    auto kernelOp = mlir::dyn_cast<kernel::KernelInterface>(op);
    takesStrides = !kernelOp || kernelOp.takesStrides();
  }

  mlir::ImplicitLocOpBuilder b;
  mlir::func::FuncOp function;
  kernel::TargetAttr target;
  bool takesStrides; // of its operands; else their last stride is 1

  //===-- Index arithmetic --------------------------------------------------------------------------------------===//
  /// The constant x.
  Value c(int64_t x);
  // Nothing here wraps around; what is constant folds at once.
  Value add(Value x, Value y) { return b.createOrFold<mlir::arith::AddIOp>(x, y, nsw); }
  Value sub(Value x, Value y) { return b.createOrFold<mlir::arith::SubIOp>(x, y, nsw); }
  Value mul(Value x, Value y) { return b.createOrFold<mlir::arith::MulIOp>(x, y, nsw); }
  Value add(Value x, int64_t y) { return y ? add(x, c(y)) : x; }
  Value mul(Value x, int64_t y) { return y == 1 ? x : mul(x, c(y)); }
  Value div(Value x, int64_t y) { return y == 1 ? x : b.createOrFold<mlir::arith::DivUIOp>(x, c(y)); }
  Value rem(Value x, int64_t y) { return y == 1 ? c(0) : b.createOrFold<mlir::arith::RemUIOp>(x, c(y)); }
  Value min(Value x, Value y) { return b.createOrFold<mlir::arith::MinSIOp>(x, y); }
  Value max(Value x, Value y) { return b.createOrFold<mlir::arith::MaxSIOp>(x, y); }
  /// ceil(x / y) of a signed x.
  Value ceilDiv(Value x, int64_t y) { return y == 1 ? x : b.createOrFold<mlir::arith::CeilDivSIOp>(x, c(y)); }
  /// Indices into `extents` (row-major) of a linear index.
  llvm::SmallVector<Value> delinearize(Value linear, llvm::ArrayRef<int64_t> extents);

  // Sums of addresses; `scale` is how many elements a step of `x` is.
  Address add(Address a, Address x) {
    return {a.base && x.base ? add(a.base, x.base) : a.base ? a.base : x.base, a.constant + x.constant};
  }
  Address add(Address a, Value x, int64_t scale = 1);
  Address add(Address a, int64_t x) { return {a.base, a.constant + x}; }
  /// The address as one number.
  Value value(Address a) { return a.base ? add(a.base, a.constant) : c(a.constant); }

  //===-- Memory ------------------------------------------------------------------------------------------------===//
  /// A memref of static strides; its last one is 1 unless the op takes any.
  Buffer open(Value memref);
  /// A typed view of the first bytes of scratch memory.
  Buffer openScratch(Value scratch, int64_t byteOffset, int64_t count, mlir::Type element);
  /// A small array on the stack, made in the function's entry block.
  Buffer allocate(int64_t count, mlir::Type element);
  /// The mask of a vector's first `valid` lanes; null when all are.
  Value mask(int64_t lanes, int64_t valid);
  /// Neighbouring elements from `at` on, relative to the buffer's offset; those that the mask leaves out are 0 and not
  /// read.
  Value load(const Buffer &m, Address at, int64_t lanes, Value mask = {});
  Value loadScalar(const Buffer &m, Address at);
  /// One value, or element of a buffer, in all lanes.
  Value broadcast(Value scalar, int64_t lanes);
  Value broadcast(const Buffer &m, Address at, int64_t lanes) { return broadcast(loadScalar(m, at), lanes); }
  /// Writes neighbouring elements from `at` on; those that the mask leaves out keep what they hold.
  void store(Value vector, const Buffer &m, Address at, Value mask = {});
  void storeScalar(Value v, const Buffer &m, Address at);
  /// Asks for a line that will be written.
  void prefetchWrite(const Buffer &m, Address at);
  /// Asks the second-level cache for a line that will be read.
  void prefetchRead(const Buffer &m, Address at);

  //===-- Control -----------------------------------------------------------------------------------------------===//
  /// for (i = from; i < to; i += step) body(i); with `init`, `body` changes the carried values in place and the loop
  /// returns the last ones.
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body);
  llvm::SmallVector<Value> loop(Value from, Value to, int64_t step, mlir::ValueRange init,
                                llvm::function_ref<void(Value, llvm::SmallVector<Value> &)> body);
  /// Runs `body` where the condition holds; emits no branch where it is constant.
  void onlyIf(Value condition, llvm::function_ref<void()> body);
  /// One or the other, by the condition.
  void either(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  Value either(Value condition, llvm::function_ref<Value()> then, Value otherwise);

  //===-- Lanes -------------------------------------------------------------------------------------------------===//
  /// A constant in all lanes.
  Value splat(mlir::TypedAttr scalar, int64_t lanes);
  Value zeros(mlir::Type element, int64_t lanes);
  /// n vectors of n lanes change places with their columns: element j of the result's vector i is element i of vector
  /// j.
  llvm::SmallVector<Value> transposed(llvm::SmallVector<Value> rows);
  /// n vectors that hold records of n elements one behind the other become one vector for each place in a record, and
  /// back. Any n.
  llvm::SmallVector<Value> separated(llvm::SmallVector<Value> records);
  llvm::SmallVector<Value> mixed(llvm::SmallVector<Value> places);
  /// x * y + sum; fused for floats where that is one instruction.
  Value multiplyAdd(Value x, Value y, Value sum);
  /// A region of scalar elementwise ops, run on vectors of `lanes`; `done` is an op whose result is the first argument.
  Value runOnVectors(mlir::Region &region, mlir::ValueRange args, int64_t lanes, mlir::Operation *done = nullptr);

  static constexpr auto nsw = mlir::arith::IntegerOverflowFlags::nsw;

private:
  llvm::DenseMap<int64_t, Value> constants;
};

//===-- The emitters, one per op; each emits at the site's op --------------------------------------------------===//
llvm::LogicalResult emitGemm(kernel::GemmOp op, const KernelSite &site);
llvm::LogicalResult emitBatchMatmul(kernel::BatchMatmulOp op, const KernelSite &site);
llvm::LogicalResult emitConv(kernel::ConvOp op, const KernelSite &site);
llvm::LogicalResult emitWinograd(kernel::ConvOp op, const KernelSite &site);
llvm::LogicalResult emitDepthwise(kernel::DepthwiseOp op, const KernelSite &site);
llvm::LogicalResult emitPool(kernel::PoolOp op, const KernelSite &site);
llvm::LogicalResult emitPoolIndex(kernel::PoolIndexOp op, const KernelSite &site);
llvm::LogicalResult emitPack(kernel::PackOp op, const KernelSite &site);
llvm::LogicalResult emitAttention(kernel::AttentionOp op, const KernelSite &site);
llvm::LogicalResult emitRecurrent(kernel::RecurrentOp op, const KernelSite &site);
llvm::LogicalResult emitGather(kernel::GatherOp op, const KernelSite &site);
llvm::LogicalResult emitGatherElements(kernel::GatherElementsOp op, const KernelSite &site);
llvm::LogicalResult emitGatherND(kernel::GatherNDOp op, const KernelSite &site);
llvm::LogicalResult emitScatterElements(kernel::ScatterElementsOp op, const KernelSite &site);
llvm::LogicalResult emitScatterND(kernel::ScatterNDOp op, const KernelSite &site);
llvm::LogicalResult emitCumSum(kernel::CumSumOp op, const KernelSite &site);
llvm::LogicalResult emitTopK(kernel::TopKOp op, const KernelSite &site);
llvm::LogicalResult emitCheckIndex(kernel::CheckIndexOp op, const KernelSite &site);
llvm::LogicalResult emitCheckValue(kernel::CheckValueOp op, const KernelSite &site);

} // namespace nncc
