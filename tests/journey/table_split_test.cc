#include "journey/table_split.h"

#include <gtest/gtest.h>

#include <random>

#include "core/salted_hash.h"
#include "journey/input_files.h"
#include "tests/journey/compression.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/table_rows.h"

namespace journeyman::journey {
namespace {

using testing::ErrorOf;
using testing::ReadText;
using testing::RowsOf;
using testing::TempDirectory;
using testing::WriteText;

class TableSplitTest : public ::testing::Test {
 protected:
  // What the ranges for this target give, one after the other, and how many there are.
  std::pair<testing::TextRows, size_t> Ranges(const std::string& name, int64_t target_bytes) const {
    const TableSplit split = SplitTable(directory_ / name, target_bytes);
    testing::TextRows all;
    for (const TableRange& range : split.ranges) RowsOf(directory_ / name, range).AppendTo(all);
    return {all, split.ranges.size()};
  }
  // For many targets, from one row each to all in one.
  void ExpectEveryTargetGivesTheWhole(const std::string& name, const std::string& text) {
    WriteText(directory_ / name, text);
    const testing::TextRows whole = RowsOf(directory_ / name, {});
    size_t most = 0;
    for (const int64_t target : {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 1000, 1'000'000}) {
      const auto [rows, count] = Ranges(name, target);
      EXPECT_EQ(rows, whole) << name << " " << target << "\n" << text;
      most = std::max(most, count);
      if (target > static_cast<int64_t>(text.size())) {
        EXPECT_EQ(count, 1u);
      }
    }
    EXPECT_EQ(most, std::max<size_t>(whole.rows.size(), 1)) << "a row each\n" << text;
    EXPECT_EQ(SplitTable(directory_ / name, 7).content_hash, core::Xxh3(text));
  }

