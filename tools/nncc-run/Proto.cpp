// Reads a tensor from ONNX's TensorProto, as the test_data_set folders of models hold them.
#include "Error.h"
#include "Tensor.h"
#include <cstring>
#include <onnx/onnx_pb.h>

using namespace nncc::run;

/// Appends the values of a repeated field as elements of `bytes` bytes; ONNX stores narrow types in wider fields.
template <class Field> static void append(std::vector<uint8_t> &data, const Field &values, unsigned bytes) {
  data.resize(values.size() * size_t(bytes));
  for (int i = 0; i < values.size(); i++) {
    auto value = values.Get(i);
    std::memcpy(data.data() + i * size_t(bytes), &value, bytes); // little endian: the low bytes come first
  }
}

llvm::Expected<Tensor> nncc::run::parseProto(llvm::StringRef path, llvm::StringRef contents) {
  onnx::TensorProto proto;
  if (contents.size() > INT32_MAX || !proto.ParseFromArray(contents.data(), int(contents.size())))
    return fail(ExitCode::Usage, path + ": not a TensorProto");
  Tensor tensor;
  tensor.name = proto.name();
  tensor.type = uint32_t(proto.data_type());
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  unsigned bytes = elementBytes(tensor.type);
  if (!bytes)
    return fail(ExitCode::Usage, path + ": element type " + llvm::Twine(tensor.type) + " is not supported");
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return fail(ExitCode::Usage, path + ": external data is not supported here");
  if (proto.has_raw_data())
    tensor.data.assign(proto.raw_data().begin(), proto.raw_data().end());
  else if (tensor.type == NNCC_FLOAT)
    append(tensor.data, proto.float_data(), bytes);
  else if (tensor.type == NNCC_DOUBLE)
    append(tensor.data, proto.double_data(), bytes);
  else if (tensor.type == NNCC_INT64)
    append(tensor.data, proto.int64_data(), bytes);
  else if (tensor.type == NNCC_UINT32 || tensor.type == NNCC_UINT64)
    append(tensor.data, proto.uint64_data(), bytes);
  else
    append(tensor.data, proto.int32_data(), bytes);
  if (!hasBytes(tensor.type, tensor.shape, tensor.data.size()))
    return fail(ExitCode::Usage, path + ": " + describe(tensor.type, tensor.shape) + " does not fit the " +
                                     llvm::Twine(tensor.data.size()) + " bytes of data");
  return tensor;
}
