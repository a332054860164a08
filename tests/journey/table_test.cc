#include "journey/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using testing::ErrorOf;
using testing::ReadText;
using testing::TempDirectory;
using testing::WriteText;

class TableTest : public ::testing::Test {
 protected:
  // Every row of a table that consists of `text`, cells as text, "?" for a problem; of the columns
  // named, or all.
  std::vector<std::vector<std::string>> Rows(const std::string& name, const std::string& text,
                                             const std::vector<std::string>& columns = {}) {
    WriteText(directory_ / name, text);
    const auto reader = OpenTable(directory_ / name);
    if (!columns.empty()) reader->Select(columns);
    std::vector<std::vector<std::string>> rows;
    TableRow row;
    while (reader->Next(row)) {
      rows.emplace_back();
      if (!row.problem.empty()) rows.back().push_back("?");
      for (const Cell& cell : row.cells) {
        if (row.problem.empty()) rows.back().push_back(ToText(cell).value_or("[list]"));
      }
      lines_.push_back(row.line);
    }
    unseen_ = reader->Unseen();
    blank_lines_ = reader->blank_lines();
    return rows;
  }

  TempDirectory directory_;
  std::vector<int64_t> lines_;
  std::vector<std::string> unseen_;
  int64_t blank_lines_ = 0;
};

using Texts = std::vector<std::vector<std::string>>;

TEST_F(TableTest, CsvFieldsInQuotesMayHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(Rows("a.csv", "x,y\r\n\"1,5\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\r\n"),
            (Texts{{"1,5", "say \"hi\""}, {"two\r\nlines", ""}}));
  EXPECT_EQ(lines_, (std::vector<int64_t>{2, 3}));
}

TEST_F(TableTest, CsvLinesAreCountedPastQuotedLineEnds) {
  Rows("a.csv", "x\n\"1\n2\n3\"\n4\n");
  EXPECT_EQ(lines_, (std::vector<int64_t>{2, 5}));
}

TEST_F(TableTest, CsvNeedsNoLastLineEndAndSkipsBlankLinesAndTheByteOrderMark) {
  EXPECT_EQ(Rows("a.csv", "\xEF\xBB\xBFx,y\n1,2\n\n\r\n3,4"), (Texts{{"1", "2"}, {"3", "4"}}));
}

TEST_F(TableTest, LinesWithoutInkAreSkippedAndCounted) {
  EXPECT_EQ(Rows("a.csv", "\n \t\r\nx\n1\n\n   \n\" \"\n\t"), (Texts{{"1"}, {" "}}));
  EXPECT_EQ(lines_, (std::vector<int64_t>{4, 7}));
  EXPECT_EQ(blank_lines_, 5);
  EXPECT_EQ(Rows("a.csv", "x,y\n ,\n"), (Texts{{" ", ""}}));
  EXPECT_EQ(Rows("a.jsonl", "\r\n{\"x\":1}\n \t\r\n\n{\"x\":2}\n \n"), (Texts{{"1"}, {"2"}}));
  EXPECT_EQ(blank_lines_, 4);
}

TEST_F(TableTest, ALoneFieldWithoutInkIsWrittenAsARow) {
  const auto writer = MakeTableWriter(directory_ / "a.csv", {{"x", ColumnType::kString}});
  for (const char* text : {"a", " ", "\t", "b"}) {
    writer->Write(std::vector<Cell>{std::string(text)});
  }
  writer->Close();
  EXPECT_EQ(Rows("a.csv", ReadText(directory_ / "a.csv")), (Texts{{"a"}, {" "}, {"\t"}, {"b"}}));
}

TEST_F(TableTest, CsvRowsThatBreakTheRulesAreHandedOutWithAProblem) {
  EXPECT_EQ(Rows("a.csv", "x,y\n1\n1,2,3\n1\"2,3\n\"a\"b,c\n5,6\n\"open,1\n7,8\n"),
            (Texts{{"?"}, {"?"}, {"?"}, {"?"}, {"5", "6"}, {"?"}}));
}

