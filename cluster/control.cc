#include "cluster/control.h"

#include <cstring>
#include <string_view>

#include "core/check.h"

namespace journeyman::cluster {
namespace {

class ByteWriter {
 public:
  template <class T>
  void Put(T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
  }
  void PutText(std::string_view text) {
    Put<uint64_t>(text.size());
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), bytes, bytes + text.size());
  }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  T Get() {
    T value;
    std::memcpy(&value, Next(sizeof value), sizeof value);
    return value;
  }
  std::string GetText() {
    const auto size = Get<uint64_t>();
    return std::string(reinterpret_cast<const char*>(Next(size)), size);
  }
  bool AtEnd() const { return bytes_.empty(); }

 private:
  const std::byte* Next(uint64_t size) {
    JOURNEYMAN_CHECK(size <= bytes_.size(), "control message ends early: ", bytes_.size(),
                     " bytes are left, ", size, " are needed");
    const std::byte* at = bytes_.data();
    bytes_ = bytes_.subspan(size);
    return at;
  }

  std::span<const std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> ControlMessage::Encode() const {
  ByteWriter writer;
  writer.Put(kind);
  writer.Put(step);
  writer.Put<uint64_t>(numbers.size());
  for (const auto& [name, value] : numbers) {
    writer.PutText(name);
    writer.Put(value);
  }
  writer.Put<uint64_t>(words.size());
  for (const std::string& word : words) writer.PutText(word);
  return writer.Take();
}

ControlMessage ControlMessage::Decode(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  ControlMessage message;
  message.kind = reader.Get<ControlKind>();
  JOURNEYMAN_CHECK(message.kind <= ControlKind::kStopWish, "control message of unknown kind ",
                   static_cast<int>(message.kind));
  message.step = reader.Get<int64_t>();
  for (auto left = reader.Get<uint64_t>(); left > 0; --left) {
    std::string name = reader.GetText();
    message.numbers[std::move(name)] = reader.Get<double>();
  }
  for (auto left = reader.Get<uint64_t>(); left > 0; --left) {
    message.words.push_back(reader.GetText());
  }
  JOURNEYMAN_CHECK(reader.AtEnd(), "control message has bytes behind its end");
  return message;
}

}  // namespace journeyman::cluster
