#include "core/sip_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace journeyman::core {
namespace {

std::array<uint8_t, 16> PaperKey() {
  std::array<uint8_t, 16> key;
  for (uint8_t i = 0; i < 16; ++i) key[i] = i;
  return key;
}

std::string FirstBytes(int count) {
  std::string data;
  for (int i = 0; i < count; ++i) data += static_cast<char>(i);
  return data;
}

// 15 bytes: the example in appendix A of the paper. The other lengths: the table vectors_sip64 of
// the authors' reference implementation.
TEST(SipHash24, GivesThePublishedVectors) {
  EXPECT_EQ(SipHash24(PaperKey(), FirstBytes(15)), 0xa129ca6149be45e5u);
  EXPECT_EQ(SipHash24(PaperKey(), FirstBytes(0)), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(SipHash24(PaperKey(), FirstBytes(1)), 0x74f839c593dc67fdu);
  EXPECT_EQ(SipHash24(PaperKey(), FirstBytes(7)), 0xab0200f58b01d137u);
  EXPECT_EQ(SipHash24(PaperKey(), FirstBytes(8)), 0x93f5f5799a932462u);
}

TEST(SipHash24, EveryByteOfTheKeyMatters) {
  const uint64_t reference = SipHash24(PaperKey(), "person");
  for (std::size_t i = 0; i < 16; ++i) {
    std::array<uint8_t, 16> key = PaperKey();
    key[i] ^= 1;
    EXPECT_NE(SipHash24(key, "person"), reference) << i;
  }
}

}  // namespace
}  // namespace journeyman::core
