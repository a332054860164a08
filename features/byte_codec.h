#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.h"
#include "core/strings.h"

// The wire form of this folder's statistics: little-endian numbers without padding. Values, one
// thread at a time.
namespace journeyman::features {

static_assert(std::endian::native == std::endian::little, "numbers are copied as in memory");

class ByteWriter {
 public:
  template <class T>
  void Number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    const auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  // Its length, then its bytes.
  void Text(std::string_view text) {
    Number(static_cast<uint32_t>(text.size()));
    const auto raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Never reads outside the bytes; throws core::Error(kBadData) naming `what` on damage. The bytes
// must outlive it.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view what) : rest_(bytes), what_(what) {}

  template <class T>
  T Number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, Take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  // The next number, which stays to be read.
  template <class T>
  T Peek() const {
    return ByteReader(*this).Number<T>();
  }
  // A number of items that take at least `bytes_each` of what is left.
  std::size_t Count(std::size_t bytes_each) {
    const auto count = Number<uint64_t>();
    if (count > rest_.size() / bytes_each) {
      Fail(core::StrCat("no room for ", count, " entries in ", rest_.size(), " bytes"));
    }
    return static_cast<std::size_t>(count);
  }
  std::string Text() {
    const auto raw = Take(Number<uint32_t>());
    return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
  }
  void ExpectEnd() const {
    if (!rest_.empty()) Fail(core::StrCat(rest_.size(), " bytes too many"));
  }
  [[noreturn]] void Fail(std::string_view reason) const {
    throw core::Error(core::ExitCode::kBadData, core::StrCat(what_, ": ", reason));
  }

 private:
  std::span<const std::byte> Take(std::size_t size) {
    if (size > rest_.size()) Fail(core::StrCat(size - rest_.size(), " bytes are missing"));
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const std::byte> rest_;
  std::string what_;
};

}  // namespace journeyman::features
