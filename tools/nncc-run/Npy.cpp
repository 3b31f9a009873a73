// Reads and writes numpy's .npy files: a magic number, a Python literal that says type, order and shape, the elements.
#include "Error.h"
#include "Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace nncc::run;

namespace {
struct Descr {
  uint32_t type;
  llvm::StringRef text;
};
} // namespace

/// bfloat16 has no name of its own in numpy: two opaque bytes, as ml_dtypes writes it.
static constexpr Descr descrs[] = {
    {NNCC_FLOAT, "<f4"}, {NNCC_DOUBLE, "<f8"}, {NNCC_FLOAT16, "<f2"}, {NNCC_BFLOAT16, "<V2"}, {NNCC_BOOL, "|b1"},
    {NNCC_UINT8, "|u1"}, {NNCC_INT8, "|i1"},   {NNCC_UINT16, "<u2"},  {NNCC_INT16, "<i2"},    {NNCC_UINT32, "<u4"},
    {NNCC_INT32, "<i4"}, {NNCC_UINT64, "<u8"}, {NNCC_INT64, "<i8"},   {NNCC_BFLOAT16, "|V2"}};

/// What follows `'key':` in the header.
static llvm::StringRef valueOf(llvm::StringRef header, llvm::StringRef key) {
  size_t at = header.find(key);
  return at == llvm::StringRef::npos ? "" : header.substr(at + key.size()).ltrim(" :");
}

/// "(2, 3), ...": the extents.
static bool parseShape(llvm::StringRef text, llvm::SmallVectorImpl<int64_t> &shape) {
  size_t end = text.find(')');
  if (!text.consume_front("(") || end == llvm::StringRef::npos)
    return false;
  llvm::SmallVector<llvm::StringRef> parts;
  text.take_front(end - 1).split(parts, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    int64_t extent;
    if (part.trim().empty())
      continue;
    if (part.trim().getAsInteger(10, extent) || extent < 0)
      return false;
    shape.push_back(extent);
  }
  return true;
}

/// Elements in Fortran's order (first index fastest) to C's.
static std::vector<uint8_t> toRowMajor(llvm::ArrayRef<uint8_t> data, llvm::ArrayRef<int64_t> shape, unsigned bytes) {
  std::vector<uint8_t> result(data.size());
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  for (size_t to = 0; to < data.size(); to += bytes) {
    uint64_t from = 0;
    for (size_t i = shape.size(); i-- > 0;)
      from = from * shape[i] + index[i];
    std::memcpy(&result[to], &data[from * bytes], bytes);
    for (size_t i = shape.size(); i-- > 0 && ++index[i] == shape[i];)
      index[i] = 0;
  }
  return result;
}

llvm::Expected<Tensor> nncc::run::parseNpy(llvm::StringRef path, llvm::StringRef contents) {
  auto bad = [&](const llvm::Twine &why) { return fail(ExitCode::Usage, path + ": " + why); };
  llvm::StringRef rest = contents;
  if (!rest.consume_front("\x93NUMPY") || rest.empty())
    return bad("not a .npy file");
  unsigned lengthBytes = rest[0] == 1 ? 2 : 4;
  if (rest.size() < 2 + lengthBytes)
    return bad("the header is truncated");
  uint64_t length = lengthBytes == 2 ? llvm::support::endian::read16le(rest.data() + 2)
                                     : llvm::support::endian::read32le(rest.data() + 2);
  rest = rest.drop_front(2 + lengthBytes);
  if (rest.size() < length)
    return bad("the header is truncated");
  llvm::StringRef header = rest.take_front(length), data = rest.drop_front(length);
  Tensor tensor;
  llvm::StringRef descr =
      valueOf(header, "'descr'").ltrim("'").take_until([](char c) { return c == '\'' || c == ','; });
  auto known = llvm::find_if(descrs, [&](const Descr &known) { return known.text == descr; });
  if (known == std::end(descrs))
    return bad("element type '" + descr + "' is not supported");
  tensor.type = known->type;
  if (!parseShape(valueOf(header, "'shape'"), tensor.shape))
    return bad("the header has no shape");
  if (!hasBytes(tensor.type, tensor.shape, data.size()))
    return bad(describe(tensor.type, tensor.shape) + " does not fit the " + llvm::Twine(data.size()) +
               " bytes of data");
  if (valueOf(header, "'fortran_order'").starts_with("True"))
    tensor.data = toRowMajor({data.bytes_begin(), data.size()}, tensor.shape, elementBytes(tensor.type));
  else
    tensor.data.assign(data.bytes_begin(), data.bytes_end());
  return tensor;
}

llvm::Error nncc::run::writeNpy(llvm::StringRef path, const nncc_tensor &tensor, const uint8_t *data) {
  const Descr *descr = llvm::find_if(descrs, [&](const Descr &known) { return known.type == tensor.type; });
  std::string header = "{'descr': '" + descr->text.str() + "', 'fortran_order': False, 'shape': (";
  for (uint32_t i = 0; i < tensor.rank; i++)
    header += std::to_string(tensor.shape[i]) + ", ";
  header += "), }";
  uint64_t length = llvm::alignTo(10 + header.size() + 1, 64) - 10;
  header.resize(length - 1, ' ');
  header += '\n';
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (!error) {
    os << llvm::StringRef("\x93NUMPY\x01\x00", 8) << char(length & 255) << char(length >> 8) << header;
    os.write(reinterpret_cast<const char *>(data), tensor.bytes);
    os.close();
    error = os.error();
    os.clear_error();
  }
  if (error)
    return fail(ExitCode::Resource, path + ": " + error.message());
  return llvm::Error::success();
}
