#include "learner/replay.h"

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"
#include "learner/block_rows.h"
#include "tests/learner/synthetic_blocks.h"

namespace journeyman::learner {
namespace {

using experience::TransitionBlock;
using testing::SyntheticBlock;
using testing::SyntheticShape;

const BatchNeeds kAll{.next_state = true, .possible = true, .probabilities = true, .metrics = true};

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    shape_.policies = 2;
    shape_.metrics = 3;
  }

  Replay MakeReplay(int64_t expected_rows = 0) {
    return Replay({.shape = Widths(1),
                   .needs = kAll,
                   .outcome_scale = {2, 4, 8, 16},
                   .partitions = 2,
                   .expected_rows = expected_rows},
                  at::kCPU);
  }
  BatchShape Widths(int64_t rows) const {
    return {rows, shape_.state_width, shape_.actions, shape_.policies, shape_.metrics};
  }

  // Holds what replay gives for position `row` of `partition` against row `at` of `block`.
  void ExpectRow(const Replay& replay, int partition, int64_t row, const TransitionBlock& block,
                 size_t at) {
    GroupBatch batch(Widths(1), kAll, at::kCPU);
    const std::vector<int64_t> locations = {replay.Locate(partition, row)};
    replay.Gather(locations, std::vector<float>{0.5f}, batch);
    EXPECT_EQ(replay.IdentityOf(locations[0]), RowIdentity(block.journey[at], block.sequence[at]));
    const auto state = static_cast<size_t>(block.state[at]);
    const auto next =
        static_cast<size_t>(block.next_state[at] < 0 ? block.state[at] : block.next_state[at]);
    const auto width = static_cast<size_t>(shape_.state_width);
    for (size_t f = 0; f < width; ++f) {
      EXPECT_EQ(batch.states().const_data_ptr<float>()[f], block.states[state * width + f]);
      EXPECT_EQ(batch.next_states().const_data_ptr<float>()[f], block.states[next * width + f]);
    }
    for (size_t a = 0; a < static_cast<size_t>(shape_.actions); ++a) {
      EXPECT_EQ(batch.impossible().const_data_ptr<bool>()[a],
                block.possible[next * static_cast<size_t>(shape_.actions) + a] == 0);
    }
    EXPECT_EQ(batch.actions().item<int64_t>(), block.action[at]);
    EXPECT_EQ(batch.discounts().item<float>(), block.discount[at]);
    EXPECT_EQ(batch.weights().item<float>(), 0.5f);
    const at::Tensor outcomes = batch.outcomes().contiguous();
    EXPECT_EQ(outcomes.const_data_ptr<float>()[0], block.reward[at] / 2);
    EXPECT_EQ(outcomes.const_data_ptr<float>()[3], block.metric_values[at * 3 + 2] / 16);
  }

  SyntheticShape shape_;
};

TEST_F(ReplayTest, GivesEveryRowBackAsTheBlockHadIt) {
  Replay replay = MakeReplay(40);
  const auto first = SyntheticBlock(shape_, 1, 0, 16);
  const auto second = SyntheticBlock(shape_, 1, 1, 7);
  replay.Insert(1, 0, first);
  replay.Insert(0, 0, SyntheticBlock(shape_, 0, 0, 16));
  replay.Insert(1, 1, second);
  EXPECT_EQ(replay.Rows(1), 23);
  for (int64_t row = 0; row < 16; ++row) {
    ExpectRow(replay, 1, row, first, static_cast<size_t>(row));
  }
  for (int64_t row = 0; row < 7; ++row) {
    ExpectRow(replay, 1, 16 + row, second, static_cast<size_t>(row));
  }
}

TEST_F(ReplayTest, KeepsRowsThroughEvictionReuseAndGrowth) {
  Replay replay = MakeReplay();
  for (int64_t index = 0; index < 30; ++index) {
    const int64_t rows = index % 3 == 2 ? 5 : 16;
    replay.EvictBefore(0, index - 3);
    replay.Insert(0, index, SyntheticBlock(shape_, 0, index % 3, rows));
    replay.Insert(1, index, SyntheticBlock(shape_, 1, index, 16));
    int64_t row = 0;
    for (int64_t held = std::max<int64_t>(0, index - 3); held <= index; ++held) {
      const int64_t held_rows = held % 3 == 2 ? 5 : 16;
      ExpectRow(replay, 0, row, SyntheticBlock(shape_, 0, held % 3, held_rows), 0);
      row += held_rows;
    }
    EXPECT_EQ(replay.Rows(0), row);
  }
  ExpectRow(replay, 1, 16 * 29, SyntheticBlock(shape_, 1, 29, 16), 0);
}

TEST_F(ReplayTest, TheRowOfNobodyIsValidAndHasNoOutcome) {
  const Replay replay = MakeReplay();
  GroupBatch batch(Widths(1), kAll, at::kCPU);
  replay.Gather(std::vector<int64_t>{replay.Locate(0, -1)}, std::vector<float>{0.0f}, batch);
  EXPECT_EQ(batch.outcomes().abs().max().item<float>(), 0);
  EXPECT_EQ(batch.discounts().item<float>(), 0);
  EXPECT_EQ(batch.actions().item<int64_t>(), 0);
}

TEST_F(ReplayTest, NothingIsBootstrappedFromAStateWithoutPossibleActions) {
  Replay replay = MakeReplay();
  auto block = SyntheticBlock(shape_, 0, 0, 2);
  std::fill(block.possible.begin() + shape_.actions, block.possible.begin() + 2 * shape_.actions,
            uint8_t{0});
  replay.Insert(0, 0, block);
  GroupBatch batch(Widths(2), kAll, at::kCPU);
  replay.Gather(std::vector<int64_t>{replay.Locate(0, 0), replay.Locate(0, 1)},
                std::vector<float>{1, 1}, batch);
  EXPECT_EQ(batch.discounts().min().item<float>(), 0.0f);
  EXPECT_EQ(batch.discounts().max().item<float>(), 0.9f);
}

TEST_F(ReplayTest, RefusesABlockWithAnActionOutOfRangeNamingTheRow) {
  Replay replay = MakeReplay();
  auto block = SyntheticBlock(shape_, 1, 7, 16);
  block.action[3] = 4;
  try {
    replay.Insert(1, 0, block);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error.what()).find("block 7 of partition 1: row 3"), std::string::npos)
        << error.what();
  }
  block = SyntheticBlock(shape_, 1, 7, 16);
  block.metric_values.pop_back();
  EXPECT_THROW(replay.Insert(1, 0, block), core::Error);
}

}  // namespace
}  // namespace journeyman::learner
