// The kernel dialect: work that has an emitter of ours, in destination style, on tensors and then on memrefs.
#pragma once
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/kernel/KernelDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttributes.h.inc"

namespace nncc::kernel {
using nn::parseEpilogue, nn::printEpilogue; // for custom<Epilogue>

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value v) { return llvm::cast<mlir::ShapedType>(v.getType()).getShape(); }
/// In elements: those of the type for a buffer, row-major order for a tensor.
llvm::SmallVector<int64_t> stridesOf(mlir::Value v);
/// Elements, and bytes, of all shaped values together.
double countElements(mlir::ValueRange shaped);
double countBytes(mlir::ValueRange shaped);
/// About how many vector instructions a scalar op, or those of a body, become: none for a constant, some twenty for a
/// transcendental function or an integer division.
int64_t costOf(mlir::Operation &op);
int64_t costOf(mlir::Block &body);
/// Replaces an op on tensors by the same op on buffers; shared by all kernel ops.
llvm::LogicalResult bufferizeKernel(mlir::DestinationStyleOpInterface op, mlir::RewriterBase &rewriter,
                                    const mlir::bufferization::BufferizationOptions &options,
                                    mlir::bufferization::BufferizationState &state);
/// A kernel op reads its memrefs and writes its destinations.
void addEffects(mlir::DestinationStyleOpInterface op, bool readsInit,
                llvm::SmallVectorImpl<mlir::MemoryEffects::EffectInstance> &effects);
} // namespace nncc::kernel

#include "dialects/kernel/KernelInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.h.inc"