TEST_F(TableTest, ACsvRecordThatNeverEndsIsRefused) {
  WriteText(directory_ / "a.csv", "x\n\"" + std::string(17u << 20, 'a'));
  const auto error = ErrorOf([&] {
    TableRow row;
    while (OpenTable(directory_ / "a.csv")->Next(row)) {
    }
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("line 2"), std::string::npos) << error->what();
}

TEST_F(TableTest, JsonlRowsHaveTheColumnsOfAllObjects) {
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"x\":1,\"y\":\"a\"}\n\n{\"y\":null,\"z\":[1,2]}\r\n{\"x\":2.5,\"z\":true}"),
            (Texts{{"1", "a", ""}, {"", "", "[list]"}, {"2.5", "", "true"}}));
  EXPECT_EQ(lines_, (std::vector<int64_t>{1, 3, 4}));
}

TEST_F(TableTest, JsonlLinesThatAreNoObjectAreHandedOutWithAProblem) {
  EXPECT_EQ(Rows("a.jsonl", "{\"x\":1}\n{\"x\":\n[1]\n{\"x\":{}}\n{\"x\":[1,\"a\"]}\n{\"x\":3}\n"),
            (Texts{{"1"}, {"?"}, {"?"}, {"?"}, {"?"}, {"3"}}));
}

TEST_F(TableTest, JsonlIntegersKeepAllTheirDigits) {
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"x\":9007199254740993}\n{\"x\":18446744073709551615}\n{\"x\":-0}\n"
                 "{\"x\":-9223372036854775808}\n{\"x\":123456789012345678901234567890}\n"),
            (Texts{{"9007199254740993"},
                   {"18446744073709551615"},
                   {"0"},
                   {"-9223372036854775808"},
                   {"123456789012345678901234567890"}}));
}

TEST_F(TableTest, JsonlNumbersBeyondADoubleAreAProblemAndTinyOnesAreZero) {
  EXPECT_EQ(Rows("a.jsonl", "{\"x\":1e999}\n{\"x\":1e-999}\n{\"x\":1.7976931348623157e308}\n"),
            (Texts{{"?"}, {"0"}, {"1.7976931348623157e+308"}}));
}

TEST_F(TableTest, OfEqualJsonlKeysTheLastCounts) {
  EXPECT_EQ(Rows("a.jsonl", "{\"x\":1,\"x\":\"a\"}\n{\"x\":[1],\"x\":null}\n"),
            (Texts{{"a"}, {""}}));
}

TEST_F(TableTest, JsonlTextIsUtf8) {
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"x\":\"\\u00e9\\ud83d\\ude00\"}\n{\"x\":\"\xC3\xA9\"}\n{\"x\":\"\xFF\"}\n"
                 "{\"x\":\"\xED\xA0\x80\"}\n{\"x\":\"\xC0\xAF\"}\n{\"x\":\"\xF4\x90\x80\x80\"}\n"
                 "{\"x\":\"\\ud83d\"}\n{\"x\":\"\\udc00\"}\n{\"x\":\"a\tb\"}\n{\"x\":\"\xC3\"}\n",
                 {"x"}),
            (Texts{{"\xC3\xA9\xF0\x9F\x98\x80"},
                   {"\xC3\xA9"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"}}));
}

TEST_F(TableTest, ADamagedJsonlLineIsAProblemWhereverTheDamageIs) {
  using namespace std::string_literals;
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"x\":1,\"y\":01}\n{\"x\":1}}\n{\"x\":1}\0\n{\"x\":1,}\n{\"x\":1 \"y\":2}\n"
                 "{\"x\":1,\"y\":{\"\xFF\":2}}\n{\"x\":nan}\n{x:1}\n{\"x\":1} {}\n{\"x\":+1}\n"
                 "{\"x\":1.}\n{'x':1}\n \t{ \"x\" : 1 } \n"s,
                 {"x"}),
            (Texts{{"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"?"},
                   {"1"}}));
}

TEST_F(TableTest, JsonlNestedBeyondTheLimitIsAProblem) {
  const auto nested = [](int depth) {
    return "{\"x\":1,\"y\":" + std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']') + "}\n";
  };
  EXPECT_EQ(Rows("a.jsonl", nested(499) + nested(500) + nested(100'000), {"x"}),
            (Texts{{"1"}, {"?"}, {"?"}}));
}

TEST_F(TableTest, ANameWithDotsIsAValueInsideOfJsonObjects) {
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"id\":\"a\",\"value\":{\"offer id\":\"o1\",\"more\":{\"amount\":2.5}}}\n"
                 "{\"id\":\"b\",\"value\":{\"more\":{},\"offer id\":null}}\n"
                 "{\"id\":\"c\",\"value\":7}\n"
                 "{\"id\":\"d\",\"value\":[{\"offer id\":\"no\"}]}\n"
                 "{\"offer id\":\"no\",\"more\":{\"amount\":1}}\n",
                 {"value.more.amount", "value.offer id", "id"}),
            (Texts{{"2.5", "o1", "a"}, {"", "", "b"}, {"", "", "c"}, {"", "", "d"}, {"", "", ""}}));
  EXPECT_EQ(unseen_, std::vector<std::string>());
}

