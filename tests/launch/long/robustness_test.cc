// What is learned from a damaged log of the simulated shop, beside what is learned from the whole one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file_system.h"
#include "core/philox.h"
#include "core/strings.h"
#include "tests/launch/support/customer_world.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

constexpr uint64_t kSeeds = 5;
constexpr int64_t kPeople = 20'000;

// Shares of damage.
struct Damage {
  const char* name;
  double missing_cells = 0;    // of the features
  double flipped_rewards = 0;  // decisions whose spend has the other sign
};

std::set<std::string> FeatureColumns(const fs::path& log) {
  std::set<std::string> columns;
  const auto mapping =
      nlohmann::json::parse(core::RealFileSystem().ReadText(log / "mapping.json"));
  for (const auto& feature : mapping.at("features")) {
    columns.insert(feature.value("column", feature.at("name").get<std::string>()));
  }
  return columns;
}

void DamageFile(const fs::path& path, const std::set<std::string>& features, const Damage& damage,
                core::PhiloxStream& random) {
  const auto lines = core::Split(core::RealFileSystem().ReadText(path), '\n');
  const auto names = core::Split(lines[0], ',');
  std::string text = lines[0] + "\n";
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    auto cells = core::Split(lines[i], ',');
    ASSERT_EQ(cells.size(), names.size()) << lines[i];
    for (size_t c = 0; c < cells.size(); ++c) {
      if (features.contains(names[c]) && random.NextDouble() < damage.missing_cells) {
        cells[c].clear();
      }
      if (names[c] == "spend" && random.NextDouble() < damage.flipped_rewards) {
        cells[c] = cells[c].starts_with("-") ? cells[c].substr(1) : "-" + cells[c];
      }
    }
    for (size_t c = 0; c < cells.size(); ++c) text += (c == 0 ? "" : ",") + cells[c];
    text += "\n";
  }
  core::WriteAtomically(core::RealFileSystem(), path, text);
}

void DamageLog(const fs::path& log, uint64_t seed, const Damage& damage) {
  const std::set<std::string> features = FeatureColumns(log);
  core::PhiloxStream random(seed, 77, 0);
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(log)) {
    if (entry.path().extension() == ".csv") paths.push_back(entry.path());
  }
  ASSERT_FALSE(paths.empty());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) DamageFile(path, features, damage, random);
}

// With the same people and the same luck for every log, so that differences are the damage's.
TEST(RobustnessLongTest, APolicyFromADamagedLogStillBeatsTheOneThatLogged) {
  const Damage damages[] = {{.name = "clean"},
                            {.name = "10 % of cells missing", .missing_cells = .1},
                            {.name = "30 % of cells missing", .missing_cells = .3},
                            {.name = "10 % of rewards flipped", .flipped_rewards = .1}};
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const Damage& damage : damages) {
      SCOPED_TRACE(StrCat(damage.name, ", seed ", seed));
      TempDirectory directory;
      const CustomerRound round(
          directory.path(), seed, kPeople,
          [&](const fs::path& log) { DamageLog(log, seed, damage); });
      round.Train("run");
      const auto behaviour = round.Truth(*round.Behaviour());
      const auto agent = round.Truth(*round.Agent("run"));
      const PairedDifference gain = Paired(agent, behaviour);
      std::printf("seed %d, %s: behaviour %.2f, agent %.2f, gain %.2f (se %.2f)\n",
                  static_cast<int>(seed), damage.name, behaviour.mean, agent.mean, gain.mean,
                  gain.standard_error);
      EXPECT_GT(gain.Ratio(), 2);
    }
  }
}

}  // namespace
}  // namespace journeyman::testing
