// The importer's limits, in one table, so that no input makes the compiler run or grow without end.
#pragma once
#include <cstdint>

namespace nncc::limits {

/// Protobuf counts a message's bytes in an int.
constexpr int64_t modelBytes = INT32_MAX;
constexpr int64_t textBytes = 16 << 20;
constexpr int textNesting = 64;
/// Raw data of more bytes stays in the file; smaller initialisers are dense attributes that folders see.
constexpr int64_t inlineBytes = 4096;
constexpr int64_t irVersionMin = 3, irVersionMax = 16;
constexpr int64_t opsetMin = 1, opsetMax = 28;
constexpr unsigned rank = 64;
/// Of one tensor: far above any machine's memory, and far enough below 2^63 that offsets cannot overflow.
constexpr int64_t tensorBytes = int64_t(1) << 48;
/// Indices written out for a reversed slice or a repeated border.
constexpr int64_t constantIndices = 1 << 24;
/// Of all constants that operators write out together, or the model's size where that is more.
constexpr int64_t writtenBytes = 64 << 20;
/// Of an axis that Resize computes: each of its positions has weights.
constexpr int64_t resizedExtent = 1 << 20;
constexpr unsigned functionDepth = 64;
constexpr unsigned subgraphDepth = 32;
/// After inlining.
constexpr unsigned nodes = 1'000'000;

} // namespace nncc::limits
