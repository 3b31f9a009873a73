// CompileFlags.h's implementation. Flags are read by hand: llvm::cl would mix them with the hundreds that LLVM's
// library registers for itself.
#include "tools/nncc/CompileFlags.h"
#include "compiler/emit/Names.h"
using namespace llvm;

namespace nncc {
namespace {
constexpr StringLiteral notYet = "not supported yet";

// NAME and VALUE of `NAME=VALUE`, split at the last `=` because names hold anything.
std::optional<std::pair<StringRef, StringRef>> splitLast(StringRef text) {
  auto [name, value] = text.rsplit('=');
  if (name.empty() || name.size() == text.size())
    return std::nullopt;
  return std::pair(name, value);
}

std::optional<std::vector<int64_t>> parseShape(StringRef text) {
  std::vector<int64_t> shape;
  if (text.empty())
    return shape; // a scalar
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t extent;
    if (part.getAsInteger(10, extent) || extent < 0)
      return std::nullopt;
    shape.push_back(extent);
  }
  return shape;
}

// The flags that take a value, as `--flag=V` or `--flag V`.
constexpr StringLiteral valueFlags[] = {"--emit",       "--name",        "--shape",          "--dim",
                                        "--value",      "--target",      "--precision",      "--weights",
                                        "--stop-after", "--start-after", "--print-ir-after", "--external-root",
                                        "--tune-use"};

// -fno-FUSION with all that it takes, in lines of 120 characters.
std::string fusionHelp() {
  const std::string indent(26, ' ');
  std::string text = "  -fno-FUSION             leave out a fusion:", line = text;
  text.clear();
  for (StringRef pass : optionalPasses) {
    std::string next = (" " + pass + (pass == std::end(optionalPasses)[-1] ? "" : ",")).str();
    if (line.size() + next.size() > 120) {
      text += line + "\n";
      line = indent.substr(1);
    }
    line += next;
  }
  return text + line + "\n";
}
} // namespace

