// The buffers that a model runs on. Large ones lie in huge pages, which make reading them up to a third faster; each
// has guard bytes on both sides and is filled with a pattern that reads as NaN, so that a model that writes outside its
// buffers or reads what it never wrote is found out.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>

namespace nncc::run {

class Buffer {
public:
  /// `skew` moves the data off its alignment by so many bytes.
  static llvm::Expected<Buffer> create(uint64_t bytes, uint64_t align, uint64_t skew = 0);
  Buffer() = default;
  Buffer(Buffer &&other) { *this = std::move(other); }
  Buffer &operator=(Buffer &&other);
  ~Buffer();

  uint8_t *data() const { return start; }
  uint64_t size() const { return bytes; }
  llvm::ArrayRef<uint8_t> contents() const { return {start, bytes}; }
  bool guardsIntact() const;

private:
  void *mapping = nullptr;
  uint64_t mappingBytes = 0;
  uint8_t *start = nullptr;
  uint64_t bytes = 0;
};

} // namespace nncc::run
