// ArenaPacking.h's implementation: two ways to pack, of which the smaller result counts. Largest first with the best
// fitting gap packs well, but looks at every pair that lives together, so it is left out where those are too many. In
// order of time with a list of free ranges costs n log n.
#include "passes/memory/ArenaPacking.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <numeric>
#include <set>
using namespace llvm;

namespace nncc {
namespace {
constexpr int64_t pairBudget = 30'000'000;

/// The indices of `placements` by key, equal ones in their order.
SmallVector<unsigned> sortedBy(ArrayRef<Placement> placements, function_ref<int64_t(const Placement &)> key) {
  SmallVector<unsigned> order(placements.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](unsigned x, unsigned y) {
    return std::make_pair(key(placements[x]), x) < std::make_pair(key(placements[y]), y);
  });
  return order;
}
int64_t firstOf(const Placement &p) { return p.first; }
int64_t lastOf(const Placement &p) { return p.last; }
int64_t negativeBytes(const Placement &p) { return -p.bytes; }

//===-- Largest first ----------------------------------------------------------------------------------------===//

/// The placements that have an offset already, found by time: a segment tree over all placements sorted by their first
/// time, which holds the greatest last time of those that are in.
class PlacedByTime {
public:
  explicit PlacedByTime(ArrayRef<Placement> placements)
      : placements(placements), order(sortedBy(placements, firstOf)), rank(placements.size()) {
    for (auto [i, index] : llvm::enumerate(order))
      rank[index] = i;
    while (leaves < order.size())
      leaves *= 2;
    greatestLast.assign(2 * leaves, INT64_MIN);
  }

  void insert(unsigned index) {
    for (size_t node = leaves + rank[index]; node; node /= 2)
      greatestLast[node] = std::max(greatestLast[node], placements[index].last);
  }

  void forEachOverlapping(const Placement &p, function_ref<void(const Placement &)> visit) const {
    size_t end =
        llvm::partition_point(order, [&](unsigned i) { return placements[i].first <= p.last; }) - order.begin();
    this->visit(1, 0, leaves, end, p.first, visit);
  }

private:
  void visit(size_t node, size_t begin, size_t size, size_t end, int64_t from,
             function_ref<void(const Placement &)> visitor) const {
    if (begin >= end || greatestLast[node] < from)
      return;
    if (size == 1)
      return visitor(placements[order[begin]]);
    visit(2 * node, begin, size / 2, end, from, visitor);
    visit(2 * node + 1, begin + size / 2, size / 2, end, from, visitor);
  }

  ArrayRef<Placement> placements;
  SmallVector<unsigned> order, rank;
  SmallVector<int64_t> greatestLast;
  size_t leaves = 1;
};

int64_t packLargestFirst(MutableArrayRef<Placement> placements) {
  PlacedByTime placed(placements);
  SmallVector<std::pair<int64_t, int64_t>> taken;
  int64_t total = 0;
  for (unsigned index : sortedBy(placements, negativeBytes)) {
    Placement &p = placements[index];
    taken.clear();
    placed.forEachOverlapping(p, [&](const Placement &o) { taken.push_back({o.offset, o.offset + o.bytes}); });
    llvm::sort(taken);
    int64_t end = 0, best = -1, bestGap = INT64_MAX;
    for (auto [from, to] : taken) {
      if (from - end >= p.bytes && from - end < bestGap) {
        bestGap = from - end;
        best = end;
      }
      end = std::max(end, to);
    }
    p.offset = best >= 0 ? best : end;
    total = std::max(total, p.offset + p.bytes);
    placed.insert(index);
  }
  return total;
}

//===-- In order of time -------------------------------------------------------------------------------------===//

/// The free ranges below `end`, found by size and by offset.
class FreeList {
public:
  int64_t take(int64_t bytes) {
    auto fit = bySize.lower_bound({bytes, 0});
    if (fit != bySize.end()) {
      auto [size, offset] = *fit;
      erase(offset, size);
      if (size > bytes)
        insert(offset + bytes, size - bytes);
      return offset;
    }
    int64_t offset = end;
    if (!byOffset.empty()) // grow the last range where it touches the end
      if (auto [last, size] = *byOffset.rbegin(); last + size == end) {
        erase(last, size);
        offset = last;
      }
    end = offset + bytes;
    return offset;
  }

  void release(int64_t offset, int64_t bytes) {
    auto next = byOffset.lower_bound(offset);
    if (next != byOffset.begin())
      if (auto [before, size] = *std::prev(next); before + size == offset) {
        erase(before, size);
        offset = before;
        bytes += size;
      }
    if (next != byOffset.end() && next->first == offset + bytes) {
      auto [after, size] = *next;
      erase(after, size);
      bytes += size;
    }
    insert(offset, bytes);
  }

  int64_t end = 0;

private:
  void insert(int64_t offset, int64_t bytes) {
    byOffset[offset] = bytes;
    bySize.insert({bytes, offset});
  }
  void erase(int64_t offset, int64_t bytes) {
    byOffset.erase(offset);
    bySize.erase({bytes, offset});
  }
  std::map<int64_t, int64_t> byOffset;
  std::set<std::pair<int64_t, int64_t>> bySize;
};

int64_t packInTime(MutableArrayRef<Placement> placements) {
  SmallVector<unsigned> ends = sortedBy(placements, lastOf);
  FreeList list;
  const unsigned *dead = ends.begin();
  for (unsigned index : sortedBy(placements, firstOf)) {
    for (; placements[*dead].last < placements[index].first; ++dead)
      if (placements[*dead].bytes)
        list.release(placements[*dead].offset, placements[*dead].bytes);
    placements[index].offset = placements[index].bytes ? list.take(placements[index].bytes) : 0;
  }
  return list.end;
}

//===-- Both -------------------------------------------------------------------------------------------------===//

/// The number of pairs that live together.
int64_t countPairs(ArrayRef<Placement> placements) {
  SmallVector<int64_t> firsts, lasts;
  for (const Placement &p : placements) {
    firsts.push_back(p.first);
    lasts.push_back(p.last);
  }
  llvm::sort(firsts);
  llvm::sort(lasts);
  int64_t pairs = 0, dead = 0;
  for (auto [begun, first] : llvm::enumerate(firsts)) {
    while (lasts[dead] < first)
      ++dead;
    pairs += int64_t(begun) - dead;
  }
  return pairs;
}
} // namespace

std::optional<int64_t> packArena(MutableArrayRef<Placement> placements) {
  int64_t sum = 0;
  for (const Placement &p : placements)
    if (__builtin_add_overflow(sum, p.bytes, &sum))
      return std::nullopt;
  int64_t total = packInTime(placements);
  if (countPairs(placements) > pairBudget)
    return total;
  SmallVector<Placement> other(placements);
  int64_t otherTotal = packLargestFirst(other);
  if (otherTotal > total)
    return total;
  llvm::copy(other, placements.begin());
  return otherTotal;
}
} // namespace nncc
