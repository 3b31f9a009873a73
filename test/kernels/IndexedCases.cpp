// Ops with data-dependent addresses or an order: indices of all ops are below 0, in range and out of range here, and
// destinations of scatters hold -1 at first.
#include "Kernels.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

namespace kernels {

using Values = std::vector<std::vector<double>>;

static int64_t product(const Shape &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<int64_t>());
}
static int64_t linear(const Shape &shape, const Shape &at) {
  int64_t p = 0;
  for (size_t d = 0; d < shape.size(); d++)
    p = p * shape[d] + at[d];
  return p;
}
static Shape delinearize(const Shape &shape, int64_t p) {
  Shape at(shape.size());
  for (size_t d = shape.size(); d-- > 0; p /= shape[d])
    at[d] = p % shape[d];
  return at;
}
static Shape joined(Shape a, const Shape &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
static Shape part(const Shape &s, size_t from, size_t to) { return Shape(s.begin() + from, s.begin() + to); }
// Counted from the end and clamped.
static int64_t index(double i, int64_t extent) {
  return std::clamp<int64_t>(int64_t(i) + (i < 0 ? extent : 0), 0, extent - 1);
}

// `OP : types into type`, where `op` names inputs as %x0, %x1 and the destination as %y.
static void finishText(Case &c, const std::string &op, const std::vector<int> &typesOf) {
  c.text = "func.func @f(";
  for (size_t i = 0; i < c.inputs.size(); i++)
    c.text += (i ? ", %x" : "%x") + std::to_string(i) + ": " + tensorType(c.inputs[i], c.element);
  std::string out = tensorType(c.output, c.outputElement), types;
  for (int i : typesOf)
    types += (types.empty() ? "" : ", ") + tensorType(c.inputs[i], c.element);
  c.text += ") -> " + out + " {\n%y = tensor.empty() : " + out + "\n%z = " + op + " : " + types + " into " + out +
            " -> " + out + "\nreturn %z : " + out + "\n}\n";
  c.name = op.substr(7) + " " + c.element;
  for (const Shape &s : c.inputs)
    c.name += " " + list(s);
}

static Case gather(Shape x, Shape indices, size_t axis, std::string element = "i64") {
  Case c;
  c.element = c.outputElement = element;
  c.inputs = {x, indices};
  c.output = joined(joined(part(x, 0, axis), indices), part(x, axis + 1, x.size()));
  finishText(c, "kernel.gather %x0, %x1 into %y axis " + std::to_string(axis), {0, 1});
  c.reference = [=](const Values &in, const Shape &at) {
    size_t n = indices.size();
    int64_t i = index(in[1][linear(indices, part(at, axis, axis + n))], x[axis]);
    return in[0][linear(x, joined(joined(part(at, 0, axis), {i}), part(at, axis + n, at.size())))];
  };
  return c;
}

static Case gatherElements(Shape x, Shape indices, size_t axis, std::string element = "i64") {
  Case c;
  c.element = c.outputElement = element;
  c.inputs = {x, indices};
  c.output = indices;
  finishText(c, "kernel.gather_elements %x0, %x1 into %y axis " + std::to_string(axis), {0, 1});
  c.reference = [=](const Values &in, const Shape &at) {
    Shape from = at;
    from[axis] = index(in[1][linear(indices, at)], x[axis]);
    return in[0][linear(x, from)];
  };
  return c;
}

static Case gatherND(Shape x, Shape indices, size_t batch, std::string element = "i64") {
  Case c;
  c.element = c.outputElement = element;
  c.inputs = {x, indices};
  size_t depth = indices.back(), n = indices.size() - 1;
  c.output = joined(part(indices, 0, n), part(x, batch + depth, x.size()));
  finishText(c, "kernel.gather_nd %x0, %x1 into %y {batchDims = " + std::to_string(batch) + "}", {0, 1});
  c.reference = [=](const Values &in, const Shape &at) {
    Shape from = part(at, 0, batch);
    for (size_t d = 0; d < depth; d++)
      from.push_back(index(in[1][linear(indices, joined(part(at, 0, n), {int64_t(d)}))], x[batch + d]));
    return in[0][linear(x, joined(from, part(at, n, at.size())))];
  };
  return c;
}

static const char *const kinds[] = {"none", "add", "mul", "max", "min"};

static double combine(int kind, double old, double v) {
  switch (kind) {
  case 0:
    return v;
  case 1:
    return old + v;
  case 2:
    return old * v;
  case 3:
    return std::max(old, v);
  default:
    return std::min(old, v);
  }
}

// The whole result of a scatter, by updates in their order; computed once, from the same inputs at every level.
static void setScatter(Case &c, const std::string &op, const Shape &updates, int kind,
                       std::function<Shape(const std::vector<double> &indices, const Shape &update)> target) {
  c.outputElement = c.element;
  finishText(c, op, {1, 0});
  auto result = std::make_shared<std::vector<double>>();
  Shape shape = c.output;
  c.reference = [=](const Values &in, const Shape &at) {
    if (result->empty()) {
      result->assign(product(shape), -1);
      for (int64_t u = 0; u < product(updates); u++) {
        double &old = (*result)[linear(shape, target(in[0], delinearize(updates, u)))];
        old = combine(kind, old, in[1][u]);
      }
    }
    return (*result)[linear(shape, at)];
  };
}

static Case scatterElements(Shape init, Shape updates, size_t axis, int kind, std::string element = "i64") {
  Case c;
  c.element = element;
  c.inputs = {updates, updates}; // indices, then updates
  c.output = init;
  setScatter(c,
             std::string("kernel.scatter_elements ") + kinds[kind] + " %x1 at %x0 into %y axis " + std::to_string(axis),
             updates, kind, [=](const std::vector<double> &indices, const Shape &update) {
               Shape to = update;
               to[axis] = index(indices[linear(updates, update)], init[axis]);
               return to;
             });
  return c;
}

static Case scatterND(Shape init, Shape indices, int kind, std::string element = "i64") {
  Case c;
  c.element = element;
  size_t n = indices.size() - 1, depth = indices.back();
  Shape updates = joined(part(indices, 0, n), part(init, depth, init.size()));
  c.inputs = {indices, updates};
  c.output = init;
  setScatter(c, std::string("kernel.scatter_nd ") + kinds[kind] + " %x1 at %x0 into %y", updates, kind,
             [=](const std::vector<double> &values, const Shape &update) {
               Shape to;
               for (size_t d = 0; d < depth; d++)
                 to.push_back(index(values[linear(indices, joined(part(update, 0, n), {int64_t(d)}))], init[d]));
               return joined(to, part(update, n, update.size()));
             });
  return c;
}

static Case cumsum(Shape x, size_t axis, bool exclusive, bool reverse, std::string element = "f32") {
  Case c;
  c.element = c.outputElement = element;
  c.inputs = {x};
  c.output = x;
  std::string flags = exclusive && reverse ? " {exclusive, reverse}"
                      : exclusive          ? " {exclusive}"
                      : reverse            ? " {reverse}"
                                           : "";
  finishText(c, "kernel.cumsum %x0 into %y axis " + std::to_string(axis) + flags, {0});
  c.reference = [=](const Values &in, const Shape &at) {
    double sum = 0;
    Shape from = at;
    for (int64_t i = 0; i < x[axis]; i++) {
      from[axis] = i;
      if (reverse ? i > at[axis] || (i == at[axis] && !exclusive) : i < at[axis] || (i == at[axis] && !exclusive))
        sum += in[0][linear(x, from)];
    }
    return sum;
  };
  return c;
}

// The indices are compared; the values are an operand more.
static Case topk(Shape x, int64_t k, size_t axis, bool smallest, std::string element = "f32") {
  Case c;
  c.element = element;
  c.outputElement = "i64";
  c.tolerance = 0;
  Shape out = x;
  out[axis] = k;
  c.inputs = {x, out};
  c.output = out;
  finishText(c, "kernel.topk %x0 into %x1, %y axis " + std::to_string(axis) + (smallest ? " {smallest}" : ""), {0});
  std::string values = tensorType(out, element), indices = tensorType(out, "i64");
  c.text = "func.func @f(%x0: " + tensorType(x, element) + ", %x1: " + values + ") -> " + indices +
           " {\n%y = tensor.empty() : " + indices + "\n%z:2 = kernel.topk %x0 into %x1, %y axis " +
           std::to_string(axis) + (smallest ? " {smallest}" : "") + " : " + tensorType(x, element) + " into " + values +
           ", " + indices + " -> " + values + ", " + indices + "\nreturn %z#1 : " + indices + "\n}\n";
  c.name += " k " + std::to_string(k);
  auto rows = std::make_shared<std::map<int64_t, std::vector<int64_t>>>();
  c.reference = [=](const Values &in, const Shape &at) {
    Shape from = at;
    from[axis] = 0;
    std::vector<int64_t> &order = (*rows)[linear(x, from)];
    if (order.empty()) {
      auto value = [&](int64_t i) {
        from[axis] = i;
        return in[0][linear(x, from)];
      };
      order.resize(x[axis]);
      std::iota(order.begin(), order.end(), 0);
      llvm::sort(order, [&](int64_t i, int64_t j) {
        double p = value(i), q = value(j);
        return p == q ? i < j : (p < q) == smallest;
      });
    }
    return double(order[at[axis]]);
  };
  return c;
}

std::vector<Case> indexedCases() {
  std::vector<Case> cases;
  for (std::string element : {"i64", "i32"}) {
    cases.push_back(gather({8, 7, 5}, {4, 2}, 0, element));
    cases.push_back(gather({3, 8, 5}, {4, 2}, 1, element));
    cases.push_back(gather({3, 4, 8}, {4, 2}, 2, element));
    cases.push_back(gather({7, 300}, {9}, 0, element));
    cases.push_back(gather({7, 13}, {9}, 0, element));
    cases.push_back(gather({7, 16}, {}, 0, element));
    cases.push_back(gather({2, 7, 129}, {}, 1, element));
    cases.push_back(gatherElements({8, 6, 5}, {9, 6, 5}, 0, element));
    cases.push_back(gatherElements({4, 8, 5}, {3, 9, 4}, 1, element));
    cases.push_back(gatherElements({4, 6, 8}, {4, 6, 13}, 2, element));
    cases.push_back(gatherElements({8}, {31}, 0, element));
    cases.push_back(gatherND({3, 4, 5, 6}, {3, 2, 2}, 1, element));
    cases.push_back(gatherND({7, 4, 19}, {5, 1}, 0, element));
    cases.push_back(gatherND({7, 4, 5}, {2, 3, 3}, 0, element));
    cases.push_back(gatherND({2, 3, 6, 4}, {2, 3, 1}, 2, element));
    for (int kind = 0; kind < 5; kind++) {
      cases.push_back(scatterElements({8, 6, 5}, {11, 6, 5}, 0, kind, element));
      cases.push_back(scatterElements({4, 8, 5}, {3, 9, 4}, 1, kind, element));
      cases.push_back(scatterElements({4, 6, 8}, {4, 6, 13}, 2, kind, element));
      cases.push_back(scatterND({7, 6, 37}, {9, 2}, kind, element));
      cases.push_back(scatterND({7, 6, 5}, {2, 4, 1}, kind, element));
      cases.push_back(scatterND({7, 6, 5}, {19, 3}, kind, element));
    }
  }
  for (int flags = 0; flags < 4; flags++)
    for (size_t axis = 0; axis < 3; axis++) {
      cases.push_back(cumsum({3, 17, 21}, axis, flags & 1, flags & 2));
      cases.push_back(cumsum({5, 4, 32}, axis, flags & 1, flags & 2, "i32"));
    }
  cases.push_back(cumsum({100}, 0, false, false, "f64"));
  for (bool smallest : {false, true})
    for (std::string element : {"f32", "f64", "i32"}) {
      for (int64_t k : {1, 5, 24, 25, 100, 300})
        cases.push_back(topk({3, 300}, k, 1, smallest, element));
      cases.push_back(topk({40, 6}, 30, 0, smallest, element));
      cases.push_back(topk({4, 9, 5}, 3, 1, smallest, element));
    }
  return cases;
}

} // namespace kernels
