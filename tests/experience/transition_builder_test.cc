#include "experience/transition_builder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "core/error.h"
#include "tests/support/random_journeys.h"

namespace journeyman::experience {
namespace {

using ::journeyman::testing::MakeRandomJourneys;
using ::journeyman::testing::RandomJourneys;
using ::journeyman::testing::SchemaFor;
using ::journeyman::testing::TransformFor;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// A transition by itself, without indices into a block.
struct Row {
  uint64_t journey = 0;
  int32_t sequence = 0;
  int32_t action = 0;
  std::vector<float> state, next_state;  // transformed; next_state empty = none
  std::vector<uint8_t> possible, next_possible;
  std::vector<float> policies, next_policies;
  float reward = 0, discount = 0, propensity = 0;
  std::vector<float> metrics;
};

template <class T>
std::vector<T> Slice(const std::vector<T>& all, int64_t row, int64_t width) {
  return {all.begin() + row * width, all.begin() + (row + 1) * width};
}

std::vector<Row> Flatten(const std::vector<TransitionBlock>& blocks) {
  std::vector<Row> rows;
  for (const TransitionBlock& block : blocks) {
    for (int64_t i = 0; i < block.rows(); ++i) {
      Row row;
      row.journey = block.journey[i];
      row.sequence = block.sequence[i];
      row.action = block.action[i];
      row.reward = block.reward[i];
      row.discount = block.discount[i];
      row.propensity = block.propensity[i];
      row.metrics = Slice(block.metric_values, i, block.metrics);
      const int64_t width = block.policies * block.actions;
      row.state = Slice(block.states, block.state[i], block.state_width);
      row.possible = Slice(block.possible, block.state[i], block.actions);
      row.policies = Slice(block.policy_probabilities, block.state[i], width);
      if (const int64_t next = block.next_state[i]; next >= 0) {
        row.next_state = Slice(block.states, next, block.state_width);
        row.next_possible = Slice(block.possible, next, block.actions);
        row.next_policies = Slice(block.policy_probabilities, next, width);
      }
      rows.push_back(row);
    }
  }
  return rows;
}

std::vector<float> Transformed(const features::Transform& transform, std::span<const float> raw) {
  std::vector<float> out(static_cast<size_t>(transform.output_width()));
  transform.Apply(raw, out);
  return out;
}

// The definition in data_model's words, by looking at each decision alone: discounts are powers of
// the elapsed time, and the length is the longest that ends at something known.
std::vector<Row> BruteForce(const TransitionConfig& config, const RewardCalculator& reward,
                            const features::Transform& transform,
                            const storage::JourneyTable& table) {
  std::vector<Row> rows;
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    const int64_t begin = table.offsets[j];
    const int64_t decisions = table.offsets[j + 1] - begin;
    const bool terminated = table.ends[j] == 1;
    const auto final =
        Slice(table.final_observations, j, table.has_final_observation ? table.features : 0);
    bool has_final = false;
    for (const float value : final) has_final |= !std::isnan(value);
    has_final &= !terminated;
    const std::vector<double> rewards = RewardsOf(reward, table, j);
    const auto elapsed = [&](int64_t from, int64_t to) -> double {
      if (config.gap_unit_us == 0) return static_cast<double>(to - from);
      const int64_t last = std::min(to, decisions - 1);
      const double us =
          static_cast<double>(table.time_us[begin + last] - table.time_us[begin + from]);
      return us / static_cast<double>(config.gap_unit_us) + static_cast<double>(to - last);
    };
    for (int64_t t = 0; t < decisions; ++t) {
      int64_t length = 0;
      for (int64_t m = 1; m <= config.n_step; ++m) {
        const bool state_known = t + m < decisions || (t + m == decisions && has_final);
        if (state_known || (t + m == decisions && terminated)) length = m;
      }
      if (length == 0) continue;
      Row row;
      row.journey = table.journeys[j];
      row.sequence = table.sequence[begin + t];
      row.action = table.action[begin + t];
      row.propensity = static_cast<float>(table.propensity[begin + t]);
      row.state = Transformed(transform, table.Observation(begin + t));
      row.possible = Slice(table.possible, begin + t, table.actions);
      double sum = 0;
      std::vector<double> metrics(static_cast<size_t>(config.include_metrics ? table.metrics : 0));
      for (int64_t i = 0; i < length; ++i) {
        const double factor = std::pow(config.gamma, elapsed(t, t + i));
        sum += factor * rewards[t + i];
        for (size_t m = 0; m < metrics.size(); ++m) {
          metrics[m] += factor * table.Metrics(begin + t + i)[m];
        }
      }
      row.reward = static_cast<float>(sum);
      for (const double value : metrics) row.metrics.push_back(static_cast<float>(value));
      if (t + length < decisions) {
        row.next_state = Transformed(transform, table.Observation(begin + t + length));
        row.next_possible = Slice(table.possible, begin + t + length, table.actions);
      } else if (has_final) {
        row.next_state = Transformed(transform, final);
        row.next_possible.assign(static_cast<size_t>(table.actions), 1);
      }
      row.discount = row.next_state.empty()
                         ? 0.0f
                         : static_cast<float>(std::pow(config.gamma, elapsed(t, t + length)));
      rows.push_back(row);
    }
  }
  return rows;
}

void ExpectSame(const std::vector<Row>& actual, const std::vector<Row>& expected, float tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    SCOPED_TRACE(::testing::Message() << "row " << i);
    const Row& a = actual[i];
    const Row& e = expected[i];
    ASSERT_EQ(std::tie(a.journey, a.sequence, a.action, a.state, a.next_state, a.possible,
                       a.next_possible),
              std::tie(e.journey, e.sequence, e.action, e.state, e.next_state, e.possible,
                       e.next_possible));
    ASSERT_EQ(a.policies, e.policies);
    ASSERT_EQ(a.next_policies, e.next_policies);
    ASSERT_NEAR(a.reward, e.reward, tolerance);
    ASSERT_NEAR(a.discount, e.discount, tolerance);
    if (std::isnan(e.propensity)) {
      ASSERT_TRUE(std::isnan(a.propensity));
    } else {
      ASSERT_EQ(a.propensity, e.propensity);
    }
    ASSERT_EQ(a.metrics.size(), e.metrics.size());
    for (size_t m = 0; m < a.metrics.size(); ++m)
      ASSERT_NEAR(a.metrics[m], e.metrics[m], tolerance);
  }
}

