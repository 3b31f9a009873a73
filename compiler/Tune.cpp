// Tune.h's implementation. Candidates take turns, as a shared machine's clock and neighbours change while they are
// timed, and one replaces the table's tile when it was faster by more than chance makes it.
#include "compiler/Tune.h"
#include "compiler/TimedKernel.h"
#include "compiler/emit/OutputFile.h"
#include "mlir/IR/AsmState.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#ifdef __linux__
#include <sched.h>
#endif

using namespace mlir;

namespace nncc {
namespace {
constexpr StringLiteral format = "nncc-tune-1";
constexpr std::chrono::seconds mostTime(30); // after which what is left keeps the table's tile
constexpr unsigned rounds = 7;
constexpr double secondsOfSample = 1e-3, leastGain = 0.03, hopeless = 1.25;
constexpr double mostBytes = 2e9;

// Keeps the calling thread on the CPU that it is on while this lives, where the system can.
class PinnedThread {
public:
  PinnedThread() {
#ifdef __linux__
    cpu_set_t one;
    CPU_ZERO(&one);
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof before, &before))
      return;
    CPU_SET(cpu, &one);
    pinned = !sched_setaffinity(0, sizeof one, &one);
#endif
  }
  ~PinnedThread() {
#ifdef __linux__
    if (pinned)
      sched_setaffinity(0, sizeof before, &before);
#endif
  }

private:
#ifdef __linux__
  cpu_set_t before;
  bool pinned = false;
#endif
};

double median(SmallVector<double> values) {
  llvm::sort(values);
  return values[values.size() / 2];
}

std::string text(Attribute attribute) {
  std::string result;
  llvm::raw_string_ostream(result) << attribute;
  return result;
}
} // namespace

std::string tuningKey(Operation *op) {
  OwningOpRef<ModuleOp> module = isolate(op);
  std::string all, key = op->getName().stripDialect().str();
  llvm::raw_string_ostream(all) << *module;
  llvm::raw_string_ostream os(key);
  for (Type type : op->getOperandTypes()) {
    os << ' ';
    llvm::interleave(cast<ShapedType>(type).getShape(), os, "x");
  }
  os << " #" << llvm::utohexstr(llvm::xxh3_64bits(all), /*LowerCase=*/true);
  return key;
}

llvm::Expected<std::unique_ptr<Tuner>> Tuner::create(const TuneOptions &options, const PipelineOptions &pipeline,
                                                     const Target &target, MLIRContext &context, raw_ostream &err) {
  std::unique_ptr<Tuner> tuner(new Tuner(options, pipeline, target, err));
  tuner->madeFor = text(target.attribute(&context)) + ", " + target.tune;
  if (!options.input.empty())
    if (llvm::Error error = tuner->read(options.input, context))
      return error;
  return tuner;
}

llvm::Error Tuner::read(StringRef path, MLIRContext &context) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!file)
    return llvm::createFileError(path, file.getError());
  auto invalid = [&](const Twine &why) { return llvm::createStringError(path + ": not a file of --tune: " + why); };
  auto json = llvm::json::parse((*file)->getBuffer());
  if (!json)
    return invalid(llvm::toString(json.takeError()));
  const llvm::json::Object *object = json->getAsObject();
  if (!object || object->getString("format") != StringRef(format))
    return invalid("expected the format " + format);
  struct {
    StringLiteral field, is;
  } const versions[] = {{"nncc", NNCC_VERSION}, {"llvm", LLVM_VERSION_STRING}};
  auto leftOutFor = [&](const Twine &what, StringRef found, StringRef expected) {
    err << "nncc: warning: " << path << ": made " << what << " '" << found << "', not '" << expected << "': not used\n";
    return llvm::Error::success();
  };
  for (auto [field, is] : versions)
    if (StringRef found = object->getString(field).value_or(""); found != is)
      return leftOutFor("by " + field, found, is);
  if (StringRef found = object->getString("target").value_or(""); found != madeFor)
    return leftOutFor("for", found, madeFor);
  const llvm::json::Array *list = object->getArray("choices");
  if (!list)
    return invalid("expected a list of choices");
  for (const llvm::json::Value &value : *list) {
    const llvm::json::Object *choice = value.getAsObject();
    auto key = choice ? choice->getString("kernel") : std::nullopt;
    auto rows = choice ? choice->getInteger("rows") : std::nullopt;
    auto vectors = choice ? choice->getInteger("vectors") : std::nullopt;
    if (!key || !rows || !vectors)
      return invalid("expected kernel, rows and vectors in each choice");
    choices[key->str()] = {*rows, *vectors};
  }
  return llvm::Error::success();
}

