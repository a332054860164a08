#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/decimal.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/io_error.h"
#include "core/strings.h"
#include "journey/parquet_table.h"

namespace journeyman::journey {
namespace {

constexpr int64_t kBatchRows = 8192;

[[noreturn]] void ThrowDamaged(const std::filesystem::path& path, const std::string& problem) {
  throw core::Error(core::ExitCode::kBadData,
                    core::StrCat(path, " is no complete Parquet file: ", problem, "."),
                    "It may be truncated: export or copy it again.");
}

void CheckStatus(const arrow::Status& status, const std::filesystem::path& path) {
  if (!status.ok()) ThrowDamaged(path, status.message());
}

template <class T>
T ValueOrThrow(arrow::Result<T> result, const std::filesystem::path& path) {
  CheckStatus(result.status(), path);
  return std::move(result).ValueUnsafe();
}

// "2024-01-31T12:00:00.000123Z".
std::string IsoText(std::chrono::sys_time<std::chrono::microseconds> time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(
      text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

Cell TimestampCell(int64_t value, arrow::TimeUnit::type unit) {
  int64_t micros = value;
  bool fits = true;
  if (unit == arrow::TimeUnit::SECOND) {
    fits = !__builtin_mul_overflow(value, int64_t{1'000'000}, &micros);
  } else if (unit == arrow::TimeUnit::MILLI) {
    fits = !__builtin_mul_overflow(value, int64_t{1'000}, &micros);
  } else if (unit == arrow::TimeUnit::NANO) {
    micros = value / 1000 - (value % 1000 < 0 ? 1 : 0);
  }
  if (!fits) return std::string("out of range");
  return IsoText(std::chrono::sys_time(std::chrono::microseconds(micros)));
}

Cell UnsignedCell(uint64_t value) {
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return core::StrCat(value);
  return static_cast<int64_t>(value);
}

bool IsListType(arrow::Type::type type) {
  return type == arrow::Type::LIST || type == arrow::Type::LARGE_LIST ||
         type == arrow::Type::FIXED_SIZE_LIST;
}

bool IsSupported(const arrow::DataType& type, bool inside_list) {
  using arrow::Type;
  switch (type.id()) {
    case Type::NA:
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::STRING:
    case Type::LARGE_STRING:
      return true;
    case Type::DATE32:
    case Type::TIMESTAMP:
    case Type::DECIMAL128:
      return !inside_list;
    case Type::DICTIONARY:
      return IsSupported(*static_cast<const arrow::DictionaryType&>(type).value_type(),
                         inside_list);
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
      return !inside_list &&
             IsSupported(*static_cast<const arrow::BaseListType&>(type).value_type(), true);
    default:
      return false;
  }
}

template <class Array>
auto ValueIn(const arrow::Array& array, int64_t i) {
  return static_cast<const Array&>(array).GetView(i);
}

// REQUIRES: a type that IsSupported, and no list.
Cell ScalarCell(const arrow::Array& array, int64_t i) {
  using arrow::Type;
  if (array.IsNull(i)) return std::monostate();
  switch (array.type_id()) {
    case Type::BOOL:
      return ValueIn<arrow::BooleanArray>(array, i);
    case Type::INT8:
      return int64_t{ValueIn<arrow::Int8Array>(array, i)};
    case Type::INT16:
      return int64_t{ValueIn<arrow::Int16Array>(array, i)};
    case Type::INT32:
      return int64_t{ValueIn<arrow::Int32Array>(array, i)};
    case Type::INT64:
      return int64_t{ValueIn<arrow::Int64Array>(array, i)};
    case Type::UINT8:
      return int64_t{ValueIn<arrow::UInt8Array>(array, i)};
    case Type::UINT16:
      return int64_t{ValueIn<arrow::UInt16Array>(array, i)};
    case Type::UINT32:
      return int64_t{ValueIn<arrow::UInt32Array>(array, i)};
    case Type::UINT64:
      return UnsignedCell(ValueIn<arrow::UInt64Array>(array, i));
    case Type::FLOAT:
      return double{ValueIn<arrow::FloatArray>(array, i)};
    case Type::DOUBLE:
      return ValueIn<arrow::DoubleArray>(array, i);
    case Type::STRING:
      return std::string(ValueIn<arrow::StringArray>(array, i));
    case Type::LARGE_STRING:
      return std::string(ValueIn<arrow::LargeStringArray>(array, i));
    case Type::DATE32:
      return IsoText(
          std::chrono::sys_days(std::chrono::days(ValueIn<arrow::Date32Array>(array, i))));
    case Type::TIMESTAMP:
      return TimestampCell(ValueIn<arrow::TimestampArray>(array, i),
                           static_cast<const arrow::TimestampType&>(*array.type()).unit());
    case Type::DECIMAL128: {
      const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
      const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
      return arrow::Decimal128(decimals.GetValue(i)).ToDouble(type.scale());
    }
    case Type::DICTIONARY: {
      const auto& values = static_cast<const arrow::DictionaryArray&>(array);
      return ScalarCell(*values.dictionary(), values.GetValueIndex(i));
    }
    default:
      return std::monostate();
  }
}

// An element that is missing makes the list unreadable: false.
bool ConvertList(const arrow::Array& values, int64_t first, int64_t last, Cell& cell) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (int64_t i = first; i < last; ++i) {
    Cell element = ScalarCell(values, i);
    if (auto* text = std::get_if<std::string>(&element)) {
      texts.push_back(std::move(*text));
    } else if (const auto number = ToNumber(element)) {
      numbers.push_back(*number);
    } else {
      return false;
    }
  }
  if (!texts.empty()) {
    cell = std::move(texts);
  } else {
    cell = std::move(numbers);
  }
  return true;
}

bool ConvertCell(const arrow::Array& array, int64_t i, Cell& cell) {
  if (!IsListType(array.type_id()) || array.IsNull(i)) {
    cell = array.IsNull(i) ? Cell() : ScalarCell(array, i);
    return true;
  }
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    return ConvertList(*list.values(), list.value_offset(i), list.value_offset(i + 1), cell);
  }
  if (array.type_id() == arrow::Type::LARGE_LIST) {
    const auto& list = static_cast<const arrow::LargeListArray&>(array);
    return ConvertList(*list.values(), list.value_offset(i), list.value_offset(i + 1), cell);
  }
  const auto& list = static_cast<const arrow::FixedSizeListArray&>(array);
  return ConvertList(*list.values(), list.value_offset(i), list.value_offset(i + 1), cell);
}

class ParquetReader final : public TableReader {
 public:
  explicit ParquetReader(const std::filesystem::path& path) : TableReader(path) {
    if (!std::filesystem::exists(path)) core::ThrowReadError("open", path, ENOENT);
    Guarded([this] { Open(); });
    std::vector<std::string> names;
    for (const auto& field : schema_->fields()) names.push_back(field->name());
    SetColumns(std::move(names));
  }

  bool Next(TableRow& row) override {
    while (batch_ == nullptr || row_in_batch_ == batch_->num_rows()) {
      Guarded([this] { ReadBatch(); });
      if (batch_ == nullptr) return false;
    }
    row.number = row.line = ++rows_;
    row.problem.clear();
    row.cells.resize(selected().size());
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (ConvertCell(*arrays_[i], row_in_batch_, row.cells[i])) continue;
      row.problem =
          core::StrCat("a list in column \"", arrays_names_[i], "\" has missing elements");
    }
    ++row_in_batch_;
    return true;
  }

 private:
  // Arrow reports most damage by status and some by exceptions of its own types.
  template <class Action>
  void Guarded(Action action) {
    try {
      action();
    } catch (const core::Error&) {
      throw;
    } catch (const std::exception& error) {
      ThrowDamaged(path(), error.what());
    }
  }

  void Open() {
    auto file = ValueOrThrow(arrow::io::ReadableFile::Open(path().native()), path());
    parquet::ReaderProperties properties = parquet::default_reader_properties();
    properties.set_page_checksum_verification(true);
    properties.enable_buffered_stream();
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kBatchRows);
    arrow_properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    CheckStatus(builder.Open(std::move(file), properties), path());
    reader_ = ValueOrThrow(builder.properties(arrow_properties)->Build(), path());
    CheckStatus(reader_->GetSchema(&schema_), path());
  }

  // The leaf columns of the file that belong to the selected columns.
  std::vector<int> SelectedLeaves() const {
    const parquet::SchemaDescriptor& leaves = *reader_->parquet_reader()->metadata()->schema();
    std::vector<int> wanted;
    for (int leaf = 0; leaf < leaves.num_columns(); ++leaf) {
      const std::string& root = leaves.GetColumnRoot(leaf)->name();
      const bool selected_leaf = std::any_of(selected().begin(), selected().end(), [&](int index) {
        return columns()[static_cast<size_t>(index)] == root;
      });
      if (selected_leaf) wanted.push_back(leaf);
    }
    return wanted;
  }

  void StartReading() {
    for (const int index : selected()) {
      const arrow::Field& field = *schema_->field(index);
      arrays_names_.push_back(field.name());
      if (IsSupported(*field.type(), false)) continue;
      throw core::Error(core::ExitCode::kBadData,
                        core::StrCat(path(), ": column \"", field.name(), "\" has the type ",
                                     field.type()->ToString(), ", which cannot be read."),
                        "Export it as a number, text, a time, or a list of numbers or text.");
    }
    std::vector<int> row_groups(static_cast<size_t>(reader_->num_row_groups()));
    for (size_t i = 0; i < row_groups.size(); ++i) row_groups[i] = static_cast<int>(i);
    batches_ = ValueOrThrow(reader_->GetRecordBatchReader(row_groups, SelectedLeaves()), path());
  }

  void ReadBatch() {
    if (batches_ == nullptr) StartReading();
    CheckStatus(batches_->ReadNext(&batch_), path());
    row_in_batch_ = 0;
    arrays_.clear();
    if (batch_ == nullptr) return;
    for (const std::string& name : arrays_names_) {
      arrays_.push_back(batch_->GetColumnByName(name));
      if (arrays_.back() == nullptr) ThrowDamaged(path(), "a column is missing in a row group");
    }
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;  // shared by Arrow's interface
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<std::string> arrays_names_;  // as selected
  std::vector<std::shared_ptr<arrow::Array>> arrays_;
  int64_t row_in_batch_ = 0;
  int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<TableReader> OpenParquet(const std::filesystem::path& path) {
  return std::make_unique<ParquetReader>(path);
}

}  // namespace journeyman::journey
