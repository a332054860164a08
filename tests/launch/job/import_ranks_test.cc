// mpirun -n N journeyman import: the bytes of one process, and an error of one rank ends all.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/file_system.h"
#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

class ImportRanksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("key", "000102030405060708090a0b0c0d0e0f\n");
    Write("mapping.json", R"({"schema_version": 1, "inputs": ["offers-*.csv"],
      "catalogue": {"has_no_action": true, "actions": [{"name": "none"}, {"name": "mail"}]},
      "person": "person", "time": {"column": "day", "format": "d"}, "action": "action",
      "propensity": 0.5, "complete_until": 400,
      "events": {"sale": {"inputs": ["sales-*.csv"], "values": {"amount": "amount"}}},
      "outcomes": {"window": "20d"},
      "metrics": [{"name": "spend", "events": "sale", "value": "amount", "aggregate": "sum"}],
      "features": [{"name": "region"},
                   {"name": "spent", "events": "sale", "value": "amount", "aggregate": "sum"}],
      "split": {"partitions": 8, "holdout_share": 0.3, "folds": 5}})");
    for (int file = 0; file < 4; ++file) {
      std::string offers = "person,day,action,region\n";
      std::string sales = "person,day,amount\n";
      for (int i = 0; i < 300; ++i) {
        const int person = (i * 7 + file * 13) % 211;
        offers += StrCat("p", person, ",", (i * 31 + file * 17) % 365, ",",
                         i % 2 == 0 ? "none" : "mail", ",r", person % 4, "\n");
        sales += StrCat("p", (i * 11 + file) % 211, ",", (i * 29 + file) % 365, ",", i % 50, "\n");
      }
      Write(StrCat("offers-", file, ".csv"), offers);
      Write(StrCat("sales-", file, ".csv"), sales);
    }
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() / name) << text;
  }

  std::vector<std::string> Words(const std::string& dataset) const {
    return {"import",     (directory_.path() / dataset).string(),
            "--mapping",  (directory_.path() / "mapping.json").string(),
            "--key-file", (directory_.path() / "key").string(),
            "--json"};
  }

  ProgramEnd OnRanks(int ranks, const std::string& dataset) const {
    std::vector<std::string> words{"mpirun", "--oversubscribe", "-n", StrCat(ranks),
                                   JOURNEYMAN_BINARY};
    const auto import = Words(dataset);
    words.insert(words.end(), import.begin(), import.end());
    return RunProgram(words);
  }

  // Names and contents of all files.
  std::string Bytes(const std::string& dataset) const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path() / dataset)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::string bytes;
    for (const fs::path& path : paths) {
      bytes += path.filename().string() + "\n" + core::RealFileSystem().ReadText(path);
    }
    return bytes;
  }

  TempDirectory directory_;
};

TEST_F(ImportRanksTest, AnyNumberOfProcessesWritesTheSameBytes) {
  const ProgramEnd alone = Journeyman(Words("alone"));
  ASSERT_EQ(alone.status, 0) << alone.err;
  ASSERT_GT(nlohmann::json::parse(alone.out).at("accepted"), 1000);
  const std::string bytes = Bytes("alone");
  for (const int ranks : {2, 3}) {
    const std::string dataset = StrCat("on-", ranks);
    const ProgramEnd end = OnRanks(ranks, dataset);
    ASSERT_EQ(end.status, 0) << end.err;
    EXPECT_EQ(end.out, alone.out) << "one report";
    EXPECT_EQ(Bytes(dataset), bytes) << ranks << " ranks";
  }
}

TEST_F(ImportRanksTest, AnErrorOfOneRankEndsAllWithItsMessageAndLeavesNoDataset) {
  Write("sales-2.csv", "person,when,amount\np1,3,4\n");
  const ProgramEnd end = OnRanks(3, "broken");
  EXPECT_EQ(end.status, 65) << end.err;
  EXPECT_NE(end.err.find("sales-2.csv"), std::string::npos) << end.err;
  EXPECT_FALSE(fs::exists(directory_.path() / "broken" / "manifest.json"));
}

}  // namespace
}  // namespace journeyman::testing
