#include "evaluation/state_sufficiency.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_system.h"
#include "core/philox.h"
#include "tests/evaluation/support/simulated_log.h"
#include "tests/evaluation/tabular_world.h"
#include "tests/support/temp_directory.h"

namespace journeyman::evaluation {
namespace {

using storage::JourneyTable;

// One person is a chain x' = .8 x + .5 a + noise, a fair coin for the action, and the metric
// 2 x + a + memory * (previous action) + noise, all noises of deviation 1. It starts where it stays:
// x of mean 1.25 and variance (.25 * .25 + 1) / .36.
struct Chain {
  uint64_t seed = 1;
  uint64_t people = 2'000;
  int decisions = 5;
  double memory = 0;
  int copies = 1;  // journeys of a person, all the same

  static storage::DatasetSchema Schema() {
    storage::DatasetSchema schema;
    schema.catalogue.actions = {{"wait", 0, "", "null"}, {"act", 0, "", "null"}};
    schema.features.columns = {{"x", features::FeatureKind::kContinuous, {}},
                               {"acts", features::FeatureKind::kContinuous, {}}};
    schema.metrics = {"gain"};
    return schema;
  }

  void AddJourney(JourneyTable& table, uint64_t person, uint64_t journey) const {
    core::PhiloxStream random(seed, person, 3);
    double x = 1.25 + std::sqrt(1.0625 / .36) * random.NextNormal();
    int previous = random.NextDouble() < .5 ? 1 : 0;
    int acts = 0;
    for (int t = 0; t < decisions; ++t) {
      const int action = random.NextDouble() < .5 ? 1 : 0;
      table.observations.push_back(static_cast<float>(x));
      table.observations.push_back(static_cast<float>(acts));
      table.action.push_back(action);
      table.propensity.push_back(.5);
      table.possible.insert(table.possible.end(), 2, 1);
      table.metric_values.push_back(2 * x + action + memory * previous + random.NextNormal());
      table.time_us.push_back(t);
      table.sequence.push_back(t);
      table.decision.push_back(journey * 100 + static_cast<uint64_t>(t));
      x = .8 * x + .5 * action + random.NextNormal();
      acts += action;
      previous = action;
    }
    table.persons.push_back(person);
    table.journeys.push_back(journey);
    table.ends.push_back(0);
    table.offsets.push_back(table.rows());
  }

  JourneyTable Make() const {
    JourneyTable table;
    table.features = 2;
    table.actions = 2;
    table.metrics = 1;
    for (uint64_t person = 1; person <= people; ++person) {
      for (int copy = 0; copy < copies; ++copy) {
        AddJourney(table, person, person * 7919 + static_cast<uint64_t>(copy) * 1'000'000'007);
      }
    }
    return table;
  }
};

class StateSufficiencyTest : public ::testing::Test {
 protected:
  StateSufficiency Judge(const Chain& chain, const StateSufficiencyConfig& config = {},
                         int partitions = 4) {
    const storage::Dataset dataset = testing::WriteDataset(
        core::RealFileSystem(), directory_ / std::to_string(datasets_++), Chain::Schema(),
        chain.Make(), {.partitions = partitions, .holdout_share = .3, .folds = 5});
    return JudgeStateSufficiency(dataset, config);
  }

