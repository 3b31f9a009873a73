// kernel-test: compares every case at every level with its reference, or measures the benchmark cases.
//   kernel-test [--level=NAME] [--filter=TEXT] [--bench | --errors | --loops | --tiles] [--assembly]
// --loops looks at the hot loop of each benchmark case: it loads no more than its register tile has to, and no value of
// it may live on the stack. Where a whole row of taps is spelt out (the stems) some do, and cost nothing that can be
// measured.
// --tiles compares cases with other register tiles than the table's: each case with one of them at one level.
#include "Kernels.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "passes/schedule/TileChoices.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace kernels;

namespace {

// Numbers of a fixed pseudo-random sequence: small integers for integers, else in [-1, 1).
double nextNumber(uint64_t &state, bool integer) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  double x = double(int64_t(state) >> 11) / double(1ll << 52);
  return integer ? std::floor(x * 10) : double(float(x));
}

size_t elementBytes(const std::string &element) { return std::stoul(element.substr(1)) / 8; }
void put(const std::string &element, void *data, int64_t i, double x) {
  if (element == "f32")
    static_cast<float *>(data)[i] = float(x);
  else if (element == "f64")
    static_cast<double *>(data)[i] = x;
  else if (element == "i32")
    static_cast<int32_t *>(data)[i] = int32_t(x);
  else
    static_cast<int64_t *>(data)[i] = int64_t(x);
}
double get(const std::string &element, const void *data, int64_t i) {
  return element == "f32"   ? double(static_cast<const float *>(data)[i])
         : element == "f64" ? static_cast<const double *>(data)[i]
         : element == "i32" ? double(static_cast<const int32_t *>(data)[i])
         : element == "i8"  ? double(static_cast<const int8_t *>(data)[i])
                            : double(static_cast<const int64_t *>(data)[i]);
}

// A case's buffers, compiled: inputs, packed weight, destination, scratch.
struct Instance {
  const Case &test;
  Program program;
  std::vector<std::vector<double>> values;
  std::vector<std::unique_ptr<Guarded>> memory;
  std::vector<void *> operands; // of the op itself
  void *output, *scratch = nullptr;

  Instance(mlir::MLIRContext &context, const Case &test, const Level &level, size_t alignment,
           nncc::TileChoices *tiles = nullptr)
      : test(test), program(compile(context, test.text, level, /*assembly=*/nullptr, tiles)) {
    uint64_t state = 42;
    std::vector<void *> inputs;
    size_t bytes = elementBytes(test.element);
    for (auto [number, shape] : llvm::enumerate(test.inputs)) {
      values.emplace_back();
      for (int64_t i = 0; i < count(shape); i++)
        values.back().push_back(nextNumber(state, test.element[0] == 'i'));
      bool transforms = int(number) == test.weight && test.transform;
      std::vector<double> stored = transforms ? test.transform(values.back()) : values.back();
      void *data = allocate(stored.size() * bytes, std::max(bytes, alignment));
      for (auto [i, x] : llvm::enumerate(stored))
        put(test.element, data, int64_t(i), x);
      inputs.push_back(data);
    }
    if (test.weight >= 0) {
      Kernel &pack = program.kernels.front();
      void *packed = allocate(count(pack.operands[1]) * bytes, std::max(bytes, alignment));
      std::memset(packed, 0xff, count(pack.operands[1]) * bytes);
      pack.run({inputs[test.weight], packed}, nullptr);
      inputs[test.weight] = packed;
    }
    size_t outputBytes = elementBytes(test.outputElement);
    output = test.inPlace >= 0 ? inputs[test.inPlace]
                               : allocate(count(test.output) * outputBytes, std::max(outputBytes, alignment));
    operands = inputs;
    operands.push_back(output);
    if (kernel().scratchBytes)
      scratch = allocate(kernel().scratchBytes, 64);
  }
  Kernel &kernel() { return program.kernels.back(); }
  void *allocate(size_t bytes, size_t alignment) {
    memory.push_back(std::make_unique<Guarded>(bytes, alignment));
    return memory.back()->data();
  }
  void clear() {
    std::memset(output, 0xff, count(test.output) * elementBytes(test.outputElement));
    if (test.inPlace >= 0)
      for (auto [i, x] : llvm::enumerate(values[test.inPlace]))
        put(test.element, output, int64_t(i), x);
  }

