#include "core/tensor_view.h"

#include <array>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::core {

namespace {

constexpr std::array kAll = {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64,
                             DType::kUint8,   DType::kUint32,  DType::kUint64};

}  // namespace

std::size_t SizeOf(DType dtype) {
  switch (dtype) {
    case DType::kUint8: return 1;
    case DType::kFloat32:
    case DType::kInt32:
    case DType::kUint32: return 4;
    case DType::kFloat64:
    case DType::kInt64:
    case DType::kUint64: return 8;
  }
  JOURNEYMAN_CHECK(false, "element type ", static_cast<int>(dtype));
  return 0;
}

const char* Name(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return "float32";
    case DType::kFloat64: return "float64";
    case DType::kInt32: return "int32";
    case DType::kInt64: return "int64";
    case DType::kUint8: return "uint8";
    case DType::kUint32: return "uint32";
    case DType::kUint64: return "uint64";
  }
  JOURNEYMAN_CHECK(false, "element type ", static_cast<int>(dtype));
  return "";
}

DType ParseDType(std::string_view name) {
  std::string known;
  for (const DType dtype : kAll) {
    if (name == Name(dtype)) return dtype;
    known += StrCat(known.empty() ? "" : ", ", Name(dtype));
  }
  throw Error(ExitCode::kBadData, StrCat("unknown element type \"", name, "\"."),
              StrCat("Known are ", known, "."));
}

int64_t ElementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    JOURNEYMAN_CHECK(extent >= 0, "extent ", extent);
    JOURNEYMAN_CHECK(!__builtin_mul_overflow(count, extent, &count),
                     "more elements than 63 bits count");
  }
  return count;
}

namespace internal {

void CheckElementType(DType actual, DType wanted, const void* data) {
  JOURNEYMAN_CHECK(actual == wanted, "the tensor has ", Name(actual), ", wanted ", Name(wanted));
  JOURNEYMAN_CHECK(reinterpret_cast<std::uintptr_t>(data) % SizeOf(actual) == 0,
                   "data of a ", Name(actual), " tensor is not aligned");
}

void CheckElementCount(std::span<const int64_t> shape, std::size_t actual) {
  const int64_t wanted = ElementCount(shape);
  JOURNEYMAN_CHECK(static_cast<uint64_t>(wanted) == actual, "the shape holds ", wanted,
                   " elements, given ", actual);
}

}  // namespace internal

}  // namespace journeyman::core
