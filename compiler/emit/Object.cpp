// Object.h's implementation. LLVM would hold two more copies of the weights, one as a constant, one in the object
// writer; zeros cost it nothing, and the bytes go straight from where they lie to the file.
#include "compiler/emit/Object.h"
#include "llvm/Object/ELFObjectFile.h"
using namespace llvm;

namespace nncc {

bool canFinishObject(const Module &module) { return module.getTargetTriple().isOSBinFormatELF(); }

Expected<uint64_t> finishObject(MemoryBufferRef object, const ModelInfo &info, ArrayRef<WeightRun> weights,
                                raw_pwrite_stream &os) {
  auto file = object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();
  uint64_t code = 0;
  for (const object::SectionRef &section : (*file)->sections())
    if (section.isText())
      code += section.getSize();
  auto *elf = dyn_cast<object::ELFObjectFileBase>(file->get());
  if (!elf)
    return code;
  for (const object::ELFSymbolRef &symbol : elf->symbols()) {
    auto name = symbol.getName();
    if (!name)
      return name.takeError();
    if (*name != info.name + "_weights")
      continue;
    auto section = symbol.getSection();
    if (!section)
      return section.takeError();
    auto value = symbol.getValue();
    if (!value)
      return value.takeError();
    if (*section == elf->section_end())
      continue; // the model reads no weights
    uint64_t start = object::ELFSectionRef(**section).getOffset() + *value;
    writeWeights(weights,
                 [&](uint64_t offset, ArrayRef<char> piece) { os.pwrite(piece.data(), piece.size(), start + offset); });
  }
  return code;
}

} // namespace nncc
