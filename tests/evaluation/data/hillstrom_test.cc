#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/strings.h"
#include "evaluation/estimators.h"
#include "tests/evaluation/tabular_world.h"

// Constant policies on the Hillstrom e-mail experiment (64,000 people, three arms
// of one third each), against values that two independent programs agree on.
namespace journeyman::evaluation {
namespace {

std::filesystem::path DataFile() {
  const char* root = std::getenv("JOURNEYMAN_DATA");
  const std::filesystem::path data =
      root != nullptr ? root : std::string(JOURNEYMAN_SOURCE_DIR) + "/../shared/data";
  return data / "hillstrom_email" / "hillstrom.csv";
}

// Arms: 0 no e-mail, 1 Mens, 2 Womens; metrics visit, conversion, spend.
storage::JourneyTable ReadExperiment(const testing::TabularWorld& world) {
  const std::map<std::string, int> arms{{"No E-Mail", 0}, {"Mens E-Mail", 1}, {"Womens E-Mail", 2}};
  storage::JourneyTable table = world.EmptyTable();
  std::ifstream file(DataFile());
  std::string line;
  std::getline(file, line);
  for (uint64_t person = 1; std::getline(file, line); ++person) {
    // Counted from the right: the second column has commas inside quotes.
    std::vector<std::string> cells = core::Split(core::Trim(line), ',');
    cells.erase(cells.begin(), cells.end() - 4);
    testing::AddJourney(
        table, person, person,
        {{0,
          arms.at(cells.at(0)),
          1.0 / 3,
          {core::ParseDouble(cells.at(1)).value(), core::ParseDouble(cells.at(2)).value(),
           core::ParseDouble(cells.at(3)).value()}}});
  }
  return table;
}

TEST(Hillstrom, GivesTheKnownValuesOfTheThreeConstantPolicies) {
  if (!std::filesystem::exists(DataFile())) {
    GTEST_SKIP() << "no " << DataFile() << "; set JOURNEYMAN_DATA to the folder of public data";
  }
  const testing::TabularWorld world{1, 3, {"visit", "conversion", "spend"}};
  const storage::JourneyTable table = ReadExperiment(world);
  ASSERT_EQ(table.journey_count(), 64'000);
  const auto reward = testing::FirstMetric(world);
  std::vector<std::unique_ptr<policy::Policy>> constants;
  SampleRequest request{reward.get(), {}, {}, 1, true};
  for (int action = 0; action < 3; ++action) {
    constants.push_back(policy::MakeConstantPolicy(3, action));
    request.candidates.push_back({std::to_string(action), constants.back().get()});
  }
  const Sample sample = MakeSample(table, request);

  struct Known {
    int64_t outcome;
    double ipw[3];
    double snipw[3];
  };
  const Known known[] = {{1, {.10603, .18253, .15178}, {.10617, .18276, .15140}},
                         {3, {.65195, 1.42086, 1.07991}, {.65279, 1.42262, 1.07720}}};
  for (const Known& values : known) {
    for (int64_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(WholeJourney(sample, c, values.outcome, 1, false).value, values.ipw[c], 5.1e-6);
      EXPECT_NEAR(WholeJourney(sample, c, values.outcome, 1, true).value, values.snipw[c], 5.1e-6);
      EXPECT_NEAR(PerDecision(sample, c, values.outcome, 1).value, values.ipw[c], 5.1e-6);
    }
  }
  // Effect of Mens on visits: .076590 with standard error .003386, from arm means.
  const PersonSeries effect =
      Difference(WholeJourney(sample, 1, 1, 1, true), WholeJourney(sample, 0, 1, 1, true));
  EXPECT_NEAR(effect.value, .076590, 6e-7);
  EXPECT_NEAR(StandardError(effect.terms), .003386, 1e-6);
}

}  // namespace
}  // namespace journeyman::evaluation
