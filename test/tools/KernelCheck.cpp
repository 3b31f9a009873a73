// nncc-kernel-check FILE.mlir: runs every function of the file twice, by our emitters and by upstream's plain loops, on
// the same random data, and compares. Arguments are memrefs of static shape; what lies beside them must stay as it is.
// --ulp=FUNCTION measures the error of a math function instead.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "test/tools/KernelJit.h"
#include "llvm/Support/CommandLine.h"
#include <chrono>
#include <cmath>
#include <random>
using namespace mlir;
namespace cl = llvm::cl;

static cl::opt<std::string> input(cl::Positional), cpu("cpu", cl::init("x86-64-v4")), assembly("asm"), only("only"),
    ulp("ulp");
static cl::opt<unsigned> stride("stride", cl::init(997), cl::desc("of the floats that --ulp tries"));
static cl::opt<unsigned> parts("parts", cl::init(1), cl::desc("ranges in which the work units are emitted"));
static cl::opt<bool> bench("bench"), print("print");
static cl::opt<double> tolerance("tolerance", cl::init(1e-5));

namespace {
constexpr size_t margin = 128;

// One argument: a guarded buffer.
struct Buffer {
  MemRefType type;
  std::vector<char> storage;
  char *data;
  size_t count = 1, width;

  explicit Buffer(MemRefType type) : type(type), width(type.getElementTypeBitWidth() / 8) {
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)type.getStridesAndOffset(strides, offset);
    for (auto [size, step] : llvm::zip_equal(type.getShape(), strides))
      count += (size - 1) * std::abs(step);
    storage.assign(count * width + 2 * margin + 64, 77);
    // Aligned for figures, else only as an element is.
    data = storage.data() + margin;
    data += (64 - uintptr_t(data) % 64) % 64 + (bench ? 0 : width);
  }
  Buffer(const Buffer &) = delete;
  Buffer(Buffer &&) = default;

  void fill(std::mt19937_64 &random) {
    for (size_t i = 0; i < count; i++) {
      int64_t x = int64_t(random() % 20001) - 10000;
      if (type.getElementType().isF32())
        reinterpret_cast<float *>(data)[i] = float(x) / 2500;
      else if (type.getElementType().isF64())
        reinterpret_cast<double *>(data)[i] = double(x) / 2500;
      else
        memcpy(data + i * width, &x, width);
    }
  }
  double at(size_t i) const {
    return type.getElementType().isF32() ? reinterpret_cast<float *>(data)[i] : reinterpret_cast<double *>(data)[i];
  }
};

struct Difference {
  double worst = 0;
  std::string message;
};

Difference compare(const Buffer &got, const Buffer &expected) {
  Difference result;
  llvm::raw_string_ostream out(result.message);
  auto outside = [&](ptrdiff_t from, size_t size) { return memcmp(got.data + from, expected.data + from, size); };
  if (outside(-64, 64) || outside(got.count * got.width, 64))
    out << "wrote outside";
  bool isFloat = isa<FloatType>(got.type.getElementType());
  for (size_t i = 0; i < got.count && result.message.empty(); i++) {
    if (!isFloat) {
      if (memcmp(got.data + i * got.width, expected.data + i * got.width, got.width))
        out << "[" << i << "] differs";
      continue;
    }
    double x = got.at(i), y = expected.at(i);
    if (x == y || (std::isnan(x) && std::isnan(y)))
      continue;
    double error = std::abs(x - y) / (std::abs(y) + 1e-3);
    result.worst = std::max(result.worst, error);
    if (!(error <= tolerance))
      out << "[" << i << "] got " << x << ", expected " << y;
  }
  return result;
}

void call(KernelFunction function, std::vector<Buffer> &buffers) {
  void *args[6] = {};
  for (auto [i, buffer] : llvm::enumerate(buffers))
    args[i] = buffer.data;
  function(args[0], args[1], args[2], args[3], args[4], args[5]);
}

// Time and traffic beside those of a memcpy of as many bytes.
void measure(KernelFunction function, std::vector<Buffer> &buffers) {
  using Clock = std::chrono::steady_clock;
  size_t bytes = 0;
  for (const Buffer &buffer : buffers)
    bytes += buffer.type.getNumElements() * buffer.width;
  std::vector<char> from(bytes / 2 + 1), to(bytes / 2 + 1);
  double ours = 1e9, copy = 1e9;
  size_t repeats = std::max<size_t>(1, (4 << 20) / (bytes + 1));
  auto seconds = [&](auto body) {
    auto start = Clock::now();
    for (size_t i = 0; i < repeats; i++)
      body();
    return std::chrono::duration<double>(Clock::now() - start).count() / repeats;
  };
  for (int trial = 0; trial < 30; trial++) {
    ours = std::min(ours, seconds([&] { call(function, buffers); }));
    copy = std::min(copy, seconds([&] {
                      memcpy(to.data(), from.data(), bytes / 2);
                      asm volatile("" ::"r"(to.data()) : "memory");
                    }));
  }
  llvm::outs() << llvm::format("  %9.2f us  %6.1f GB/s  (memcpy %6.1f)", ours * 1e6, bytes / ours * 1e-9,
                               bytes / copy * 1e-9);
}
} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv);
  JitOptions options{cpu, false, assembly, print, parts};
  if (!ulp.empty())
    return checkUlp(ulp, options, stride);
  DialectRegistry registry;
  registerJitDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  if (!module)
    return 1;
  if (!only.empty())
    for (auto f : llvm::make_early_inc_range(module->getOps<func::FuncOp>()))
      if (f.getName() != only)
        f.erase();
  std::vector<std::pair<std::string, std::vector<Type>>> functions;
  for (auto f : module->getOps<func::FuncOp>())
    functions.emplace_back(f.getName(), f.getArgumentTypes());
  OwningOpRef<ModuleOp> plain = module->clone();
  auto ours = compileKernels(*module, options);
  auto reference = compileKernels(*plain, {"x86-64", true, "", false, 1});
  if (!ours || !reference)
    return 1;
  int failed = 0;
  for (auto &[name, types] : functions) {
    std::vector<Buffer> got, expected;
    std::mt19937_64 random(42);
    for (Type type : types) {
      got.emplace_back(cast<MemRefType>(type));
      expected.emplace_back(cast<MemRefType>(type));
      got.back().fill(random);
      memcpy(expected.back().data, got.back().data, got.back().count * got.back().width);
    }
    call(findKernel(*ours, name), got);
    call(findKernel(*reference, name), expected);
    double worst = 0;
    bool differs = false;
    for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(got, expected))) {
      Difference difference = compare(std::get<0>(pair), std::get<1>(pair));
      worst = std::max(worst, difference.worst);
      if (!difference.message.empty())
        llvm::outs() << name << ": argument " << i << " " << difference.message << "\n";
      differs |= !difference.message.empty();
    }
    failed += differs;
    llvm::outs() << name << (differs ? ": MISMATCH" : ": ok") << llvm::format(", largest error %.2g", worst);
    if (bench)
      measure(findKernel(*ours, name), got);
    llvm::outs() << "\n";
  }
  return failed != 0;
}
