// The generated C header of a model.
#pragma once
#include "compiler/emit/ModelInfo.h"

namespace nncc {

struct Header {
  std::string text;
  /// Sixteen hexadecimal digits of everything that the header promises; part of the symbols that it declares, so that
  /// an object made with another header does not link.
  std::string abiHash;
};

Header buildHeader(const ModelInfo &info);

} // namespace nncc
