// The table of element types; see ElementTypes.h.
#include "compiler/import/ElementTypes.h"
#include "compiler/import/Limits.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
using namespace mlir;
using namespace nncc;

constexpr ElementType elementTypes[] = {
    {1, "float", 4},         {2, "uint8", 1},           {3, "int8", 1},         {4, "uint16", 2},
    {5, "int16", 2},         {6, "int32", 4},           {7, "int64", 8},        {8, "string", 0},
    {9, "bool", 1},          {10, "float16", 2},        {11, "double", 8},      {12, "uint32", 4},
    {13, "uint64", 8},       {14, "complex64", 8},      {15, "complex128", 16}, {16, "bfloat16", 2},
    {17, "float8e4m3fn", 1}, {18, "float8e4m3fnuz", 1}, {19, "float8e5m2", 1},  {20, "float8e5m2fnuz", 1},
    {21, "uint4", 0},        {22, "int4", 0},           {23, "float4e2m1", 0},  {24, "float8e8m0", 1},
    {25, "uint2", 0},        {26, "int2", 0},
};

const ElementType *nncc::findElementType(int number) {
  const ElementType *found = llvm::find_if(elementTypes, [&](const ElementType &t) { return t.number == number; });
  return found == std::end(elementTypes) ? nullptr : found;
}

Type nncc::importElementType(MLIRContext *context, int number) {
  auto integer = [&](unsigned width, bool isSigned) {
    return IntegerType::get(context, width, isSigned ? IntegerType::Signed : IntegerType::Unsigned);
  };
  switch (number) {
  case 1:
    return Float32Type::get(context);
  case 2:
    return integer(8, false);
  case 3:
    return integer(8, true);
  case 4:
    return integer(16, false);
  case 5:
    return integer(16, true);
  case 6:
    return integer(32, true);
  case 7:
    return integer(64, true);
  case 9:
    return IntegerType::get(context, 1);
  case 10:
    return Float16Type::get(context);
  case 11:
    return Float64Type::get(context);
  case 12:
    return integer(32, false);
  case 13:
    return integer(64, false);
  case 16:
    return BFloat16Type::get(context);
  default:
    return nullptr;
  }
}

int nncc::elementTypeNumber(Type type) {
  for (const ElementType &known : elementTypes)
    if (importElementType(type.getContext(), known.number) == type)
      return known.number;
  return 0;
}

StringRef nncc::elementTypeName(Type type) {
  const ElementType *known = findElementType(elementTypeNumber(type));
  return known ? StringRef(known->name) : "unknown";
}

std::optional<int64_t> nncc::checkedSize(ArrayRef<int64_t> dims, int64_t bytes) {
  // A zero makes the size zero, but the other dimensions must still multiply, since strides are computed from them.
  int64_t size = bytes;
  for (int64_t dim : dims)
    if (dim < 0 || llvm::MulOverflow(size, std::max<int64_t>(dim, 1), size) || size > limits::tensorBytes)
      return std::nullopt;
  return llvm::is_contained(dims, 0) ? 0 : size;
}
