#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "evaluation/diagnostics.h"
#include "evaluation/estimators.h"
#include "tests/evaluation/tabular_world.h"
#include "tests/support/starbucks_policies.h"

// Six waves of offers to 17,000 customers (Starbucks rewards; propensities
// inferred: 0.25 no offer, 0.075 each of ten), several policies of little to full
// overlap, against a table that was computed in another language.
namespace journeyman::evaluation {
namespace {

using testing::kStarbucksOffers;
using testing::kStarbucksWaves;

std::filesystem::path DataDirectory() {
  const char* root = std::getenv("JOURNEYMAN_DATA");
  const std::filesystem::path data =
      root != nullptr ? root : std::string(JOURNEYMAN_SOURCE_DIR) + "/../shared/data";
  return data / "starbucks_rewards";
}

storage::JourneyTable ReadOffersFromDisk(const testing::TabularWorld& world) {
  const std::string command = std::string(JOURNEYMAN_PYTHON) + " '" + JOURNEYMAN_SOURCE_DIR +
                              "/tests/evaluation/data/flatten_starbucks.py' '" +
                              DataDirectory().string() + "'";
  storage::JourneyTable table = world.EmptyTable();
  std::FILE* lines = popen(command.c_str(), "r");
  int person = 0;
  int wave = 0;
  int action = 0;
  double net = 0;
  std::vector<testing::LoggedDecision> journey;
  while (std::fscanf(lines, "%d %d %d %lf", &person, &wave, &action, &net) == 4) {
    journey.push_back({0, action, action == 0 ? 0.25 : 0.075, {net}});
    if (wave + 1 < kStarbucksWaves) continue;
    const auto id = static_cast<uint64_t>(person + 1);
    testing::AddJourney(table, id, id, journey);
    journey.clear();
  }
  pclose(lines);
  return table;
}

// Unpacking takes seconds, so once for all tests.
const storage::JourneyTable& ReadOffers(const testing::TabularWorld& world) {
  static const storage::JourneyTable table = ReadOffersFromDisk(world);
  return table;
}

TEST(Starbucks, GivesTheKnownEstimatesErrorsAndSampleSizesOfSixDecisions) {
  if (!std::filesystem::exists(DataDirectory() / "transcript.json.gz")) {
    GTEST_SKIP() << "no " << DataDirectory()
                 << "; set JOURNEYMAN_DATA to the folder of public data";
  }
  const testing::TabularWorld world{1, 1 + kStarbucksOffers, {"net"}};
  const storage::JourneyTable& table = ReadOffers(world);
  ASSERT_EQ(table.journey_count(), 17'000);
  const auto reward = testing::FirstMetric(world);
  for (const testing::StarbucksPolicy& known : testing::StarbucksPolicies()) {
    SCOPED_TRACE(known.name);
    const testing::TabularPolicy policy{{known.probabilities}};
    const Sample sample = MakeSample(table, {reward.get(), {{known.name, &policy}}, {}, 1, true});
    const PersonSeries tis = WholeJourney(sample, 0, 0, 1, false);
    const PersonSeries pdis = PerDecision(sample, 0, 0, 1);
    EXPECT_NEAR(tis.value, known.tis, .006);
    EXPECT_NEAR(StandardError(tis.terms), known.tis_error, known.tolerance);
    EXPECT_NEAR(pdis.value, known.pdis, .006);
    EXPECT_NEAR(StandardError(pdis.terms), known.pdis_error, known.tolerance);
    EXPECT_NEAR(StepwiseSelfNormalised(sample, 0, 0, 1).value, known.snpdis, .006);
    CandidateResult result;
    AddDiagnostics(sample, 0, result);
    for (int t = 0; t < kStarbucksWaves; ++t) {
      EXPECT_NEAR(result.effective_sample_size[t], known.effective_sample_size[t], .6) << t;
    }
  }
}

TEST(Starbucks, CallsAlwaysOfferSixUndefined) {
  if (!std::filesystem::exists(DataDirectory() / "transcript.json.gz")) {
    GTEST_SKIP() << "no " << DataDirectory()
                 << "; set JOURNEYMAN_DATA to the folder of public data";
  }
  const testing::TabularWorld world{1, 1 + kStarbucksOffers, {"net"}};
  const storage::JourneyTable& table = ReadOffers(world);
  const auto reward = testing::FirstMetric(world);
  const auto policy = policy::MakeConstantPolicy(1 + kStarbucksOffers, 7);
  const Sample sample = MakeSample(table, {reward.get(), {{"o6", policy.get()}}, {}, 1, true});
  EXPECT_EQ(WholeJourney(sample, 0, 0, 1, false).value, 0);
  EXPECT_FALSE(StepwiseSelfNormalised(sample, 0, 0, 1).defined);
  EXPECT_NEAR(PerDecision(sample, 0, 0, 1).value, 83.75, .006);
  CandidateResult result;
  AddDiagnostics(sample, 0, result);
  const std::vector<double> sizes{1318, 89, 9, 0, 0, 0};
  for (int t = 0; t < kStarbucksWaves; ++t) {
    EXPECT_NEAR(result.effective_sample_size[t], sizes[t], 1e-9) << t;
  }
  EXPECT_EQ(result.reasons.front(), "no_matching_journeys");
}

}  // namespace
}  // namespace journeyman::evaluation
