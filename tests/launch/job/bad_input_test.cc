// Bad input ends with its exit code and a message that names value, place and
// hint; what was there before is untouched.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/file_system.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

class BadInputTest : public ::testing::Test {
 protected:
  // Copies the small world's dataset, so that a test may damage it.
  std::string DatasetCopy() const {
    const fs::path copy = directory_.path() / "data";
    fs::copy(SmallWorldOnce().dataset, copy, fs::copy_options::recursive);
    return copy.string();
  }

  std::vector<std::string> Training(const std::string& dataset) const {
    auto words = ShortTraining(directory_.path() / "run", 10);
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "--data.dataset") words[i + 1] = dataset;
    }
    words.emplace_back("--quiet");
    return words;
  }

  // The toy table of examples/toy with `rows` of CSV text behind its header.
  std::string Table(const std::string& name, const std::string& text) const {
    const fs::path path = directory_.path() / name;
    std::ofstream(path) << text;
    return path.string();
  }

  std::string ToyRows(int from, int to) const {
    std::string rows;
    for (int i = from; i < to; ++i) {
      rows += StrCat("p", i, ",", i % 2 == 0 ? "none" : "offer", ",0.5,", i % 3, ",", i % 7, "\n");
    }
    return rows;
  }

  static constexpr const char* kHeader = "person,action,propensity,spend,visits\n";

  std::string Mapping() const {
    const fs::path path = directory_.path() / "mapping.json";
    std::ofstream(path) << R"({"schema_version": 1, "inputs": ["table.csv"],
      "catalogue": {"has_no_action": true, "actions": [{"name": "none"}, {"name": "offer"}]},
      "person": "person", "action": "action", "propensity": "propensity",
      "metrics": [{"name": "spend", "column": "spend"}],
      "features": [{"name": "visits", "column": "visits", "kind": "continuous"}],
      "horizon": 1, "split": {"partitions": 2}})";
    return path.string();
  }

  ProgramEnd Import(const std::string& table, const std::string& dataset,
                    std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"import", dataset, "--mapping", Mapping(), "--input", table};
    words.insert(words.end(), more.begin(), more.end());
    return Journeyman(words);
  }

  static std::string HashOf(const fs::path& directory) {
    core::Xxh3Hasher hasher;
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const auto bytes = core::RealFileSystem().ReadFile(file);
      hasher.Update(bytes);
    }
    return core::Hex64(hasher.Digest());
  }

  TempDirectory directory_;
};

TEST_F(BadInputTest, TheToyCaseImportsAndTrains) {
  const std::string data = (directory_.path() / "toy").string();
  const ProgramEnd import = Import(Table("table.csv", kHeader + ToyRows(0, 100)), data);
  ASSERT_EQ(import.status, 0) << import.err;
  const ProgramEnd train =
      Journeyman({"train", (directory_.path() / "run").string(), "--data.dataset", data,
                  "--learner.steps", "10", "--learner.batch", "32", "--agent.hidden", "8"});
  EXPECT_EQ(train.status, 0) << train.err;
}

TEST_F(BadInputTest, AMissingColumnNamesFileColumnAndWhatThereIs) {
  const ProgramEnd end = Import(
      Table("table.csv", "person,action,propensity,spent,visits\np1,none,0.5,1,2\n"),
      (directory_.path() / "new").string());
  EXPECT_EQ(end.status, 65);
  for (const char* piece : {"table.csv", "spend", "spent"}) {
    EXPECT_NE(end.err.find(piece), std::string::npos) << piece << " in: " << end.err;
  }
  EXPECT_FALSE(fs::exists(directory_.path() / "new" / "manifest.json"));
}

struct BadRow {
  const char* name;
  const char* row;
};

class BadRowTest : public BadInputTest, public ::testing::WithParamInterface<BadRow> {};

