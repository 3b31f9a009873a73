// The table of ops that are tested: tails in rows and columns, primes, strides, dilations, groups, pads, one to three
// dimensions, and each form of epilogue.
#include "Kernels.h"
#include "dialects/kernel/Winograd.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

namespace kernels {

std::string list(const Shape &values) {
  return "[" + llvm::join(llvm::map_range(values, [](int64_t v) { return std::to_string(v); }), ", ") + "]";
}
std::string tensorType(const Shape &shape, llvm::StringRef element) {
  std::string type = "tensor<";
  for (int64_t extent : shape)
    type += std::to_string(extent) + "x";
  return type + element.str() + ">";
}

int64_t count(const Shape &shape) {
  int64_t n = 1;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}

using Values = std::vector<std::vector<double>>;

// Row-major position of `at` in `shape`, broadcast by numpy's rule.
static int64_t position(const Shape &shape, const Shape &at) {
  int64_t p = 0;
  for (size_t d = 0; d < shape.size(); d++)
    p = p * shape[d] + (shape[d] == 1 ? 0 : at[at.size() - shape.size() + d]);
  return p;
}

//===-- Epilogues -----------------------------------------------------------------------------------------------===//

// `first` is the number of the first extra among the case's inputs.
struct Epilogue {
  std::vector<Shape> extras;
  std::string text; // with T for the element type
  std::function<double(double, const Values &, const Shape &, size_t first)> apply;
};
enum Kind { None, BiasRelu, Residual, Heavy, RowScale, ToInt, ToByte };

static Epilogue epilogue(Kind kind, const Shape &out, const std::string &element) {
  Epilogue e;
  std::string head;
  auto argument = [&](const std::string &name, const Shape &shape, size_t number) {
    head += ", %" + name + ": T = %x" + std::to_string(number) + " : " + tensorType(shape, element);
    e.extras.push_back(shape);
  };
  Shape bias = {out.back()}, rows = out;
  rows.back() = 1;
  rows[0] = 1;
  size_t first = 2;
  switch (kind) {
  case None:
    e.apply = [](double acc, const Values &, const Shape &, size_t) { return acc; };
    return e;
  case BiasRelu:
    argument("b", bias, first);
    e.text = "%s = arith.addf %acc, %b : T\n%z = arith.constant 0.0 : T\n%c = arith.cmpf olt, %s, %z : T\n%r = "
             "arith.select %c, %z, %s : T\nnn.yield %r : T";
    e.apply = [=](double acc, const Values &in, const Shape &at, size_t f) {
      return std::max(acc + in[f][at.back()], 0.0);
    };
    break;
  case Residual:
    argument("b", bias, first);
    argument("r", out, first + 1);
    e.text = "%s = arith.addf %b, %acc : T\n%t = arith.addf %s, %r : T\nnn.yield %t : T";
    e.apply = [=](double acc, const Values &in, const Shape &at, size_t f) {
      return acc + in[f][at.back()] + in[f + 1][position(out, at)];
    };
    break;
  case Heavy: // silu, and a residual
    argument("r", out, first);
    e.text = "%n = arith.negf %acc : T\n%e = math.exp %n : T\n%o = arith.constant 1.0 : T\n%d = arith.addf %e, %o : "
             "T\n%q = arith.divf %acc, %d : T\n"
             "%s = arith.addf %q, %r : T\nnn.yield %s : T";
    e.apply = [=](double acc, const Values &in, const Shape &at, size_t f) {
      return acc / (1 + std::exp(-acc)) + in[f][position(out, at)];
    };
    break;
  case RowScale: // one factor for each row but the first dimension, and a number for all
    argument("m", rows, first);
    argument("k", {1}, first + 1);
    e.text = "%s = arith.mulf %acc, %m : T\n%t = arith.addf %s, %k : T\nnn.yield %t : T";
    e.apply = [=](double acc, const Values &in, const Shape &at, size_t f) {
      return acc * in[f][position(rows, at)] + in[f + 1][0];
    };
    break;
  case ToInt:
    e.text = "%c = arith.constant 100.0 : T\n%s = arith.mulf %acc, %c : T\n%i = arith.fptosi %s : T to i32\nnn.yield "
             "%i : i32";
    e.apply = [](double acc, const Values &, const Shape &, size_t) { return std::trunc(acc * 100); };
    break;
  case ToByte:
    e.text = "%i = arith.trunci %acc : T to i8\nnn.yield %i : i8";
    e.apply = [](double acc, const Values &, const Shape &, size_t) { return double(int8_t(int64_t(acc))); };
    break;
  }
  e.text = " epilogue(%acc: T" + head + ") {\n" + e.text + "\n}";
  for (size_t p; (p = e.text.find(": T")) != std::string::npos;)
    e.text.replace(p, 3, ": " + element);
  return e;
}

// `func @f(%x0, ..) { OP }` with a destination of the output's type.
static void finishText(Case &c, const std::string &op, const std::string &types, const std::string &epilogueText) {
  c.text = "func.func @f(";
  for (size_t i = 0; i < c.inputs.size(); i++)
    c.text += (i ? ", %x" : "%x") + std::to_string(i) + ": " + tensorType(c.inputs[i], c.element);
  std::string out = tensorType(c.output, c.outputElement);
  c.text += ") -> " + out + " {\n%y = tensor.empty() : " + out + "\n%z = " + op + " : " + types + " into " + out +
            " -> " + out + epilogueText + "\nreturn %z : " + out + "\n}\n";
}

//===-- Products ------------------------------------------------------------------------------------------------===//

static Case gemm(Shape lead, int64_t m, int64_t k, int64_t n, Kind kind = None, bool transpose = false,
                 std::string element = "f32") {
  Case c;
  c.element = c.outputElement = element;
  Shape a = lead, out = lead;
  a.insert(a.end(), {m, k});
  out.insert(out.end(), {m, n});
  Shape b = transpose ? Shape{n, k} : Shape{k, n};
  c.inputs = {a, b};
  c.output = out;
  c.weight = 1;
  Epilogue e = epilogue(kind, out, element);
  llvm::append_range(c.inputs, e.extras);
  if (kind == ToInt)
    c.outputElement = "i32", c.tolerance = 1;
  if (kind == ToByte)
    c.outputElement = "i8";
  c.name = "gemm " + list(a) + " x " + list(b) + (transpose ? "T" : "") + " " + element + " epilogue " +
           std::to_string(kind);
  finishText(c, std::string("kernel.gemm %x0, %x1 into %y") + (transpose ? " {transposeB}" : ""),
             tensorType(a, element) + ", " + tensorType(b, element), e.text);
  c.reference = [=](const Values &in, const Shape &at) {
    double sum = 0;
    Shape row(at.begin(), at.end() - 1);
    for (int64_t i = 0; i < k; i++) {
      Shape ai = row;
      ai.push_back(i);
      sum += in[0][position(a, ai)] * in[1][transpose ? at.back() * k + i : i * n + at.back()];
    }
    return e.apply(sum, in, at, 2);
  };
  return c;
}

static Case matmul(Shape aLead, Shape bLead, Shape outLead, int64_t m, int64_t k, int64_t n, Kind kind = None,
                   bool transpose = false) {
  Case c;
  c.outputElement = c.element;
  Shape a = aLead, b = bLead, out = outLead;
  a.insert(a.end(), {m, k});
  b.insert(b.end(), {transpose ? n : k, transpose ? k : n});
  out.insert(out.end(), {m, n});
  c.inputs = {a, b};
  c.output = out;
  Epilogue e = epilogue(kind, out, c.element);
  llvm::append_range(c.inputs, e.extras);
  c.name = "batch_matmul " + list(a) + " x " + list(b) + (transpose ? "T" : "") + " epilogue " + std::to_string(kind);
  finishText(c, std::string("kernel.batch_matmul %x0, %x1 into %y") + (transpose ? " {transposeB}" : ""),
             tensorType(a, c.element) + ", " + tensorType(b, c.element), e.text);
  c.reference = [=](const Values &in, const Shape &at) {
    double sum = 0;
    Shape ai = at, bi = at;
    for (int64_t i = 0; i < k; i++) {
      ai.back() = i;
      bi[bi.size() - (transpose ? 1 : 2)] = i;
      bi[bi.size() - (transpose ? 2 : 1)] = at.back();
      sum += in[0][position(a, ai)] * in[1][position(b, bi)];
    }
    return e.apply(sum, in, at, 2);
  };
  return c;
}

//===-- Images --------------------------------------------------------------------------------------------------===//

struct Window {
  Shape kernel, stride, low, high, dilation;
  int64_t groups = 1;
};
static Window window(Shape kernel, Shape stride = {}, Shape pad = {}, Shape dilation = {}, int64_t groups = 1,
                     Shape high = {}) {
  size_t n = kernel.size();
  if (stride.empty())
    stride = Shape(n, 1);
  if (pad.empty())
    pad = Shape(n, 0);
  if (dilation.empty())
    dilation = Shape(n, 1);
  if (high.empty())
    high = pad;
  return {kernel, stride, pad, high, dilation, groups};
}
static Shape outputShape(const Shape &in, const Window &w, int64_t channels) {
  Shape out = {in[0]};
  for (size_t d = 0; d < w.kernel.size(); d++)
    out.push_back((in[1 + d] + w.low[d] + w.high[d] - (w.kernel[d] - 1) * w.dilation[d] - 1) / w.stride[d] + 1);
  out.push_back(channels);
  return out;
}
static std::string attributes(const Window &w) {
  Shape pads = w.low;
  pads.insert(pads.end(), w.high.begin(), w.high.end());
  return "strides " + list(w.stride) + " pads " + list(pads) + " dilations " + list(w.dilation);
}
// Calls `body` with each tap's linear number and input position; positions outside are skipped unless `outside`.
static void forEachTap(const Shape &in, const Window &w, const Shape &at,
                       const std::function<void(int64_t, const Shape &)> &body) {
  int64_t taps = 1;
  for (int64_t k : w.kernel)
    taps *= k;
  for (int64_t tap = 0; tap < taps; tap++) {
    Shape position = {at[0]};
    int64_t rest = tap, scale = taps;
    bool inside = true;
    for (size_t d = 0; d < w.kernel.size(); d++) {
      scale /= w.kernel[d];
      int64_t p = at[1 + d] * w.stride[d] - w.low[d] + rest / scale * w.dilation[d];
      rest %= scale;
      inside &= p >= 0 && p < in[1 + d];
      position.push_back(p);
    }
    if (inside)
      body(tap, position);
  }
}

// `tile`: outputs of a tile of minimal filtering; the weights are transformed first then. `pooled`: of each 2x2 outputs
// the maximum.
static Case conv(Shape in, int64_t oc, Window w, Kind kind = None, bool nchw = false, std::string element = "f32",
                 Shape tile = {}, bool pooled = false) {
  Case c;
  c.element = c.outputElement = element;
  int64_t ic = in.back(), icg = ic / w.groups, ocg = oc / w.groups;
  Shape weights = w.kernel, stored = in;
  weights.insert(weights.end(), {icg, oc});
  if (nchw) {
    stored = {in[0], ic};
    stored.insert(stored.end(), in.begin() + 1, in.end() - 1);
  }
  c.output = outputShape(in, w, oc);
  for (size_t d = 1; pooled && d < 3; d++)
    c.output[d] /= 2;
  Shape given = weights;
  for (size_t d = 0; d < tile.size(); d++)
    given[d] += tile[d] - 1;
  c.inputs = {stored, given};
  c.weight = 1;
  Epilogue e = epilogue(kind, c.output, element);
  llvm::append_range(c.inputs, e.extras);
  c.name = (tile.empty() ? "" : "winograd " + list(tile) + " ") + "conv " + list(in) + (nchw ? " nchw" : "") + " * " +
           list(weights) + " " + attributes(w) + " groups " + std::to_string(w.groups) + " epilogue " +
           std::to_string(kind) + (pooled ? " pooled" : "");
  finishText(c,
             "kernel.conv %x0, %x1 into %y " + attributes(w) + (tile.empty() ? "" : " winograd " + list(tile)) +
                 " {groups = " + std::to_string(w.groups) + (nchw ? ", nchwInput" : "") + (pooled ? ", pooled}" : "}"),
             tensorType(stored, element) + ", " + tensorType(given, element), e.text);
  if (!tile.empty()) {
    c.inputs[1] = weights;
    c.transform = [=](const std::vector<double> &values) {
      std::vector<float> from(values.begin(), values.end()), to(count(given));
      size_t n = tile.size();
      int64_t outputs[2] = {n > 1 ? tile[n - 2] : 1, tile[n - 1]};
      int64_t taps[2] = {n > 1 ? w.kernel[n - 2] : 1, w.kernel[n - 1]};
      nncc::kernel::transformWeights(reinterpret_cast<const char *>(from.data()), false, to.data(), outputs, taps,
                                     icg * oc);
      return std::vector<double>(to.begin(), to.end());
    };
    c.tolerance = llvm::is_contained(tile, 4) ? 2e-5 : 4e-6;
  }
  auto sumAt = [=](const Values &values, const Shape &at) {
    double sum = 0;
    int64_t group = at.back() / ocg;
    forEachTap(in, w, at, [&](int64_t tap, Shape from) {
      for (int64_t i = 0; i < icg; i++) {
        Shape full = from;
        full.push_back(group * icg + i);
        Shape lies = full;
        if (nchw) {
          lies = {full[0], full.back()};
          lies.insert(lies.end(), full.begin() + 1, full.end() - 1);
        }
        sum += values[0][position(stored, lies)] * values[1][(tap * icg + i) * oc + at.back()];
      }
    });
    return sum;
  };
  c.reference = [=](const Values &values, const Shape &at) {
    double sum = pooled ? -INFINITY : sumAt(values, at);
    for (int64_t i = 0; pooled && i < 4; i++)
      sum = std::max(sum, sumAt(values, {at[0], at[1] * 2 + i / 2, at[2] * 2 + i % 2, at[3]}));
    return e.apply(sum, values, at, 2);
  };
  return c;
}

static Case winograd(Shape in, int64_t oc, Window w, Shape tile, Kind kind = BiasRelu, bool pooled = false) {
  return conv(in, oc, w, kind, false, "f32", tile, pooled);
}

static Case depthwise(Shape in, int64_t multiplier, Window w, Kind kind = None) {
  Case c;
  c.outputElement = c.element;
  int64_t oc = in.back() * multiplier;
  Shape weights = w.kernel;
  weights.insert(weights.end(), {1, oc});
  c.output = outputShape(in, w, oc);
  c.inputs = {in, weights};
  c.weight = 1;
  Epilogue e = epilogue(kind, c.output, c.element);
  llvm::append_range(c.inputs, e.extras);
  c.name = "depthwise " + list(in) + " * " + list(weights) + " " + attributes(w) + " epilogue " + std::to_string(kind);
  finishText(c, "kernel.depthwise %x0, %x1 into %y kernel " + list(w.kernel) + " " + attributes(w),
             tensorType(in, c.element) + ", " + tensorType(weights, c.element), e.text);
  c.reference = [=](const Values &values, const Shape &at) {
    double sum = 0;
    forEachTap(in, w, at, [&](int64_t tap, Shape from) {
      from.push_back(at.back() / multiplier);
      sum += values[0][position(in, from)] * values[1][tap * oc + at.back()];
    });
    return e.apply(sum, values, at, 2);
  };
  return c;
}

static Case pool(std::string kind, Shape in, Window w, std::string extra = "", int64_t p = 2) {
  Case c;
  c.outputElement = c.element;
  c.inputs = {in};
  c.output = outputShape(in, w, in.back());
  c.name = "pool " + kind + " " + list(in) + " " + list(w.kernel) + " " + attributes(w) + " " + extra;
  finishText(c, "kernel.pool " + kind + " %x0 into %y kernel " + list(w.kernel) + " " + attributes(w) + " " + extra,
             tensorType(in, c.element), "");
  bool padded = extra.find("countPad") != std::string::npos;
  c.reference = [=](const Values &values, const Shape &at) {
    double sum = kind == "max" ? -INFINITY : 0, count = 0;
    forEachTap(in, w, at, [&](int64_t, Shape from) {
      from.push_back(at.back());
      double x = values[0][position(in, from)];
      sum = kind == "max" ? std::max(sum, x) : kind == "average" ? sum + x : sum + std::pow(std::fabs(x), p);
      count++;
    });
    if (padded) {
      count = 1;
      for (size_t d = 0; d < w.kernel.size(); d++) {
        int64_t inside = 0;
        for (int64_t k = 0; k < w.kernel[d]; k++)
          inside += at[1 + d] * w.stride[d] + k * w.dilation[d] < in[1 + d] + w.low[d] + w.high[d];
        count *= inside;
      }
    }
    return kind == "max" ? sum : kind == "average" ? sum / count : std::pow(sum, 1.0 / p);
  };
  return c;
}

// The residual, an extra of the result's shape, is the result's memory.
static Case inPlace(Case c) {
  c.name += " in place";
  for (size_t i = 2; i < c.inputs.size(); i++)
    if (c.inputs[i] == c.output)
      c.inPlace = int(i);
  return c;
}

std::vector<Case> contractionCases() {
  std::vector<Case> cases;
  for (int64_t m : {1, 2, 3, 7, 8, 9, 17, 100})
    for (int64_t n : {1, 5, 16, 17, 48, 64, 97})
      cases.push_back(gemm({}, m, 13, n, Kind((m + n) % 5), m % 2));
  for (Kind kind : {None, BiasRelu, Residual, Heavy, RowScale, ToInt})
    cases.push_back(gemm({2, 5}, 11, 37, 50, kind));
  cases.push_back(gemm({1}, 1, 129, 1000, BiasRelu));
  cases.push_back(gemm({3, 1}, 1, 31, 33, RowScale));
  cases.push_back(gemm({}, 512, 200, 250, Residual));
  for (Kind kind : {None, BiasRelu, Residual, Heavy}) // sums in slabs, rows in bands
    cases.push_back(gemm({}, 97, 1501, 70, kind));
  cases.push_back(gemm({2, 5}, 11, 1200, 50, Residual, false, "f64"));
  cases.push_back(gemm({}, 9, 20, 21, BiasRelu, true, "f64"));
  cases.push_back(gemm({}, 9, 20, 21, None, true, "i32"));
  cases.push_back(gemm({}, 9, 20, 21, None, false, "i64"));
  for (int64_t n : {1, 9, 17, 33}) // one lane behind whole vectors, narrowed
    cases.push_back(gemm({}, 3, 20, n, ToByte, false, "i32"));

  cases.push_back(matmul({2, 3}, {2, 3}, {2, 3}, 10, 9, 33));
  cases.push_back(matmul({2, 3}, {2, 3}, {2, 3}, 10, 9, 33, Residual, true));
  cases.push_back(matmul({2, 3}, {1, 3}, {2, 3}, 17, 40, 50, BiasRelu, true));
  cases.push_back(matmul({2, 1}, {3}, {2, 3}, 5, 16, 16, RowScale));
  cases.push_back(matmul({}, {4}, {4}, 5, 16, 16, Heavy, true));
  cases.push_back(matmul({4}, {}, {4}, 5, 7, 19));
  cases.push_back(matmul({4}, {4}, {4}, 1, 64, 77, None, true));
  cases.push_back(matmul({12}, {12}, {12}, 1, 77, 64));

  for (Kind kind : {None, BiasRelu, Residual, Heavy, RowScale, ToInt})
    cases.push_back(conv({2, 9, 11, 5}, 19, window({3, 3}, {1, 1}, {1, 1}), kind == ToInt ? None : kind));
  cases.push_back(conv({1, 14, 14, 32}, 64, window({1, 1}), Residual));
  cases.push_back(conv({1, 14, 14, 32}, 96, window({3, 3}, {1, 1}, {1, 1}), BiasRelu));
  cases.push_back(conv({1, 15, 13, 8}, 24, window({1, 1}, {2, 2}), BiasRelu));
  cases.push_back(conv({1, 28, 28, 3}, 64, window({7, 7}, {2, 2}, {3, 3}), BiasRelu, true));
  cases.push_back(conv({1, 28, 28, 3}, 64, window({7, 7}, {2, 2}, {3, 3}), BiasRelu, false));
  cases.push_back(conv({1, 8, 8, 1}, 10, window({5, 5}), None));
  cases.push_back(conv({1, 31, 29, 4}, 7, window({5, 3}, {3, 2}, {2, 1}), BiasRelu));
  cases.push_back(conv({1, 20, 20, 6}, 8, window({3, 3}, {1, 1}, {4, 4}, {4, 4}), BiasRelu));
  cases.push_back(conv({1, 20, 20, 6}, 8, window({3, 3}, {2, 1}, {2, 0}, {2, 3}), None));
  cases.push_back(conv({1, 10, 10, 16}, 32, window({3, 3}, {1, 1}, {1, 1}, {1, 1}, 4), BiasRelu));
  cases.push_back(conv({2, 10, 10, 16}, 32, window({1, 1}, {1, 1}, {0, 0}, {1, 1}, 2), Residual));
  cases.push_back(conv({1, 6, 6, 6}, 150, window({3, 3}, {1, 1}, {1, 1}, {1, 1}, 3), None));
  cases.push_back(conv({1, 7, 5, 3}, 4, window({3, 3}, {2, 2}, {0, 0}, {1, 1}, 1, {1, 1}), None));
  cases.push_back(conv({1, 3, 3, 4}, 4, window({5, 5}, {1, 1}, {2, 2}), None));
  cases.push_back(conv({2, 50, 3}, 20, window({5}, {2}, {2}), BiasRelu));
  cases.push_back(conv({1, 400, 1}, 33, window({64}, {16}, {32}), None));
  cases.push_back(conv({1, 300, 1}, 5, window({151}, {1}, {75}), None));
  cases.push_back(conv({1, 80, 5}, 17, window({3}, {1}, {2}, {2}), Heavy));
  cases.push_back(conv({1, 5, 6, 7, 3}, 18, window({3, 3, 3}, {1, 1, 1}, {1, 1, 1}), BiasRelu));
  cases.push_back(conv({2, 6, 7, 8, 4}, 6, window({2, 3, 2}, {2, 1, 2}, {0, 1, 1}, {1, 2, 1}, 2), Residual));
  cases.push_back(conv({1, 5, 5, 5, 8}, 16, window({1, 1, 1}), BiasRelu));
  cases.push_back(conv({1, 7, 7, 130}, 50, window({3, 3}, {1, 1}, {1, 1}), Residual)); // sums in slabs
  cases.push_back(conv({2, 9, 20, 140}, 40, window({3, 3}, {2, 2}, {1, 1}, {1, 2}), Heavy));
  cases.push_back(conv({1, 41, 300}, 33, window({5}, {1}, {2}), BiasRelu));
  cases.push_back(conv({1, 9, 9, 1100}, 40, window({1, 1}), BiasRelu));
  cases.push_back(conv({1, 9, 9, 600}, 80, window({3, 3}, {1, 1}, {1, 1}, {1, 1}, 2), BiasRelu));
  cases.push_back(conv({1, 40, 40, 64}, 130, window({3, 3}, {1, 1}, {1, 1}), None));

  for (Kind kind : {Residual, Heavy}) {
    cases.push_back(inPlace(gemm({}, 20, 33, 45, kind)));
    cases.push_back(inPlace(gemm({}, 20, 33, 32, kind)));
    cases.push_back(inPlace(gemm({}, 97, 1501, 70, kind)));
    cases.push_back(inPlace(conv({1, 9, 31, 12}, 12, window({7, 3}, {1, 1}, {3, 1}), kind)));
    cases.push_back(inPlace(conv({1, 9, 31, 12}, 20, window({1, 1}), kind)));
    cases.push_back(inPlace(winograd({1, 9, 13, 20}, 24, window({3, 3}, {1, 1}, {1, 1}), {4, 4}, kind)));
    cases.push_back(inPlace(depthwise({1, 9, 13, 20}, 1, window({3, 3}, {1, 1}, {1, 1}), kind)));
  }

  for (int64_t m : {2, 4}) {
    for (Kind kind : {None, BiasRelu, Residual, Heavy, RowScale})
      cases.push_back(winograd({2, 9, 11, 19}, 37, window({3, 3}, {1, 1}, {1, 1}), {m, m}, kind));
    cases.push_back(winograd({1, 8, 12, 32}, 64, window({3, 3}), {m, m}));
    cases.push_back(winograd({1, 28, 28, 40}, 130, window({3, 3}, {1, 1}, {1, 1}), {m, m}, Residual));
    cases.push_back(winograd({1, 13, 10, 12}, 16, window({3, 3}, {1, 1}, {2, 0}, {}, 1, {0, 3}), {m, m}));
    cases.push_back(winograd({1, 7, 7, 256}, 20, window({3, 3}, {1, 1}, {1, 1}), {m, m}));
    cases.push_back(winograd({1, 10, 10, 48}, 40, window({3, 3}, {1, 1}, {1, 1}, {}, 2), {m, m}));
    cases.push_back(winograd({1, 3, 50, 20}, 24, window({1, 3}, {1, 1}, {0, 1}), {1, m}));
    cases.push_back(winograd({1, 50, 3, 20}, 24, window({3, 1}, {1, 1}, {1, 0}), {m, 1}));
    cases.push_back(winograd({2, 61, 20}, 24, window({3}, {1}, {1}), {m}));
    cases.push_back(winograd({1, 12, 13, 20}, 24, window({2, 3}, {1, 1}, {1, 1}), {m, 2}));
    for (Kind kind : {None, BiasRelu}) {
      cases.push_back(winograd({2, 10, 14, 19}, 37, window({3, 3}, {1, 1}, {1, 1}), {m, m}, kind, /*pooled=*/true));
      cases.push_back(winograd({1, 9, 13, 12}, 16, window({3, 3}, {1, 1}, {1, 1}), {4, m}, kind, /*pooled=*/true));
    }
    // One dimension direct.
    for (Kind kind : {BiasRelu, Residual})
      cases.push_back(winograd({2, 11, 13, 19}, 37, window({5, 3}, {1, 1}, {2, 1}), {1, m}, kind));
    cases.push_back(winograd({2, 11, 13, 12}, 12, window({3, 7}, {1, 1}, {1, 3}), {m, 1}));
    cases.push_back(winograd({1, 40, 9, 12}, 12, window({7, 3}, {1, 1}, {6, 1}, {2, 1}), {1, m}));
    cases.push_back(winograd({1, 9, 29, 5}, 50, window({3, 3}, {1, 1}, {1, 0}, {1, 5}), {m, 1}));
    cases.push_back(winograd({1, 17, 10, 16}, 16, window({9, 3}, {1, 1}, {4, 1}, {}, 2, {0, 2}), {1, m}));
    cases.push_back(winograd({1, 2, 30, 16}, 16, window({3, 3}, {1, 1}, {9, 1}, {9, 1}), {1, m}));
    cases.push_back(winograd({1, 60, 31, 64}, 70, window({5, 3}, {1, 1}, {2, 1}), {1, m}));
    cases.push_back(winograd({2, 3, 7, 13, 20}, 24, window({1, 3, 3}, {1, 1, 1}, {0, 1, 1}), {1, 1, m}));
    cases.push_back(winograd({1, 3, 12, 13, 20}, 24, window({1, 3, 3}, {1, 1, 1}, {0, 1, 1}), {1, m, m}));
  }
  cases.push_back(winograd({1, 30, 20}, 24, window({5}, {1}, {2}), {2}));
  cases.push_back(winograd({1, 12, 12, 20}, 24, window({5, 5}, {1, 1}, {2, 2}), {2, 2}));
  cases.push_back(winograd({1, 30, 20}, 24, window({5}, {1}, {2}), {4}));
  cases.push_back(winograd({2, 1, 30, 20}, 24, window({1, 7}, {1, 1}, {0, 3}), {1, 2}));
  cases.push_back(winograd({1, 31, 2, 300}, 24, window({5, 1}, {1, 1}, {2, 0}), {4, 1}, Residual));
  cases.push_back(winograd({1, 1, 1, 20}, 24, window({3, 3}, {1, 1}, {1, 1}), {2, 2}));

  for (int64_t channels : {1, 3, 16, 20, 40}) {
    cases.push_back(depthwise({1, 9, 11, channels}, 1, window({3, 3}, {1, 1}, {1, 1}), BiasRelu));
    cases.push_back(depthwise({2, 10, 9, channels}, 1, window({3, 3}, {2, 2}, {1, 1}), Residual));
  }
  cases.push_back(depthwise({1, 28, 28, 32}, 1, window({5, 5}, {1, 1}, {2, 2}), Heavy));
  cases.push_back(depthwise({1, 28, 28, 32}, 1, window({7, 7}, {1, 1}, {3, 3}), RowScale));
  cases.push_back(depthwise({1, 14, 14, 17}, 1, window({3, 3}, {1, 1}, {2, 2}, {2, 2}), None));
  cases.push_back(depthwise({1, 9, 9, 10}, 2, window({3, 3}, {1, 1}, {1, 1}), BiasRelu));
  cases.push_back(depthwise({1, 9, 9, 10}, 4, window({3, 3}, {2, 2}, {1, 1}), None));
  cases.push_back(depthwise({1, 9, 9, 4}, 3, window({3, 3}, {1, 1}, {1, 1}), BiasRelu));
  cases.push_back(depthwise({1, 40, 20}, 1, window({5}, {1}, {2}), None));
  cases.push_back(depthwise({1, 200, 3}, 1, window({31}, {1}, {15}), BiasRelu));
  cases.push_back(depthwise({1, 400, 18}, 1, window({300}, {1}, {40}), None));
  cases.push_back(depthwise({1, 40, 40, 5}, 1, window({3, 3}, {1, 1}, {0, 0}, {17, 16}), None));
  cases.push_back(depthwise({1, 41, 40, 5}, 1, window({3, 2}, {2, 3}, {9, 4}, {7, 6}, 1, {2, 11}), None));
  cases.push_back(depthwise({1, 5, 6, 7, 18}, 1, window({3, 3, 3}, {1, 1, 1}, {1, 1, 1}), BiasRelu));
  return cases;
}

std::vector<Case> windowCases() {
  std::vector<Case> cases;
  for (std::string kind : {"max", "average", "lp"}) {
    cases.push_back(pool(kind, {1, 11, 12, 20}, window({3, 3}, {2, 2}, {1, 1})));
    cases.push_back(pool(kind, {2, 7, 7, 40}, window({7, 7})));
    cases.push_back(pool(kind, {1, 13, 9, 3}, window({2, 3}, {1, 2}, {0, 0}, {3, 2})));
    cases.push_back(pool(kind, {1, 30, 5}, window({20}, {1}, {10})));
    cases.push_back(pool(kind, {1, 400, 5}, window({300}, {1}, {40})));
    cases.push_back(pool(kind, {1, 6, 5, 7, 16}, window({2, 3, 2}, {2, 1, 1}, {1, 1, 0})));
  }
  cases.push_back(pool("average", {1, 11, 12, 20}, window({3, 3}, {2, 2}, {1, 1}), "{countPad}"));
  cases.push_back(pool("average", {1, 6, 6, 20}, window({3, 3}, {2, 2}, {0, 0}, {1, 1}, 1, {1, 1}), "{countPad}"));
  cases.push_back(pool("lp", {1, 6, 6, 20}, window({2, 2}), "{p = 1 : i64}", 1));
  cases.push_back(pool("lp", {1, 6, 6, 20}, window({2, 2}), "{p = 3 : i64}", 3));
  return cases;
}

std::vector<Case> benchmarkCases() {
  return {
      gemm({}, 128, 768, 768, BiasRelu),
      gemm({}, 128, 768, 3072, BiasRelu),
      gemm({}, 128, 3072, 768, Residual),
      gemm({}, 197, 768, 768, BiasRelu),
      gemm({}, 1, 1024, 256, BiasRelu),
      gemm({}, 1, 2048, 1000, BiasRelu),
      matmul({12}, {12}, {12}, 128, 64, 128, None, true),
      matmul({12}, {12}, {12}, 128, 128, 64),
      conv({1, 224, 224, 3}, 64, window({7, 7}, {2, 2}, {3, 3}), BiasRelu, true),
      conv({1, 224, 224, 3}, 64, window({7, 7}, {2, 2}, {3, 3}), BiasRelu, false),
      conv({1, 224, 224, 3}, 32, window({3, 3}, {2, 2}, {1, 1}), BiasRelu, true),
      conv({1, 56, 56, 64}, 64, window({3, 3}, {1, 1}, {1, 1}), BiasRelu),
      conv({1, 56, 56, 64}, 64, window({1, 1}), BiasRelu),
      conv({1, 56, 56, 64}, 256, window({1, 1}), Residual),
      conv({1, 56, 56, 256}, 64, window({1, 1}), BiasRelu),
      conv({1, 56, 56, 128}, 128, window({3, 3}, {2, 2}, {1, 1}), BiasRelu),
      conv({1, 28, 28, 128}, 128, window({3, 3}, {1, 1}, {1, 1}), BiasRelu),
      conv({1, 28, 28, 128}, 512, window({1, 1}), Residual),
      conv({1, 28, 28, 512}, 128, window({1, 1}), BiasRelu),
      conv({1, 56, 56, 256}, 512, window({1, 1}, {2, 2}), None),
      conv({1, 14, 14, 256}, 256, window({3, 3}, {1, 1}, {1, 1}), BiasRelu),
      conv({1, 14, 14, 256}, 1024, window({1, 1}), Residual),
      conv({1, 14, 14, 1024}, 256, window({1, 1}), BiasRelu),
      conv({1, 7, 7, 512}, 512, window({3, 3}, {1, 1}, {1, 1}), BiasRelu),
      conv({1, 7, 7, 512}, 2048, window({1, 1}), Residual),
      conv({1, 7, 7, 2048}, 512, window({1, 1}), BiasRelu),
      inPlace(conv({1, 128, 62, 12}, 12, window({3, 1}, {1, 1}, {40, 0}, {40, 1}), Residual)),
      winograd({1, 56, 56, 64}, 64, window({3, 3}, {1, 1}, {1, 1}), {2, 2}),
      winograd({1, 56, 56, 64}, 64, window({3, 3}, {1, 1}, {1, 1}), {4, 4}),
      winograd({1, 28, 28, 128}, 128, window({3, 3}, {1, 1}, {1, 1}), {2, 2}),
      winograd({1, 28, 28, 128}, 128, window({3, 3}, {1, 1}, {1, 1}), {4, 4}),
      winograd({1, 14, 14, 256}, 256, window({3, 3}, {1, 1}, {1, 1}), {2, 2}),
      winograd({1, 14, 14, 256}, 256, window({3, 3}, {1, 1}, {1, 1}), {4, 4}),
      winograd({1, 7, 7, 512}, 512, window({3, 3}, {1, 1}, {1, 1}), {2, 2}),
      winograd({1, 128, 62, 12}, 12, window({7, 3}, {1, 1}, {6, 1}, {2, 1}), {1, 2}),
      winograd({1, 128, 62, 12}, 12, window({7, 3}, {1, 1}, {6, 1}, {2, 1}), {1, 4}),
      winograd({1, 128, 62, 12}, 12, window({7, 3}, {1, 1}, {3, 1}), {2, 2}),
      conv({1, 56, 56, 32}, 32, window({5, 5}, {1, 1}, {2, 2}), BiasRelu),
      winograd({1, 56, 56, 32}, 32, window({5, 5}, {1, 1}, {2, 2}), {2, 2}),
      winograd({1, 56, 56, 32}, 32, window({5, 5}, {1, 1}, {2, 2}), {1, 4}),
      winograd({1, 512, 256}, 512, window({7}), {2}),
      conv({1, 512, 256}, 512, window({5}), BiasRelu),
      winograd({1, 512, 256}, 512, window({5}), {2}),
      winograd({1, 512, 256}, 512, window({5}), {4}),
      depthwise({1, 112, 112, 32}, 1, window({3, 3}, {1, 1}, {1, 1}), BiasRelu),
      depthwise({1, 112, 112, 96}, 1, window({3, 3}, {2, 2}, {1, 1}), BiasRelu),
      depthwise({1, 14, 14, 512}, 1, window({3, 3}, {1, 1}, {1, 1}), BiasRelu),
      depthwise({1, 14, 14, 576}, 1, window({5, 5}, {1, 1}, {2, 2}), BiasRelu),
      pool("max", {1, 112, 112, 64}, window({3, 3}, {2, 2}, {1, 1})),
      pool("average", {1, 7, 7, 2048}, window({7, 7})),
  };
}

} // namespace kernels