llvm::Expected<size_t> Tuner::fastest(Operation *op, ArrayRef<kernel::TileAttr> candidates) {
  PinnedThread pinned;
  struct Runner {
    size_t number;
    std::unique_ptr<TimedKernel> kernel;
    SmallVector<double> ratios;
  };
  SmallVector<Runner> runners;
  unsigned runs = 1;
  for (auto [i, tile] : llvm::enumerate(candidates)) {
    auto kernel = TimedKernel::create(op, tile, pipeline, target);
    if (!kernel)
      return kernel.takeError();
    if (i == 0)
      runs = unsigned(std::clamp(secondsOfSample / (*kernel)->seconds(3), 1.0, 1e6));
    runners.push_back({i, std::move(*kernel), {}});
  }
  for (unsigned round = 0; round < rounds; round++) {
    double first = runners.front().kernel->seconds(runs);
    for (Runner &runner : llvm::drop_begin(runners)) {
      // The table's tile before and after, so that a drift of the clock counts for neither.
      double own = runner.kernel->seconds(runs), next = runners.front().kernel->seconds(runs);
      runner.ratios.push_back(2 * own / (first + next));
      first = next;
    }
    if (round == 1)
      llvm::erase_if(runners, [](const Runner &r) { return r.number && median(r.ratios) > hopeless; });
  }
  size_t best = 0;
  double least = 1 - leastGain;
  for (const Runner &runner : llvm::drop_begin(runners))
    if (double ratio = median(runner.ratios); ratio < least) {
      least = ratio;
      best = runner.number;
    }
  return best;
}

kernel::TileAttr Tuner::choose(Operation *op, ArrayRef<kernel::TileAttr> candidates) {
  std::string key = tuningKey(op);
  auto known = choices.find(key);
  if (known == choices.end() && options.time) {
    if (spent > mostTime || kernel::countBytes(op->getOperands()) > mostBytes) {
      leftOut++;
      return candidates.front();
    }
    auto start = std::chrono::steady_clock::now();
    auto best = fastest(op, candidates);
    spent += std::chrono::steady_clock::now() - start;
    if (!best) {
      err << "nncc: warning: --tune: " << key << ": " << llvm::toString(best.takeError()) << "\n";
      leftOut++;
      return candidates.front();
    }
    timed++;
    improved += *best > 0;
    known = choices.insert({key, {candidates[*best].getRows(), candidates[*best].getVectors()}}).first;
  }
  if (known != choices.end())
    for (kernel::TileAttr tile : candidates)
      if (tile.getRows() == known->second.rows && tile.getVectors() == known->second.vectors)
        return tile;
  return candidates.front();
}

std::string Tuner::summary() const {
  return (Twine(timed) + " kernels timed, " + Twine(improved) + " of them with another tile than the table's").str();
}

llvm::Error Tuner::finish() {
  if (leftOut)
    err << "nncc: warning: --tune: " << leftOut << " kernels were not timed and keep the tiles of the table\n";
  if (options.output.empty())
    return llvm::Error::success();
  auto file = OutputFile::create(options.output);
  if (!file)
    return file.takeError();
  llvm::json::OStream json((*file)->os(), /*IndentSize=*/1);
  json.object([&] {
    json.attribute("format", format);
    json.attribute("nncc", NNCC_VERSION);
    json.attribute("llvm", LLVM_VERSION_STRING);
    json.attribute("target", madeFor);
    json.attributeArray("choices", [&] {
      for (const auto &[key, tile] : choices)
        json.object([&, &key = key, &tile = tile] {
          json.attribute("kernel", key);
          json.attribute("rows", tile.rows);
          json.attribute("vectors", tile.vectors);
        });
    });
  });
  (*file)->os() << "\n";
  if (llvm::Error error = (*file)->sync())
    return error;
  return (*file)->keep();
}

} // namespace nncc
