// Parquet files as other programs write them: made with Arrow itself.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "journey/table.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using testing::ErrorOf;
using testing::TempDirectory;

template <class Builder, class... Values>
std::shared_ptr<arrow::Array> ArrayOf(Values... values) {
  Builder builder;
  const auto append = [&builder](const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::nullptr_t>) {
      EXPECT_TRUE(builder.AppendNull().ok());
    } else {
      EXPECT_TRUE(builder.Append(value).ok());
    }
  };
  (append(values), ...);
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> StructOf(const std::vector<std::shared_ptr<arrow::Array>>& children,
                                       const std::vector<std::string>& names,
                                       std::shared_ptr<arrow::Buffer> validity = nullptr) {
  return arrow::StructArray::Make(children, names, std::move(validity)).ValueOrDie();
}

class ParquetTest : public ::testing::Test {
 protected:
  void Write(const std::vector<std::string>& names,
             const std::vector<std::shared_ptr<arrow::Array>>& arrays) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t i = 0; i < names.size(); ++i) {
      fields.push_back(arrow::field(names[i], arrays[i]->type()));
    }
    const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
    const auto file = arrow::io::FileOutputStream::Open(path_.native()).ValueOrDie();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 2).ok());
    ASSERT_TRUE(file->Close().ok());
  }
  std::vector<std::vector<std::string>> Rows(const std::vector<std::string>& columns) const {
    const auto reader = OpenTable(path_);
    reader->Select(columns);
    std::vector<std::vector<std::string>> rows;
    TableRow row;
    while (reader->Next(row)) {
      EXPECT_EQ(row.problem, "");
      rows.emplace_back();
      for (const Cell& cell : row.cells) rows.back().push_back(ToText(cell).value_or("[list]"));
    }
    return rows;
  }

  TempDirectory directory_;
  std::filesystem::path path_ = directory_ / "a.parquet";
};

using Texts = std::vector<std::vector<std::string>>;

TEST_F(ParquetTest, ANameWithDotsIsAFieldOfAStruct) {
  const auto more = StructOf({ArrayOf<arrow::DoubleBuilder>(0.5, 1.5, 2.5),
                              ArrayOf<arrow::Int64Builder>(int64_t{1}, nullptr, int64_t{3})},
                             {"amount", "count"});
  // The struct itself is missing in the second row, whatever its children hold.
  const auto value = StructOf({ArrayOf<arrow::StringBuilder>("o1", "o2", "o3"), more},
                              {"offer id", "more"}, arrow::AllocateBitmap(3).ValueOrDie());
  const std::shared_ptr<arrow::Buffer> validity = value->data()->buffers[0];
  validity->mutable_data()[0] = 0b101;
  Write({"id", "value", "last"},
        {ArrayOf<arrow::StringBuilder>("a", "b", "c"), value,
         ArrayOf<arrow::Int64Builder>(int64_t{7}, int64_t{8}, int64_t{9})});
  EXPECT_EQ(OpenTable(path_)->columns(),
            (std::vector<std::string>{"id", "value.offer id", "value.more.amount",
                                      "value.more.count", "last"}));
  EXPECT_EQ(Rows({"value.more.count", "last", "value.offer id"}),
            (Texts{{"1", "7", "o1"}, {"", "8", ""}, {"3", "9", "o3"}}));
  EXPECT_EQ(Rows({"value.more.amount"}), (Texts{{"0.5"}, {""}, {"2.5"}}));
  EXPECT_EQ(
      Rows({"id", "value.offer id", "value.more.amount", "value.more.count", "last"}),
      (Texts{{"a", "o1", "0.5", "1", "7"}, {"b", "", "", "", "8"}, {"c", "o3", "2.5", "3", "9"}}));
}

// What a column that cannot be missing holds there is anything.
TEST_F(ParquetTest, ARequiredFieldOfAMissingStructIsMissing) {
  const std::shared_ptr<arrow::Buffer> validity = arrow::AllocateBitmap(2).ValueOrDie();
  validity->mutable_data()[0] = 0b10;
  const auto required = arrow::field("n", arrow::int64(), /*nullable=*/false);
  Write({"a"}, {arrow::StructArray::Make({ArrayOf<arrow::Int64Builder>(int64_t{1}, int64_t{2})},
                                         {required}, validity)
                    .ValueOrDie()});
  EXPECT_EQ(Rows({"a.n"}), (Texts{{""}, {"2"}}));
}

TEST_F(ParquetTest, AColumnWhoseNameHasDotsGoesBeforeAFieldOfAStruct) {
  Write({"a", "a.b"},
        {StructOf({ArrayOf<arrow::StringBuilder>("inside"), ArrayOf<arrow::StringBuilder>("c")},
                  {"b", "c"}),
         ArrayOf<arrow::StringBuilder>("literal")});
  EXPECT_EQ(OpenTable(path_)->columns(), (std::vector<std::string>{"a.c", "a.b"}));
  EXPECT_EQ(Rows({"a.b", "a.c"}), (Texts{{"literal", "c"}}));
}

TEST_F(ParquetTest, AMissingFieldIsRefusedAtOnce) {
  Write({"a"}, {StructOf({ArrayOf<arrow::StringBuilder>("x")}, {"b"})});
  for (const char* name : {"a", "b", "a.c", "a.b.c"}) {
    const auto error = ErrorOf([&] { OpenTable(path_)->Select({name}); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find("a.b"), std::string::npos) << error->what();
  }
}

TEST_F(ParquetTest, AColumnOfAnotherTypeIsRefusedOnlyWhereItIsSelected) {
  arrow::BinaryBuilder blobs;
  ASSERT_TRUE(blobs.Append("x").ok());
  Write({"a", "blob"}, {ArrayOf<arrow::StringBuilder>("x"), blobs.Finish().ValueOrDie()});
  EXPECT_EQ(Rows({"a"}), (Texts{{"x"}}));
  const auto error = ErrorOf([&] { Rows({"blob"}); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("\"blob\" has the type binary"), std::string::npos)
      << error->what();
}

}  // namespace
}  // namespace journeyman::journey
