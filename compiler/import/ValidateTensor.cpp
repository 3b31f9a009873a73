// The message gate for tensors: dimensions, and as many bytes as they say, in the message or in a file; see Validate.h.
#include "compiler/import/Diagnostics.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include "compiler/import/ReadExternal.h"
#include "compiler/import/ReadWire.h"
#include "compiler/import/Validate.h"
#include <google/protobuf/unknown_field_set.h>
using namespace mlir;
using namespace nncc;

void Validator::checkTensor(const onnx::TensorProto &tensor, const std::string &what, Location loc) {
  auto fail = [&] { return error(loc) << what << " "; };
  const ElementType *type = findElementType(tensor.data_type());
  if (!type) {
    fail() << "has no element type with the number " << tensor.data_type();
    return;
  }
  ArrayRef<int64_t> dims(tensor.dims().data(), tensor.dims_size());
  if (llvm::any_of(dims, [](int64_t dim) { return dim < 0; })) {
    fail() << "has a negative dimension";
    return;
  }
  std::optional<int64_t> elements = checkedSize(dims);
  if (!elements || !checkedSize(dims, 16) || dims.size() > limits::rank) {
    fail() << "has more elements or dimensions than can be addressed";
    return;
  }
  if (tensor.has_segment())
    fail() << "is stored in segments, which is not supported";
  std::optional<ArrayRef<char>> left =
      leftInFile(tensor, ArrayRef(file.buffer().getBufferStart(), file.buffer().getBufferSize()));
  if (left)
    file.payloads[&tensor] = *left;
  unsigned fields = (tensor.has_raw_data() || left) + !tensor.float_data().empty() + !tensor.double_data().empty() +
                    !tensor.int32_data().empty() + !tensor.int64_data().empty() + !tensor.uint64_data().empty() +
                    !tensor.string_data().empty();
  bool external = tensor.data_location() == onnx::TensorProto::EXTERNAL;
  if (external ? fields > 0 : fields > 1) {
    fail() << "has its data in more than one place";
    return;
  }
  // The place of a payload is a field of our own; see ReadWire.cpp.
  unsigned unknown = 0;
  for (int i = 0; i < tensor.unknown_fields().field_count(); ++i)
    unknown += tensor.unknown_fields().field(i).number() != 16;
  if (unknown > unsigned(left.has_value()))
    fail() << "has a field that nncc does not know";
  if (external && !findExternal(tensor, what, loc))
    return;
  checkPayload(tensor, what, *elements, type->bytes, loc);
}

void Validator::checkPayload(const onnx::TensorProto &tensor, const std::string &what, int64_t elements,
                             unsigned elementBytes, Location loc) {
  auto expect = [&](int64_t expected, int64_t got, StringRef unit) {
    if (expected != got)
      error(loc) << what << " has " << got << " " << unit << ", its dimensions need " << expected;
  };
  if (std::optional<ArrayRef<char>> payload = file.payload(tensor)) {
    if (tensor.data_type() == onnx::TensorProto::STRING)
      error(loc) << what << " has strings as raw data";
    else if (elementBytes)
      expect(elements * elementBytes, int64_t(payload->size()), "bytes");
    return;
  }
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    return expect(elements, tensor.float_data_size(), "values");
  case onnx::TensorProto::DOUBLE:
    return expect(elements, tensor.double_data_size(), "values");
  case onnx::TensorProto::INT64:
    return expect(elements, tensor.int64_data_size(), "values");
  case onnx::TensorProto::UINT32:
  case onnx::TensorProto::UINT64:
    return expect(elements, tensor.uint64_data_size(), "values");
  case onnx::TensorProto::STRING:
    return expect(elements, tensor.string_data_size(), "values");
  case onnx::TensorProto::COMPLEX64:
    return expect(2 * elements, tensor.float_data_size(), "values");
  case onnx::TensorProto::COMPLEX128:
    return expect(2 * elements, tensor.double_data_size(), "values");
  default:
    // Several elements of less than a byte share a value; such types are refused where they are used.
    if (elementBytes)
      expect(elements, tensor.int32_data_size(), "values");
  }
}

bool Validator::findExternal(const onnx::TensorProto &tensor, const std::string &what, Location loc) {
  StringRef location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    uint64_t number;
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      if (StringRef(entry.value()).getAsInteger(10, number)) {
        error(loc) << what << " has the " << entry.key() << " " << quoted(entry.value()) << ", which is no number";
        return false;
      }
      if (entry.key() == "offset")
        offset = number;
      else
        length = number;
    }
  }
  auto [mapped, inserted] = file.externalFiles.try_emplace(location);
  if (inserted) {
    auto opened = mapExternal(file.externalRoot, location);
    if (!opened) {
      error(loc) << what << ": " << llvm::toString(opened.takeError());
      return false;
    }
    mapped->second = std::move(*opened);
  }
  // Reported where the file was first asked for.
  if (!mapped->second)
    return false;
  uint64_t size = mapped->second->getBufferSize();
  if (offset > size || (length && *length > size - offset)) {
    error(loc) << what << " lies beyond the end of external file " << quoted(location) << " of " << size << " bytes";
    return false;
  }
  ArrayRef<char> bytes(mapped->second->getBufferStart() + offset, length.value_or(size - offset));
  // Without a length the file may go on behind the tensor.
  const ElementType *type = findElementType(tensor.data_type());
  auto needed = checkedSize(ArrayRef<int64_t>(tensor.dims().data(), tensor.dims_size()), type->bytes);
  if (!length && needed && uint64_t(*needed) <= bytes.size())
    bytes = bytes.take_front(size_t(*needed));
  file.payloads[&tensor] = bytes;
  return true;
}