class TransitionBuilderTest : public ::testing::Test {
 protected:
  explicit TransitionBuilderTest(RandomJourneys make = {})
      : make_(make),
        table_(MakeRandomJourneys(make)),
        schema_(SchemaFor(make)),
        transform_(TransformFor(schema_.features, table_)),
        reward_(MakeReward({.weights = "metric-0:1,metric-1:-0.5", .cost_weight = 0.1},
                                   schema_)) {}

  std::vector<TransitionBlock> Build(const TransitionConfig& config,
                                     std::vector<const policy::Policy*> policies = {}) {
    return TransitionBuilder(config, *reward_, transform_, policies).Build(3, table_);
  }

  // One journey of `decisions` decisions one second apart with rewards 1, 10, 100, ... in metric 0.
  void UseOneJourney(int decisions, storage::JourneyEnd end, bool final_observation) {
    table_ = storage::JourneyTable{};
    table_.features = 3;
    table_.actions = 4;
    table_.metrics = 2;
    table_.persons = {5};
    table_.journeys = {6};
    table_.ends = {static_cast<uint8_t>(end)};
    table_.has_final_observation = final_observation;
    if (final_observation) table_.final_observations = {0.5f, kNaN, 0.25f};
    for (int t = 0; t < decisions; ++t) {
      for (int f = 0; f < 3; ++f) table_.observations.push_back(static_cast<float>(t + f));
      table_.action.push_back(t % 4);
      table_.propensity.push_back(0.25);
      table_.possible.insert(table_.possible.end(), {1, 1, 1, static_cast<uint8_t>(t % 4 == 3)});
      table_.metric_values.insert(table_.metric_values.end(), {std::pow(10, t), -1.0 * t});
      table_.time_us.push_back(1'000'000 * t);
      table_.sequence.push_back(t);
      table_.decision.push_back(t);
    }
    table_.offsets = {0, decisions};
    reward_ = MakeReward({.weights = "metric-0:1"}, schema_);
  }

