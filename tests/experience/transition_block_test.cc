#include "experience/transition_block.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "core/error.h"
#include "core/philox.h"
#include "core/salted_hash.h"

namespace journeyman::experience {
namespace {

TransitionBlock MakeBlock() {
  TransitionBlock block;
  block.partition = 7;
  block.index = 3;
  block.state_width = 2;
  block.actions = 3;
  block.policies = 1;
  block.metrics = 1;
  block.policy_version = 12;
  block.states = {1, 2, 3, 4, 5, 6};
  block.possible = {1, 1, 1, 1, 0, 1, 1, 1, 0};
  block.policy_probabilities = {0.5f, 0.25f, 0.25f, 1, 0, 0, 0, 1, 0};
  block.state = {0, 1, 2};
  block.next_state = {1, 2, -1};
  block.action = {0, 2, 1};
  block.reward = {1.5f, -2, 0};
  block.discount = {0.9f, 0.9f, 0};
  block.propensity = {0.25f, std::numeric_limits<float>::quiet_NaN(), 1};
  block.metric_values = {3, 4, 5};
  block.journey = {11, 11, 11};
  block.sequence = {0, 1, 2};
  return block;
}

// As bytes, so that NaN equals NaN.
template <class T>
std::string BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

void ExpectBadData(std::span<const std::byte> bytes) {
  try {
    TransitionBlock::Decode(bytes);
    ADD_FAILURE() << "accepted " << bytes.size() << " bytes";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData) << error.what();
  }
}

// Replaces the trailing hash by the right one.
void Reseal(std::vector<std::byte>& bytes) {
  const uint64_t seal = core::Xxh3(std::span<const std::byte>(bytes).first(bytes.size() - 8));
  std::memcpy(bytes.data() + bytes.size() - 8, &seal, 8);
}

TEST(TransitionBlockTest, DecodesWhatItEncoded) {
  const TransitionBlock block = MakeBlock();
  const TransitionBlock read = TransitionBlock::Decode(block.Encode());
  EXPECT_EQ(read.partition, 7);
  EXPECT_EQ(read.index, 3);
  EXPECT_EQ(read.state_width, 2);
  EXPECT_EQ(read.actions, 3);
  EXPECT_EQ(read.policies, 1);
  EXPECT_EQ(read.metrics, 1);
  EXPECT_EQ(read.policy_version, 12);
  EXPECT_EQ(read.rows(), 3);
  EXPECT_EQ(read.state_rows(), 3);
  EXPECT_EQ(read.states, block.states);
  EXPECT_EQ(read.possible, block.possible);
  EXPECT_EQ(read.policy_probabilities, block.policy_probabilities);
  EXPECT_EQ(read.state, block.state);
  EXPECT_EQ(read.next_state, block.next_state);
  EXPECT_EQ(read.action, block.action);
  EXPECT_EQ(read.reward, block.reward);
  EXPECT_EQ(read.discount, block.discount);
  EXPECT_EQ(BytesOf(read.propensity), BytesOf(block.propensity));
  EXPECT_EQ(read.metric_values, block.metric_values);
  EXPECT_EQ(read.journey, block.journey);
  EXPECT_EQ(read.sequence, block.sequence);
  EXPECT_EQ(read.Hash(), block.Hash());
}

TEST(TransitionBlockTest, TakesNoMoreBytesThanItsNumbers) {
  // Head 8, sizes 4 + 8 * 8, states 24, possible 9, policies 36, rows 3 * (6 * 4 + 4 + 8 + 4),
  // seal 8.
  EXPECT_EQ(MakeBlock().Encode().size(), 8u + 68 + 24 + 9 + 36 + 120 + 8);
}

TEST(TransitionBlockTest, DecodesAnEmptyBlock) {
  TransitionBlock block;
  block.actions = 2;
  EXPECT_EQ(TransitionBlock::Decode(block.Encode()).rows(), 0);
}

TEST(TransitionBlockTest, HashesEveryField) {
  const uint64_t whole = MakeBlock().Hash();
  const std::vector<std::function<void(TransitionBlock&)>> changes = {
      [](auto& b) { b.partition = 8; },        [](auto& b) { b.index = 4; },
      [](auto& b) { b.policy_version = -1; },  [](auto& b) { b.states[5] = 7; },
      [](auto& b) { b.possible[4] = 1; },      [](auto& b) { b.policy_probabilities[0] = 0; },
      [](auto& b) { b.state[0] = 1; },         [](auto& b) { b.next_state[0] = 0; },
      [](auto& b) { b.action[2] = 0; },        [](auto& b) { b.reward[0] = 2; },
      [](auto& b) { b.discount[0] = 1; },      [](auto& b) { b.propensity[0] = 1; },
      [](auto& b) { b.metric_values[0] = 0; }, [](auto& b) { b.journey[1] = 12; },
      [](auto& b) { b.sequence[2] = 9; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    TransitionBlock block = MakeBlock();
    changes[i](block);
    EXPECT_NE(block.Hash(), whole) << "change " << i;
  }
}

TEST(TransitionBlockTest, RefusesEveryTruncationAndEveryFlippedBit) {
  const std::vector<std::byte> whole = MakeBlock().Encode();
  for (size_t size = 0; size < whole.size(); ++size) {
    ExpectBadData(std::span(whole).first(size));
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<std::byte> bytes = whole;
      bytes[at] ^= static_cast<std::byte>(1 << bit);
      ExpectBadData(bytes);
    }
  }
}

TEST(TransitionBlockTest, SurvivesDamageUnderARightHash) {
  const std::vector<std::byte> whole = MakeBlock().Encode();
  core::PhiloxStream random(1, 2, 3);
  int refused = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    std::vector<std::byte> bytes = whole;
    // Half of the time into the head and sizes, where damage is most dangerous.
    const auto limit = static_cast<uint32_t>(trial % 2 == 0 ? 76 : bytes.size() - 8);
    for (uint32_t flips = 1 + random.NextBelow(3); flips > 0; --flips) {
      bytes[random.NextBelow(limit)] = static_cast<std::byte>(random.NextU32());
    }
    if (trial % 5 == 0)
      bytes.resize(16 + random.NextBelow(static_cast<uint32_t>(bytes.size() - 16)));
    Reseal(bytes);
    try {
      const TransitionBlock block = TransitionBlock::Decode(bytes);
      for (const int32_t state : block.state) ASSERT_LT(state, block.state_rows());
      for (const int32_t next : block.next_state) ASSERT_LT(next, block.state_rows());
      for (const int32_t action : block.action) ASSERT_LT(action, block.actions);
    } catch (const core::Error& error) {
      ASSERT_EQ(error.code(), core::ExitCode::kBadData) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 5'000);
}

TEST(TransitionBlockTest, RefusesAnotherVersionByItsNumber) {
  std::vector<std::byte> bytes = MakeBlock().Encode();
  bytes[4] = std::byte{9};
  Reseal(bytes);
  try {
    TransitionBlock::Decode(bytes);
    ADD_FAILURE() << "accepted";
  } catch (const core::Error& error) {
    EXPECT_NE(std::string(error.what()).find("version 9"), std::string::npos) << error.what();
  }
}

TEST(TransitionBlockTest, RefusesToEncodeColumnsOfDifferentLength) {
  TransitionBlock block = MakeBlock();
  block.reward.pop_back();
  EXPECT_THROW(block.Encode(), core::Error);
}

}  // namespace
}  // namespace journeyman::experience
