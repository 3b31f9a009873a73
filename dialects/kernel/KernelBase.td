// The dialect, its attributes, and the class of every kernel op. An op is in destination style, on tensors and then on
// memrefs; bufferisation, side effects and sizes are shared, so that an op states only its operands and its work units.
#ifndef NNCC_KERNEL_BASE
#define NNCC_KERNEL_BASE
include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/kernel/KernelInterfaces.td"
include "dialects/nn/NNInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::nncc::kernel";
  let dependentDialects = ["::nncc::nn::NNDialect"];
  let useDefaultAttributePrinterParser = 1;
}

class Kernel_Attr<string name, string attrMnemonic> : AttrDef<Kernel_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Kernel_TargetAttr : Kernel_Attr<"Target", "target"> {
  let summary = "the machine that the module is compiled for, module attribute `kernel.target`";
  let description = [{
    `lanes` counts f32 values in a vector register, `registers` the vector registers; both are 4 and 16 where nothing
    better is known. `l1` and `l2` are bytes of data cache of one core.
  }];
  let parameters = (ins StringRefParameter<>:$triple, StringRefParameter<>:$cpu, StringRefParameter<>:$features,
                        "int64_t":$lanes, "int64_t":$registers, "int64_t":$l1, "int64_t":$l2);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The target of the module around `op`; plain x86-64 when it has none.
    static TargetAttr of(::mlir::Operation *op);
    /// Vector lanes for values of `type`: all that fit into one register (a bool counts as 32 bits, an index as 64).
    int64_t lanesOf(::mlir::Type type) const;
    /// Fused multiply-add is one instruction (x86-64-v3 and above, every target that is not x86).
    bool hasFma() const;
    /// Masked loads and stores of elements of every width are one instruction each.
    bool hasMasks() const;
  }];
}

def Kernel_TileAttr : Kernel_Attr<"Tile", "tile"> {
  let summary = "register tile of a contraction: rows x vectors of `lanes` values; panels of packed weights are vectors * lanes wide";
  let parameters = (ins "int64_t":$rows, "int64_t":$vectors, "int64_t":$lanes);
  let assemblyFormat = "`<` $rows `x` $vectors `x` $lanes `>`";
  let extraClassDeclaration = "int64_t getPanel() const { return getVectors() * getLanes(); }";
}

def AnyBuffer : AnyTypeOf<[AnyRankedTensor, AnyMemRef], "ranked tensor or memref", "::mlir::ShapedType">;

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits # [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<BufferizableOpInterface,
        ["bufferizesToMemoryRead", "bufferizesToMemoryWrite", "getAliasingValues", "bufferize"]>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  // The operand, or group of operands, that is the destination.
  string destination = "Init";
  // More members of the op's class.
  string members = "";
  let extraClassDeclaration = "::mlir::MutableOperandRange getDpsInitsMutable() { return get" # destination # "Mutable(); }\n" # members;
  let extraClassDefinition = [{
    bool $cppClass::bufferizesToMemoryRead(::mlir::OpOperand &operand, const ::mlir::bufferization::AnalysisState &) {
      return !isDpsInit(&operand) || readsInit();
    }
    bool $cppClass::bufferizesToMemoryWrite(::mlir::OpOperand &operand, const ::mlir::bufferization::AnalysisState &) {
      return isDpsInit(&operand);
    }
    ::mlir::bufferization::AliasingValueList $cppClass::getAliasingValues(::mlir::OpOperand &operand, const ::mlir::bufferization::AnalysisState &) {
      if (isDpsInit(&operand) && getNumResults())
        return {{getTiedOpResult(&operand), ::mlir::bufferization::BufferRelation::Equivalent}};
      return {};
    }
    ::llvm::LogicalResult $cppClass::bufferize(::mlir::RewriterBase &rewriter, const ::mlir::bufferization::BufferizationOptions &options,
                                               ::mlir::bufferization::BufferizationState &state) {
      return ::nncc::kernel::bufferizeKernel(*this, rewriter, options, state);
    }
    void $cppClass::getEffects(::llvm::SmallVectorImpl<::mlir::MemoryEffects::EffectInstance> &effects) {
      ::nncc::kernel::addEffects(*this, readsInit(), effects);
    }
  }];
}
#endif
