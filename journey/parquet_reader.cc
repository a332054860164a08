#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/decimal.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

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

// A column of the table: a field of the file's schema or, inside of structs, a field of theirs.
struct ColumnField {
  std::string name;  // of the fields that lead to it, joined by kPathSeparator
  std::vector<int> path;
  std::shared_ptr<arrow::Field> field;  // shared by Arrow's interface
};

void AppendFields(const ColumnField& parent, std::vector<ColumnField>& columns) {
  if (parent.field->type()->id() != arrow::Type::STRUCT) {
    columns.push_back(parent);
    return;
  }
  for (int i = 0; i < parent.field->type()->num_fields(); ++i) {
    ColumnField child = parent;
    child.field = parent.field->type()->field(i);
    child.name += core::StrCat(kPathSeparator, child.field->name());
    child.path.push_back(i);
    AppendFields(child, columns);
  }
}

// Of two columns with one name, one inside of structs gives way to one inside of fewer.
std::vector<ColumnField> FieldsOf(const arrow::Schema& schema) {
  std::vector<ColumnField> columns;
  for (int i = 0; i < schema.num_fields(); ++i) {
    AppendFields({schema.field(i)->name(), {i}, schema.field(i)}, columns);
  }
  std::map<std::string, size_t> least;  // by name
  for (const ColumnField& column : columns) {
    const auto found = least.try_emplace(column.name, column.path.size()).first;
    found->second = std::min(found->second, column.path.size());
  }
  std::erase_if(columns, [&least](const ColumnField& column) {
    return column.path.size() > least[column.name];
  });
  return columns;
}

class ParquetReader final : public TableReader {
 public:
  explicit ParquetReader(const std::filesystem::path& path) : TableReader(path) {
    if (!std::filesystem::exists(path)) core::ThrowReadError("open", path, ENOENT);
    Guarded([this] { Open(); });
    std::vector<std::string> names;
    for (const ColumnField& field : fields_) names.push_back(field.name);
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
      row.problem = core::StrCat("a list in column \"", selected()[i], "\" has missing elements");
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
    std::shared_ptr<arrow::Schema> schema;
    CheckStatus(reader_->GetSchema(&schema), path());
    fields_ = FieldsOf(*schema);
  }

  // The leaf columns of the file that belong to the selected columns. A leaf of a list or a map
  // lies below its column.
  std::vector<int> SelectedLeaves() const {
    const parquet::arrow::SchemaManifest& manifest = reader_->manifest();
    std::vector<int> leaves;
    for (const size_t index : SelectedIndices()) {
      const std::vector<int>& path = fields_[index].path;
      const parquet::arrow::SchemaField* field =
          &manifest.schema_fields[static_cast<size_t>(path[0])];
      for (size_t i = 1; i < path.size(); ++i) {
        field = &field->children[static_cast<size_t>(path[i])];
      }
      AppendLeaves(*field, leaves);
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    return leaves;
  }

  static void AppendLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
    if (field.is_leaf()) leaves.push_back(field.column_index);
    for (const parquet::arrow::SchemaField& child : field.children) AppendLeaves(child, leaves);
  }

  void StartReading() {
    for (const size_t index : SelectedIndices()) {
      const ColumnField& column = fields_[index];
      if (IsSupported(*column.field->type(), false)) continue;
      throw core::Error(core::ExitCode::kBadData,
                        core::StrCat(path(), ": column \"", column.name, "\" has the type ",
                                     column.field->type()->ToString(), ", which cannot be read."),
                        "Export it as a number, text, a time, or a list of numbers or text.");
    }
    std::vector<int> row_groups(static_cast<size_t>(reader_->num_row_groups()));
    for (size_t i = 0; i < row_groups.size(); ++i) row_groups[i] = static_cast<int>(i);
    const std::vector<int> leaves = SelectedLeaves();
    batches_ = ValueOrThrow(reader_->GetRecordBatchReader(row_groups, leaves), path());
    FindPlaces();
  }

  // A batch has only the selected leaves, in the order of the file, so that fields stand at other
  // places than there.
  void FindPlaces() {
    std::map<std::vector<int>, std::vector<int>> place_of_path;  // in the order of the file
    for (const size_t index : SelectedIndices()) place_of_path[fields_[index].path];
    std::vector<int> last_path;
    std::vector<int> place;
    for (auto& [path, found] : place_of_path) {
      const size_t common = CommonPrefix(last_path, path);
      place.resize(common + 1, -1);
      ++place[common];
      place.resize(path.size(), 0);
      found = place;
      last_path = path;
    }
    for (const size_t index : SelectedIndices()) {
      places_.push_back(place_of_path[fields_[index].path]);
    }
  }

  static size_t CommonPrefix(const std::vector<int>& a, const std::vector<int>& b) {
    return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                               a.begin());
  }

  void ReadBatch() {
    if (batches_ == nullptr) StartReading();
    CheckStatus(batches_->ReadNext(&batch_), path());
    row_in_batch_ = 0;
    arrays_.clear();
    if (batch_ == nullptr) return;
    for (const std::vector<int>& place : places_) {
      std::shared_ptr<arrow::Array> array = batch_->column(place[0]);
      for (size_t i = 1; i < place.size(); ++i) {
        // With the struct's own missing values.
        const auto& parent = static_cast<const arrow::StructArray&>(*array);
        array = ValueOrThrow(parent.GetFlattenedField(place[i]), path());
      }
      arrays_.push_back(std::move(array));
    }
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<ColumnField> fields_;  // as columns()
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  // Of each selected column: the place of its field in the batch, then in each struct.
  std::vector<std::vector<int>> places_;
  std::vector<std::shared_ptr<arrow::Array>> arrays_;  // as selected
  int64_t row_in_batch_ = 0;
  int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<TableReader> OpenParquet(const std::filesystem::path& path) {
  return std::make_unique<ParquetReader>(path);
}

}  // namespace journeyman::journey
