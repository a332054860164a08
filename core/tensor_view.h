#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/check.h"

namespace journeyman::core {

enum class DType { kFloat32, kFloat64, kInt32, kInt64, kUint8, kUint32, kUint64 };

// Bytes of one element.
std::size_t SizeOf(DType dtype);

// "float32", "float64", "int32", "int64", "uint8", "uint32" or "uint64".
const char* Name(DType dtype);

// The inverse of Name; throws Error(kBadData) for any other text.
DType ParseDType(std::string_view name);

template <class T>
constexpr DType DTypeOf() {
  if constexpr (std::is_same_v<T, float>) return DType::kFloat32;
  else if constexpr (std::is_same_v<T, double>) return DType::kFloat64;
  else if constexpr (std::is_same_v<T, int32_t>) return DType::kInt32;
  else if constexpr (std::is_same_v<T, int64_t>) return DType::kInt64;
  else if constexpr (std::is_same_v<T, uint8_t>) return DType::kUint8;
  else if constexpr (std::is_same_v<T, uint32_t>) return DType::kUint32;
  else if constexpr (std::is_same_v<T, uint64_t>) return DType::kUint64;
  else static_assert(internal::kAlwaysFalse<T>, "no DType for this element type");
}

// The product of the extents; 1 for the empty shape (a scalar). Throws Error(kBug) for a negative
// extent or a product that does not fit in 63 bits.
int64_t ElementCount(std::span<const int64_t> shape);

namespace internal {

void CheckElementType(DType actual, DType wanted, const void* data);
void CheckElementCount(std::span<const int64_t> shape, std::size_t actual);

}  // namespace internal

// A dense row-major array owned by someone else, who must keep it alive and unmoved. `data` is
// aligned for its element type.
struct TensorView {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape = {0};
  const std::byte* data = nullptr;

  int64_t elements() const { return ElementCount(shape); }
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * SizeOf(dtype); }

  // All elements; throws Error(kBug) unless T is the element type.
  template <class T>
  std::span<const T> As() const {
    internal::CheckElementType(dtype, DTypeOf<T>(), data);
    return {reinterpret_cast<const T*>(data), static_cast<std::size_t>(elements())};
  }
  std::span<const std::byte> AsBytes() const { return {data, bytes()}; }
};

// The same, writable.
struct MutableTensorView {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape = {0};
  std::byte* data = nullptr;

  int64_t elements() const { return ElementCount(shape); }
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * SizeOf(dtype); }

  template <class T>
  std::span<T> As() const {
    internal::CheckElementType(dtype, DTypeOf<T>(), data);
    return {reinterpret_cast<T*>(data), static_cast<std::size_t>(elements())};
  }
  std::span<std::byte> AsBytes() const { return {data, bytes()}; }

  operator TensorView() const { return {dtype, shape, data}; }
};

// Views of `values` under `shape`, whose product must be the number of values (Error(kBug)).
template <class T>
TensorView ViewOf(std::span<const T> values, std::vector<int64_t> shape) {
  internal::CheckElementCount(shape, values.size());
  return {DTypeOf<T>(), std::move(shape), reinterpret_cast<const std::byte*>(values.data())};
}
template <class T>
TensorView ViewOf(const std::vector<T>& values, std::vector<int64_t> shape) {
  return ViewOf(std::span<const T>(values), std::move(shape));
}
template <class T>
MutableTensorView MutableViewOf(std::span<T> values, std::vector<int64_t> shape) {
  internal::CheckElementCount(shape, values.size());
  return {DTypeOf<T>(), std::move(shape), reinterpret_cast<std::byte*>(values.data())};
}
template <class T>
MutableTensorView MutableViewOf(std::vector<T>& values, std::vector<int64_t> shape) {
  return MutableViewOf(std::span<T>(values), std::move(shape));
}

}  // namespace journeyman::core
