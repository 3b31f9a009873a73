// The comparison of outputs: see Compare.h.
#include "Compare.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace nncc::run;

namespace {
struct Difference {
  bool equal;
  double error;
};
} // namespace

/// NaN equals NaN, an infinity itself; the error of any other pair with one of them is infinite.
static Difference differ(double got, double expected, const Tolerance &tolerance) {
  if (got == expected || (std::isnan(got) && std::isnan(expected)))
    return {true, 0};
  if (!std::isfinite(got) || !std::isfinite(expected))
    return {false, std::numeric_limits<double>::infinity()};
  double error = std::fabs(got - expected);
  return {error <= tolerance.absolute + tolerance.relative * std::fabs(expected), error};
}

/// As stored, but a bool is any byte; the error is the difference as a double, never 0 for values that differ.
static Difference differExactly(uint32_t type, const uint8_t *got, const uint8_t *expected, uint64_t index) {
  unsigned bytes = elementBytes(type);
  bool equal = type == NNCC_BOOL ? !got[index] == !expected[index]
                                 : std::memcmp(got + index * bytes, expected + index * bytes, bytes) == 0;
  if (equal)
    return {true, 0};
  return {false, std::fmax(1, std::fabs(element(type, got, index) - element(type, expected, index)))};
}

Comparison nncc::run::compare(uint32_t type, const uint8_t *got, const uint8_t *expected, uint64_t elements,
                              const Tolerance &tolerance) {
  Comparison result;
  result.elements = elements;
  double scale = 0;
  for (uint64_t i = 0; i < elements; i++) {
    double wanted = element(type, expected, i);
    Difference d =
        isFloat(type) ? differ(element(type, got, i), wanted, tolerance) : differExactly(type, got, expected, i);
    if (!d.equal && result.mismatches++ == 0)
      result.firstMismatch = i;
    if (std::isfinite(wanted))
      scale = std::fmax(scale, std::fabs(wanted));
    result.absoluteError = std::fmax(result.absoluteError, d.error);
    if (d.error > 0)
      result.relativeError =
          std::fmax(result.relativeError, std::isfinite(d.error) ? d.error / std::fabs(wanted) : d.error);
  }
  result.scaleError = result.absoluteError > 0 ? result.absoluteError / scale : 0;
  return result;
}