  testing::TempDirectory directory_;
  int datasets_ = 0;
};

// Without a memory the true partial R2 is 0, and its estimate, of a standard error below .001, would
// have to be more than ten of them too high: no choice of seeds does that.
TEST_F(StateSufficiencyTest, AMarkovLogIsNoFinding) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const StateSufficiency result = Judge({.seed = seed});
    EXPECT_FALSE(result.found()) << result.ToText();
    for (const SufficiencyTarget& target : result.targets) {
      EXPECT_LT(target.standard_error, .001) << target.name;
      EXPECT_LT(std::abs(target.partial_r2), .004) << target.name;
    }
  }
}

// With threshold 0 a target of a Markov log is found where its lower bound is above 0: in at most
// 2.5 % of logs, since what the past adds is noise that costs out of fold. Of 60 logs, more than 6 are
// found in fewer than 1 of 1,000 choices of seeds (binomial). Two more coefficients (the
// acts before this one follow from acts and action before) cost about 2 / 480 of the error out of fold
// and save as much in it; the mean of 60 logs has a standard error of about .0006.
TEST_F(StateSufficiencyTest, TheIntervalIsSeldomAboveTheTruth) {
  int found = 0;
  double sum = 0;
  for (uint64_t seed = 100; seed < 160; ++seed) {
    const StateSufficiency result = Judge({.seed = seed, .people = 300, .decisions = 3},
                                          {.threshold = 0}, 1);
    ASSERT_FALSE(result.targets.empty());
    found += result.targets[0].found ? 1 : 0;
    sum += result.targets[0].partial_r2;
  }
  EXPECT_LT(sum / 60, 0) << "people are judged by models that know them";
  EXPECT_LE(found, 6);
}

// The previous action is worth its variance .25, less what x and the number of acts show of it. Over
// decisions 2 to 5 these have variances 1.0625 / .36 and .625 + .3125, covariance .125 (1 + 1.8 + 2.44 +
// 2.952) / 4 = .256, and with the previous action .125 and .25: .18222 is left, beside the noise of 1.
TEST_F(StateSufficiencyTest, AHiddenPreviousActionIsFoundAtItsClosedForm) {
  const StateSufficiency result = Judge({.people = 4'000, .memory = 1});
  ASSERT_EQ(result.targets.size(), 2u);
  const SufficiencyTarget& gain = result.targets[0];
  EXPECT_EQ(gain.name, "gain");
  EXPECT_EQ(gain.people, 4'000);
  EXPECT_EQ(gain.decisions, 4 * 4'000);
  EXPECT_TRUE(gain.found);
  EXPECT_LT(gain.standard_error, .007);
  EXPECT_NEAR(gain.partial_r2, .182217 / 1.182217, 4 * gain.standard_error)
      << "four standard errors: once in 15,000 choices of seeds";
  EXPECT_EQ(result.targets[1].name, "next x");
  EXPECT_FALSE(result.targets[1].found) << "the state itself is a chain";
  EXPECT_NE(result.ToText().find("state_not_sufficient"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(result.ToJson()).at("state_not_sufficient").get<bool>());
}

TEST_F(StateSufficiencyTest, AFeatureThatStateAndActionDetermineIsNoTarget) {
  for (const SufficiencyTarget& target : Judge({}).targets) EXPECT_NE(target.name, "next acts");
}

TEST_F(StateSufficiencyTest, RepeatedJourneysOfAPersonAddNoCertainty) {
  const StateSufficiency once = Judge({.memory = .5});
  const StateSufficiency twice = Judge({.memory = .5, .copies = 2});
  EXPECT_EQ(twice.targets[0].people, once.targets[0].people);
  EXPECT_EQ(twice.targets[0].decisions, 2 * once.targets[0].decisions);
  EXPECT_NEAR(twice.targets[0].partial_r2, once.targets[0].partial_r2, 1e-9);
  EXPECT_NEAR(twice.targets[0].standard_error, once.targets[0].standard_error, 1e-9);
}

TEST_F(StateSufficiencyTest, TheNumberOfPartitionsDoesNotMatter) {
  const StateSufficiency one = Judge({.memory = .5}, {}, 1);
  const StateSufficiency many = Judge({.memory = .5}, {}, 16);
  EXPECT_NEAR(one.targets[0].partial_r2, many.targets[0].partial_r2, 1e-9);
}

TEST_F(StateSufficiencyTest, SaysWhyItDoesNotAsk) {
  EXPECT_NE(Judge({.people = 199}).not_asked.find("199 people"), std::string::npos);
  EXPECT_NE(Judge({.decisions = 1}).not_asked.find("only 0 people"), std::string::npos);
  EXPECT_NE(Judge({}, {.most_columns = 9}).not_asked.find("make 10 columns"), std::string::npos);
  EXPECT_NE(Judge({.people = 199}).ToText().find("not asked"), std::string::npos);
}

TEST_F(StateSufficiencyTest, ReadsNoMorePeopleThanAreEnough) {
  const StateSufficiency some = Judge({}, {.enough_people = 400}, 16);
  EXPECT_GE(some.targets.at(0).people, 400);
  EXPECT_LT(some.targets.at(0).people, 700) << "16 partitions of about 125 people";
}

// Customers are seen through noisy features (docs/simulated_world.md): what was seen before helps.
TEST_F(StateSufficiencyTest, TheSimulatedCustomersAreSeenDimlyAndSaidSo) {
  const CoverageCase world;
  const storage::Dataset dataset =
      testing::WriteDataset(core::RealFileSystem(), directory_ / "world", world.schema,
                            world.Log(5, 4'000), {.partitions = 4, .holdout_share = .3, .folds = 5});
  const StateSufficiency result = JudgeStateSufficiency(dataset, {});
  EXPECT_TRUE(result.found()) << result.ToText();
}

TEST(StateSufficiencyConfigTest, RefusesWhatIsOutOfRange) {
  const std::vector<std::function<void(StateSufficiencyConfig&)>> mistakes{
      [](StateSufficiencyConfig& config) { config.folds = 1; },
      [](StateSufficiencyConfig& config) { config.ridge = 0; },
      [](StateSufficiencyConfig& config) { config.threshold = -1; },
      [](StateSufficiencyConfig& config) { config.confidence = 1; },
      [](StateSufficiencyConfig& config) { config.least_people = 1; },
      [](StateSufficiencyConfig& config) { config.enough_people = 0; },
      [](StateSufficiencyConfig& config) { config.most_columns = 0; }};
  EXPECT_NO_THROW(StateSufficiencyConfig().Validate());
  for (size_t i = 0; i < mistakes.size(); ++i) {
    StateSufficiencyConfig config;
    mistakes[i](config);
    try {
      config.Validate();
      ADD_FAILURE() << i;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kConfig) << i;
    }
  }
}

}  // namespace
}  // namespace journeyman::evaluation
