// Names.h's implementation.
#include "compiler/emit/Names.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
using namespace llvm;

namespace nncc {
namespace {
// Words of C99 and C++17, and macros or names that the headers which a program includes first may define.
bool isReserved(StringRef word) {
  static const StringSet<> words = [] {
    StringSet<> set;
    SmallVector<StringRef> parts;
    StringRef(
        "alignas alignof and and_eq asm assert atomic_cancel auto bitand bitor bool break case catch char char8_t "
        "char16_t char32_t class co_await co_return co_yield compl complex concept const const_cast consteval "
        "constexpr constinit continue decltype default delete do double dynamic_cast else enum errno explicit "
        "export extern false fileno final float for friend fortran goto i386 if imaginary import inline int isfinite "
        "isinf isnan isnormal linux long major minor makedev module mutable namespace near far new noexcept noreturn "
        "not not_eq nullptr offsetof operator or or_eq override private protected public reflexpr register "
        "reinterpret_cast requires restrict return short signbit signed sizeof static static_assert static_cast "
        "stderr stdin stdout struct switch synchronized template this thread_local throw true try typedef typeid "
        "typename typeof typeof_unqual union unix unsigned using va_arg va_copy va_end va_start virtual void volatile "
        "vax wchar_t while xor xor_eq")
        .split(parts, ' ', -1, false);
    for (StringRef part : parts)
      set.insert(part);
    return set;
  }();
  return words.contains(word) || word.starts_with("_") || word.contains("__") || word.ends_with("_t") ||
         word.starts_with_insensitive("nncc");
}

bool isIdentifier(StringRef text) {
  return !text.empty() && !isDigit(text.front()) && all_of(text, [](char c) { return isAlnum(c) || c == '_'; });
}

// `text` with everything else than letters and digits as single underscores, none at the ends.
std::string sanitize(StringRef text, size_t limit) {
  std::string out;
  for (char c : text) {
    if (out.size() == limit)
      break;
    if (isAlnum(c))
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && out.back() == '_')
    out.pop_back();
  return out;
}
} // namespace

bool isModelName(StringRef text) { return isIdentifier(text) && text.size() <= 200 && !isReserved(text); }

std::string modelName(StringRef stem) {
  if (isModelName(stem))
    return stem.str();
  std::string name = sanitize(stem, 100);
  return isModelName(name) ? name : name.empty() ? "model" : "model_" + name;
}

std::string parameterName(StringRef name, StringMap<unsigned> &taken) {
  // A word in capitals may be somebody's macro.
  bool plain = isIdentifier(name) && name.size() <= 60 && !isReserved(name) &&
               (name.size() == 1 || name.upper() != name) && name != "I";
  std::string base = plain ? name.str() : StringRef(sanitize(name, 40)).lower();
  if (!plain && (!isIdentifier(base) || isReserved(base)))
    base = "t_" + base;
  if (base.back() == '_')
    base.pop_back();
  unsigned &uses = taken[base];
  if (!uses++)
    return base;
  std::string unique = base + "_" + utostr(uses);
  while (!taken.try_emplace(unique, 1).second)
    unique = base + "_" + utostr(++uses);
  return unique;
}

std::string commentText(StringRef name) {
  std::string out;
  for (char c : name) {
    if (out.size() > 60)
      return out + "...";
    if (isAlnum(c) || StringRef(" _.:,;=+-/()[]<>@#$%&|~^!").contains(c))
      out += c;
    else
      out += "\\x" + utohexstr(static_cast<unsigned char>(c), /*LowerCase=*/true, 2);
  }
  return out;
}

} // namespace nncc
