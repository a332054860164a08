#include "core/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "core/error.h"

namespace journeyman::core {
namespace {

using Words = std::array<uint32_t, 4>;

// The known-answer vectors "philox4x32 10" that come with Random123 (kat_vectors).
TEST(Philox4x32, GivesThePublishedVectors) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

PhiloxStream GoldenStream() { return {0x0123456789abcdef, 42, 0xfedcba9876543210}; }

// Computed by a separate implementation in Python from the layout in the header; it crosses two
// blocks.
TEST(PhiloxStream, FollowsTheDocumentedLayout) {
  PhiloxStream stream = GoldenStream();
  const std::vector<uint32_t> words = {0xf1637610, 0x78cadb23, 0xc9472f20, 0x8dacdd78, 0xac14c46b,
                                       0xb152621b, 0x9755db9a, 0xc10b0d77, 0xe7e290be};
  for (const uint32_t word : words) EXPECT_EQ(stream.NextU32(), word);
}

TEST(PhiloxStream, DerivesDoublesAndNormalsFromTheWords) {
  EXPECT_EQ(GoldenStream().NextU64(), 0x78cadb23f1637610u);
  PhiloxStream stream = GoldenStream();
  EXPECT_EQ(stream.NextDouble(), 0x1.e32b6c8fc58dcp-2);
  EXPECT_EQ(stream.NextDouble(), 0x1.1b59baf1928e5p-1);
  EXPECT_NEAR(GoldenStream().NextNormal(), -1.0668751104081011, 1e-14);
}

TEST(PhiloxStream, EveryArgumentSelectsAnotherSequence) {
  std::set<uint64_t> first;
  for (const uint64_t high_bit : {uint64_t{0}, uint64_t{1} << 63}) {
    first.insert(PhiloxStream(1 + high_bit, 2, 3).NextU64());
    first.insert(PhiloxStream(1, 3 + high_bit, 2).NextU64());
    first.insert(PhiloxStream(2, 1, 3 + high_bit).NextU64());
  }
  EXPECT_EQ(first.size(), 6u);
}

TEST(PhiloxStream, ACopyContinuesFromThePosition) {
  PhiloxStream stream(1, 2, 3);
  stream.NextU32();
  PhiloxStream copy = stream;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(copy.NextU32(), stream.NextU32());
}

// The arguments are fixed, so these cannot fail by chance; the bars are 4 standard errors of the
// mean over independent draws (a fresh choice of seed would miss one in 16,000).
TEST(PhiloxStream, MomentsOfDoublesAndNormalsAreTheTheoreticalOnes) {
  constexpr int kDraws = 100'000;
  PhiloxStream stream(7, 0, 0);
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double uniform = stream.NextDouble();
    ASSERT_GE(uniform, 0.0);
    ASSERT_LT(uniform, 1.0);
    sum += uniform;
    const double normal = stream.NextNormal();
    normal_sum += normal;
    normal_squares += normal * normal;
  }
  const double root = std::sqrt(static_cast<double>(kDraws));
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * std::sqrt(1.0 / 12.0) / root);
  EXPECT_NEAR(normal_sum / kDraws, 0.0, 4 / root);
  EXPECT_NEAR(normal_squares / kDraws, 1.0, 4 * std::sqrt(2.0) / root);
}

TEST(PhiloxStream, NextBelowIsUniform) {
  constexpr uint32_t kSides = 6;
  constexpr int kDraws = 60'000;
  std::vector<int> count(kSides);
  PhiloxStream stream(11, 0, 0);
  for (int i = 0; i < kDraws; ++i) ++count.at(stream.NextBelow(kSides));
  double chi_square = 0;
  for (const int observed : count) {
    const double expected = static_cast<double>(kDraws) / kSides;
    chi_square += (observed - expected) * (observed - expected) / expected;
  }
  EXPECT_LT(chi_square, 20.5);  // 5 degrees of freedom: exceeded once in 1,000 seeds
}

// With n = 3 * 2^30, the plain multiplication gives multiples of 3 twice as often as others;
// without bias each residue has a third. Bar: 4 standard errors of a share over independent draws.
TEST(PhiloxStream, NextBelowHasNoBiasForLargeBounds) {
  constexpr uint32_t kBound = 3u << 30;
  constexpr int kDraws = 30'000;
  PhiloxStream stream(13, 0, 0);
  int multiples = 0;
  for (int i = 0; i < kDraws; ++i) {
    const uint32_t value = stream.NextBelow(kBound);
    ASSERT_LT(value, kBound);
    multiples += value % 3 == 0 ? 1 : 0;
  }
  EXPECT_NEAR(multiples / static_cast<double>(kDraws), 1.0 / 3.0,
              4 * std::sqrt(2.0 / 9.0 / kDraws));
}

TEST(PhiloxStream, NextBelowKnowsItsEdges) {
  PhiloxStream stream(1, 2, 3);
  EXPECT_EQ(stream.NextBelow(1), 0u);
  EXPECT_THROW(stream.NextBelow(0), Error);
}

}  // namespace
}  // namespace journeyman::core
