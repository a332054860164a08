// The Starbucks rewards experiment by the documented command: from the raw event log to a judged
// policy.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file_system.h"
#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

TEST(StarbucksLongTest, TheCertifiablePolicyIsShownToEarnMoreThanTheOneThatSentTheOffers) {
  const char* root = std::getenv("JOURNEYMAN_DATA");
  const fs::path data =
      fs::path(root != nullptr ? root : StrCat(JOURNEYMAN_SOURCE_DIR, "/../shared/data")) /
      "starbucks_rewards";
  if (!fs::exists(data / "transcript.json.gz")) {
    GTEST_SKIP() << "no " << data << "; set JOURNEYMAN_DATA to the folder of public data";
  }
  TempDirectory directory;
  const fs::path output = directory.path() / "out";
  const ProgramEnd end =
      RunProgram({StrCat(JOURNEYMAN_SOURCE_DIR, "/tools/quickstart"), "--events", data.string(),
                  "--binary", JOURNEYMAN_BINARY, "--output", output.string()},
                 {}, 900);
  ASSERT_EQ(end.status, 0) << end.out << end.err;
  const auto evaluation = nlohmann::json::parse(
      core::RealFileSystem().ReadText(output / "evaluation" / "evaluation.json"));
  std::set<std::string> seen;
  for (const auto& candidate : evaluation.at("candidates")) {
    const std::string name = candidate.at("name");
    const auto& outcome = candidate.at("outcomes").at(0);
    const auto& value = outcome.at("estimates").at("dr");
    const auto& difference = outcome.at("difference_to_behaviour");
    std::printf("%-14s %.2f [%.2f, %.2f], against behaviour %.2f (se %.2f)\n", name.c_str(),
                value.at("value").get<double>(), value.at("lower").get<double>(),
                value.at("upper").get<double>(), difference.at("value").get<double>(),
                difference.at("standard_error").get<double>());
    seen.insert(name);
    if (name != "certifiable") continue;
    EXPECT_GT(difference.at("value").get<double>() -
                  1.645 * difference.at("standard_error").get<double>(),
              0);
  }
  for (const char* name : {"behaviour", "no_action", "always_send", "certifiable"}) {
    EXPECT_TRUE(seen.contains(name)) << name;
  }
}

}  // namespace
}  // namespace journeyman::testing
