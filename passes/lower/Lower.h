// What the lowering patterns of all families share: the type converter, and builders of destination-style ops.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace nncc {
using nn::typeOf;
}

namespace nncc::lower {

/// si32, ui32 => i32; tensors and memrefs of i1 => of i8, 0 or 1 (`vector.load` of i1 would read bits).
class TypeConverter : public mlir::TypeConverter {
public:
  TypeConverter();
};

// Each family's patterns; the pass adds them all.
void populateBoundaryPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateElementwisePatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateContractionPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateReductionPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateMovementPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateAttentionPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateRecurrentPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateIndexedPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);
void populateTransposedPatterns(const TypeConverter &types, mlir::RewritePatternSet &patterns);

/// Whether the elements of a value of nn compare as unsigned numbers.
bool isUnsigned(mlir::Value v);
/// A destination without content, of a converted type with static shape.
mlir::Value emptyOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type);
/// A destination filled with a number of its element type.
mlir::Value filled(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, mlir::TypedAttr value);
/// numpy's broadcast of a tensor of `shape` to an iteration space of `result`'s extents.
mlir::AffineMap broadcastMap(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> result, mlir::MLIRContext *context);

/// A linalg.generic over `result`'s index space, all parallel. `body` gets and gives values of computation types: a
/// bool is an i1 there, an i8 in memory.
mlir::Value buildMap(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType result, mlir::ValueRange inputs,
                     llvm::ArrayRef<mlir::AffineMap> maps, llvm::ArrayRef<bool> isBool, bool resultIsBool,
                     llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)> body);

/// The epilogue of a contraction that its kernel does not compute: of `sum`, or of 0 where that is null. `extras` are
/// the op's as they broadcast to `type`.
mlir::Value buildEpilogue(mlir::OpBuilder &b, nn::EpilogueInterface op, mlir::RankedTensorType type,
                          mlir::ValueRange extras, mlir::Value sum = {});

/// What a convolution is made of; all its spatial lists have the extents' order, `epilogue` is copied.
struct Convolution {
  mlir::Value x, w;
  mlir::ValueRange extras;
  llvm::ArrayRef<int64_t> strides, pads, dilations;
  int64_t groups;
  mlir::Region *epilogue; // null: the sum as it is
  bool nchwInput = false;
};
/// The kernel op that computes it: depthwise where each channel is a group.
mlir::Value buildConvolution(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::RankedTensorType type,
                             const Convolution &conv);

} // namespace nncc::lower
