#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace journeyman::experience {

// The wire form of what roles send each other: magic (4 bytes), version (4 bytes), content, xxh3 of
// everything before it (8 bytes). Numbers are little-endian without padding. Values, one thread at
// a time.
static_assert(std::endian::native == std::endian::little,
              "arrays are copied as they are in memory");

class SealedWriter {
 public:
  SealedWriter(uint32_t magic, uint32_t version);

  template <class T>
  void Number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    Raw(&value, sizeof(T));
  }
  // The elements alone; their number is the caller's to write.
  template <class T>
  void Array(const std::vector<T>& values) {
    static_assert(std::is_arithmetic_v<T>);
    Raw(values.data(), values.size() * sizeof(T));
  }
  void Reserve(size_t content_bytes) { bytes_.reserve(bytes_.size() + content_bytes + 8); }

  // Hash of magic, version and content so far: what Seal() appends.
  uint64_t Hash() const;
  // The writer is spent afterwards.
  std::vector<std::byte> Seal();

 private:
  void Raw(const void* data, size_t size);

  std::vector<std::byte> bytes_;
};

// Reads what a SealedWriter wrote. Never reads outside the bytes and never allocates more than they
// could fill; throws core::Error(kBadData) naming `what` on any damage. The bytes must outlive it.
class SealedReader {
 public:
  // Checks magic, version and hash.
  SealedReader(std::span<const std::byte> bytes, uint32_t magic, uint32_t version,
               std::string_view what);

  template <class T>
  T Number() {
    T value;
    std::memcpy(&value, Take(sizeof(T)), sizeof(T));
    return value;
  }
  // A number that must lie in [0, limit].
  int64_t Count(std::string_view name, int64_t limit = std::numeric_limits<int32_t>::max());
  // `rows` x `width` elements.
  template <class T>
  std::vector<T> Array(int64_t rows, int64_t width = 1) {
    const size_t bytes = ArrayBytes(rows, width, sizeof(T));
    std::vector<T> values(bytes / sizeof(T));
    const std::byte* from = Take(bytes);
    if (bytes > 0) std::memcpy(values.data(), from, bytes);
    return values;
  }
  std::span<const std::byte> Bytes(int64_t size);
  // All content must have been read.
  void ExpectEnd() const;
  [[noreturn]] void Fail(std::string_view reason) const;

 private:
  const std::byte* Take(size_t size);
  size_t ArrayBytes(int64_t rows, int64_t width, size_t element) const;

  std::span<const std::byte> content_;  // what is left
  std::string_view what_;
};

}  // namespace journeyman::experience
