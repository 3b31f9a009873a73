// Compares an output with the expected tensor: floats within tolerances as numpy.allclose does, all else exactly.
#pragma once
#include "Tensor.h"

namespace nncc::run {

struct Tolerance {
  double relative = 1e-3, absolute = 1e-5;
};

struct Comparison {
  double absoluteError = 0; // the largest
  double relativeError = 0; // the largest
  double scaleError = 0;    // absoluteError over the largest magnitude expected
  uint64_t elements = 0, mismatches = 0;
  uint64_t firstMismatch = 0;
};

/// Both hold elements of the same type and number.
Comparison compare(uint32_t type, const uint8_t *got, const uint8_t *expected, uint64_t elements,
                   const Tolerance &tolerance);

} // namespace nncc::run