  RandomJourneys make_;
  storage::JourneyTable table_;
  storage::DatasetSchema schema_;
  features::Transform transform_;
  std::unique_ptr<RewardCalculator> reward_;
};

TEST_F(TransitionBuilderTest, AgreesWithTheDefinitionForRandomJourneys) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    make_.seed = seed;
    make_.final_observations = seed % 3 != 0;
    make_.propensed = seed % 2 == 0;
    table_ = MakeRandomJourneys(make_);
    for (int n_step = 1; n_step <= 5; ++n_step) {
      for (const double gamma : {0.0, 0.9, 1.0}) {
        for (const int64_t unit : {0, 2'000'000}) {
          SCOPED_TRACE(::testing::Message() << "seed " << seed << " n " << n_step << " gamma "
                                            << gamma << " unit " << unit);
          const TransitionConfig config{.block_rows = 16,
                                        .n_step = n_step,
                                        .gamma = gamma,
                                        .gap_unit_us = unit,
                                        .include_metrics = seed > 2};
          ExpectSame(Flatten(Build(config)), BruteForce(config, *reward_, transform_, table_),
                     1e-5f);
        }
      }
    }
  }
}

// The rows that ReAgent's timeline operator gives for its own fixture: sequence numbers 0, 1, 4, 5 of one
// journey, actions L, R, U, D, rewards equal to the sequence, the end terminal.
TEST_F(TransitionBuilderTest, GivesTheKnownRowsOfAnotherTimelineForAJourneyWithGaps) {
  table_ = storage::JourneyTable{};
  table_.features = 3;
  table_.actions = 4;
  table_.metrics = 2;
  table_.persons = {5};
  table_.journeys = {6};
  table_.ends = {static_cast<uint8_t>(storage::JourneyEnd::kTerminated)};
  table_.offsets = {0, 4};
  table_.action = {0, 1, 2, 3};
  table_.propensity = {0.3, 0.4, 0.5, 0.6};
  table_.possible = {1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1};
  table_.decision = {1, 2, 3, 4};
  for (const int sequence : {0, 1, 4, 5}) {
    for (int f = 0; f < 3; ++f) table_.observations.push_back(static_cast<float>(sequence));
    table_.metric_values.insert(table_.metric_values.end(), {1.0 * sequence, 0});
    table_.time_us.push_back(1'000'000 * sequence);
    table_.sequence.push_back(sequence);
  }
  table_.Validate();
  reward_ = MakeReward({.weights = "metric-0:1"}, schema_);
  const auto rows_of = [&](int n_step, double gamma, int64_t unit) {
    return Flatten(Build({.n_step = n_step, .gamma = gamma, .gap_unit_us = unit}));
  };
  const auto state = [&](int64_t row) {
    return row < 4 ? Transformed(transform_, table_.Observation(row)) : std::vector<float>();
  };
  const std::vector<uint8_t> possible[] = {
      {1, 1, 0, 0}, {0, 1, 1, 0}, {0, 0, 1, 1}, {0, 0, 0, 1}, {}};
  const float propensities[] = {0.3f, 0.4f, 0.5f, 0.6f};
  const std::vector<Row> one = rows_of(1, 0.5, 1'000'000);
  const float discounts[] = {0.5f, 0.125f, 0.5f, 0};  // gaps of 1, 3 and 1 second
  ASSERT_EQ(one.size(), 4u);
  for (int t = 0; t < 4; ++t) {
    SCOPED_TRACE(t);
    EXPECT_EQ(one[t].sequence, table_.sequence[t]);
    EXPECT_EQ(one[t].action, t);
    EXPECT_EQ(one[t].reward, static_cast<float>(table_.sequence[t]));
    EXPECT_EQ(one[t].propensity, propensities[t]);
    EXPECT_EQ(one[t].state, state(t));
    EXPECT_EQ(one[t].next_state, state(t + 1));
    EXPECT_EQ(one[t].possible, possible[t]);
    EXPECT_EQ(one[t].next_possible, possible[t + 1]);
    EXPECT_EQ(one[t].discount, discounts[t]);
    // Ordinal time: every gap is one decision.
    EXPECT_EQ(rows_of(1, 0.5, 0)[t].discount, t < 3 ? 0.5f : 0.0f);
  }
  // Rewards of two steps: [0, 1], [1, 4], [4, 5], [5].
  const float undiscounted[] = {1, 5, 9, 5};
  const float by_time[] = {0.5f, 1 + 0.125f * 4, 4 + 0.5f * 5, 5};
  const std::vector<Row> two = rows_of(2, 1, 0);
  ASSERT_EQ(two.size(), 4u);
  for (int t = 0; t < 4; ++t) {
    EXPECT_EQ(two[t].reward, undiscounted[t]);
    EXPECT_EQ(two[t].next_state, state(t + 2));
    EXPECT_EQ(rows_of(2, 0.5, 1'000'000)[t].reward, by_time[t]);
  }
}

