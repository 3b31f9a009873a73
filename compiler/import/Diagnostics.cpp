// Locations of nodes and the printing of diagnostics; see Diagnostics.h.
#include "compiler/import/Diagnostics.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/ConvertUTF.h"
using namespace mlir;
using namespace nncc;

constexpr llvm::StringLiteral limitTag = "nncc.limit";
constexpr size_t maxName = 120, maxMessage = 8000;
constexpr unsigned maxWarnings = 8;

Location nncc::fileLocation(MLIRContext *context, StringRef file) { return FileLineColLoc::get(context, file, 0, 0); }

Location nncc::nodeLocation(MLIRContext *context, StringRef file, StringRef name, StringRef opType, int64_t opset,
                            unsigned index) {
  Location position = FileLineColLoc::get(context, file, index + 1, 0);
  auto form = StringAttr::get(context, opType + ", opset " + Twine(opset));
  return NameLoc::get(StringAttr::get(context, name), FusedLoc::get(context, position, form));
}

/// Appends `text` so that every byte is printable UTF-8.
static void escape(StringRef text, std::string &out) {
  for (size_t i = 0; i < text.size();) {
    auto *source = reinterpret_cast<const llvm::UTF8 *>(text.data()) + i;
    size_t size = llvm::getNumBytesForUTF8(*source);
    bool legal = size <= text.size() - i && llvm::isLegalUTF8Sequence(source, source + size);
    // 0xC2 0x80..0x9F are the second set of control characters.
    bool control = *source < 0x20 || *source == 0x7f || (legal && *source == 0xC2 && source[1] < 0xA0);
    if (legal && !control) {
      out.append(text.data() + i, size);
      i += size;
      continue;
    }
    size = legal ? size : 1;
    for (size_t j = 0; j < size; ++j) {
      out += "\\x";
      out += llvm::hexdigit(source[j] >> 4);
      out += llvm::hexdigit(source[j] & 15);
    }
    i += size;
  }
}

static std::string shorten(StringRef text, size_t limit) {
  if (text.size() <= limit)
    return text.str();
  return (text.take_front(limit / 2) + "..." + text.take_back(limit / 2)).str();
}

std::string nncc::quoted(StringRef name) {
  std::string out = "'";
  escape(shorten(name, maxName), out);
  return out + "'";
}

InFlightDiagnostic nncc::emitLimit(Location loc) {
  InFlightDiagnostic diagnostic = emitError(loc);
  auto tag = StringAttr::get(loc.getContext(), limitTag);
  diagnostic.getUnderlyingDiagnostic()->getMetadata().push_back(DiagnosticArgument(tag));
  return diagnostic;
}

/// The innermost node of a location, whatever calls and fusions surround it, and its "Conv, opset 11".
static std::pair<NameLoc, StringAttr> findNode(Location loc) {
  NameLoc name;
  StringAttr form;
  loc->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner); named && !name)
      name = named;
    auto fused = dyn_cast<FusedLoc>(inner);
    if (!name || !fused)
      return WalkResult::advance();
    form = dyn_cast_or_null<StringAttr>(fused.getMetadata());
    return WalkResult::interrupt();
  });
  return {name, form};
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext *context, StringRef file, raw_ostream &os, unsigned maxLines)
    : file(file), os(os), maxLines(maxLines), handler(context, [this](Diagnostic &diagnostic) { print(diagnostic); }) {
  context->printOpOnDiagnostic(false);
  context->printStackTraceOnDiagnostic(false);
}

void DiagnosticPrinter::print(Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
    ++errorCount;
  // Warnings leave room for errors.
  if (diagnostic.getSeverity() == DiagnosticSeverity::Warning && ++warningCount > maxWarnings) {
    leftOut += 1 + llvm::range_size(diagnostic.getNotes());
    return;
  }
  for (DiagnosticArgument &argument : diagnostic.getMetadata())
    if (argument.getKind() == DiagnosticArgument::DiagnosticArgumentKind::Attribute &&
        argument.getAsAttribute() == StringAttr::get(argument.getAsAttribute().getContext(), limitTag))
      limit = true;
  printLine(diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    printLine(note);
}

static StringRef severityName(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("unknown severity");
}

void DiagnosticPrinter::printLine(Diagnostic &diagnostic) {
  // The last line is kept for saying how many there were.
  if (lines + 1 >= maxLines) {
    ++leftOut;
    return;
  }
  ++lines;
  std::string text, line;
  escape(file, line);
  line += (": " + severityName(diagnostic.getSeverity()) + ": ").str();
  auto [name, form] = findNode(diagnostic.getLocation());
  if (name) {
    line += "node " + quoted(name.getName());
    if (form)
      escape(" (" + shorten(form.getValue(), maxName) + ")", line);
    line += ": ";
  }
  std::string message = diagnostic.str();
  // "'nn.conv' op ": the node's own operator stands before it already.
  StringRef body = message;
  if (name && body.starts_with("'"))
    if (size_t end = body.find("' op "); end != StringRef::npos)
      body = body.drop_front(end + 5);
  escape(shorten(body, maxMessage), text);
  os << line << text << '\n';
}

DiagnosticPrinter::~DiagnosticPrinter() {
  if (!leftOut)
    return;
  std::string name;
  escape(file, name);
  os << name << ": note: " << leftOut << " more lines were left out\n";
}