// One bad row among 2,000 is under the default rate of 0.1 %, one among 100 is
// above it.
TEST_P(BadRowTest, IsRejectedBelowTheRateAndFatalAboveIt) {
  const std::string data = (directory_.path() / "data").string();
  const std::string few = kHeader + ToyRows(0, 2000) + GetParam().row;
  const ProgramEnd below = Import(Table("table.csv", few), data);
  EXPECT_EQ(below.status, 0) << below.err;
  EXPECT_TRUE(fs::exists(fs::path(data) / "rejects.jsonl"));

  const std::string before = HashOf(data);
  const std::string many = kHeader + ToyRows(5000, 5100) + GetParam().row;
  const ProgramEnd above = Import(Table("more.csv", many), data);
  EXPECT_EQ(above.status, 65) << above.err;
  EXPECT_NE(above.err.find("more.csv"), std::string::npos) << above.err;
  EXPECT_EQ(HashOf(data), before) << "the dataset changed";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadRowTest,
    ::testing::Values(BadRow{"NaNMetric", "x,none,0.5,nan,1\n"},
                      BadRow{"PropensityZero", "x,none,0,1,1\n"},
                      BadRow{"PropensityAboveOne", "x,none,1.2,1,1\n"},
                      BadRow{"UnknownAction", "x,gift,0.5,1,1\n"},
                      BadRow{"MissingPerson", ",none,0.5,1,1\n"}),
    [](const ::testing::TestParamInfo<BadRow>& info) { return std::string(info.param.name); });

TEST_F(BadInputTest, AFlippedByteInAShardIsFoundAndNamed) {
  const std::string data = DatasetCopy();
  fs::path shard;
  for (const auto& entry : fs::directory_iterator(fs::path(data) / "shards")) shard = entry.path();
  auto bytes = core::RealFileSystem().ReadFile(shard);
  bytes[bytes.size() / 2] ^= std::byte{1};
  core::RealFileSystem().WriteDurable(shard, bytes);
  const ProgramEnd end = Journeyman(Training(data));
  EXPECT_EQ(end.status, 65) << end.err;
  EXPECT_NE(end.err.find(shard.filename().string()), std::string::npos) << end.err;
}

TEST_F(BadInputTest, AnUnknownConfigurationKeyNamesFileAndKey) {
  const std::string file = Table("train.cfg", "[learner]\nbtach=64\n");
  auto words = Training(SmallWorldOnce().dataset);
  words.insert(words.end(), {"--config", file});
  const ProgramEnd end = Journeyman(words);
  EXPECT_EQ(end.status, 78) << end.err;
  EXPECT_NE(end.err.find("learner.btach"), std::string::npos) << end.err;
  EXPECT_NE(end.err.find("learner.batch"), std::string::npos) << end.err;
}

TEST_F(BadInputTest, ABatchThatPartitionsDoNotDivideProposesTheNext) {
  auto words = Training(SmallWorldOnce().dataset);
  words.insert(words.end(), {"--learner.batch", "65"});
  const ProgramEnd end = Journeyman(words);
  EXPECT_EQ(end.status, 78) << end.err;
  EXPECT_NE(end.err.find("72"), std::string::npos) << end.err;
}

TEST_F(BadInputTest, AMissingDatasetIsMissingInput) {
  const ProgramEnd end = Journeyman(Training((directory_.path() / "nowhere").string()));
  EXPECT_EQ(end.status, 66) << end.err;
}

TEST_F(BadInputTest, UnknownVerbAndFlagAreUsageErrors) {
  EXPECT_EQ(Journeyman({"trian"}).status, 64);
  EXPECT_EQ(Journeyman({"train", "x", "--nonsense", "1"}).status, 64);
  EXPECT_EQ(Journeyman({}).status, 64);
}

TEST_F(BadInputTest, WithoutPropensitiesImportWorksAndWeightingRefuses) {
  const fs::path mapping = directory_.path() / "unpropensed.json";
  std::string text = core::RealFileSystem().ReadText(Mapping());
  const std::string entry = "\"propensity\": \"propensity\",";
  text.erase(text.find(entry), entry.size());
  std::ofstream(mapping) << text;
  const std::string data = (directory_.path() / "unpropensed").string();
  const ProgramEnd import =
      Journeyman({"import", data, "--mapping", mapping.string(), "--input",
                  Table("table.csv", kHeader + ToyRows(0, 400))});
  ASSERT_EQ(import.status, 0) << import.err;
  EXPECT_NE(import.out.find("unpropensed"), std::string::npos) << import.out;
  const ProgramEnd evaluate =
      Journeyman({"evaluate", (directory_.path() / "evaluation").string(), "--data.dataset", data,
                  "--policy", "all=constant:offer", "--baselines=false", "--models.kind", "none",
                  "--evaluate.estimators", "ipw,snipw"});
  EXPECT_EQ(evaluate.status, 65) << evaluate.err;
}

}  // namespace
}  // namespace journeyman::testing