TEST_F(TransitionBuilderTest, GivesTheSameTransitionsForEveryBlockLength) {
  for (const int n_step : {1, 3}) {
    const TransitionConfig whole{.block_rows = 100'000, .n_step = n_step, .gamma = 0.9};
    const auto expected = Flatten(Build(whole));
    for (const int64_t rows : {1, 2, 3, 7, 16, 64}) {
      TransitionConfig config = whole;
      config.block_rows = rows;
      const auto blocks = Build(config);
      ExpectSame(Flatten(blocks), expected, 0.0f);
      for (size_t b = 0; b < blocks.size(); ++b) {
        EXPECT_EQ(blocks[b].index, static_cast<int64_t>(b));
        EXPECT_EQ(blocks[b].partition, 3);
        if (b + 1 < blocks.size()) {
          EXPECT_EQ(blocks[b].rows(), rows);
        } else {
          EXPECT_GE(blocks[b].rows(), 1);
          EXPECT_LE(blocks[b].rows(), rows);
        }
      }
    }
  }
}

TEST_F(TransitionBuilderTest, StoresEachStateOncePerBlockAndOnlyStatesThatAreUsed) {
  const TransitionConfig config{.block_rows = 16, .n_step = 2};
  for (const TransitionBlock& block : Build(config)) {
    std::set<int32_t> used(block.state.begin(), block.state.end());
    for (const int32_t next : block.next_state) {
      if (next >= 0) used.insert(next);
    }
    EXPECT_EQ(static_cast<int64_t>(used.size()), block.state_rows());
    // Random continuous features: equal states are the same decision's.
    std::set<std::vector<float>> distinct;
    for (int64_t s = 0; s < block.state_rows(); ++s) {
      distinct.insert(Slice(block.states, s, block.state_width));
    }
    EXPECT_EQ(static_cast<int64_t>(distinct.size()), block.state_rows());
  }
}

TEST_F(TransitionBuilderTest, SharesTheSuccessorsStateInsideABlockAndRepeatsItAtItsBorder) {
  UseOneJourney(5, storage::JourneyEnd::kTerminated, false);
  const auto one = Build({.block_rows = 5});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].state_rows(), 5);
  EXPECT_EQ(one[0].next_state, (std::vector<int32_t>{1, 2, 3, 4, -1}));
  const auto two = Build({.block_rows = 3});
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].state_rows(), 4);
  EXPECT_EQ(two[1].state_rows(), 2);
  const int64_t width = two[0].state_width;
  EXPECT_EQ(Slice(two[0].states, 3, width), Slice(two[1].states, 0, width));
}

