#include <gtest/gtest.h>

#include "journey/table.h"
#include "tests/journey/compression.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using namespace std::string_literals;
using testing::ErrorOf;
using testing::Gzip;
using testing::TempDirectory;
using testing::WriteText;
using testing::Zstd;

// Of "x,y\n1,2\n" and "3,4\n"; made with gzip 1.12 -n and with zstd 1.5.4 --check.
const std::string kGzipFirst =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xd0\xa9\xe4\x32\xd4\x31\xe2\x02\x00\x23\xdf\x72"
    "\x00"
    "\x08\x00\x00\x00"s;
const std::string kGzipSecond =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x33\xd6\x31\xe1\x02\x00\x3e\x2d\x72\xa9\x04\x00\x00\x00"s;
const std::string kZstdFirst = "\x28\xb5\x2f\xfd\x24\x08\x41\x00\x00x,y\n1,2\n\x24\x87\x9b\xe4"s;
const std::string kZstdSecond = "\x28\xb5\x2f\xfd\x24\x04\x21\x00\x00\x33,4\n\xaf\x86\x7e\xe4"s;

class CompressedTableTest : public ::testing::Test {
 protected:
  using Texts = std::vector<std::vector<std::string>>;

  Texts Read(const std::string& name) const {
    const auto reader = OpenTable(directory_ / name);
    Texts rows;
    TableRow row;
    while (reader->Next(row)) {
      EXPECT_EQ(row.problem, "");
      EXPECT_EQ(row.number, static_cast<int64_t>(rows.size()) + 1);
      rows.emplace_back();
      for (const Cell& cell : row.cells) rows.back().push_back(*ToText(cell));
    }
    return rows;
  }
  Texts Rows(const std::string& name, const std::string& bytes) const {
    WriteText(directory_ / name, bytes);
    return Read(name);
  }
  // Each part packed by itself, as `name` says.
  static std::string PackedAs(const std::string& name, const std::vector<std::string>& parts) {
    std::string packed;
    for (const std::string& part : parts) packed += name.ends_with(".gz") ? Gzip(part) : Zstd(part);
    return packed;
  }

  TempDirectory directory_;
};

TEST_F(CompressedTableTest, FilesOfTheUsualProgramsAreRead) {
  EXPECT_EQ(Rows("a.csv.gz", kGzipFirst), (Texts{{"1", "2"}}));
  EXPECT_EQ(Rows("a.csv.zst", kZstdFirst), (Texts{{"1", "2"}}));
}

