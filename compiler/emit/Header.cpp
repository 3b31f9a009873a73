// Header.h's implementation. The header must compile as C99 and as C++17 without a warning, whatever names a model
// holds.
#include "compiler/emit/Header.h"
#include "compiler/emit/Names.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
using namespace llvm;

namespace nncc {
namespace {
std::string shapeText(const TensorInfo &tensor, StringRef between) {
  std::string text;
  for (int64_t extent : tensor.shape)
    text += (text.empty() ? "" : between.str()) + itostr(extent);
  return text.empty() ? "1" : text;
}

// `const float x[1*3*224*224]`, a pointer where the array has no elements or more than an int can count.
std::string parameter(const TensorInfo &tensor, bool isInput, StringMap<unsigned> &taken) {
  std::string text = (isInput ? "const " : "") + cType(tensor.type).str() + " ",
              name = parameterName(tensor.name, taken);
  if (tensor.elements() == 0 || tensor.elements() > INT32_MAX)
    return text + "*" + name;
  return text + name + "[" + shapeText(tensor, "*") + "]";
}

void describe(raw_ostream &os, const TensorInfo &tensor, StringRef kind, unsigned number, StringRef macro) {
  os << "/* " << kind << " " << number << ": " << commentText(tensor.name) << ", "
     << (tensor.shape.empty() ? "scalar" : shapeText(tensor, " x ")) << " " << cType(tensor.type);
  if (tensor.inPlace >= 0)
    os << ", may be the buffer of input " << tensor.inPlace;
  os << " */\n#define " << macro << "_" << kind.upper() << "_" << number << "_SIZE " << tensor.elements() << "u\n";
}

void print(raw_ostream &os, const ModelInfo &info, StringRef hash) {
  std::string macro = StringRef(info.name).upper();
  os << "/* " << info.name << ".h: a model compiled by nncc. Link with the object that was written beside it. */\n"
     << "#ifndef NNCC_MODEL_" << info.name << "_H\n#define NNCC_MODEL_" << info.name << "_H\n"
     << "#ifdef NNCC_MACROS_" << macro << "\n"
     << "#error \"two models' names differ in case alone, and so do their macros not: rename one, nncc --name=...\"\n"
     << "#endif\n#define NNCC_MACROS_" << macro << "\n"
     << "#include <stddef.h>\n#include <stdint.h>\n#include \"nncc.h\"\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  os << "/* The caller's scratch memory: for the calling thread alone, and for an nncc_exec of several workers. */\n"
     << "#define " << macro << "_ARENA_ALIGN " << arenaAlign << "u\n"
     << "#define " << macro << "_ARENA_BYTES " << info.arenaBytes << "u\n"
     << "#define " << macro << "_ARENA_BYTES_FOR(workers) (" << info.arenaBytes << "u + " << info.workerBytes
     << "u * ((size_t)(workers)-1u))\n";
  if (!info.embedsWeights)
    os << "/* The packed weights, aligned to a page: the whole file, mapped. */\n"
       << "#define " << macro << "_WEIGHTS_BYTES " << info.weightsBytes << "u\n";
  for (auto [i, tensor] : enumerate(info.inputs))
    describe(os, tensor, "input", i, macro);
  for (auto [i, tensor] : enumerate(info.outputs))
    describe(os, tensor, "output", i, macro);

  os << "\n/* Symbols carry a hash of this header: an object that was made with another one does not link. */\n"
     << "#if defined(__GNUC__) && defined(__ELF__)\n"
     << "#define NNCC_SYMBOL(name) __asm__(name)\n#else\n#define NNCC_SYMBOL(name)\n#endif\n"
     << "/* Runs the model once; 0 or an nncc_status. exec may be NULL: the calling thread alone. */\n"
     << "int " << info.name << "_run(";
  StringMap<unsigned> taken = {{"arena", 1}, {"exec", 1}, {"weights", 1}};
  for (const TensorInfo &tensor : info.inputs)
    os << parameter(tensor, /*isInput=*/true, taken) << ",\n    ";
  for (const TensorInfo &tensor : info.outputs)
    os << parameter(tensor, /*isInput=*/false, taken) << ",\n    ";
  os << (info.embedsWeights ? "" : "const void *weights, ") << "void *arena, const nncc_exec *exec)\n"
     << "    NNCC_SYMBOL(\"" << info.name << "_run_abi_" << hash << "\");\n"
     << "/* The descriptor, for callers that learn about the model at run time. */\n"
     << "const nncc_model *" << info.name << "_model(void)\n"
     << "    NNCC_SYMBOL(\"" << info.name << "_model_abi_" << hash << "\");\n"
     << "#undef NNCC_SYMBOL\n\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
}
} // namespace

Header buildHeader(const ModelInfo &info) {
  std::string promised;
  raw_string_ostream draft(promised);
  print(draft, info, "");
  Header header;
  header.abiHash = utohexstr(xxh3_64bits(arrayRefFromStringRef(promised)), /*LowerCase=*/true, 16);
  raw_string_ostream os(header.text);
  print(os, info, header.abiHash);
  return header;
}

} // namespace nncc
