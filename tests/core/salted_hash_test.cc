#include "core/salted_hash.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace journeyman::core {
namespace {

constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();

// Golden values from the Python package xxhash:
// xxh3_64_intdigest(salt + struct.pack("<Q", person)).
// They decide partitions, hold-out and arms of stored data, so they must never change.
TEST(SaltedHash, GivesTheStoredValues) {
  struct Golden {
    std::string_view salt;
    uint64_t of_0, of_1, of_123456789, of_largest;
  };
  const std::vector<Golden> all = {
      {"partition", 0x28d398ad593d1e26, 0x3c45554479c14752, 0xbe8ddaba3574c09b, 0x5c8b402210706a91},
      {"holdout", 0x85ab72c54f01c13f, 0xffd84e5db7a1cfc8, 0xd5bea0c33d7ab450, 0xfcbd34fc31d5a5fd},
      {"fold", 0xe5809ffa6de755cc, 0x27146a98d31686f8, 0xaea4027ad734c2a6, 0x69a0cff1e8564bb8},
      {"arm", 0xf2a24b66eed343f6, 0x3bda8be133bc1dcc, 0x4d407b187fe78d67, 0x418cc83caee28b7f},
      {"bootstrap", 0xd77f024660955873, 0x9dc59f566ef27fa3, 0xeb5af8c1fc52cda4, 0x395ed0225b7ae6e2},
  };
  for (const Golden& golden : all) {
    EXPECT_EQ(SaltedHash(golden.salt, 0), golden.of_0) << golden.salt;
    EXPECT_EQ(SaltedHash(golden.salt, 1), golden.of_1) << golden.salt;
    EXPECT_EQ(SaltedHash(golden.salt, 123456789), golden.of_123456789) << golden.salt;
    EXPECT_EQ(SaltedHash(golden.salt, kLargest), golden.of_largest) << golden.salt;
  }
}

TEST(SaltedHash, ConstantsSpellTheSalts) {
  EXPECT_EQ(SaltedHash(kPartitionSalt, 0), 0x28d398ad593d1e26u);
  EXPECT_EQ(SaltedHash(kHoldoutSalt, 0), 0x85ab72c54f01c13fu);
  EXPECT_EQ(SaltedHash(kFoldSalt, 0), 0xe5809ffa6de755ccu);
  EXPECT_EQ(SaltedHash(kArmSalt, 0), 0xf2a24b66eed343f6u);
  EXPECT_EQ(SaltedHash(kBootstrapSalt, 0), 0xd77f024660955873u);
}

TEST(SaltedHash, RefusesASaltThatDoesNotFit) {
  EXPECT_NO_THROW(SaltedHash(std::string(56, 'x'), 1));
  EXPECT_THROW(SaltedHash(std::string(57, 'x'), 1), Error);
}

std::string TenThousandBytes() {
  std::string data;
  for (int i = 0; i < 10'000; ++i) data += static_cast<char>((i * 31 + 7) % 256);
  return data;
}

// From the same Python package.
TEST(Xxh3, GivesTheValuesOfAnotherImplementation) {
  EXPECT_EQ(Xxh3(std::string_view("")), 0x2d06800538d394c2u);
  EXPECT_EQ(Xxh3("abc"), 0x78af5f94892f3950u);
  EXPECT_EQ(Xxh3(TenThousandBytes()), 0x441f01d9711bebedu);
}

TEST(Xxh3Hasher, PiecesGiveTheHashOfTheWhole) {
  const std::string data = TenThousandBytes();
  for (const std::size_t piece : {1u, 63u, 256u, 4096u, 20'000u}) {
    Xxh3Hasher hasher;
    for (std::size_t begin = 0; begin < data.size(); begin += piece) {
      hasher.Update(std::string_view(data).substr(begin, piece));
    }
    EXPECT_EQ(hasher.Digest(), 0x441f01d9711bebedu) << piece;
  }
}

TEST(Xxh3Hasher, GoesOnAfterADigestAndAMove) {
  Xxh3Hasher hasher;
  EXPECT_EQ(hasher.Digest(), Xxh3(std::string_view("")));
  hasher.Update(std::string_view("a"));
  hasher.Update(std::span<const std::byte>());
  EXPECT_EQ(hasher.Digest(), Xxh3("a"));
  Xxh3Hasher moved = std::move(hasher);
  moved.Update(std::string_view("bc"));
  EXPECT_EQ(moved.Digest(), Xxh3("abc"));
}

}  // namespace
}  // namespace journeyman::core
