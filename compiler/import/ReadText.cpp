// The scan before libonnx's text parser, and its call; see ReadText.h.
#include "compiler/import/ReadText.h"
#include "compiler/import/Limits.h"
#include <onnx/defs/parser.h>
using namespace llvm;
using namespace nncc;

/// Refuses nesting that the recursive parser cannot hold, and strings and brackets that don't end.
static Error scan(StringRef text) {
  int depth = 0, line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\n')
      ++line;
    if (c == '\0')
      return createStringError("line " + Twine(line).str() + ": a zero byte is not text");
    if (c == '#') {
      i = text.find('\n', i);
      ++line;
    } else if (c == '"') {
      size_t end = text.find('"', i + 1);
      if (end == StringRef::npos)
        return createStringError("line " + Twine(line).str() + ": the string does not end");
      line += text.slice(i, end).count('\n');
      i = end;
    } else if (StringRef("([{<").contains(c)) {
      if (++depth >= limits::textNesting)
        return createStringError(std::make_error_code(std::errc::value_too_large),
                                 "line " + Twine(line).str() + ": nested deeper than " +
                                     Twine(limits::textNesting).str());
    } else if (StringRef(")]}>").contains(c) && text.substr(i ? i - 1 : 0, 2) != "=>") {
      --depth;
    }
    if (i == StringRef::npos)
      break;
  }
  return Error::success();
}

Error nncc::readText(StringRef text, onnx::ModelProto &model) {
  if (Error error = scan(text))
    return error;
  std::string terminated = text.str();
  onnx::OnnxParser parser(terminated.c_str());
  // The one place where something may throw: the parser converts numbers with std::stoll and std::stof.
  try {
    onnx::Common::Status status = parser.Parse(model);
    if (!status.IsOK()) {
      // "[ParseError at position (line: 3 column: 5)]\nError context: ...\nwhat": the position and what.
      StringRef message = status.ErrorMessage();
      StringRef position = message.substr(message.find('(')).split(')').first.drop_front();
      return createStringError(position.str() + ": " + message.rtrim().rsplit('\n').second.str());
    }
  } catch (const std::exception &) {
    return createStringError("a number does not fit its type");
  }
  if (!parser.EndOfInput())
    return createStringError("text after the model's end");
  return Error::success();
}
