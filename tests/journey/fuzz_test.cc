// Bounded runs of random input: whatever the bytes, a reader returns or throws core::Error, and
// what it accepts is well formed. The seeds are fixed, so that a failure repeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "journey/json_row.h"
#include "journey/mapping.h"
#include "journey/table.h"
#include "journey/table_split.h"
#include "tests/journey/compression.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/table_rows.h"

namespace journeyman::journey {
namespace {

using testing::ErrorOf;
using testing::ReadText;
using testing::TempDirectory;
using testing::WriteText;

// Flips, removes, repeats and inserts bytes of a text, mostly such as matter to a parser.
std::string Mutated(std::string text, const std::string& alphabet, std::mt19937& random) {
  const auto below = [&random](size_t limit) { return random() % limit; };
  const size_t changes = 1 + below(6);
  for (size_t i = 0; i < changes; ++i) {
    const size_t place = below(text.size() + 1);
    const char byte =
        below(3) == 0 ? static_cast<char>(random()) : alphabet[below(alphabet.size())];
    switch (below(4)) {
      case 0:
        text.insert(place, 1, byte);
        break;
      case 1:
        text.erase(place, below(9));
        break;
      case 2:
        text.insert(place, text.substr(place, below(40)));
        break;
      default:
        if (place < text.size()) text[place] = byte;
    }
  }
  return text;
}

std::string RandomBytes(std::mt19937& random) {
  std::string text(random() % 200, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

// Reads the whole table; the number of rows, or -1 where it is refused.
int ReadAll(const std::filesystem::path& path) {
  int rows = 0;
  const auto error = ErrorOf([&] {
    const auto reader = OpenTable(path);
    TableRow row;
    while (reader->Next(row)) {
      ++rows;
      if (row.problem.empty() && row.cells.size() != reader->columns().size()) {
        ADD_FAILURE() << "a row of another width";
      }
    }
  });
  return error ? -1 : rows;
}

class FuzzTest : public ::testing::Test {
 protected:
  // The share of inputs that were read to the end: neither none nor all, or the run shows nothing.
  double ShareRead(const std::string& name, const std::string& seed, const std::string& alphabet) {
    constexpr int kRuns = 1000;
    std::mt19937 random(12345);
    int read = 0;
    for (int i = 0; i < kRuns; ++i) {
      std::filesystem::remove(directory_ / name);  // quicker than truncating it
      WriteText(directory_ / name,
                i % 5 == 0 ? RandomBytes(random) : Mutated(seed, alphabet, random));
      if (ReadAll(directory_ / name) >= 0) ++read;
    }
    return static_cast<double>(read) / kRuns;
  }

  TempDirectory directory_;
};

TEST_F(FuzzTest, CsvReaderReturnsOrThrowsAnError) {
  const double share =
      ShareRead("a.csv", "x,\"y\"\"z\",w\r\n1,\"2,\n3\",4\n,,\n\"a\",b,c\r\n", ",\"\r\n ;");
  EXPECT_GT(share, 0.5);
  EXPECT_LT(share, 1);
}

TEST_F(FuzzTest, JsonlReaderReturnsOrThrowsAnError) {
  EXPECT_GT(
      ShareRead(
          "a.jsonl",
          "{\"x\":1,\"y\":[0.5,2e3],\"z\":\"a\\u00e9\"}\n{\"x\":null,\"y\":[\"p\"],\"w\":true}\n"
          "{\"x\":{\"n\":[[1]]}}\n",
          "{}[]\":,\\0e-\n"),
      0.5);
}

TEST_F(FuzzTest, ParquetReaderReturnsOrThrowsAnError) {
  const auto path = directory_ / "a.parquet";
  const auto writer = MakeTableWriter(
      path,
      {{"x", ColumnType::kDouble}, {"y", ColumnType::kString}, {"z", ColumnType::kDoubleList}});
  for (int i = 0; i < 20; ++i) {
    writer->Write(std::vector<Cell>{double(i), std::string(i, 'a'), std::vector<double>{1, 2}});
  }
  writer->Close();
  const std::string whole = testing::ReadText(path);
  std::mt19937 random(54321);
  int refused = 0;
  for (int i = 0; i < 150; ++i) {
    std::string bytes = whole;
    for (int change = 0; change < 3; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    std::filesystem::remove(path);
    WriteText(path, bytes);
    if (ReadAll(path) < 0) ++refused;
  }
  EXPECT_GT(refused, 50);
}

TEST_F(FuzzTest, PackedTablesAreReadOrRefused) {
  const std::string csv = "x,y\n1,2\n\"3\n\",4\n" + std::string(300, '5') + ",6\n";
  std::mt19937 random(777);
  for (const char* name : {"a.csv.gz", "a.csv.zst"}) {
    const bool gzip = std::string(name).ends_with("gz");
    const std::string packed = gzip ? testing::Gzip(csv) : testing::Zstd(csv);
    const std::string seed = packed + packed;
    int refused = 0;
    for (int i = 0; i < 1000; ++i) {
      std::filesystem::remove(directory_ / name);
      WriteText(directory_ / name,
                i % 10 == 0 ? RandomBytes(random) : Mutated(seed, packed.substr(0, 20), random));
      if (ReadAll(directory_ / name) < 0) ++refused;
    }
    // Text that is valid by luck is rare where there is a checksum.
    EXPECT_GT(refused, gzip ? 900 : 500) << name;
    EXPECT_LT(refused, 1000) << name;
  }
}

// Reads the whole table, or its ranges one after the other; nothing where it is refused.
std::optional<testing::TextRows> WholeRows(const std::filesystem::path& path) {
  std::optional<testing::TextRows> rows;
  const auto error = ErrorOf([&] { rows = testing::RowsOf(path, {}); });
  return error ? std::nullopt : rows;
}
std::optional<testing::TextRows> RangeRows(const std::filesystem::path& path, int64_t target) {
  testing::TextRows rows;
  const auto error = ErrorOf([&] {
    for (const TableRange& range : SplitTable(path, target).ranges) {
      testing::RowsOf(path, range).AppendTo(rows);
    }
  });
  if (error) return std::nullopt;
  return rows;
}

TEST_F(FuzzTest, RangesGiveTheWholeOfWhateverIsRead) {
  const std::pair<const char*, std::string> seeds[] = {
      {"a.csv", "x,\"y\"\"z\",w\r\n1,\"2,\n3\",4\n,,\n\n\"a\",b,c\r\n \r\n1,2,3\n"},
      {"a.jsonl", "{\"x\":1,\"y\":[0.5]}\n\n{\"x\":null,\"w\":true}\r\n \n{\"x\":{\"n\":1}}\n"}};
  std::mt19937 random(4242);
  for (const auto& [name, seed] : seeds) {
    int read = 0;
    for (int i = 0; i < 700; ++i) {
      std::filesystem::remove(directory_ / name);
      const std::string text =
          i % 10 == 0 ? RandomBytes(random) : Mutated(seed + seed, ",\"\r\n {}", random);
      WriteText(directory_ / name, text);
      const auto whole = WholeRows(directory_ / name);
      if (whole) ++read;
      for (const int64_t target : {1, 20, 64}) {
        ASSERT_EQ(RangeRows(directory_ / name, target), whole) << name << " " << target << "\n"
                                                               << text;
      }
    }
    EXPECT_GT(read, 400) << name;
  }
}

// What is a JSON object is decided as by the parser of another library, to the byte.
TEST_F(FuzzTest, JsonlReaderAcceptsWhatAnotherParserAccepts) {
  const std::string seed =
      "{\"x\":[1,-0.5e+3,true],\"y\":{\"z\":null,\"w\":\"a\\u00e9\\ud83d\\ude00\xC3\xA9\"}}";
  std::mt19937 random(31337);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string line = Mutated(seed, "{}[]\":,\\u0de8-+.\xC3\xED\xA0 ", random);
    std::replace(line.begin(), line.end(), '\n', ' ');
    const auto json = nlohmann::json::parse(line, nullptr, false);
    JsonRowReader reader({"absent"});
    std::string text = line;
    std::vector<Cell> cells;
    const std::string problem = reader.Read(text.data(), text.size(), cells);
    ASSERT_EQ(problem.empty(), json.is_object()) << problem << "\n" << line;
    if (problem.empty()) ++accepted;
  }
  EXPECT_GT(accepted, 500);
  EXPECT_LT(accepted, 15'000);
}

TEST_F(FuzzTest, MappingReaderReturnsAValidMappingOrThrowsAnError) {
  Mapping seed = testing::SmallMapping();
  seed.time = "at";
  seed.horizon = 3;
  const std::filesystem::path examples = std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "examples";
  const std::string texts[] = {seed.ToJson(),
                               testing::ReadText(examples / "starbucks" / "mapping.json"),
                               testing::ReadText(examples / "completejourney" / "mapping.json")};
  std::mt19937 random(999);
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string mutated =
        i % 10 == 0 ? RandomBytes(random) : Mutated(texts[i % 3], "{}[]\":,0-1.e", random);
    const auto error = ErrorOf([&] {
      const Mapping mapping = ParseMapping(mutated, "m");
      ++accepted;
      EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping);
    });
    const auto code = error ? error->code() : core::ExitCode::kConfig;
    EXPECT_EQ(code, core::ExitCode::kConfig) << error->what();
  }
  EXPECT_GT(accepted, 30);
  EXPECT_LT(accepted, 2500);
}

// The ledger of imported files stands in the dataset's manifest.
TEST_F(FuzzTest, LedgerIsReadAsItIsWrittenOrRefused) {
  WriteText(directory_ / "mapping.json", R"({
    "schema_version": 1, "inputs": ["decisions.csv"],
    "catalogue": {"has_no_action": true, "actions": [{"name": "none"}, {"name": "mail"}]},
    "person": "person", "time": {"column": "time", "format": "s"}, "action": "action",
    "propensity": 0.5, "events": {"sale": {"inputs": ["sales.csv"]}},
    "outcomes": {"window": "5s"},
    "metrics": [{"name": "sales", "events": "sale", "aggregate": "count"}],
    "features": [{"name": "sold", "events": "sale", "aggregate": "count"}],
    "split": {"partitions": 2, "holdout_share": 0.3, "folds": 5}})");
  WriteText(directory_ / "decisions.csv", "person,time,action\na,10,mail\nb,90,none\n");
  WriteText(directory_ / "sales.csv", "person,time\na,12\nb,95\n");
  ImportOptions options;
  options.mapping = directory_ / "mapping.json";
  options.dataset = directory_ / "dataset";
  (void)Import(core::RealFileSystem(), options);
  const std::string text = ReadText(directory_ / "dataset/manifest.json");
  ASSERT_NE(text.find("sales.csv"), std::string::npos);
  std::mt19937 random(4711);
  int accepted = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string mutated =
        i % 10 == 0 ? RandomBytes(random) : Mutated(text, "{}[]\":,0-1.ea", random);
    const auto error = ErrorOf([&] {
      const auto manifest = storage::DatasetManifest::FromJson(mutated);
      ++accepted;
      const std::string written = manifest.ToJson();
      EXPECT_EQ(storage::DatasetManifest::FromJson(written).ToJson(), written);
    });
    if (!error) continue;
    const bool refused = error->code() == core::ExitCode::kBadData ||
                         error->code() == core::ExitCode::kConfig;
    EXPECT_TRUE(refused) << error->what();
  }
  EXPECT_GT(accepted, 50);
  EXPECT_LT(accepted, 4000);
}

}  // namespace
}  // namespace journeyman::journey