TEST_F(TableTest, ALiteralJsonKeyWithDotsGoesFirst) {
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"a\":{\"b\":{\"c\":1}}}\n{\"a.b\":{\"c\":2}}\n{\"a\":{\"b.c\":3}}\n"
                 "{\"a.b.c\":4}\n{\"a.b.c\":5,\"a\":{\"b.c\":6}}\n{\"a\":{\"b.c\":6},\"a.b.c\":5}\n"
                 "{\"a\":{\"b\":{\"c\":8}},\"a.b\":{\"c\":7}}\n{\".\":{\"\":9}}\n",
                 {"a.b.c"}),
            (Texts{{"1"}, {"2"}, {"3"}, {"4"}, {"5"}, {"5"}, {"7"}, {""}}));
}

TEST_F(TableTest, AJsonKeyMeansWhatItsPlaceSaysWhereverItStoodInTheLastRow) {
  EXPECT_EQ(Rows("a.jsonl",
                 "{\"a\":{\"x\":1}}\n{\"b\":0,\"x\":2}\n{\"a\":{\"x\":3},\"x\":4}\n{\"x\":5,\"a\":{"
                 "\"x\":6}}\n"
                 "{\"b\":{\"x\":7},\"x\":8}\n",
                 {"x", "a.x"}),
            (Texts{{"", "1"}, {"2", ""}, {"4", "3"}, {"5", "6"}, {"8", ""}}));
}

TEST_F(TableTest, EveryValueInsideOfJsonObjectsIsAColumn) {
  EXPECT_EQ(
      Rows("a.jsonl", "{\"x\":{\"y\":1,\"z\":{\"w\":[2]}},\"v\":3}\n{\"x\":{\"u\":[{\"t\":1}]}}\n"),
      (Texts{{"1", "[list]", "3", ""}, {"?"}}));
  EXPECT_EQ(OpenTable(directory_ / "a.jsonl")->columns(),
            (std::vector<std::string>{"x.y", "x.z.w", "v", "x.u"}));
}

TEST_F(TableTest, JsonlMayHaveAColumnThatAppearsLate) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "{\"x\":1}\n";
  text += "{\"x\":1,\"late\":{\"y\":2}}\n";
  const Texts rows = Rows("a.jsonl", text, {"late.y"});
  EXPECT_EQ(rows.front(), (std::vector<std::string>{""}));
  EXPECT_EQ(rows.back(), (std::vector<std::string>{"2"}));
  EXPECT_EQ(unseen_, std::vector<std::string>());
}

