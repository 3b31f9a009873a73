// TensorProto to ElementsAttr; see ReadTensor.h.
#include "compiler/import/ReadTensor.h"
#include "compiler/import/Diagnostics.h"
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Error.h"
#include <cstring>
#include <onnx/onnx_pb.h>
using namespace mlir;
using namespace nncc;

template <class T> static void append(T value, SmallVectorImpl<char> &out) {
  out.append(reinterpret_cast<const char *>(&value), reinterpret_cast<const char *>(&value) + sizeof(T));
}

/// Typed fields hold narrow integers widened; one out of range is an error and not a wrap.
template <class T, class Values> static bool appendAll(const Values &values, SmallVectorImpl<char> &out) {
  for (auto value : values) {
    if constexpr (std::is_integral_v<T>)
      if (value < 0 ? std::is_unsigned_v<T> || int64_t(value) < int64_t(std::numeric_limits<T>::min())
                    : uint64_t(value) > uint64_t(std::numeric_limits<T>::max()))
        return false;
    append(T(value), out);
  }
  return true;
}

static bool appendTyped(const onnx::TensorProto &tensor, SmallVectorImpl<char> &out) {
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    return appendAll<float>(tensor.float_data(), out);
  case onnx::TensorProto::DOUBLE:
    return appendAll<double>(tensor.double_data(), out);
  case onnx::TensorProto::INT64:
    return appendAll<int64_t>(tensor.int64_data(), out);
  case onnx::TensorProto::UINT64:
    return appendAll<uint64_t>(tensor.uint64_data(), out);
  case onnx::TensorProto::UINT32:
    return appendAll<uint32_t>(tensor.uint64_data(), out);
  case onnx::TensorProto::INT32:
    return appendAll<int32_t>(tensor.int32_data(), out);
  case onnx::TensorProto::INT16:
    return appendAll<int16_t>(tensor.int32_data(), out);
  case onnx::TensorProto::INT8:
    return appendAll<int8_t>(tensor.int32_data(), out);
  case onnx::TensorProto::UINT8:
    return appendAll<uint8_t>(tensor.int32_data(), out);
  case onnx::TensorProto::BOOL:
    for (int32_t value : tensor.int32_data())
      out.push_back(value != 0);
    return true;
  default: // uint16, float16 and bfloat16, the latter two as bits
    return appendAll<uint16_t>(tensor.int32_data(), out);
  }
}

DenseElementsAttr nncc::denseFromBytes(RankedTensorType type, ArrayRef<char> bytes) {
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> values = llvm::map_to_vector(bytes, [](char c) { return c != 0; });
    return DenseElementsAttr::get(type, values);
  }
  // Dense attributes want their elements aligned.
  SmallVector<uint64_t> aligned((bytes.size() + 7) / 8);
  memcpy(aligned.data(), bytes.data(), bytes.size());
  ArrayRef<char> copy(reinterpret_cast<const char *>(aligned.data()), bytes.size());
  return DenseElementsAttr::getFromRawBuffer(type, copy);
}

ElementsAttr nncc::readTensor(const ModelFile &file, const onnx::TensorProto &tensor, Location loc) {
  Type element = importElementType(loc.getContext(), tensor.data_type());
  if (!element) {
    emitError(loc) << "tensor " << quoted(tensor.name()) << " has element type "
                   << findElementType(tensor.data_type())->name << ", which is not supported";
    return nullptr;
  }
  auto type = RankedTensorType::get(ArrayRef<int64_t>(tensor.dims().data(), tensor.dims_size()), element);
  SmallVector<char, 0> typed;
  ArrayRef<char> bytes;
  std::optional<ArrayRef<char>> payload = file.payload(tensor);
  if (payload) {
    bytes = *payload;
  } else {
    if (!appendTyped(tensor, typed)) {
      emitError(loc) << "tensor " << quoted(tensor.name()) << " has a value out of the range of "
                     << elementTypeName(element);
      return nullptr;
    }
    bytes = typed;
  }
  if (int64_t(bytes.size()) <= limits::inlineBytes)
    return denseFromBytes(type, bytes);
  // A bool is one byte, 0 or 1; any other value counts as true, and the kernels rely on it.
  StringRef name = tensor.name().empty() ? "constant" : StringRef(tensor.name());
  bool odd = element.isInteger(1) && llvm::any_of(bytes, [](char c) { return c & ~1; });
  if (payload && !odd)
    return DenseResourceElementsAttr::get(type, name, UnmanagedAsmResourceBlob::allocateWithAlign(bytes, 1));
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes.size(), 64, /*dataIsMutable=*/true);
  llvm::transform(bytes, blob.getMutableData().begin(), [&](char c) { return odd ? char(c != 0) : c; });
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

bool nncc::appendElement(StringRef text, Type type, SmallVectorImpl<char> &out) {
  if (auto floating = dyn_cast<FloatType>(type)) {
    llvm::APFloat value(floating.getFloatSemantics());
    auto status = value.convertFromString(text, llvm::APFloat::rmNearestTiesToEven);
    if (!status) {
      llvm::consumeError(status.takeError());
      return false;
    }
    uint64_t bits = value.bitcastToAPInt().getZExtValue();
    out.append(reinterpret_cast<const char *>(&bits),
               reinterpret_cast<const char *>(&bits) + type.getIntOrFloatBitWidth() / 8);
    return true;
  }
  auto integer = cast<IntegerType>(type);
  if (integer.getWidth() == 1) {
    if (text != "0" && text != "1" && text != "true" && text != "false")
      return false;
    out.push_back(text == "1" || text == "true");
    return true;
  }
  int64_t value;
  uint64_t natural;
  if (integer.isSigned() ? text.getAsInteger(10, value) || !llvm::isIntN(integer.getWidth(), value)
                         : text.getAsInteger(10, natural) || !llvm::isUIntN(integer.getWidth(), natural))
    return false;
  uint64_t bits = integer.isSigned() ? uint64_t(value) : natural;
  out.append(reinterpret_cast<const char *>(&bits), reinterpret_cast<const char *>(&bits) + integer.getWidth() / 8);
  return true;
}