TEST_F(TransitionBuilderTest, SumsThreeStepsOfATerminatedJourney) {
  UseOneJourney(4, storage::JourneyEnd::kTerminated, false);
  const auto blocks = Build({.block_rows = 16, .n_step = 3, .gamma = 0.5});
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].reward, (std::vector<float>{1 + 5 + 25, 10 + 50 + 250, 100 + 500, 1000}));
  EXPECT_EQ(blocks[0].discount, (std::vector<float>{0.125f, 0, 0, 0}));
  EXPECT_EQ(blocks[0].next_state[0], 1);  // state 3, the second one that was needed
  EXPECT_EQ(blocks[0].next_state[1], -1);
}

TEST_F(TransitionBuilderTest, ShortensToTheLastKnownStateOfATruncatedJourney) {
  UseOneJourney(4, storage::JourneyEnd::kTruncated, false);
  const auto blocks = Build({.block_rows = 16, .n_step = 3, .gamma = 0.5});
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].reward, (std::vector<float>{1 + 5 + 25, 10 + 50, 100}));
  EXPECT_EQ(blocks[0].discount, (std::vector<float>{0.125f, 0.25f, 0.5f}));
  for (const int32_t next : blocks[0].next_state) {
    EXPECT_EQ(Slice(blocks[0].states, next, blocks[0].state_width),
              Transformed(transform_, table_.Observation(3)));
  }
}

