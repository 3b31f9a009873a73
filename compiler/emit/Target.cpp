// Target.h's implementation. On x86 a CPU is taken apart into the level that it has and the few features beyond that
// code may use, each a bit of the descriptor: so the code never needs what nncc_supported cannot ask for.
#include "compiler/emit/Target.h"
#include "runtime/nncc.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include <mutex>
#include <unistd.h>
using namespace mlir;

namespace nncc {
namespace {
struct Level {
  const char *cpu, *features;
  uint32_t bits;
  int64_t lanes, registers, l1, l2;
};
// Highest first. A level's features are what tells it from the one below.
constexpr Level levels[] = {
    {"x86-64-v4", "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl",
     NNCC_CPU_X86_64_V2 | NNCC_CPU_X86_64_V3 | NNCC_CPU_X86_64_V4, 16, 32, 32768, 1048576},
    {"x86-64-v3", "+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe", NNCC_CPU_X86_64_V2 | NNCC_CPU_X86_64_V3, 8, 16, 32768,
     262144},
    {"x86-64-v2", "+cx16,+popcnt,+sahf,+sse4.2,+ssse3", NNCC_CPU_X86_64_V2, 4, 16, 32768, 262144},
    {"x86-64", "", 0, 4, 16, 32768, 262144},
};
struct Extension {
  const char *features;
  uint32_t bit;
};
constexpr Extension extensions[] = {
    {"+avxvnni", NNCC_CPU_AVX_VNNI},
    {"+avx512vnni", NNCC_CPU_AVX512_VNNI},
    {"+avx512bf16", NNCC_CPU_AVX512_BF16},
    {"+avx512fp16", NNCC_CPU_AVX512_FP16},
    {"+avx512vbmi,+avx512vbmi2,+avx512bitalg,+avx512vpopcntdq,+avx512ifma,+gfni", NNCC_CPU_AVX512_BYTES},
    {"+amx-tile,+amx-int8,+amx-bf16", NNCC_CPU_AMX},
};

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

std::string hostFeatures() {
  SmallVector<std::string> features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.push_back(((feature.getValue() ? "+" : "-") + feature.getKey()).str());
  llvm::sort(features);
  return llvm::join(features, ",");
}

std::string joinLists(StringRef a, StringRef b) { return (a + (a.empty() || b.empty() ? "" : ",") + b).str(); }

// Fills in cpu, features and required from all that `info` has.
void takeApart(Target &target, const llvm::MCSubtargetInfo &info, StringRef asked) {
  auto level = llvm::find_if(levels, [&](const Level &l) { return !*l.features || info.checkFeatures(l.features); });
  target.cpu = level->cpu;
  target.required = level->bits;
  for (const Extension &extension : extensions)
    if (info.checkFeatures(extension.features)) {
      target.features = joinLists(target.features, extension.features);
      target.required |= extension.bit;
    }
  // What was asked for by name is used, and known to libnncc only where a bit covers it.
  std::string covered = "," + target.features + ",";
  for (const Level &l : llvm::make_range(level, std::end(levels)))
    covered += std::string(l.features) + ",";
  SmallVector<StringRef> parts;
  asked.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    if (StringRef(covered).contains(("," + part + ",").str()))
      continue;
    target.features = joinLists(target.features, part);
    if (part.front() == '+' && !StringRef("+sse+sse2+sse3+mmx+fxsr+cx8+cmov+x87+64bit+avx+sse4.1").contains(part))
      target.required |= NNCC_CPU_OTHER;
  }
}

// Generated code and data, the weights above all, are laid out for what common CPUs have.
bool isCpu(const llvm::Triple &triple) {
  switch (triple.getArch()) {
  case llvm::Triple::nvptx:
  case llvm::Triple::nvptx64:
  case llvm::Triple::amdgcn:
  case llvm::Triple::r600:
  case llvm::Triple::spir:
  case llvm::Triple::spir64:
  case llvm::Triple::spirv:
  case llvm::Triple::spirv32:
  case llvm::Triple::spirv64:
  case llvm::Triple::dxil:
  case llvm::Triple::bpfel:
  case llvm::Triple::bpfeb:
    return false;
  default:
    return triple.isLittleEndian() && (triple.isArch32Bit() || triple.isArch64Bit());
  }
}

int64_t hostCache(int name, int64_t otherwise) {
  long bytes = sysconf(name);
  return bytes > 0 ? bytes : otherwise;
}

llvm::Error usage(const llvm::Twine &message) { return llvm::createStringError(message); }
} // namespace

