// The wire-format walk; see ReadWire.h. It copies every field of every message on the way to a tensor, except payloads.
#include "compiler/import/ReadWire.h"
#include "compiler/import/Limits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>
#include <onnx/onnx_pb.h>
using namespace llvm;
using namespace nncc;
using google::protobuf::UnknownField;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

namespace {

enum class Message { Model, Graph, Node, Attribute, Tensor, SparseTensor, Function };

struct Nested {
  Message message;
  int field;
  Message child;
};

/// Every field through which a tensor can be reached.
constexpr Nested nestedFields[] = {
    {Message::Model, 7, Message::Graph},
    {Message::Model, 25, Message::Function},
    {Message::Graph, 1, Message::Node},
    {Message::Graph, 5, Message::Tensor},
    {Message::Graph, 15, Message::SparseTensor},
    {Message::Node, 5, Message::Attribute},
    {Message::Attribute, 5, Message::Tensor},
    {Message::Attribute, 6, Message::Graph},
    {Message::Attribute, 10, Message::Tensor},
    {Message::Attribute, 11, Message::Graph},
    {Message::Attribute, 22, Message::SparseTensor},
    {Message::Attribute, 23, Message::SparseTensor},
    {Message::SparseTensor, 1, Message::Tensor},
    {Message::SparseTensor, 2, Message::Tensor},
    {Message::Function, 7, Message::Node},
    {Message::Function, 11, Message::Attribute},
};

/// TensorProto's payloads that lie in the message as they lie in memory: float_data, raw_data, double_data.
constexpr int floatData = 4, rawData = 9, doubleData = 10;
/// The field, unknown to ONNX, that stands for a payload: its offset and its length. A file that has it is refused.
constexpr int placeField = 536'000'000;

class Walk {
public:
  explicit Walk(ArrayRef<char> bytes) : bytes(bytes) {}
  Error message(Message kind, size_t begin, size_t end, unsigned depth, std::string &out);

private:
  Error broken(size_t at) {
    return createStringError("not an ONNX model: no valid field at byte " + Twine(at).str() + " of " +
                             Twine(bytes.size()).str() + (truncated ? ", the file is truncated" : ""));
  }
  ArrayRef<char> bytes;
  bool truncated = false;
};

void appendVarint(uint64_t value, std::string &out) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(char(value | 0x80));
  out.push_back(char(value));
}

void appendFixed64(uint64_t value, std::string &out) {
  for (int i = 0; i < 8; ++i)
    out.push_back(char(value >> (8 * i)));
}

Error Walk::message(Message kind, size_t begin, size_t end, unsigned depth, std::string &out) {
  if (depth > 3 * limits::subgraphDepth + 8)
    return createStringError(std::make_error_code(std::errc::value_too_large),
                             "sub-graphs are nested deeper than " + Twine(limits::subgraphDepth).str());
  CodedInputStream in(reinterpret_cast<const uint8_t *>(bytes.data()) + begin, int(end - begin));
  auto position = [&] { return begin + size_t(in.CurrentPosition()); };
  while (size_t(in.CurrentPosition()) < end - begin) {
    size_t start = position();
    uint32_t tag = in.ReadTag();
    int field = WireFormatLite::GetTagFieldNumber(tag);
    if (!tag || !field || field == placeField)
      return broken(start);
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) {
        truncated = position() == end && end == bytes.size();
        return broken(start);
      }
      out.append(bytes.data() + start, position() - start);
      continue;
    }
    uint32_t length;
    if (!in.ReadVarint32(&length) || length > end - position()) {
      truncated = kind == Message::Model || end == bytes.size();
      return broken(start);
    }
    size_t body = position();
    if (!in.Skip(int(length)))
      return broken(start);
    const Nested *nested =
        find_if(nestedFields, [&](const Nested &n) { return n.message == kind && n.field == field; });
    if (nested != std::end(nestedFields)) {
      std::string child;
      if (Error error = message(nested->child, body, body + length, depth + 1, child))
        return error;
      appendVarint(tag, out);
      appendVarint(child.size(), out);
      out += child;
    } else if (kind == Message::Tensor && length > limits::inlineBytes &&
               (field == floatData || field == rawData || field == doubleData)) {
      std::string place;
      appendFixed64(body, place);
      appendFixed64(length, place);
      appendVarint(WireFormatLite::MakeTag(placeField, WireFormatLite::WIRETYPE_LENGTH_DELIMITED), out);
      appendVarint(place.size(), out);
      out += place;
    } else {
      out.append(bytes.data() + start, body + length - start);
    }
  }
  return Error::success();
}

} // namespace

Error nncc::readWire(ArrayRef<char> bytes, onnx::ModelProto &model) {
  // libonnx's protobuf writes to standard error by itself.
  google::protobuf::SetLogHandler(nullptr);
  std::string graph;
  if (Error error = Walk(bytes).message(Message::Model, 0, bytes.size(), 0, graph))
    return error;
  CodedInputStream in(reinterpret_cast<const uint8_t *>(graph.data()), int(graph.size()));
  in.SetRecursionLimit(4 * limits::subgraphDepth);
  if (!model.ParsePartialFromCodedStream(&in) || !in.ConsumedEntireMessage())
    return createStringError("not an ONNX model: broken protobuf message");
  return Error::success();
}

std::optional<ArrayRef<char>> nncc::leftInFile(const onnx::TensorProto &tensor, ArrayRef<char> bytes) {
  const google::protobuf::UnknownFieldSet &unknown = tensor.unknown_fields();
  for (int i = 0; i < unknown.field_count(); ++i) {
    const UnknownField &field = unknown.field(i);
    if (field.number() != placeField)
      continue;
    auto read = [&](size_t at) {
      uint64_t value = 0;
      for (int j = 0; j < 8; ++j)
        value |= uint64_t(uint8_t(field.length_delimited()[at + j])) << (8 * j);
      return value;
    };
    return bytes.slice(read(0), read(8));
  }
  return std::nullopt;
}
