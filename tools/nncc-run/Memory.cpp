// Guarded buffers: see Memory.h.
#include "Memory.h"
#include "Error.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace nncc::run;

namespace {
constexpr uint64_t guardBytes = 64;
constexpr uint64_t hugePage = 2 << 20;
constexpr uint8_t guardPattern = 0xA5;
constexpr uint8_t unwritten = 0xFF;
} // namespace

llvm::Expected<Buffer> Buffer::create(uint64_t bytes, uint64_t align, uint64_t skew) {
  bool huge = bytes >= hugePage;
  align = std::max<uint64_t>(align, huge ? hugePage : 64);
  Buffer buffer;
  buffer.mappingBytes = bytes + align + skew + 2 * guardBytes;
  bool wraps = buffer.mappingBytes < bytes;
  void *mapping = wraps
                      ? MAP_FAILED
                      : mmap(nullptr, buffer.mappingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    buffer.mappingBytes = 0;
    return fail(ExitCode::Resource, "cannot allocate " + llvm::Twine(bytes) + " bytes");
  }
  buffer.mapping = mapping;
  buffer.bytes = bytes;
  uint64_t first = llvm::alignTo(reinterpret_cast<uintptr_t>(mapping) + guardBytes, align);
  buffer.start = reinterpret_cast<uint8_t *>(first) + skew;
  if (huge)
    madvise(reinterpret_cast<void *>(first), llvm::alignDown(bytes, hugePage), MADV_HUGEPAGE);
  std::memset(buffer.start - guardBytes, guardPattern, guardBytes);
  std::memset(buffer.start, unwritten, bytes);
  std::memset(buffer.start + bytes, guardPattern, guardBytes);
  return buffer;
}

Buffer &Buffer::operator=(Buffer &&other) {
  std::swap(mapping, other.mapping);
  std::swap(mappingBytes, other.mappingBytes);
  std::swap(start, other.start);
  std::swap(bytes, other.bytes);
  return *this;
}

Buffer::~Buffer() {
  if (mapping)
    munmap(mapping, mappingBytes);
}

bool Buffer::guardsIntact() const {
  auto intact = [](const uint8_t *guard) {
    return std::all_of(guard, guard + guardBytes, [](uint8_t byte) { return byte == guardPattern; });
  };
  return !mapping || (intact(start - guardBytes) && intact(start + bytes));
}
