// What an operator's importer works on: a node of the model whose operands are values, with its attributes by name, and
// the one way to build ops from it, which reports what does not fit at the node.
#pragma once
#include "compiler/import/Diagnostics.h"
#include "compiler/import/Importer.h"
#include "dialects/nn/NN.h"
#include "llvm/ADT/DenseSet.h"

namespace nncc {

class Node {
public:
  Node(Importer &importer, const onnx::NodeProto &proto, const Form &form, int64_t opset, Frame &frame,
       mlir::Location loc, llvm::ArrayRef<mlir::Value> operands);

  Importer &importer;
  mlir::OpBuilder &builder;
  const onnx::NodeProto &proto;
  const Form &form;
  const int64_t opset;
  Frame &frame;
  const mlir::Location loc;

  //===-- Operands and outputs ------------------------------------------------------------------------------------===//

  /// Null where the operand is absent or empty; never null below the form's least number of inputs.
  mlir::Value operand(unsigned i) const { return i < operands.size() ? operands[i] : mlir::Value(); }
  llvm::ArrayRef<mlir::Value> allOperands() const { return operands; }
  mlir::RankedTensorType type(unsigned i) const { return typeOf(operand(i)); }
  static mlir::RankedTensorType typeOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }
  /// Whether the model uses output `i`.
  bool wants(unsigned i) const { return i < unsigned(proto.output_size()) && !proto.output(int(i)).empty(); }
  /// The static type that the model declares for output `i`, if any.
  std::optional<mlir::RankedTensorType> declaredType(unsigned i) const;
  /// Binds the outputs in their order; fails where building a value failed.
  llvm::LogicalResult results(llvm::ArrayRef<mlir::Value> values);

  //===-- Attributes: asking for one makes it known; a kind that differs is an error ------------------------------===//

  bool has(llvm::StringRef name) { return find(name) != nullptr; }
  int64_t integer(llvm::StringRef name, int64_t otherwise);
  double number(llvm::StringRef name, double otherwise);
  llvm::StringRef string(llvm::StringRef name, llvm::StringRef otherwise);
  llvm::SmallVector<int64_t> integers(llvm::StringRef name, llvm::ArrayRef<int64_t> otherwise = {});
  llvm::SmallVector<double> numbers(llvm::StringRef name, llvm::ArrayRef<double> otherwise = {});
  llvm::SmallVector<llvm::StringRef> strings(llvm::StringRef name);
  const onnx::TensorProto *tensor(llvm::StringRef name);
  const onnx::GraphProto *graph(llvm::StringRef name);
  /// Fails with a diagnostic where the attribute is absent.
  llvm::LogicalResult require(llvm::StringRef name);
  const onnx::AttributeProto *find(llvm::StringRef name);

  //===-- Constants -----------------------------------------------------------------------------------------------===//

  /// The elements of an integer operand, or a diagnostic that names --value where it is no constant.
  mlir::FailureOr<llvm::SmallVector<int64_t>> constantInts(unsigned i);
  /// What older opsets have as an attribute and newer ones as an operand; none where absent.
  using OptionalInts = std::optional<llvm::SmallVector<int64_t>>;
  mlir::FailureOr<OptionalInts> intsOperandOrAttribute(unsigned i, llvm::StringRef name);
  bool isConstant(unsigned i) const;
  mlir::Value constant(mlir::ElementsAttr value);
  /// The elements of a numeric operand, or the same diagnostic.
  mlir::FailureOr<llvm::SmallVector<double>> constantNumbers(unsigned i);
  /// A scalar tensor.
  mlir::Value scalar(mlir::Type element, double value);
  mlir::Value constantIndices(llvm::ArrayRef<int64_t> values, llvm::ArrayRef<int64_t> shape);

  //===-- Building ------------------------------------------------------------------------------------------------===//

