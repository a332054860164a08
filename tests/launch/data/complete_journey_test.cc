// A grocery loyalty programme: campaigns whose dates are in another table, coupons that name their
// campaign, transactions that are joined by time; nothing was randomised.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file_system.h"
#include "core/strings.h"
#include "storage/dataset.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

TEST(CompleteJourneyTest, CampaignsCouponsAndTransactionsImportAndJoin) {
  const char* root = std::getenv("JOURNEYMAN_DATA");
  const fs::path data =
      fs::path(root != nullptr ? root : StrCat(JOURNEYMAN_SOURCE_DIR, "/../shared/data")) /
      "completejourney";
  if (!fs::exists(data / "campaigns.csv")) {
    GTEST_SKIP() << "no " << data << "; set JOURNEYMAN_DATA to the folder of public data";
  }
  TempDirectory directory;
  const std::string dataset = (directory.path() / "data").string();
  const ProgramEnd end = Journeyman(
      {"import", dataset, "--mapping",
       StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/completejourney/mapping.json"), "--base",
       data.string(), "--json", "--profile"});
  ASSERT_EQ(end.status, 0) << end.err;
  const auto report = nlohmann::json::parse(end.out);
  EXPECT_EQ(report.at("rows"), 6'589 + 75'000 + 2'102 + 801);
  EXPECT_EQ(report.at("rejected"), 0);
  EXPECT_TRUE(report.at("unpropensed"));
  // Campaigns of the last weeks wait for outcomes that the sample does not have.
  EXPECT_EQ(report.at("accepted").get<int>() + report.at("open_decisions").get<int>(), 6'589);
  EXPECT_EQ(report.at("open_decisions"), 768);

  const auto& readiness = report.at("profile").at("readiness");
  EXPECT_EQ(readiness.at("verdict"), "unsuitable");
  for (const auto& check : readiness.at("checks")) {
    const bool needs_propensities =
        check.at("name") == "randomisation" || check.at("name") == "exploration";
    EXPECT_EQ(check.at("status") == "unsuitable", needs_propensities) << check.dump(2);
  }
  EXPECT_EQ(report.at("profile").at("open_decisions"), 768);

  const auto opened = storage::Dataset::Open(core::RealFileSystem(), dataset);
  std::set<uint64_t> people;
  std::set<uint64_t> campaigns;
  int64_t rows = 0;
  double sales = 0;
  for (int p = 0; p < opened.split().partitions; ++p) {
    const storage::JourneyTable published = opened.ReadPartition(p);
    for (int64_t row = 0; row < published.rows(); ++row) sales += published.Metrics(row)[0];
    for (const auto& table : {published, opened.ReadPending(p)}) {
      people.insert(table.persons.begin(), table.persons.end());
      campaigns.insert(table.decision.begin(), table.decision.end());
      rows += table.rows();
    }
  }
  EXPECT_EQ(rows, 6'589);
  EXPECT_EQ(people.size(), 1'559);
  EXPECT_EQ(campaigns.size(), 27);
  // By a script in Python that joins each transaction to the household's last campaign before it,
  // within 30 days, where all of that campaign's windows end before 2018.
  EXPECT_NEAR(sales, 69978.88, .005);

  const ProgramEnd refused =
      Journeyman({"evaluate", (directory.path() / "evaluation").string(), "--data.dataset", dataset,
                  "--policy", "always=constant:type_a", "--baselines=false", "--models.kind", "none",
                  "--evaluate.estimators", "snipw"});
  EXPECT_EQ(refused.status, 65) << refused.out;
}

}  // namespace
}  // namespace journeyman::testing
