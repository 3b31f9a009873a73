// Resize and Upsample. Along each axis every output element is a weighted sum of a few input elements, whose positions
// and weights are constants: gathers, products with a constant vector, and sums. ONNX's reference defines the numbers.
#include "compiler/import/Limits.h"
#include "compiler/import/Node.h"
using namespace mlir;

namespace nncc {

namespace {
/// How one axis is resized.
struct Axis {
  int64_t axis, in, out;
  double scale;
  double roiStart = 0, roiEnd = 1;
};

/// The taps of one axis: `indices[k][i]` and `weights[k][i]` say what tap k adds to output i.
struct Taps {
  SmallVector<SmallVector<int64_t>> indices;
  SmallVector<SmallVector<double>> weights;
  SmallVector<bool> isOutside;
};

class Resizer {
public:
  explicit Resizer(Node &node);
  LogicalResult run();

private:
  FailureOr<SmallVector<Axis>> readAxes();
  LogicalResult readExtents(MutableArrayRef<Axis> axes, unsigned scalesOperand);
  LogicalResult applyPolicy(MutableArrayRef<Axis> axes);
  double position(const Axis &axis, int64_t i) const;
  SmallVector<double> coefficients(double ratio, double scale) const;
  double cubic(double x) const;
  Taps findTaps(const Axis &axis) const;
  Value resize(Value x, const Axis &axis, int64_t dimension);

