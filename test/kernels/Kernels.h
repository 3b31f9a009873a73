// The test program for emitters: compiles single kernel ops for a level, runs them in memory on buffers that end at a
// guard page, and compares with plain loops.
#pragma once
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace nncc {
class TileChoices;
}

namespace kernels {

struct Level {
  const char *name, *cpu;
  int64_t lanes, registers;
};
extern const Level levels[4];
/// This machine can run code for the level.
bool canRun(const Level &level);

/// Memory whose last byte is followed by a page that cannot be touched.
class Guarded {
public:
  Guarded(size_t bytes, size_t alignment);
  ~Guarded();
  Guarded(const Guarded &) = delete;
  void *data() const { return start; }

private:
  void *mapping;
  size_t mapped;
  void *start;
};

using Shape = std::vector<int64_t>;

/// One op as a function over its operands.
struct Kernel {
  std::vector<Shape> operands;
  std::vector<int64_t> units;
  int64_t scratchBytes = 0;
  double flops = 0;
  uint64_t address = 0;
  std::string tile; // as text; rows and vectors are 0 where there is none
  int64_t tileRows = 0, tileVectors = 0;
  bool hasWholePanels = false;

  /// Runs the units [from[d], to[d]) on densely stored operands.
  void run(const std::vector<void *> &buffers, void *scratch, const std::vector<int64_t> &from,
           const std::vector<int64_t> &to) const;
  void run(const std::vector<void *> &buffers, void *scratch) const {
    run(buffers, scratch, std::vector<int64_t>(units.size()), units);
  }
};

struct Program {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<Kernel> kernels; // in the order of the ops in the text
};
/// Compiles each kernel op of `@f` in `text`, which is on tensors, with the tiles of the level's table or those chosen.
Program compile(mlir::MLIRContext &context, llvm::StringRef text, const Level &level, std::string *assembly = nullptr,
                nncc::TileChoices *tiles = nullptr);

/// The innermost loop with the most multiply-adds of an assembly text, and what it does besides. One that broadcasts an
/// element for every few of them, as products do, goes before those of transforms.
struct HotLoop {
  int multiplyAdds = 0, loads = 0, broadcasts = 0, stackAccesses = 0, calls = 0;
  std::string text;
};
HotLoop findHotLoop(llvm::StringRef assembly);

/// A test: an op, its operands before packing and what it must compute.
struct Case {
  std::string name, text;
  std::vector<Shape> inputs; // operands but weights' packing and the destination
  int weight = -1;           // which input is packed
  Shape output;
  std::string element = "f32", outputElement;
  std::function<double(const std::vector<std::vector<double>> &inputs, const Shape &at)> reference; // of one element
  double tolerance = 2e-6;
  std::function<std::vector<double>(const std::vector<double> &)> transform = {}; // of the weight before packing
  int inPlace = -1; // the input whose memory is the result's
};
std::vector<Case> contractionCases();
std::vector<Case> windowCases();
std::vector<Case> indexedCases();
std::vector<Case> benchmarkCases();

/// Textual forms that cases share.
std::string tensorType(const Shape &shape, llvm::StringRef element);
std::string list(const Shape &values);
int64_t count(const Shape &shape);

} // namespace kernels
