// The two loops that measure the machine, each once per instruction set; the widest that the CPU has is chosen at run
// time.
#include "Machine.h"
#include <algorithm>
#include <chrono>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace nncc::run;

double nncc::run::now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The loops are templates over a vector type. They carry no target of their own and are inlined into functions that do.
template <unsigned bytes> using Floats = float __attribute__((vector_size(bytes)));
template <unsigned bytes> using Words = uint32_t __attribute__((vector_size(bytes)));

static volatile double sink;
template <unsigned n> static constexpr auto chains = std::make_integer_sequence<unsigned, n>();

/// One independent accumulator for each `index` hides the latency; they start with different values so that none is
/// left out. Returns the operations done: two for each lane also where the CPU cannot fuse them.
template <unsigned bytes, bool fused, unsigned... index>
[[gnu::always_inline]] static inline double fmaLoop(uint64_t turns, std::integer_sequence<unsigned, index...>) {
  Floats<bytes> factor = {}, addend = {};
  factor += 0.5f;
  addend += 0.25f;
  Floats<bytes> sums[] = {(addend + float(index))...};
  for (uint64_t turn = 0; turn < turns; turn++) {
    if constexpr (fused)
      ((sums[index] = __builtin_elementwise_fma(sums[index], factor, addend)), ...);
    else
      ((sums[index] = sums[index] * factor + addend), ...);
  }
  sink = (sums[index][0] + ...);
  return 2.0 * double(turns) * sizeof...(index) * (bytes / sizeof(float));
}

/// Sums what it loads, so that no load is left out. Returns the bytes read.
template <unsigned bytes> [[gnu::always_inline]] static inline double readLoop(const uint8_t *data, uint64_t size) {
  constexpr unsigned step = 8 * bytes;
  Words<bytes> sums[8] = {}, total = {};
  for (const uint8_t *end = data + size / step * step; data != end; data += step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++)
      sums[i] += *reinterpret_cast<const Words<bytes> *>(data + i * bytes);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    total += sums[i];
  sink = total[0];
  return double(size / step * step);
}

namespace {
struct Loops {
  double (*fma)(uint64_t turns);
  double (*read)(const uint8_t *data, uint64_t bytes);
};
} // namespace

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f"), min_vector_width(512)))
#define AVX2 __attribute__((target("avx2,fma")))
AVX512 static double fmaAvx512(uint64_t turns) { return fmaLoop<64, true>(turns, chains<24>); }
AVX512 static double readAvx512(const uint8_t *data, uint64_t size) { return readLoop<64>(data, size); }
AVX2 static double fmaAvx2(uint64_t turns) { return fmaLoop<32, true>(turns, chains<12>); }
AVX2 static double readAvx2(const uint8_t *data, uint64_t size) { return readLoop<32>(data, size); }
#endif
static double fmaBase(uint64_t turns) { return fmaLoop<16, false>(turns, chains<12>); }
static double readBase(const uint8_t *data, uint64_t size) { return readLoop<16>(data, size); }

static Loops widestLoops() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return {fmaAvx512, readAvx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {fmaAvx2, readAvx2};
#endif
  return {fmaBase, readBase};
}

namespace {
/// One measurement: every thread does the same work, results are summed over the time that all took together.
struct Measurement {
  Loops loops;
  uint64_t turns;
  const Buffer *memory; // null: measure multiply-adds
  uint32_t tasks;
  std::vector<double> done;
};
constexpr uint64_t leastReadBytes = 64 << 20, mostReadBytes = 512 << 20;
constexpr uint64_t fmaTurns = 20000;
} // namespace

/// Twice the last level's cache, of which nothing then is left from the sample before.
static uint64_t readBytes() {
  uint64_t cache = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
  cache = uint64_t(std::max<long>({sysconf(_SC_LEVEL2_CACHE_SIZE), sysconf(_SC_LEVEL3_CACHE_SIZE), 0}));
#endif
  return std::clamp(2 * cache, leastReadBytes, mostReadBytes) & ~uint64_t(4095);
}

static void measureTask(void *context, uint32_t task, uint32_t) {
  auto &m = *static_cast<Measurement *>(context);
  uint64_t share = m.memory ? m.memory->size() / m.tasks & ~uint64_t(511) : 0;
  m.done[task] = m.memory ? m.loops.read(m.memory->data() + task * share, share) : m.loops.fma(m.turns);
}

/// Work per nanosecond.
static double measure(const nncc_exec *exec, const Buffer *memory) {
  uint32_t threads = exec ? exec->workers : 1;
  Measurement m{widestLoops(), fmaTurns, memory, threads, std::vector<double>(threads)};
  double begin = now();
  if (exec)
    exec->parallel_for(exec->user, threads, measureTask, &m);
  else
    measureTask(&m, 0, 0);
  double seconds = now() - begin, sum = 0;
  for (double done : m.done)
    sum += done;
  return sum / seconds * 1e-9;
}

llvm::Expected<Machine> Machine::create(const nncc_exec *exec) {
  Machine machine;
  machine.exec = exec;
  auto memory = Buffer::create(readBytes(), 64);
  if (!memory)
    return memory.takeError();
  machine.memory = std::move(*memory);
  return machine;
}

void Machine::sample() {
  if (exec && exec->begin)
    exec->begin(exec->user);
  bestGflops = std::max(bestGflops, measure(exec, nullptr));
  bestReadGBs = std::max(bestReadGBs, measure(exec, &memory));
  if (exec && exec->end)
    exec->end(exec->user);
}
