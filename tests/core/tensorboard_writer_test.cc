#include "core/tensorboard_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"

namespace journeyman::core {
namespace {

// An independent reader: bit-wise CRC, and a generic walk over protocol-buffer fields.

uint32_t BitwiseCrc32c(std::string_view data) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : data) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
  }
  return crc ^ 0xFFFFFFFF;
}

uint32_t Mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

template <class T>
T Take(std::string_view& data) {
  if (data.size() < sizeof(T)) throw std::runtime_error("cut short");
  T value;
  std::memcpy(&value, data.data(), sizeof(T));
  data.remove_prefix(sizeof(T));
  return value;
}

std::string_view TakeBytes(std::string_view& data, std::size_t count) {
  if (data.size() < count) throw std::runtime_error("cut short");
  const std::string_view bytes = data.substr(0, count);
  data.remove_prefix(count);
  return bytes;
}

std::vector<std::string_view> Records(std::string_view file) {
  std::vector<std::string_view> records;
  while (!file.empty()) {
    const std::string_view header = file.substr(0, 8);
    const auto length = Take<uint64_t>(file);
    EXPECT_EQ(Take<uint32_t>(file), Mask(BitwiseCrc32c(header)));
    records.push_back(TakeBytes(file, length));
    EXPECT_EQ(Take<uint32_t>(file), Mask(BitwiseCrc32c(records.back())));
  }
  return records;
}

uint64_t TakeVarint(std::string_view& data) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = Take<uint8_t>(data);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

struct Message {
  std::map<int, std::vector<uint64_t>> numbers;  // varint, fixed64 and fixed32, as bits
  std::map<int, std::vector<std::string_view>> bytes;
};

Message Parse(std::string_view data) {
  Message message;
  while (!data.empty()) {
    const uint64_t tag = TakeVarint(data);
    const int field = static_cast<int>(tag >> 3);
    switch (tag & 7) {
      case 0: message.numbers[field].push_back(TakeVarint(data)); break;
      case 1: message.numbers[field].push_back(Take<uint64_t>(data)); break;
      case 2: message.bytes[field].push_back(TakeBytes(data, TakeVarint(data))); break;
      case 5: message.numbers[field].push_back(Take<uint32_t>(data)); break;
      default: throw std::runtime_error("wire type");
    }
  }
  return message;
}

double WallTime(const Message& event) { return std::bit_cast<double>(event.numbers.at(1).at(0)); }

std::map<std::string, float> Scalars(const Message& event) {
  std::map<std::string, float> scalars;
  const Message summary = Parse(event.bytes.at(5).at(0));
  for (const std::string_view entry : summary.bytes.at(1)) {
    const Message value = Parse(entry);
    scalars[std::string(value.bytes.at(1).at(0))] =
        std::bit_cast<float>(static_cast<uint32_t>(value.numbers.at(2).at(0)));
  }
  return scalars;
}

// The check value of the CRC catalogue, and the all-zero and all-one vectors of RFC 3720, B.4.
TEST(Crc32c, GivesTheKnownAnswers) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

class TensorboardWriterTest : public ::testing::Test {
 protected:
  using Values = std::vector<std::pair<std::string, double>>;

  journeyman::testing::TempDirectory directory_;
  journeyman::testing::FakeClock clock_{1'700'000'000'250'000};
};

TEST_F(TensorboardWriterTest, TheFirstRecordIsTheVersion) {
  TensorboardWriter writer(directory_ / "learner-0", clock_);
  writer.Flush();
  const std::string file = RealFileSystem().ReadText(writer.path());
  const auto records = Records(file);
  ASSERT_EQ(records.size(), 1u);
  const Message event = Parse(records[0]);
  EXPECT_EQ(WallTime(event), 1'700'000'000.25);
  EXPECT_EQ(event.bytes.at(3).at(0), "brain.Event:2");
}

TEST_F(TensorboardWriterTest, AnIndependentReaderFindsStepsTimesAndValues) {
  TensorboardWriter writer(directory_.path(), clock_);
  const std::string long_name(300, 'n');
  clock_.Advance(std::chrono::milliseconds(500));
  writer.Write(1'000'000, Values{{"loss", 0.1}, {long_name, -2.5}});
  writer.Write(0, Values{{"bad", std::nan("")}, {"huge", 1e300}});
  writer.Flush();
  const std::string file = RealFileSystem().ReadText(writer.path());
  const auto records = Records(file);
  ASSERT_EQ(records.size(), 3u);
  const Message first = Parse(records[1]);
  EXPECT_EQ(WallTime(first), 1'700'000'000.75);
  EXPECT_EQ(first.numbers.at(2).at(0), 1'000'000u);
  EXPECT_EQ(Scalars(first), (std::map<std::string, float>{{"loss", 0.1f}, {long_name, -2.5f}}));
  const Message second = Parse(records[2]);
  EXPECT_EQ(second.numbers.at(2).at(0), 0u);
  EXPECT_TRUE(std::isnan(Scalars(second).at("bad")));
  EXPECT_EQ(Scalars(second).at("huge"), std::numeric_limits<float>::infinity());
}

TEST_F(TensorboardWriterTest, EachWriterHasItsOwnFileNamedAsTensorboardExpects) {
  TensorboardWriter first(directory_.path(), clock_);
  TensorboardWriter second(directory_.path(), clock_);
  EXPECT_NE(first.path(), second.path());
  EXPECT_TRUE(first.path().filename().string().starts_with("events.out.tfevents.1700000000."));
}

}  // namespace
}  // namespace journeyman::core