TEST_F(CompressedTableTest, MembersAndFramesThatFollowEachOtherAreOneTable) {
  EXPECT_EQ(Rows("a.csv.gz", kGzipFirst + kGzipSecond), (Texts{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(Rows("a.csv.zst", kZstdFirst + kZstdSecond), (Texts{{"1", "2"}, {"3", "4"}}));
  for (const char* name : {"a.jsonl.gz", "a.ndjson.zst", "b.ndjson.gz", "b.jsonl.zst"}) {
    const std::string bytes = PackedAs(name, {"{\"x\":1}\n{\"x", "", "\":2}\n"});
    EXPECT_EQ(Rows(name, bytes), (Texts{{"1"}, {"2"}})) << name;
  }
}

TEST_F(CompressedTableTest, LongTablesAreTheSameAsTheirText) {
  std::string csv = "number,text\n";
  std::string jsonl;
  Texts expected;
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    const std::string text(static_cast<size_t>(i % 50), static_cast<char>('a' + i % 26));
    csv += number + "," + text + "\n";
    jsonl += "{\"number\":" + number + ",\"text\":\"" + text + "\"}\n";
    expected.push_back({number, text});
  }
  for (const char* name : {"a.csv.gz", "a.csv.zst", "a.jsonl.gz", "a.jsonl.zst"}) {
    const std::string& text = std::string(name).starts_with("a.csv") ? csv : jsonl;
    const size_t half = text.size() / 2 + 3;
    const std::string bytes = PackedAs(name, {text.substr(0, half), text.substr(half)});
    EXPECT_TRUE(Rows(name, bytes) == expected) << name;
  }
}

// The buffer of 256 KiB is full while the last bytes of the file have been taken in, or almost.
TEST_F(CompressedTableTest, TextThatEndsNearTheEndOfTheBufferIsRead) {
  for (size_t size = (size_t{256} << 10) - 20; size < (size_t{256} << 10) + 20; ++size) {
    for (const char* name : {"a.csv.gz", "a.csv.zst"}) {
      const Texts rows = Rows(name, PackedAs(name, {"x\n" + std::string(size - 2, 'b')}));
      ASSERT_EQ(rows.size(), 1u) << name << " " << size;
      EXPECT_EQ(rows[0][0].size(), size - 2) << name;
    }
  }
}

TEST_F(CompressedTableTest, ATruncatedFileIsRefusedWithItsNameAndPlace) {
  for (const char* name : {"a.csv.gz", "a.csv.zst"}) {
    const std::string bytes = PackedAs(name, {"x,y\n1,2\n", "3,4\n5,6\n"});
    const size_t between = PackedAs(name, {"x,y\n1,2\n"}).size();
    for (size_t size = 1; size < bytes.size(); ++size) {
      const auto error = ErrorOf([&] { Rows(name, bytes.substr(0, size)); });
      ASSERT_EQ(error.has_value(), size != between) << name << " " << size;
      if (!error) continue;
      EXPECT_EQ(error->code(), core::ExitCode::kBadData);
      const std::string message = error->what();
      EXPECT_NE(message.find(name + " byte "s + std::to_string(size) + ": "), std::string::npos)
          << message;
    }
  }
}

TEST_F(CompressedTableTest, ADamagedFileIsRefusedWithItsNameAndPlace) {
  std::string text = "x,y\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * 7919 % 1000) + "," + "abc\n";
  for (const char* name : {"a.csv.gz", "a.csv.zst"}) {
    // gzip always has a checksum; of Zstandard, only what breaks the format is sure to be seen.
    const std::string whole = PackedAs(name, {text});
    std::vector<size_t> places{0, 1};
    if (name == "a.csv.gz"s) {
      for (size_t place = 20; place < whole.size(); place += 37) places.push_back(place);
    }
    for (const size_t place : places) {
      std::string bytes = whole;
      bytes[place] = static_cast<char>(bytes[place] ^ 0x40);
      const auto error = ErrorOf([&] { Rows(name, bytes); });
      ASSERT_TRUE(error) << name << " " << place;
      EXPECT_EQ(error->code(), core::ExitCode::kBadData);
      EXPECT_NE(std::string(error->what()).find(name + " byte "s), std::string::npos)
          << error->what();
    }
    const auto error = ErrorOf([&] { Rows(name, whole + "rest"); });
    ASSERT_TRUE(error) << name;
    const std::string place = std::to_string(whole.size());
    EXPECT_NE(std::string(error->what()).find(name + " byte "s + place), std::string::npos)
        << error->what();
  }
  std::string bytes = kZstdFirst;
  bytes[10] = 'z';
  EXPECT_TRUE(ErrorOf([&] { Rows("b.csv.zst", bytes); })) << "the frame's checksum";
}

TEST_F(CompressedTableTest, AnEmptyFileAndAnEmptyTextAreRefused) {
  for (const char* name : {"a.csv.gz", "a.jsonl.zst"}) {
    for (const std::string& bytes : {""s, PackedAs(name, {""}), PackedAs(name, {"\xEF\xBB\xBF"})}) {
      const auto error = ErrorOf([&] { Rows(name, bytes); });
      ASSERT_TRUE(error) << name;
      EXPECT_NE(std::string(error->what()).find(name + " is empty"s), std::string::npos)
          << error->what();
    }
  }
}

// 256 MiB of one line: refused after 16, whatever follows.
TEST_F(CompressedTableTest, ARowThatIsHugeOnlyWhenUnpackedIsRefused) {
  const std::string filler(size_t{32} << 20, 'a');
  for (const char* name : {"a.csv.gz", "a.csv.zst", "a.jsonl.gz", "a.jsonl.zst"}) {
    const std::string start =
        std::string(name).starts_with("a.csv") ? "x\n" : "{\"x\":1}\n{\"x\":\"";
    std::string bytes = PackedAs(name, {start});
    const std::string packed = PackedAs(name, {filler});
    for (int i = 0; i < 8; ++i) bytes += packed;
    const auto error = ErrorOf([&] { Rows(name, bytes); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find(name + " line 2: a row of more than 16 MiB"s),
              std::string::npos)
        << error->what();
  }
}

TEST_F(CompressedTableTest, EndingsThatAreNotReadAreNamed) {
  for (const char* name : {"a.parquet.gz", "a.gz", "a.csv.bz2", "a.csv.gz.zst"}) {
    const auto error = ErrorOf([&] { Rows(name, "x"); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  }
  const auto error = ErrorOf([&] { MakeTableWriter(directory_ / "a.csv.gz", {{"x"}}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kUsage);
}

}  // namespace
}  // namespace journeyman::journey