  Node &node;
  StringRef mode, coordinates, nearest, policy;
  double cubicA, outsideValue;
  bool excludeOutside, antialias, isNearest;
};
} // namespace

/// Up to opset 10 positions are i / scale, and the nearest element is the one before.
Resizer::Resizer(Node &node)
    : node(node), mode(node.string("mode", "nearest")), coordinates("asymmetric"), nearest("floor"),
      policy(node.string("keep_aspect_ratio_policy", "stretch")), cubicA(node.number("cubic_coeff_a", -0.75)),
      outsideValue(node.number("extrapolation_value", 0)), excludeOutside(node.integer("exclude_outside", 0) != 0),
      antialias(node.integer("antialias", 0) != 0), isNearest(mode == "nearest") {
  if (node.opset < 11)
    return;
  coordinates = node.string("coordinate_transformation_mode", "half_pixel");
  nearest = node.string("nearest_mode", "round_prefer_floor");
}

LogicalResult Resizer::readExtents(MutableArrayRef<Axis> axes, unsigned scalesOperand) {
  auto isGiven = [&](unsigned i) { return node.operand(i) && node.type(i).getNumElements() > 0; };
  auto wrongCount = [&](size_t count) {
    return node.error() << "expected " << axes.size() << " scales or sizes, found " << count;
  };
  if (isGiven(3)) {
    FailureOr<SmallVector<int64_t>> sizes = failure();
    if (auto declared = node.declaredType(0);
        declared && !node.isConstant(3) && declared->getRank() == int64_t(axes.size())) {
      sizes = SmallVector<int64_t>(declared->getShape());
      node.checkValue(node.operand(3), *sizes);
    } else {
      sizes = node.constantInts(3);
    }
    if (failed(sizes))
      return failure();
    if (sizes->size() != axes.size())
      return wrongCount(sizes->size());
    for (auto [axis, size] : llvm::zip(axes, *sizes)) {
      if (size < 0 || size > limits::resizedExtent)
        return node.error() << "expected sizes from 0 to " << limits::resizedExtent << ", found " << size;
      axis.out = size;
      axis.scale = axis.in ? double(size) / double(axis.in) : 1;
    }
    return applyPolicy(axes);
  }
  SmallVector<double> scales = node.opset < 9 ? node.numbers("scales") : SmallVector<double>();
  if (isGiven(scalesOperand)) {
    FailureOr<SmallVector<double>> given = node.constantNumbers(scalesOperand);
    if (failed(given))
      return failure();
    scales = *given;
  }
  if (scales.size() != axes.size())
    return wrongCount(scales.size());
  for (auto [axis, scale] : llvm::zip(axes, scales)) {
    if (!(scale > 0) || !(double(axis.in) * scale <= double(limits::resizedExtent)))
      return node.error() << "expected scales above 0 and extents of at most " << limits::resizedExtent;
    axis.scale = scale;
    axis.out = int64_t(std::floor(double(axis.in) * scale));
  }
  return success();
}

/// With not_larger and not_smaller all axes have the smallest or the largest scale.
LogicalResult Resizer::applyPolicy(MutableArrayRef<Axis> axes) {
  if (policy == "stretch" || axes.empty())
    return success();
  if (policy != "not_larger" && policy != "not_smaller")
    return node.error() << "expected keep_aspect_ratio_policy stretch, not_larger or not_smaller, found "
                        << quoted(policy);
  double scale = axes[0].scale;
  for (const Axis &axis : axes)
    scale = policy == "not_larger" ? std::min(scale, axis.scale) : std::max(scale, axis.scale);
  for (Axis &axis : axes) {
    axis.scale = scale;
    axis.out = int64_t(std::min(std::floor(scale * double(axis.in) + 0.5), double(INT32_MAX)));
  }
  return success();
}

FailureOr<SmallVector<Axis>> Resizer::readAxes() {
  RankedTensorType x = node.type(0);
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  FailureOr<SmallVector<int64_t>> given = node.axes(node.integers("axes", all), x.getRank());
  if (failed(given))
    return failure();
  SmallVector<Axis> axes;
  for (int64_t axis : *given)
    axes.push_back({axis, x.getDimSize(unsigned(axis)), 0, 1});
  if (failed(readExtents(axes, node.opset < 11 ? 1 : 2)))
    return failure();
  if (coordinates == "tf_crop_and_resize") {
    if (!node.operand(1))
      return node.error() << "expected a roi";
    FailureOr<SmallVector<double>> roi = node.constantNumbers(1);
    if (failed(roi))
      return failure();
    if (roi->size() != 2 * axes.size())
      return node.error() << "expected a roi of " << 2 * axes.size() << " numbers, found " << roi->size();
    for (auto [i, axis] : llvm::enumerate(axes)) {
      axis.roiStart = (*roi)[i];
      axis.roiEnd = (*roi)[axes.size() + i];
    }
  }
  for (const Axis &axis : axes)
    if (axis.out > limits::resizedExtent || (!axis.in && axis.out))
      return node.error() << "expected extents from 0 to " << limits::resizedExtent << ", found " << axis.out
                          << " from " << axis.in;
  return axes;
}

/// Where output `i` lies in the input.
double Resizer::position(const Axis &axis, int64_t i) const {
  double in = double(axis.in), out = axis.scale * in, at = double(i);
  if (coordinates == "asymmetric")
    return at / axis.scale;
  if (coordinates == "align_corners")
    return out == 1 ? 0 : at * (in - 1) / (out - 1);
  if (coordinates == "tf_half_pixel_for_nn")
    return (at + 0.5) / axis.scale;
  if (coordinates == "tf_crop_and_resize")
    return out == 1 ? (axis.roiEnd + axis.roiStart) * (in - 1) / 2
                    : axis.roiStart * (in - 1) + at * (axis.roiEnd - axis.roiStart) * (in - 1) / (out - 1);
  if (coordinates == "pytorch_half_pixel" && out == 1)
    return -0.5;
  double symmetric = coordinates == "half_pixel_symmetric" ? in / 2 * (1 - double(axis.out) / out) : 0;
  return symmetric + (at + 0.5) / axis.scale - 0.5;
}

double Resizer::cubic(double x) const {
  x = std::abs(x);
  if (x <= 1)
    return ((cubicA + 2) * x - (cubicA + 3)) * x * x + 1;
  return x < 2 ? ((cubicA * x - 5 * cubicA) * x + 8 * cubicA) * x - 4 * cubicA : 0;
}

/// Weights of the 2 h elements around a position that lies `ratio`, in (0, 1], behind the h-th of them.
SmallVector<double> Resizer::coefficients(double ratio, double scale) const {
  if (isNearest) {
    // Up to opset 10 the nearest element is the one behind where the axis shrinks.
    bool second = nearest == "ceil" || (node.opset < 11 && scale < 1) ||
                  (nearest == "round_prefer_floor" && ratio > 0.5) ||
                  (nearest == "round_prefer_ceil" && ratio >= 0.5) || ratio == 1;
    return {second ? 0.0 : 1.0, second ? 1.0 : 0.0};
  }
  // A wider window, by which downsampling sees every element.
  double width = antialias ? std::min(scale, 1.0) : 1;
  int64_t start = int64_t(std::floor((mode == "cubic" ? -2 : -1) / width)) + 1;
  SmallVector<double> weights;
  double sum = 0;
  for (int64_t k = start; k < 2 - start; ++k) {
    double x = (double(k) - ratio) * width;
    weights.push_back(mode == "cubic" ? cubic(x) : std::max(1 - std::abs(x), 0.0));
    sum += weights.back();
  }
  for (double &weight : weights)
    weight = antialias ? weight / sum : weight;
  return weights;
}

Taps Resizer::findTaps(const Axis &axis) const {
  Taps taps;
  for (int64_t i = 0; i < axis.out; ++i) {
    double x = position(axis, i);
    taps.isOutside.push_back(coordinates == "tf_crop_and_resize" && (x < 0 || x > double(axis.in - 1)));
    // Positions so far outside, or no number at all, are all alike.
    x = std::isnan(x) ? 0 : std::clamp(x, -0x1p40, 0x1p40);
    int64_t base = int64_t(std::ceil(x)) - 1;
    SmallVector<double> weights = coefficients(x - double(base), axis.scale);
    int64_t first = base - int64_t(weights.size()) / 2 + 1;
    double sum = 0;
    for (auto [k, weight] : llvm::enumerate(weights)) {
      int64_t at = first + int64_t(k);
      if (excludeOutside && !isNearest && (at < 0 || at >= axis.in))
        weight = 0;
      sum += weight;
    }
    taps.indices.resize(weights.size());
    taps.weights.resize(weights.size());
    for (auto [k, weight] : llvm::enumerate(weights)) {
      taps.indices[k].push_back(std::clamp<int64_t>(first + int64_t(k), 0, axis.in - 1));
      taps.weights[k].push_back(excludeOutside && sum != 0 ? weight / sum : weight);
    }
  }
  return taps;
}

Value Resizer::resize(Value x, const Axis &axis, int64_t dimension) {
  if (node.isBroken())
    return {};
  double window = (mode == "cubic" ? 4 : 2) / (antialias ? std::min(axis.scale, 1.0) : 1);
  if (window > 256) {
    node.error() << "expected a scale that needs at most 256 elements for one, found " << axis.scale;
    return {};
  }
  // An index and a weight for each tap.
  if (!node.spend(axis.out * (int64_t(window) + 2) * 16))
    return {};
  Taps taps = findTaps(axis);
  if (isNearest) {
    // One of the two weights is 1.
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < axis.out; ++i)
      indices.push_back(taps.indices[taps.weights[1][i] != 0][i]);
    x = node.gather(x, indices, dimension);
  } else {
    Value sum;
    Type element = Node::typeOf(x).getElementType();
    SmallVector<int64_t> line(Node::typeOf(x).getRank() - dimension, 1);
    line[0] = axis.out;
    for (auto [indices, weights] : llvm::zip(taps.indices, taps.weights)) {
      auto type = RankedTensorType::get(line, element);
      auto narrow = llvm::map_to_vector(weights, [](double weight) { return float(weight); });
      Value factor = node.constant(element.isF32() ? DenseElementsAttr::get(type, ArrayRef<float>(narrow))
                                                   : DenseElementsAttr::get(type, ArrayRef<double>(weights)));
      Value term = node.build<nn::MulOp>({node.gather(x, indices, dimension), factor});
      sum = sum ? node.build<nn::AddOp>({sum, term}) : term;
    }
    x = sum;
  }
  if (node.isBroken() || !llvm::is_contained(taps.isOutside, true))
    return x;
  SmallVector<int64_t> line(Node::typeOf(x).getRank() - dimension, 1);
  line[0] = axis.out;
  auto bools = RankedTensorType::get(line, node.builder.getI1Type());
  Value isOutside = node.constant(DenseElementsAttr::get(bools, ArrayRef<bool>(taps.isOutside)));
  return node.build<nn::WhereOp>({isOutside, node.scalar(Node::typeOf(x).getElementType(), outsideValue), x});
}