llvm::Expected<Target> selectTarget(const TargetOptions &options, unsigned optLevel) {
  initialize();
  llvm::Triple host(llvm::sys::getDefaultTargetTriple()), triple = host;
  if (!options.triple.empty())
    triple = llvm::Triple(llvm::Triple::normalize(options.triple));
  std::string error;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend || !backend->hasTargetMachine())
    return usage("--target: unknown target '" + options.triple + "'");

  if (!isCpu(triple))
    return usage("--target: expected a little-endian CPU of 32 or 64 bits, found '" + triple.getArchName() + "'");

  Target target;
  target.triple = triple.str();
  target.runsHere = triple.getArch() == host.getArch() && triple.getOS() == host.getOS();
  target.isNative = options.cpu == "native" || (options.cpu.empty() && options.triple.empty());
  if (target.isNative && !target.runsHere)
    return usage("-march=native: the target '" + options.triple + "' is not this machine");
  std::string name = options.cpu, features = options.features;
  bool hasLevels = triple.isX86() && triple.isArch64Bit();
  // Where libnncc cannot tell CPUs apart, code uses more than all have when it is asked to, not by default.
  if (target.isNative && (hasLevels || !options.cpu.empty())) {
    name = llvm::sys::getHostCPUName().str();
    features = joinLists(hostFeatures(), features);
  } else if (name.empty()) {
    name = hasLevels ? "x86-64" : "generic";
  }
  std::unique_ptr<llvm::MCSubtargetInfo> probe(backend->createMCSubtargetInfo(triple, "", ""));
  if (!probe)
    return usage("--target: '" + options.triple + "' has no code generator here");
  if (!probe->isCPUStringValid(name))
    return usage("-march: unknown CPU '" + name + "' for " + triple.getArchName());
  SmallVector<StringRef> parts;
  StringRef(options.features).split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts)
    if (part.size() < 2 || (part.front() != '+' && part.front() != '-') ||
        llvm::none_of(probe->getAllProcessorFeatures(),
                      [&](const auto &known) { return part.drop_front() == known.Key; }))
      return usage("-mattr: unknown feature '" + part + "', expected '+name' or '-name'");

  target.tune = target.isNative ? llvm::sys::getHostCPUName().str() : name;
  std::unique_ptr<llvm::MCSubtargetInfo> info(backend->createMCSubtargetInfo(triple, name, features));
  if (hasLevels) {
    takeApart(target, *info, options.features);
  } else {
    std::unique_ptr<llvm::MCSubtargetInfo> base(backend->createMCSubtargetInfo(triple, "generic", ""));
    target.cpu = name;
    target.features = features;
    target.required = (info->getFeatureBits() & ~base->getFeatureBits()).any() ? NNCC_CPU_OTHER : 0;
  }

  // Without glibc's environment LLVM calls nothing that C99's libm lacks (sincos, exp10).
  llvm::Triple plain = triple;
  if (plain.isGNUEnvironment() && plain.getEnvironment() == llvm::Triple::GNU)
    plain.setEnvironment(llvm::Triple::UnknownEnvironment);
  auto level = optLevel == 0 ? llvm::CodeGenOptLevel::Less : llvm::CodeGenOptLevel::Aggressive;
  target.machine.reset(backend->createTargetMachine(plain, target.cpu, target.features, llvm::TargetOptions(),
                                                    llvm::Reloc::PIC_, std::nullopt, level));
  if (!target.machine)
    return usage("--target: '" + options.triple + "' has no code generator here");
  return target;
}

kernel::TargetAttr Target::attribute(MLIRContext *context) const {
  Level row{"", "", 0, 4, 16, 32768, 262144}; // any target that LLVM knows
  const Level *known = llvm::find_if(levels, [&](const Level &l) { return cpu == l.cpu; });
  if (known != std::end(levels))
    row = *known;
  else if (machine->getTargetTriple().isAArch64())
    row.registers = 32;
  if (isNative) {
    row.l1 = hostCache(_SC_LEVEL1_DCACHE_SIZE, row.l1);
    row.l2 = hostCache(_SC_LEVEL2_CACHE_SIZE, row.l2);
  }
  return kernel::TargetAttr::get(context, triple, cpu, features, row.lanes, row.registers, row.l1, row.l2);
}

} // namespace nncc