  /// An error at the node; what is built from it afterwards is null, without further diagnostics.
  mlir::InFlightDiagnostic error();
  bool isBroken() const { return broken; }
  /// Whether a tensor of this shape can be; reports it where not.
  bool fits(llvm::ArrayRef<int64_t> shape);
  /// Counts bytes of constants that are about to be written out; reports it where they are too many.
  bool spend(int64_t bytes);
  /// The non-negative axis below `rank`, or a diagnostic.
  mlir::FailureOr<int64_t> axis(int64_t axis, int64_t rank);
  mlir::FailureOr<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> axes, int64_t rank);
  mlir::Type signed64() { return mlir::IntegerType::get(builder.getContext(), 64, mlir::IntegerType::Signed); }

  template <class Op> using Set = llvm::function_ref<void(typename Op::Properties &)>;
  /// An op whose result types follow from operands and attributes; absent operands are null. Returns the folded
  /// results.
  template <class Op> llvm::SmallVector<mlir::Value> buildAll(llvm::ArrayRef<mlir::Value> values, Set<Op> set) {
    mlir::OperationState state(loc, Op::getOperationName());
    auto &properties = state.getOrAddProperties<typename Op::Properties>();
    state.name.getRegisteredInfo()->populateDefaultProperties(&properties);
    set(properties);
    if constexpr (Op::template hasTrait<mlir::OpTrait::AttrSizedOperandSegments>()) {
      for (auto [segment, value] : llvm::zip(properties.operandSegmentSizes, values))
        segment = value ? 1 : 0;
    }
    if constexpr (Op::template hasTrait<nn::EpilogueInterface::Trait>())
      addEpilogue(state, values);
    return create(state, values);
  }
  template <class Op> mlir::Value build(llvm::ArrayRef<mlir::Value> values, Set<Op> set) {
    return first(buildAll<Op>(values, set));
  }
  template <class Op> mlir::Value build(llvm::ArrayRef<mlir::Value> values) {
    mlir::OperationState state(loc, Op::getOperationName());
    return first(create(state, values));
  }
  /// An op whose result type is the caller's to say.
  template <class Op> mlir::Value buildTyped(mlir::Type type, llvm::ArrayRef<mlir::Value> values) {
    mlir::OperationState state(loc, Op::getOperationName());
    state.addTypes(type);
    return first(create(state, values));
  }
  /// The form's own op, with attributes given by name.
  llvm::SmallVector<mlir::Value> buildNamed(llvm::StringRef op, llvm::ArrayRef<mlir::Value> values,
                                            llvm::ArrayRef<mlir::NamedAttribute> attributes);

  // The movement that many importers need; each returns its operand where nothing is to be done.
  mlir::Value convert(mlir::Value x, mlir::Type element);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value broadcast(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t start, int64_t size);
  /// The index along `axis`.
  mlir::Value iota(mlir::Type element, llvm::ArrayRef<int64_t> shape, int64_t axis);
  /// x with `indices`, constant and in range, along `axis`.
  mlir::Value gather(mlir::Value x, llvm::ArrayRef<int64_t> indices, int64_t axis);
  /// [N, C, spatial...] to [N, spatial..., C] and back.
  mlir::Value toChannelsLast(mlir::Value x);
  mlir::Value toChannelsFirst(mlir::Value x);
  /// Ops that check values at run time report through the entry's status.
  void checkIndices(mlir::Value indices, llvm::ArrayRef<int64_t> extents);
  void checkValue(mlir::Value value, llvm::ArrayRef<int64_t> expected);
  /// The axes operand, known only at run time, is some order of `expected`; negative axes count from `rank`.
  void checkAxes(mlir::Value axes, llvm::ArrayRef<int64_t> expected, int64_t rank);

  /// Reports attributes that nobody asked for.
  llvm::LogicalResult checkUnused();

private:
  llvm::SmallVector<mlir::Value> create(mlir::OperationState &state, llvm::ArrayRef<mlir::Value> values);
  void addEpilogue(mlir::OperationState &state, llvm::ArrayRef<mlir::Value> values);
  static mlir::Value first(const llvm::SmallVector<mlir::Value> &values) {
    return values.empty() ? mlir::Value() : values[0];
  }
  const onnx::AttributeProto *find(llvm::StringRef name, int type, llvm::StringRef kind);

  llvm::SmallVector<mlir::Value> operands;
  llvm::DenseSet<llvm::StringRef> known;
  bool broken = false;
};

} // namespace nncc
