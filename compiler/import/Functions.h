// A model's local functions, with what libonnx's messages do not know yet: overloads and default attributes.
#pragma once
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <onnx/onnx_pb.h>
#include <vector>

namespace nncc {

/// Domain to version; the domain "ai.onnx" is "".
using Opsets = llvm::StringMap<int64_t>;
inline llvm::StringRef normalizedDomain(llvm::StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

struct LocalFunction {
  const onnx::FunctionProto *proto;
  std::string overload;
  std::vector<onnx::AttributeProto> defaults;
  Opsets opsets;
};

/// Null where a default attribute cannot be parsed.
std::unique_ptr<LocalFunction> readFunction(const onnx::FunctionProto &proto);
/// NodeProto's field of the same name.
llvm::StringRef overloadOf(const onnx::NodeProto &node);
/// The key of functions: domain, name and overload.
std::string functionKey(llvm::StringRef domain, llvm::StringRef name, llvm::StringRef overload);
/// Its name, or what stands for one.
llvm::StringRef nodeName(const onnx::NodeProto &node);

} // namespace nncc