  // The largest error relative to the output's scale.
  double error() {
    std::vector<double> want;
    double scale = 1e-30, worst = 0;
    Shape at(test.output.size());
    for (int64_t i = 0; i < count(test.output); i++) {
      int64_t rest = i;
      for (size_t d = at.size(); d-- > 0; rest /= test.output[d])
        at[d] = rest % test.output[d];
      want.push_back(test.reference(values, at));
      scale = std::max(scale, std::fabs(want.back()));
    }
    if (test.tolerance == 1) // counts, of which rounding may change the last
      scale = 1;
    for (int64_t i = 0; i < count(test.output); i++) {
      double difference = std::fabs(get(test.outputElement, output, i) - want[i]) / scale;
      worst = difference >= worst || std::isnan(difference) ? difference : worst;
      if (std::isnan(worst))
        return worst;
    }
    return worst;
  }
};

// One of those that are not the table's for each op, another for the next.
struct OtherTiles : nncc::TileChoices {
  unsigned count = 0;
  nncc::kernel::TileAttr choose(mlir::Operation *, llvm::ArrayRef<nncc::kernel::TileAttr> candidates) override {
    return candidates[1 + count++ % (candidates.size() - 1)];
  }
};

bool check(mlir::MLIRContext &context, const Case &test, const Level &level, nncc::TileChoices *tiles) {
  Instance instance(context, test, level, 1, tiles);
  Kernel &kernel = instance.kernel();
  instance.clear();
  kernel.run(instance.operands, instance.scratch);
  double whole = instance.error();
  std::vector<char> bytes(count(test.output) * elementBytes(test.outputElement));
  std::memcpy(bytes.data(), instance.output, bytes.size());
  // Unit ranges of any size, last first, must give the same bits.
  instance.clear();
  std::vector<int64_t> from(2), to(2), units = kernel.units;
  units.resize(2, 1);
  std::vector<int64_t> parts = {std::min<int64_t>(3, units[0]), std::min<int64_t>(2, units[1])};
  for (int64_t a = parts[0]; a-- > 0;)
    for (int64_t b = parts[1]; b-- > 0;) {
      from = {a * units[0] / parts[0], b * units[1] / parts[1]};
      to = {(a + 1) * units[0] / parts[0], (b + 1) * units[1] / parts[1]};
      kernel.run(instance.operands, instance.scratch, from, to);
    }
  bool same = !std::memcmp(bytes.data(), instance.output, bytes.size());
  bool ok = whole <= test.tolerance && same;
  if (!ok)
    std::printf("FAIL %s: %s: error %.3g%s, tile %s, units %s\n", level.name, test.name.c_str(), whole,
                same ? "" : ", parts differ from the whole", kernel.tile.c_str(), list(kernel.units).c_str());
  return ok;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Flops per second of a loop of independent 512-bit multiply-adds.
__attribute__((target("avx512f"))) double peak() {
  int64_t rounds = 6000;
  double start = now();
  int64_t n = rounds;
  asm volatile("vpxord %%zmm14,%%zmm14,%%zmm14\nvpxord %%zmm15,%%zmm15,%%zmm15\n.p2align 5\n1:\n"
#define FMA(i) "vfmadd231ps %%zmm14,%%zmm15,%%zmm" #i "\n"
               FMA(0) FMA(1) FMA(2) FMA(3) FMA(4) FMA(5) FMA(6) FMA(7) FMA(8) FMA(9) FMA(10) FMA(11) FMA(12) FMA(13)
                   FMA(0) FMA(1) FMA(2) FMA(3) FMA(4) FMA(5) FMA(6) FMA(7) FMA(8) FMA(9) FMA(10) FMA(11) FMA(12) FMA(13)
#undef FMA
                       "dec %0\njnz 1b\n"
               : "+r"(n)
               :
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                 "xmm12", "xmm13", "xmm14", "xmm15", "cc");
  return double(rounds) * 28 * 32 / (now() - start);
}

void measure(mlir::MLIRContext &context, const Case &test, const Level &level) {
  Instance instance(context, test, level, 64);
  Kernel &kernel = instance.kernel();
  auto once = [&] { kernel.run(instance.operands, instance.scratch); };
  once();
  double best = 1e9, bestPeak = 0;
  std::vector<double> shares;
  for (double end = now() + 0.4; now() < end || shares.size() < 5;) {
    double before = peak(), start = now();
    int repeats = 0;
    for (; repeats < 1 || now() - start < 1e-3; repeats++)
      once();
    double seconds = (now() - start) / repeats, after = peak();
    best = std::min(best, seconds);
    bestPeak = std::max({bestPeak, before, after});
    shares.push_back(kernel.flops / seconds / ((before + after) / 2));
  }
  llvm::sort(shares);
  std::printf("%9.1f us  best %5.1f %%  median %5.1f %%  %-22s %s\n", best * 1e6, 100 * kernel.flops / best / bestPeak,
              100 * shares[shares.size() / 2], kernel.tile.c_str(), test.name.c_str());
  std::fflush(stdout);
}

void measureError(mlir::MLIRContext &context, const Case &test, const Level &level) {
  Instance instance(context, test, level, 64);
  instance.kernel().run(instance.operands, instance.scratch);
  std::printf("%.2g  %s\n", instance.error(), test.name.c_str());
  std::fflush(stdout);
}

// A tile of R x V reads R values and V vectors for R * V multiply-adds. The loop may be that of the last rows, or of
// the last panel, which has one vector at the least. A tap of a depthwise convolution reads an input or, where they
// don't all stay in registers, a weight.
double leastMultiplyAddsOfLoad(const Kernel &kernel, int multiplyAdds, llvm::StringRef name) {
  if (!kernel.tileRows)
    return 0;
  if (name.contains("depthwise"))
    return 0.9;
  bool isWhole = kernel.hasWholePanels && multiplyAdds % (kernel.tileRows * kernel.tileVectors) == 0;
  auto perLoad = [&](int64_t vectors) { return double(kernel.tileRows * vectors) / double(kernel.tileRows + vectors); };
  return isWhole ? 0.95 * perLoad(kernel.tileVectors) : 0.85 * perLoad(1);
}

bool inspect(mlir::MLIRContext &context, const Case &test, const Level &level, bool print) {
  std::string assembly;
  Program program = compile(context, test.text, level, &assembly);
  HotLoop loop = findHotLoop(assembly);
  int allowed = loop.multiplyAdds > 64 ? loop.multiplyAdds / 2 : 0;
  const Kernel &kernel = program.kernels.back();
  double least = leastMultiplyAddsOfLoad(kernel, loop.multiplyAdds, test.name);
  bool ok = loop.stackAccesses <= allowed && !loop.calls && loop.multiplyAdds >= least * loop.loads;
  if (print || !ok)
    std::printf("%s %-9s %3d multiply-adds, %3d loads, %d stack accesses, %d calls  %-22s %s\n", ok ? "ok  " : "FAIL",
                level.name, loop.multiplyAdds, loop.loads, loop.stackAccesses, loop.calls, kernel.tile.c_str(),
                test.name.c_str());
  if (print)
    std::printf("%s", assembly.c_str());
  return ok;
}

} // namespace

