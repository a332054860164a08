#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <cmath>
#include <exception>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/parquet_table.h"
#include "journey/partial_file.h"

namespace journeyman::journey {
namespace {

constexpr int64_t kRowGroupRows = 65'536;

std::shared_ptr<arrow::DataType> TypeOf(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return arrow::boolean();
    case ColumnType::kInt64:
      return arrow::int64();
    case ColumnType::kDouble:
      return arrow::float64();
    case ColumnType::kString:
      return arrow::utf8();
    case ColumnType::kDoubleList:
      return arrow::list(arrow::float32());
    case ColumnType::kStringList:
      return arrow::list(arrow::utf8());
  }
  return arrow::null();
}

std::shared_ptr<arrow::Schema> SchemaOf(const std::vector<ColumnSpec>& columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const ColumnSpec& column : columns) {
    fields.push_back(arrow::field(column.name, TypeOf(column.type)));
  }
  return arrow::schema(std::move(fields));
}

template <class Builder>
Builder& As(arrow::ArrayBuilder& builder) {
  return static_cast<Builder&>(builder);
}

arrow::Status AppendCell(const Cell& cell, arrow::ArrayBuilder& builder) {
  if (const auto* flag = std::get_if<bool>(&cell)) {
    return As<arrow::BooleanBuilder>(builder).Append(*flag);
  }
  if (const auto* number = std::get_if<int64_t>(&cell)) {
    if (builder.type()->id() == arrow::Type::DOUBLE) {
      return As<arrow::DoubleBuilder>(builder).Append(static_cast<double>(*number));
    }
    return As<arrow::Int64Builder>(builder).Append(*number);
  }
  if (const auto* number = std::get_if<double>(&cell)) {
    if (std::isnan(*number)) return builder.AppendNull();
    return As<arrow::DoubleBuilder>(builder).Append(*number);
  }
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return As<arrow::StringBuilder>(builder).Append(*text);
  }
  if (std::holds_alternative<std::monostate>(cell)) return builder.AppendNull();
  auto& list = As<arrow::ListBuilder>(builder);
  ARROW_RETURN_NOT_OK(list.Append());
  if (const auto* numbers = std::get_if<std::vector<double>>(&cell)) {
    const std::vector<float> narrow(numbers->begin(), numbers->end());
    return As<arrow::FloatBuilder>(*list.value_builder()).AppendValues(narrow);
  }
  const auto& texts = std::get<std::vector<std::string>>(cell);
  return As<arrow::StringBuilder>(*list.value_builder()).AppendValues(texts);
}

class ParquetWriter final : public TableWriter {
 public:
  ParquetWriter(const std::filesystem::path& path, std::vector<ColumnSpec> columns)
      : file_(path), columns_(std::move(columns)), schema_(SchemaOf(columns_)) {
    Guarded([this] { return Open(); });
  }

  void Write(std::span<const Cell> row) override {
    CheckRow(row, columns_);
    Guarded([&] {
      for (int i = 0; i < schema_->num_fields(); ++i) {
        ARROW_RETURN_NOT_OK(AppendCell(row[static_cast<size_t>(i)], *builder_->GetField(i)));
      }
      return ++buffered_rows_ == kRowGroupRows ? WriteRowGroup() : arrow::Status::OK();
    });
  }

  void Close() override {
    Guarded([this] {
      if (buffered_rows_ > 0) ARROW_RETURN_NOT_OK(WriteRowGroup());
      ARROW_RETURN_NOT_OK(writer_->Close());
      return sink_->Close();
    });
    file_.Close();
  }

 private:
  template <class Action>
  void Guarded(Action action) {
    std::string problem;
    try {
      const arrow::Status status = action();
      if (status.ok()) return;
      problem = status.message();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    throw core::Error(core::ExitCode::kIo,
                      core::StrCat("cannot write ", file_.partial_path(), ": ", problem, "."),
                      "Look at the free space and the permissions of its directory.");
  }

  arrow::Status Open() {
    ARROW_ASSIGN_OR_RAISE(sink_, arrow::io::FileOutputStream::Open(file_.partial_path().native()));
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::SNAPPY)
                                ->enable_page_checksum()
                                ->build();
    ARROW_ASSIGN_OR_RAISE(writer_, parquet::arrow::FileWriter::Open(
                                       *schema_, arrow::default_memory_pool(), sink_, properties));
    ARROW_ASSIGN_OR_RAISE(builder_,
                          arrow::RecordBatchBuilder::Make(schema_, arrow::default_memory_pool()));
    return arrow::Status::OK();
  }

  arrow::Status WriteRowGroup() {
    ARROW_ASSIGN_OR_RAISE(const auto batch, builder_->Flush());
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(schema_, {batch}));
    buffered_rows_ = 0;
    return writer_->WriteTable(*table, kRowGroupRows);
  }

  PartialFile file_;
  std::vector<ColumnSpec> columns_;
  std::shared_ptr<arrow::Schema> schema_;  // shared by Arrow's interface
  std::shared_ptr<arrow::io::FileOutputStream> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
  int64_t buffered_rows_ = 0;
};

}  // namespace

std::unique_ptr<TableWriter> MakeParquetWriter(const std::filesystem::path& path,
                                               std::vector<ColumnSpec> columns) {
  return std::make_unique<ParquetWriter>(path, std::move(columns));
}

}  // namespace journeyman::journey
