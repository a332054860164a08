#include "core/tensorboard_writer.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

#include "core/strings.h"

namespace journeyman::core {

namespace {

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  constexpr uint32_t kReversedPolynomial = 0x82F63B78;
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? kReversedPolynomial : 0);
    }
    table[byte] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

// The framing stores CRCs masked, since a CRC of data that holds its CRC is weak.
uint32_t MaskedCrc(std::string_view data) {
  return std::rotr(Crc32c(data), 15) + 0xa282ead8;
}

template <class Word>
void AppendLittleEndian(std::string& out, Word word) {
  for (std::size_t byte = 0; byte < sizeof(word); ++byte) {
    out += static_cast<char>(word >> (8 * byte));
  }
}

// Fields of protocol buffers: a tag byte (number * 8 + wire type), then the value.
enum WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void AppendTag(std::string& out, uint8_t field, WireType type) {
  out += static_cast<char>(field << 3 | type);
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void AppendBytesField(std::string& out, uint8_t field, std::string_view bytes) {
  AppendTag(out, field, kBytes);
  AppendVarint(out, bytes.size());
  out += bytes;
}

// Field numbers of tensorflow.Event and tensorflow.Summary.
constexpr uint8_t kEventWallTime = 1;
constexpr uint8_t kEventStep = 2;
constexpr uint8_t kEventFileVersion = 3;
constexpr uint8_t kEventSummary = 5;
constexpr uint8_t kSummaryValue = 1;
constexpr uint8_t kValueTag = 1;
constexpr uint8_t kValueSimpleValue = 2;

std::string EventAt(const Clock& clock) {
  std::string event;
  AppendTag(event, kEventWallTime, kFixed64);
  AppendLittleEndian(event,
                     std::bit_cast<uint64_t>(static_cast<double>(clock.WallMicros()) * 1e-6));
  return event;
}

std::filesystem::path EventsPath(const std::filesystem::path& directory, const Clock& clock) {
  static std::atomic<uint64_t> files_of_this_process{0};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {"unknown"};
  return directory / StrCat("events.out.tfevents.", clock.WallMicros() / 1'000'000, ".",
                            host.data(), ".", static_cast<int64_t>(getpid()), ".",
                            files_of_this_process++);
}

}  // namespace

uint32_t Crc32c(std::string_view data) {
  uint32_t crc = ~uint32_t{0};
  for (const char byte : data) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  }
  return ~crc;
}

TensorboardWriter::TensorboardWriter(const std::filesystem::path& directory, const Clock& clock)
    : clock_(clock), path_(EventsPath(directory, clock)), file_(path_, /*cut_to_line=*/false) {
  std::string event = EventAt(clock_);
  AppendBytesField(event, kEventFileVersion, "brain.Event:2");
  AppendRecord(event);
}

void TensorboardWriter::Write(int64_t step,
                              std::span<const std::pair<std::string, double>> values) {
  std::string summary;
  for (const auto& [name, value] : values) {
    std::string entry;
    AppendBytesField(entry, kValueTag, name);
    AppendTag(entry, kValueSimpleValue, kFixed32);
    AppendLittleEndian(entry, std::bit_cast<uint32_t>(static_cast<float>(value)));
    AppendBytesField(summary, kSummaryValue, entry);
  }
  std::string event = EventAt(clock_);
  AppendTag(event, kEventStep, kVarint);
  AppendVarint(event, static_cast<uint64_t>(step));
  AppendBytesField(event, kEventSummary, summary);
  AppendRecord(event);
}

void TensorboardWriter::Flush() { file_.Flush(); }

void TensorboardWriter::AppendRecord(std::string_view payload) {
  std::string record;
  AppendLittleEndian(record, static_cast<uint64_t>(payload.size()));
  const uint32_t length_crc = MaskedCrc(record);
  AppendLittleEndian(record, length_crc);
  record += payload;
  AppendLittleEndian(record, MaskedCrc(payload));
  file_.Append(record);
}

}  // namespace journeyman::core