TEST_F(TableTest, AJsonlColumnThatNoRowHadIsNamedAtTheEnd) {
  Rows("a.jsonl", "{\"person\":1,\"note\":null}\n", {"person", "persn", "note"});
  EXPECT_EQ(unseen_, (std::vector<std::string>{"persn"}));
  const auto reader = OpenTable(directory_ / "a.jsonl");
  reader->Select({"persn"});
  EXPECT_FALSE(ErrorOf([&] { reader->CheckSeen(); })) << "before the first row";
  TableRow row;
  while (reader->Next(row)) {
  }
  const auto error = ErrorOf([&] { reader->CheckSeen(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  const std::string message = error->what();
  EXPECT_NE(message.find("a.jsonl: there is no column \"persn\""), std::string::npos) << message;
  EXPECT_NE(message.find("Did you mean \"person\"?"), std::string::npos) << message;
}

TEST_F(TableTest, AMissingColumnIsNamedWithTheNearestAndAllOthers) {
  WriteText(directory_ / "a.csv", "person,propensity\n1,2\n");
  const auto error = ErrorOf([&] { OpenTable(directory_ / "a.csv")->Select({"propensty"}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  const std::string message = error->what();
  EXPECT_NE(message.find("a.csv"), std::string::npos);
  EXPECT_NE(message.find("\"propensty\""), std::string::npos);
  EXPECT_NE(message.find("Did you mean \"propensity\"?"), std::string::npos);
  EXPECT_NE(message.find("person, propensity"), std::string::npos);
}

TEST_F(TableTest, FilesThatAreNoTablesAreRefusedByName) {
  WriteText(directory_ / "empty.csv", "");
  WriteText(directory_ / "twice.csv", "x,x\n1,2\n");
  WriteText(directory_ / "table.xls", "x");
  WriteText(directory_ / "text.parquet", "this is no parquet file, but long enough for a footer");
  std::filesystem::create_directories(directory_ / "folder.csv");
  for (const char* name : {"empty.csv", "twice.csv", "table.xls", "text.parquet", "folder.csv"}) {
    const auto error = ErrorOf([&] { OpenTable(directory_ / name); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData) << name;
    EXPECT_NE(std::string(error->what()).find(name), std::string::npos) << error->what();
  }
  for (const char* name : {"gone.csv", "gone.jsonl", "gone.parquet"}) {
    const auto error = ErrorOf([&] { OpenTable(directory_ / name); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kMissingInput) << error->what();
  }
}

class TableFormatTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path path() const { return directory_ / ("table" + std::string(GetParam())); }

  static std::vector<ColumnSpec> Columns() {
    return {{"flag", ColumnType::kBool},       {"count", ColumnType::kInt64},
            {"value", ColumnType::kDouble},    {"text", ColumnType::kString},
            {"list", ColumnType::kDoubleList}, {"names", ColumnType::kStringList}};
  }
  // Enough rows for two Parquet row groups.
  static constexpr int kRows = 70'000;

  static std::vector<Cell> RowOf(int i) {
    return {i % 2 == 0,
            int64_t{i} << 40,
            i / 3.0,
            "a \"b\", c\n" + std::to_string(i),
            std::vector<double>{0.25, 0.5 * i},
            std::vector<std::string>{"x", std::to_string(i)}};
  }
  void WriteAll() {
    const auto writer = MakeTableWriter(path(), Columns());
    for (int i = 0; i < kRows; ++i) writer->Write(RowOf(i));
    writer->Write(std::vector<Cell>(6));
    writer->Close();
  }

  TempDirectory directory_;
};

TEST_P(TableFormatTest, WhatIsWrittenIsReadBack) {
  WriteAll();
  const auto reader = OpenTable(path());
  TableRow row;
  for (int i = 0; i < kRows; ++i) {
    ASSERT_TRUE(reader->Next(row));
    ASSERT_EQ(row.problem, "");
    ASSERT_EQ(row.number, i + 1);
    const std::vector<Cell> expected = RowOf(i);
    ASSERT_EQ(ToFlag(row.cells[0]), ToFlag(expected[0]));
    ASSERT_EQ(ToInteger(row.cells[1]), ToInteger(expected[1]));
    ASSERT_EQ(ToNumber(row.cells[2]), ToNumber(expected[2]));
    ASSERT_EQ(ToText(row.cells[3]), ToText(expected[3]));
    ASSERT_EQ(ToNumbers(row.cells[4]), ToNumbers(expected[4]));
    ASSERT_EQ(ToTexts(row.cells[5]), ToTexts(expected[5]));
  }
  ASSERT_TRUE(reader->Next(row));
  for (const Cell& cell : row.cells) EXPECT_TRUE(IsMissing(cell));
  EXPECT_FALSE(reader->Next(row));
}

TEST_P(TableFormatTest, SelectedColumnsComeInTheOrderAsked) {
  WriteAll();
  const auto reader = OpenTable(path());
  EXPECT_EQ(reader->columns(),
            (std::vector<std::string>{"flag", "count", "value", "text", "list", "names"}));
  reader->Select({"text", "list", "flag"});
  TableRow row;
  ASSERT_TRUE(reader->Next(row));
  ASSERT_EQ(row.cells.size(), 3u);
  EXPECT_EQ(ToText(row.cells[0]), "a \"b\", c\n0");
  EXPECT_EQ(ToNumbers(row.cells[1]), (std::vector<double>{0.25, 0}));
  EXPECT_EQ(ToFlag(row.cells[2]), true);
}

TEST_P(TableFormatTest, EqualRowsGiveEqualBytes) {
  WriteAll();
  const std::string first = ReadText(path());
  WriteAll();
  EXPECT_EQ(ReadText(path()), first);
}

TEST_P(TableFormatTest, ATableHasItsNameOnlyWhenItIsComplete) {
  {
    const auto writer = MakeTableWriter(path(), Columns());
    writer->Write(RowOf(0));
    EXPECT_FALSE(std::filesystem::exists(path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_P(TableFormatTest, ACellOfAnotherTypeIsABug) {
  const auto writer = MakeTableWriter(path(), {{"value", ColumnType::kDouble}});
  const auto error = ErrorOf([&] { writer->Write(std::vector<Cell>{std::string("1")}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBug);
}

TEST_P(TableFormatTest, AFullDiskIsAnIoError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this machine";
  std::filesystem::create_symlink("/dev/full", path().native() + ".partial");
  const auto error = ErrorOf([&] { WriteAll(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kIo);
  EXPECT_NE(std::string(error->what()).find("table"), std::string::npos) << error->what();
}

INSTANTIATE_TEST_SUITE_P(Formats, TableFormatTest, ::testing::Values(".csv", ".jsonl", ".parquet"),
                         [](const auto& info) { return std::string(info.param).substr(1); });

TEST_F(TableTest, ATruncatedParquetFileIsRefusedByNameWhereverItIsCut) {
  const auto path = directory_ / "a.parquet";
  const auto writer = MakeTableWriter(path, {{"x", ColumnType::kDouble}});
  for (int i = 0; i < 1000; ++i) writer->Write(std::vector<Cell>{double(i)});
  writer->Close();
  const std::string whole = ReadText(path);
  for (size_t size = 1; size < whole.size(); size += 97) {
    WriteText(path, whole.substr(0, size));
    const auto error = ErrorOf([&] { OpenTable(path); });
    ASSERT_TRUE(error) << size;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find("a.parquet"), std::string::npos);
  }
}

TEST_F(TableTest, AFlippedByteInAParquetPageIsRefused) {
  const auto path = directory_ / "a.parquet";
  const auto writer = MakeTableWriter(path, {{"x", ColumnType::kDouble}});
  for (int i = 0; i < 1000; ++i) writer->Write(std::vector<Cell>{i / 7.0});
  writer->Close();
  const std::string whole = ReadText(path);
  // Inside the values; page headers and the footer have no checksum.
  for (size_t place = 100; place < 5000; place += 100) {
    std::string bytes = whole;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    WriteText(path, bytes);
    const auto error = ErrorOf([&] {
      const auto reader = OpenTable(path);
      TableRow row;
      while (reader->Next(row)) {
      }
    });
    ASSERT_TRUE(error) << place;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  }
}

}  // namespace
}  // namespace journeyman::journey