StringRef CompileFlags::help() {
  static const std::string text =
      std::string(
          R"(  -o FILE                 output; its suffix is the kind: .o .a .so .s .ll .bc .mlir .h; - for standard output
  --emit=KIND             the kind, whatever the suffix: o a so s ll bc mlir h
  --name=IDENT            C prefix of every symbol (default: from the file's name)
  --shape NAME=1x3x8x8    fix an input's shape
  --dim SYMBOL=N          fix a free dimension; '*=N' fixes all that nothing else fixes
  --value NAME=V[,V...]   fix an input, or a free shape operand, to a constant
  --external-root=DIR     where external data may lie (default: the model's folder)
  -O0 -O1 -O2 -O3         how much to optimise (default: -O3)
  --target=TRIPLE         the machine to compile for (default: this one)
  -march=CPU -mcpu=CPU    x86-64, x86-64-v2, x86-64-v3, x86-64-v4, native, or a CPU that LLVM knows
  -mattr=+F,-F            CPU features beyond that
  -g                      name ONNX nodes for debuggers and profilers
)") + fusionHelp() +
      R"(  -fwinograd=2|4          minimal filtering in tiles of at most so many outputs squared (default: 4)
  -fform-bands=ROWS       compute every chain of image ops that can be in bands of so many rows (default: what gains)
  -Rpass=fuse             say which chains of ops are computed in bands
  -Rpass-missed=fuse      say what kept ops from being an attention, or chains from bands
  --tune[=FILE]           time the tiles that kernels may have on this machine, and keep what is found in FILE
  --tune-use=FILE         take tiles from a file of --tune, if it was made for this target by this version
  --precision=f32         what arithmetic may use at the least
  --weights=embed|FILE    weights inside the object (default), or in a file that the caller maps
  --check                 list every problem of the model, write nothing
  --stop-after=STAGE      print the module after import, graph, lower, schedule, memory, kernels or llvm
  --start-after=STAGE     MLIR input is as this stage leaves it
  --print-ir-after=PASS   print the module after a pass; all: after each
  --save-temps            keep the module of each stage beside the output
  --time                  print the seconds of each step
  --stats[=json]          print nodes, MACs, sizes, seconds and memory
  -v                      say what is done
  --version, --help
)";
  return text;
}

bool CompileFlags::parseSimple(StringRef a, std::string &error) {
  if (a.size() == 3 && a.starts_with("-O")) {
    if (a[2] < '0' || a[2] > '3')
      error = ("unknown level '" + a + "', expected -O0 to -O3").str();
    options.pipeline.optLevel = a[2] - '0';
  } else if (a.consume_front("-march=") || a.consume_front("-mcpu=")) {
    if (a.empty())
      error = "-march: expected a CPU";
    options.target.cpu = a.str();
  } else if (a.consume_front("-mattr=")) {
    options.target.features = a.str();
  } else if (a == "--tune" || a.starts_with("--tune=")) {
    options.tune.time = true;
    options.tune.output = a.drop_front(std::min<size_t>(a.size(), 7)).str();
    if (a == "--tune=")
      error = "--tune: expected a file";
  } else if (a == "-g") {
    options.pipeline.debugInfo = true;
  } else if (a == "--check") {
    options.check = true;
  } else if (a == "--save-temps") {
    options.saveTemps = true;
  } else if (a == "--time") {
    options.time = true;
  } else if (a == "-v") {
    options.verbose = true;
  } else if (a == "--stats" || a == "--stats=text") {
    options.stats = CompileOptions::Stats::Text;
  } else if (a == "--stats=json") {
    options.stats = CompileOptions::Stats::Json;
  } else if (a.starts_with("--stats=")) {
    error = ("--stats: unknown format '" + a.drop_front(8) + "', expected json").str();
  } else if (a.starts_with("-fno-") && is_contained(optionalPasses, a.drop_front(5))) {
    options.pipeline.without.push_back(a.drop_front(5).str());
  } else if (a == "-fwinograd=2" || a == "-fwinograd=4") {
    options.pipeline.winogradTile = a.back() - '0';
  } else if (a.consume_front("-fwinograd=")) {
    error = ("-fwinograd: expected 2 or 4, got '" + a + "'").str();
  } else if (a.consume_front("-fform-bands=")) {
    if (a.getAsInteger(10, options.pipeline.bandRows) || options.pipeline.bandRows < 1)
      error = ("-fform-bands: expected a number of rows, got '" + a + "'").str();
  } else if (a == "-fno-tidy") { // for tests: nothing may depend on canonicalisation
    options.pipeline.tidy = false;
  } else if (a == "-Rpass=fuse") {
    options.pipeline.remarks = true;
  } else if (a == "-Rpass-missed=fuse") {
    options.pipeline.missedRemarks = true;
  } else if (a.starts_with("-Rpass=") || a.starts_with("-Rpass-missed=")) {
    error = (a.split('=').first + ": expected fuse, got '" + a.split('=').second + "'").str();
  } else {
    return false;
  }
  return true;
}

std::string CompileFlags::parseValue(StringRef flag, StringRef value) {
  auto expected = [&](const Twine &what) { return (flag + ": expected " + what + ", got '" + value + "'").str(); };
  auto stage = [&](auto &target) -> std::string {
    auto parsed = parseStage(value);
    if (!parsed)
      return expected("import, graph, lower, schedule, memory, kernels or llvm");
    target = *parsed;
    return "";
  };
  if (flag == "--emit") {
    auto kind = parseOutputKind(value);
    if (!kind)
      return expected("o, a, so, s, ll, bc, mlir or h");
    options.emit.kind = *kind;
    hasEmit = true;
  } else if (flag == "--name") {
    if (!isModelName(value))
      return expected("a C identifier that is not reserved");
    options.name = value.str();
  } else if (flag == "--shape") {
    auto split = splitLast(value);
    auto shape = split ? parseShape(split->second) : std::nullopt;
    if (!shape)
      return expected("NAME=1x3x224x224");
    options.import.shapes.emplace_back(split->first.str(), *shape);
  } else if (flag == "--dim") {
    auto split = splitLast(value);
    int64_t extent;
    if (!split || split->second.getAsInteger(10, extent) || extent < 0)
      return expected("SYMBOL=N");
    options.import.dims.emplace_back(split->first.str(), extent);
  } else if (flag == "--value") {
    auto split = splitLast(value);
    if (!split)
      return expected("NAME=V[,V...]");
    SmallVector<StringRef> parts;
    if (!split->second.empty())
      split->second.split(parts, ',');
    options.import.values.emplace_back(split->first.str(), std::vector<std::string>(parts.begin(), parts.end()));
  } else if (flag == "--precision") {
    if (value == "bf16" || value == "f16" || value == "int8")
      return (flag + "=" + value + " is " + notYet).str();
    if (value != "f32")
      return expected("f32, bf16, f16 or int8");
  } else if (flag == "--stop-after") {
    return stage(options.stopAfter);
  } else if (flag == "--start-after") {
    return stage(options.startAfter);
  } else if (value.empty()) {
    return expected("a value");
  } else if (flag == "--target") {
    options.target.triple = value.str();
  } else if (flag == "--weights") {
    options.emit.weightsFile = value == "embed" ? "" : value.str();
  } else if (flag == "--print-ir-after") {
    options.printIRAfter.push_back(value.str());
  } else if (flag == "--tune-use") {
    options.tune.input = value.str();
  } else if (flag == "--external-root") {
    options.externalRoot = value.str();
  }
  return "";
}

bool CompileFlags::parse(ArrayRef<StringRef> arguments, size_t &i, std::string &error) {
  StringRef a = arguments[i];
  if (a == "-o" || (a.starts_with("-o") && !a.starts_with("--"))) {
    if (a == "-o" && i + 1 == arguments.size()) {
      error = "-o: expected a file";
      return true;
    }
    options.emit.output = a == "-o" ? arguments[++i].str() : a.drop_front(2).str();
    if (options.emit.output.empty())
      error = "-o: expected a file";
    hasOutput = true;
    return true;
  }
  auto [flag, value] = a.split('=');
  if (!is_contained(valueFlags, flag))
    return parseSimple(a, error);
  if (flag.size() == a.size()) {
    if (i + 1 == arguments.size()) {
      error = (flag + ": expected a value").str();
      return true;
    }
    value = arguments[++i];
  }
  error = parseValue(flag, value);
  return true;
}

} // namespace nncc
