// Element types and single elements; the file formats are in Npy.cpp and Proto.cpp.
#include "Tensor.h"
#include "Error.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>

using namespace nncc::run;

llvm::StringRef nncc::run::typeName(uint32_t type) {
  switch (type) {
  case NNCC_FLOAT:
    return "float32";
  case NNCC_UINT8:
    return "uint8";
  case NNCC_INT8:
    return "int8";
  case NNCC_UINT16:
    return "uint16";
  case NNCC_INT16:
    return "int16";
  case NNCC_INT32:
    return "int32";
  case NNCC_INT64:
    return "int64";
  case NNCC_BOOL:
    return "bool";
  case NNCC_FLOAT16:
    return "float16";
  case NNCC_DOUBLE:
    return "float64";
  case NNCC_UINT32:
    return "uint32";
  case NNCC_UINT64:
    return "uint64";
  case NNCC_BFLOAT16:
    return "bfloat16";
  }
  return "unknown type";
}

bool nncc::run::isFloat(uint32_t type) {
  return type == NNCC_FLOAT || type == NNCC_DOUBLE || type == NNCC_FLOAT16 || type == NNCC_BFLOAT16;
}

std::string nncc::run::describe(uint32_t type, llvm::ArrayRef<int64_t> shape) {
  std::string text = typeName(type).str() + "[";
  for (size_t i = 0; i < shape.size(); i++)
    text += (i ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string nncc::run::describe(const nncc_tensor &tensor) {
  return describe(tensor.type, {tensor.shape, tensor.rank});
}

bool nncc::run::hasBytes(uint32_t type, llvm::ArrayRef<int64_t> shape, uint64_t bytes) {
  bool wraps = false, empty = false;
  uint64_t product = elementBytes(type);
  for (int64_t extent : shape) {
    if (extent < 0)
      return false;
    empty |= extent == 0;
    bool step;
    product = llvm::SaturatingMultiply<uint64_t>(product, extent ? extent : 1, &step);
    wraps |= step;
  }
  return empty ? bytes == 0 : !wraps && product == bytes;
}

static double halfToDouble(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double magnitude;
  if (exponent == 31)
    magnitude = mantissa ? NAN : INFINITY;
  else
    magnitude = exponent ? std::ldexp(mantissa + 1024, exponent - 25) : std::ldexp(mantissa, -24);
  return bits & 0x8000 ? -magnitude : magnitude;
}

template <class T> static T load(const uint8_t *data, uint64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

double nncc::run::element(uint32_t type, const uint8_t *data, uint64_t index) {
  switch (type) {
  case NNCC_FLOAT:
    return load<float>(data, index);
  case NNCC_DOUBLE:
    return load<double>(data, index);
  case NNCC_FLOAT16:
    return halfToDouble(load<uint16_t>(data, index));
  case NNCC_BFLOAT16:
    return llvm::bit_cast<float>(uint32_t(load<uint16_t>(data, index)) << 16);
  case NNCC_BOOL:
    return data[index] != 0;
  case NNCC_UINT8:
    return data[index];
  case NNCC_INT8:
    return load<int8_t>(data, index);
  case NNCC_UINT16:
    return load<uint16_t>(data, index);
  case NNCC_INT16:
    return load<int16_t>(data, index);
  case NNCC_INT32:
    return load<int32_t>(data, index);
  case NNCC_UINT32:
    return load<uint32_t>(data, index);
  case NNCC_INT64:
    return double(load<int64_t>(data, index));
  case NNCC_UINT64:
    return double(load<uint64_t>(data, index));
  }
  return NAN;
}

std::string nncc::run::elementText(uint32_t type, const uint8_t *data, uint64_t index) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (type == NNCC_BOOL)
    os << (data[index] ? "true" : "false");
  else if (type == NNCC_INT64)
    os << load<int64_t>(data, index);
  else if (type == NNCC_UINT64)
    os << load<uint64_t>(data, index);
  else
    os << llvm::format(type == NNCC_DOUBLE ? "%.17g" : "%.9g", element(type, data, index));
  return text;
}

llvm::Expected<Tensor> nncc::run::readTensor(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return fail(ExitCode::Usage, path + ": " + file.getError().message());
  if (path.ends_with(".npy"))
    return parseNpy(path, (*file)->getBuffer());
  if (path.ends_with(".pb"))
    return parseProto(path, (*file)->getBuffer());
  return fail(ExitCode::Usage, path + ": expected a .npy or .pb file");
}