int main(int argc, char **argv) {
  std::string level, filter;
  bool bench = false, errors = false, loops = false, tiles = false, assembly = false;
  for (int i = 1; i < argc; i++) {
    llvm::StringRef arg = argv[i];
    if (arg.consume_front("--level="))
      level = arg;
    else if (arg.consume_front("--filter="))
      filter = arg;
    else if (arg == "--bench")
      bench = true;
    else if (arg == "--errors")
      errors = true;
    else if (arg == "--loops")
      loops = true;
    else if (arg == "--tiles")
      tiles = true;
    else if (arg == "--assembly")
      assembly = true;
    else
      return std::fprintf(stderr, "usage: kernel-test [--level=NAME] [--filter=TEXT] [--bench | --errors | --loops | "
                                  "--tiles] [--assembly]\n"),
             2;
  }
  mlir::DialectRegistry registry;
  registry.insert<nncc::kernel::KernelDialect, mlir::func::FuncDialect, mlir::tensor::TensorDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect,
                  mlir::math::MathDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();

  bool isTest = !bench && !errors && !loops;
  std::vector<Case> cases = isTest ? contractionCases() : benchmarkCases();
  if (isTest && !tiles)
    for (const std::vector<Case> &more : {windowCases(), indexedCases()})
      llvm::append_range(cases, more);
  OtherTiles others;
  int passed = 0, failed = 0;
  for (const Level &l : levels) {
    if ((!level.empty() && level != l.name) || ((bench || errors) && level.empty() && &l != levels))
      continue;
    if (!loops && !canRun(l)) {
      std::printf("skipped %s: this CPU cannot run it\n", l.name);
      continue;
    }
    for (auto [number, test] : llvm::enumerate(cases))
      if (test.name.find(filter) != std::string::npos &&
          (!tiles || (number + size_t(&l - levels)) % std::size(levels) == 0)) {
        if (bench)
          measure(context, test, l);
        else if (errors)
          measureError(context, test, l);
        else
          ((loops ? inspect(context, test, l, assembly) : check(context, test, l, tiles ? &others : nullptr))
               ? passed
               : failed)++;
      }
  }
  if (!bench && !errors)
    std::printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
