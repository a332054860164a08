// What a team sees before it trusts its data, through the program.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

TEST(DataProfileTest, InspectJudgesADatasetAndSaysItInWordsToo) {
  const SmallWorld& world = SmallWorldOnce();
  const ProgramEnd end = Journeyman({"inspect", world.dataset, "--profile", "--json"});
  ASSERT_EQ(end.status, 0) << end.err;
  const auto profile = nlohmann::json::parse(end.out);
  EXPECT_EQ(profile.at("people"), 400);
  EXPECT_EQ(profile.at("readiness").at("verdict"), "not yet") << "120 held-out people";
  EXPECT_TRUE(profile.at("state").at("targets").is_array());
  const ProgramEnd words = Journeyman({"inspect", world.dataset, "--profile"});
  EXPECT_EQ(words.status, 0) << words.err;
  EXPECT_NE(words.out.find("Verdict: not yet\n"), std::string::npos) << words.out;
}

TEST(DataProfileTest, ImportExplainsItsMappingWithoutADatasetOrInputs) {
  const SmallWorld& world = SmallWorldOnce();
  TempDirectory empty;
  const ProgramEnd end = Journeyman({"import", "--explain", "--mapping", world.mapping, "--base",
                                     empty.path().string()});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_NE(end.out.find("NOT FOUND"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find("When a decision is final"), std::string::npos) << end.out;
}

TEST(DataProfileTest, ADryRunProfilesWhatItWouldImport) {
  const SmallWorld& world = SmallWorldOnce();
  TempDirectory directory;
  const std::string dataset = (directory.path() / "data").string();
  const ProgramEnd end = Journeyman({"import", dataset, "--mapping", world.mapping, "--dry-run",
                                     "--profile", "--json"});
  ASSERT_EQ(end.status, 0) << end.err;
  const auto report = nlohmann::json::parse(end.out);
  EXPECT_TRUE(report.at("dry_run").get<bool>());
  EXPECT_EQ(report.at("profile").at("people"), 400);
  EXPECT_TRUE(report.at("profile").at("state").is_null()) << "there is no dataset to ask";
  EXPECT_FALSE(std::filesystem::exists(dataset));
}

TEST(DataProfileTest, JsonOfInspectIsOfTheProfile) {
  const ProgramEnd end = Journeyman({"inspect", SmallWorldOnce().dataset, "--json"});
  EXPECT_EQ(end.status, 64) << end.out;
}

}  // namespace
}  // namespace journeyman::testing