  TempDirectory directory_;
};

TEST_F(TableSplitTest, CsvRangesGiveTheWhole) {
  for (const std::string text :
       {"x,y\n1,2\n3,4\n5,6\n", "x,y\r\n1,2\r\n3,4\r\n5,6",
        "\xEF\xBB\xBF\n\nx,y\n\n1,2\n \n\n3,4\n\n",
        "x,y\n\"a\nb\",1\n\"\n\n\",2\n3,\"c\r\n,\"\"\n\"\n4,5\n", "\"x\n1\",y\n1,2\n\"\n\",\"\"\n",
        "x,y\n1\"2,\"3\n4,5\n\"6\"7,\"8\n9,10\n", "x,y\n1,2\n\"open,3\n4,5\n6,7\n",
        "x\n\"\"\n\" \"\n1\n", "x,y\n", "x,y", "x,y\n\n\n", "x,y\n1,2\n\r\n\t\n3\r4,5\r\r\n6,7"}) {
    ExpectEveryTargetGivesTheWhole("a.csv", text);
  }
}

TEST_F(TableSplitTest, JsonlRangesGiveTheWhole) {
  for (const std::string text :
       {"{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n", "{\"x\":1}\r\n\r\n{\"y\":2}\r\n \n{\"x\":3}",
        "\xEF\xBB\xBF\n{\"x\":1}\n{\"x\":\n}\n[1]\n\n{\"z\":\"\\n\"}\n\n", "\n \n\t\r\n", "{}"}) {
    ExpectEveryTargetGivesTheWhole("a.jsonl", text);
  }
}

// Rows over many windows of the reader, with line ends of every kind at their edges.
TEST_F(TableSplitTest, LongTablesGiveTheWhole) {
  std::mt19937 random(5);
  std::string csv = "x,y\n";
  std::string jsonl;
  for (int i = 0; i < 20'000; ++i) {
    const std::string filler(random() % 60, static_cast<char>('a' + random() % 26));
    const bool quoted = random() % 3 == 0;
    csv += quoted ? "\"" + filler + "\n\"\"" + filler + "\"" : filler + "1";
    csv += "," + std::to_string(i) + (random() % 2 == 0 ? "\r\n" : "\n");
    jsonl += "{\"x\":\"" + filler + "\",\"y\":" + std::to_string(i) + "}\n";
    for (; random() % 4 == 0; jsonl += " \r\n") csv += "\n";
  }
  for (const auto& [name, text] : {std::pair("a.csv", csv), std::pair("a.jsonl", jsonl)}) {
    WriteText(directory_ / name, text);
    const testing::TextRows whole = RowsOf(directory_ / name, {});
    EXPECT_EQ(whole.rows.size(), 20'000u);
    for (const int64_t target : {4'097, 100'003, 262'144, 700'001}) {
      const auto [rows, count] = Ranges(name, target);
      EXPECT_TRUE(rows == whole) << name << " " << target;
      EXPECT_NEAR(static_cast<double>(count), static_cast<double>(text.size()) / target,
                  0.03 * static_cast<double>(text.size()) / target + 1);
    }
    EXPECT_EQ(SplitTable(directory_ / name, 100'003).content_hash, core::Xxh3(text));
  }
}

TEST_F(TableSplitTest, ARangeStartsWithARow) {
  WriteText(directory_ / "a.csv", "x\n1\n\n\n2\n");
  const auto ranges = SplitTable(directory_ / "a.csv", 1).ranges;
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0], (TableRange{.begin = 0, .end = 6}));
  EXPECT_EQ(ranges[1], (TableRange{.begin = 6, .first_row = 2, .first_line = 5}));
}

TEST_F(TableSplitTest, ParquetIsSplitByRowGroups) {
  const auto path = directory_ / "a.parquet";
  const auto writer =
      MakeTableWriter(path, {{"x", ColumnType::kInt64}, {"y", ColumnType::kString}});
  constexpr int64_t kRows = 150'000;  // three row groups of 65,536
  for (int64_t i = 0; i < kRows; ++i) writer->Write(std::vector<Cell>{i, std::to_string(i * 7)});
  writer->Close();
  const testing::TextRows whole = RowsOf(path, {});
  ASSERT_EQ(whole.rows.size(), static_cast<size_t>(kRows));
  EXPECT_TRUE(Ranges("a.parquet", 1).first == whole);
  EXPECT_EQ(Ranges("a.parquet", 1).second, 3u);
  EXPECT_EQ(SplitTable(path, 1).ranges[1].first_row, 65'537);
  EXPECT_EQ(Ranges("a.parquet", 1 << 30).second, 1u);
  EXPECT_EQ(SplitTable(path, 1).content_hash, core::Xxh3(ReadText(path)));
}

TEST_F(TableSplitTest, ACompressedTableIsOneRange) {
  const std::string text = "x\n1\n2\n3\n";
  for (const char* name : {"a.csv.gz", "a.csv.zst"}) {
    const std::string packed =
        std::string(name).ends_with("gz") ? testing::Gzip(text) : testing::Zstd(text);
    WriteText(directory_ / name, packed);
    const TableSplit split = SplitTable(directory_ / name, 1);
    EXPECT_EQ(split.ranges, std::vector<TableRange>(1));
    EXPECT_EQ(split.content_hash, core::Xxh3(packed));
    EXPECT_EQ(Ranges(name, 1).first.rows.size(), 3u);
  }
}

TEST_F(TableSplitTest, TheHashesOfSplitsGiveTheContentHash) {
  WriteText(directory_ / "a.csv", "x\n1\n");
  WriteText(directory_ / "b.csv", "x\n2\n");
  const auto inputs = ResolveInputs({"a.csv", "b.csv"}, directory_.path());
  std::vector<uint64_t> hashes;
  for (const char* name : {"b.csv", "a.csv"}) {
    hashes.push_back(SplitTable(directory_ / name, 100).content_hash);
  }
  EXPECT_EQ(ContentHash(hashes, "salt"), ContentHash(inputs, "salt"));
  EXPECT_NE(ContentHash(hashes, "salt"), ContentHash(hashes, "other"));
}

TEST_F(TableSplitTest, WhatIsNoTableIsRefusedAndALongRowToo) {
  WriteText(directory_ / "empty.csv", "");
  WriteText(directory_ / "long.csv", "x\n\"" + std::string(17u << 20, 'a'));
  WriteText(directory_ / "long.jsonl", "{}\n" + std::string(17u << 20, 'a') + "\n");
  WriteText(directory_ / "text.parquet", "this is no parquet file, but long enough for a footer");
  for (const char* name : {"empty.csv", "long.csv", "long.jsonl", "text.parquet", "a.xls"}) {
    const auto error = ErrorOf([&] { (void)SplitTable(directory_ / name, 100); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData) << name;
    EXPECT_NE(std::string(error->what()).find(name), std::string::npos) << error->what();
  }
  for (const char* name : {"gone.csv", "gone.jsonl", "gone.parquet", "gone.csv.gz"}) {
    const auto error = ErrorOf([&] { (void)SplitTable(directory_ / name, 100); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kMissingInput) << name;
  }
}

// A row of the longest length that is allowed is read whether or not ranges cut before it.
TEST_F(TableSplitTest, TheLimitOfARowDoesNotDependOnRanges) {
  constexpr size_t kMost = size_t{16} << 20;
  for (const size_t size : {kMost, kMost + 1}) {
    const std::string line = "{\"x\":\"" + std::string(size - 8, 'a') + "\"}";
    WriteText(directory_ / "a.jsonl", "{}\n" + line + "\n{}\n");
    const auto whole = ErrorOf([&] { (void)RowsOf(directory_ / "a.jsonl", {}); });
    const auto split = ErrorOf([&] { (void)Ranges("a.jsonl", 1); });
    EXPECT_EQ(whole.has_value(), size > kMost);
    EXPECT_EQ(split.has_value(), size > kMost);
  }
}

}  // namespace
}  // namespace journeyman::journey
