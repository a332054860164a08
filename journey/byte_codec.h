#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// Values as bytes in the machine's own order, for messages between the ranks of one import and for its
// spill files. What is wrong in them is a programmer's error (kBug): nobody else writes them.
namespace journeyman::journey {

class ByteWriter {
 public:
  template <class T>
  void Put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    PutRaw(&value, sizeof(T));
  }
  template <class T>
  void Put(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    Put(static_cast<uint64_t>(values.size()));
    PutRaw(values.data(), values.size() * sizeof(T));
  }
  void Put(const std::string& text) { Put(std::vector<char>(text.begin(), text.end())); }

  std::vector<std::byte> Finish() { return std::move(bytes_); }

 private:
  void PutRaw(const void* data, size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }

  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  T Get() {
    T value;
    std::memcpy(&value, Take(1, sizeof(T)), sizeof(T));
    return value;
  }
  // Appends to what `values` has.
  template <class T>
  void Append(std::vector<T>& values) {
    const auto count = Get<uint64_t>();
    const std::byte* source = Take(count, sizeof(T));
    const size_t before = values.size();
    values.resize(before + count);
    if (count > 0) std::memcpy(values.data() + before, source, count * sizeof(T));
  }
  std::string GetText() {
    std::vector<char> text;
    Append(text);
    return {text.begin(), text.end()};
  }
  bool done() const { return bytes_.empty(); }

 private:
  // The next `count` values of `size` bytes.
  const std::byte* Take(uint64_t count, size_t size);

  std::span<const std::byte> bytes_;
};

}  // namespace journeyman::journey