LogicalResult Resizer::run() {
  RankedTensorType type = node.type(0);
  static constexpr StringLiteral modes[] = {"nearest", "linear", "cubic"};
  static constexpr StringLiteral transformations[] = {
      "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
      "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
  static constexpr StringLiteral roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  if (!llvm::is_contained(modes, mode) || !llvm::is_contained(transformations, coordinates) ||
      !llvm::is_contained(roundings, nearest))
    return node.error() << "expected a known mode, coordinate_transformation_mode and nearest_mode, found "
                        << quoted(mode) << ", " << quoted(coordinates) << " and " << quoted(nearest);
  FailureOr<SmallVector<Axis>> axes = readAxes();
  if (failed(axes) || node.isBroken())
    return failure();
  llvm::erase_if(*axes, [&](const Axis &axis) {
    return axis.in == axis.out && axis.scale == 1 && coordinates != "tf_crop_and_resize";
  });
  // With the channels last, each gathered element is a row of them.
  bool isSpatial = type.getRank() > 2 && llvm::all_of(*axes, [](const Axis &axis) { return axis.axis >= 2; });
  Value x = node.operand(0);
  Type element = type.getElementType();
  if (!isNearest && !isa<FloatType>(element))
    x = node.convert(x, node.builder.getF32Type());
  if (isSpatial)
    x = node.toChannelsLast(x);
  for (const Axis &axis : *axes)
    x = resize(x, axis, isSpatial ? axis.axis - 1 : axis.axis);
  if (isSpatial)
    x = node.toChannelsFirst(x);
  return node.results(node.isBroken() ? Value() : node.convert(x, element));
}

LogicalResult importResize(Node &node) { return Resizer(node).run(); }

} // namespace nncc
