#include "cluster/control.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace journeyman::cluster {
namespace {

ControlMessage Example() {
  ControlMessage message;
  message.kind = ControlKind::kCheckpointPart;
  message.step = 1'234'567'890'123;
  message.numbers = {{"loss", 0.1}, {"gradient_norm", INFINITY}};
  message.words = {"learner-0.h5", "", "text with \n and \0"};
  return message;
}

TEST(ControlMessageTest, RoundTrips) {
  const ControlMessage read = ControlMessage::Decode(Example().Encode());
  EXPECT_EQ(read.kind, ControlKind::kCheckpointPart);
  EXPECT_EQ(read.step, Example().step);
  EXPECT_EQ(read.numbers, Example().numbers);
  EXPECT_EQ(read.words, Example().words);
}

TEST(ControlMessageTest, EveryCutAndExtraByteIsABug) {
  const auto bytes = Example().Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(ControlMessage::Decode(std::span(bytes).first(size)), core::Error) << size;
  }
  auto longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_THROW(ControlMessage::Decode(longer), core::Error);
  auto unknown = bytes;
  unknown[0] = std::byte{200};
  EXPECT_THROW(ControlMessage::Decode(unknown), core::Error);
}

}  // namespace
}  // namespace journeyman::cluster
