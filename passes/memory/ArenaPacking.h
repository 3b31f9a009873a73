// Assigns offsets to intervals of time that need bytes, so that no two overlap in both.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <optional>

namespace nncc {

struct Placement {
  int64_t first, last; // the times at which it lives, both included
  int64_t bytes;       // a multiple of the alignment that every offset shall have
  int64_t offset = 0;
};

/// Sets all offsets and returns the bytes needed in all; none where a sum overflows. The result depends on nothing but
/// the intervals and their order, and takes no more than seconds for any 100,000 of them.
std::optional<int64_t> packArena(llvm::MutableArrayRef<Placement> placements);
} // namespace nncc