TEST_F(TransitionBuilderTest, BootstrapsAtTheFinalObservationWithEveryActionPossible) {
  UseOneJourney(2, storage::JourneyEnd::kTruncated, true);
  const auto rows = Flatten(Build({.gamma = 0.5, .gap_unit_us = 500'000}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].discount, 0.25f);  // one second is two units
  EXPECT_EQ(rows[1].discount, 0.5f);   // no time is known: one unit
  EXPECT_EQ(rows[1].next_state, Transformed(transform_, table_.final_observations));
  EXPECT_EQ(rows[1].next_possible, (std::vector<uint8_t>{1, 1, 1, 1}));
}

TEST_F(TransitionBuilderTest, TakesAFinalObservationOfNothingButMissingValuesForNone) {
  UseOneJourney(1, storage::JourneyEnd::kTruncated, true);
  table_.final_observations.assign(3, kNaN);
  EXPECT_TRUE(Build({}).empty());
  EXPECT_EQ(CountTransitions({}, table_), 0);
}

TEST_F(TransitionBuilderTest, IgnoresTheFinalObservationOfATerminatedJourney) {
  UseOneJourney(1, storage::JourneyEnd::kTerminated, true);
  const auto blocks = Build({});
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].next_state, (std::vector<int32_t>{-1}));
}

TEST_F(TransitionBuilderTest, MakesEveryDecisionARowWhereOnlyOutcomesAreWanted) {
  const auto rows =
      Flatten(Build({.n_step = 3, .gamma = 0.5, .outcomes_only = true, .include_metrics = true}));
  ASSERT_EQ(static_cast<int64_t>(rows.size()), table_.rows());
  std::vector<double> rewards;
  for (int64_t j = 0; j < table_.journey_count(); ++j) {
    for (const double value : RewardsOf(*reward_, table_, j)) rewards.push_back(value);
  }
  for (int64_t i = 0; i < table_.rows(); ++i) {
    EXPECT_TRUE(rows[i].next_state.empty());
    EXPECT_EQ(rows[i].discount, 0);
    EXPECT_EQ(rows[i].reward, static_cast<float>(rewards[i]));
    EXPECT_EQ(rows[i].metrics, (std::vector<float>{static_cast<float>(table_.Metrics(i)[0]),
                                                   static_cast<float>(table_.Metrics(i)[1])}));
  }
}

TEST_F(TransitionBuilderTest, CountsWhatItBuilds) {
  for (const bool outcomes : {false, true}) {
    for (const int n_step : {1, 4}) {
      const TransitionConfig config{.n_step = n_step, .outcomes_only = outcomes};
      const TransitionBuilder builder(config, *reward_, transform_, {});
      EXPECT_EQ(builder.CountTransitions(table_),
                static_cast<int64_t>(Flatten(builder.Build(0, table_)).size()));
    }
  }
}

// Certain of the action whose number is the raw first feature, so that a builder that showed it
// transformed features would be caught.
class FirstFeaturePolicy final : public policy::Policy {
 public:
  int64_t actions() const override { return 4; }
  int64_t feature_width() const override { return 3; }
  policy::ActionDistribution Distribution(const policy::DecisionContext& context) const override {
    policy::ActionDistribution distribution{std::vector<uint32_t>(4, 0)};
    const auto action = static_cast<size_t>(context.features[0] * 2);
    distribution.ticks[action % 4] = policy::kTicks / 4 * 3;
    distribution.ticks[(action + 1) % 4] = context.possible[3] ? policy::kTicks / 4 : 1;
    return distribution;
  }
};

TEST_F(TransitionBuilderTest, StoresEveryPolicysDistributionAtTheRawFeatures) {
  UseOneJourney(2, storage::JourneyEnd::kTruncated, true);
  const FirstFeaturePolicy first;
  const auto uniform = policy::MakeUniformPolicy(4);
  const auto blocks = Build({}, {uniform.get(), &first});
  ASSERT_EQ(blocks.size(), 1u);
  ASSERT_EQ(blocks[0].policies, 2);
  ASSERT_EQ(blocks[0].state_rows(), 3);
  const float third = static_cast<float>(
      uniform->Distribution({table_.Observation(0), table_.Possible(0)}).Probability(0));
  const float tick = 1.0f / static_cast<float>(policy::kTicks);
  EXPECT_NEAR(third, 1.0f / 3, 1e-6f);
  EXPECT_EQ(Slice(blocks[0].policy_probabilities, 0, 8)[0], third);
  // States with first feature 0 and 1, and the final observation with 0.5 where all is possible.
  EXPECT_EQ(Slice(blocks[0].policy_probabilities, 0 * 2 + 1, 4),
            (std::vector<float>{0.75f, tick, 0, 0}));
  EXPECT_EQ(Slice(blocks[0].policy_probabilities, 1 * 2 + 1, 4),
            (std::vector<float>{0, 0, 0.75f, tick}));
  EXPECT_EQ(Slice(blocks[0].policy_probabilities, 2 * 2 + 1, 4),
            (std::vector<float>{0, 0.75f, 0.25f, 0}));
  EXPECT_EQ(Slice(blocks[0].policy_probabilities, 2 * 2, 4), (std::vector<float>(4, 0.25f)));
}

TEST_F(TransitionBuilderTest, RefusesWidthsThatDoNotFit) {
  table_.features = 2;
  EXPECT_THROW(Build({}), core::Error);
  table_.features = 3;
  const auto other = policy::MakeUniformPolicy(5);
  EXPECT_THROW(Build({}, {other.get()}), core::Error);
}

TEST_F(TransitionBuilderTest, RefusesTimeThatRunsBackwardsOnlyWhereItDiscountsByTime) {
  UseOneJourney(3, storage::JourneyEnd::kTerminated, false);
  table_.time_us[1] = -5;
  EXPECT_NO_THROW(Build({.gamma = 0.9}));
  EXPECT_THROW(Build({.gamma = 0.9, .gap_unit_us = 1}), core::Error);
}

TEST(TransitionConfigTest, RefusesValuesOutOfRange) {
  for (const TransitionConfig& config :
       {TransitionConfig{.block_rows = 0}, TransitionConfig{.n_step = 0},
        TransitionConfig{.gamma = 1.01}, TransitionConfig{.gamma = -0.1},
        TransitionConfig{.gamma = std::nan("")}, TransitionConfig{.gap_unit_us = -1}}) {
    try {
      config.Validate();
      ADD_FAILURE() << "accepted";
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    }
  }
  EXPECT_NO_THROW(TransitionConfig{}.Validate());
}

}  // namespace
}  // namespace journeyman::experience
