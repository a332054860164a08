#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/io_error.h"
#include "core/strings.h"
#include "journey/parquet_cells.h"
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

// Arrow reports most damage by status and some by exceptions of its own types.
template <class Action>
void Guarded(const std::filesystem::path& path, Action action) {
  if (!std::filesystem::exists(path)) core::ThrowReadError("open", path, ENOENT);
  try {
    action();
  } catch (const core::Error&) {
    throw;
  } catch (const std::exception& error) {
    ThrowDamaged(path, error.what());
  }
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
  ParquetReader(const std::filesystem::path& path, const TableRange& range)
      : TableReader(path), range_(range), rows_(range.first_row - 1) {
    Guarded(path, [this] { Open(); });
    std::vector<std::string> names;
    for (const ColumnField& field : fields_) names.push_back(field.name);
    SetColumns(std::move(names));
  }

  bool Next(TableRow& row) override {
    while (batch_ == nullptr || row_in_batch_ == batch_->num_rows()) {
      Guarded(path(), [this] { ReadBatch(); });
      if (batch_ == nullptr) return false;
    }
    row.number = row.line = ++rows_;
    row.problem.clear();
    row.cells.resize(selected().size());
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (setters_[i](*arrays_[i], row_in_batch_, row.cells[i])) continue;
      row.problem = core::StrCat("a list in column \"", selected()[i], "\" has missing elements");
    }
    ++row_in_batch_;
    return true;
  }

 private:
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
      setters_.push_back(CellSetterOf(*column.field->type()));
      if (setters_.back() != nullptr) continue;
      throw core::Error(core::ExitCode::kBadData,
                        core::StrCat(path(), ": column \"", column.name, "\" has the type ",
                                     column.field->type()->ToString(), ", which cannot be read."),
                        "Export it as a number, text, a time, or a list of numbers or text.");
    }
    std::vector<int> row_groups;
    const int64_t end = std::min<int64_t>(range_.end, reader_->num_row_groups());
    for (int64_t i = range_.begin; i < end; ++i) row_groups.push_back(static_cast<int>(i));
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

  TableRange range_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<ColumnField> fields_;  // as columns()
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  // Of each selected column: the place of its field in the batch, then in each struct.
  std::vector<std::vector<int>> places_;
  std::vector<CellSetter> setters_;  // as selected, like places_ and arrays_
  std::vector<std::shared_ptr<arrow::Array>> arrays_;
  int64_t row_in_batch_ = 0;
  int64_t rows_;
};

}  // namespace

std::unique_ptr<TableReader> OpenParquet(const std::filesystem::path& path,
                                         const TableRange& range) {
  return std::make_unique<ParquetReader>(path, range);
}

std::vector<TableRange> SplitParquet(const std::filesystem::path& path, int64_t target_bytes) {
  std::vector<TableRange> ranges{{}};
  Guarded(path, [&] {
    const auto file = parquet::ParquetFileReader::OpenFile(path.native(), /*memory_map=*/false);
    const parquet::FileMetaData& metadata = *file->metadata();
    int64_t bytes = 0;
    int64_t rows = 0;
    for (int group = 0; group < metadata.num_row_groups(); ++group) {
      if (bytes >= target_bytes) {
        ranges.back().end = group;
        ranges.push_back({.begin = group, .first_row = rows + 1, .first_line = rows + 1});
        bytes = 0;
      }
      const auto described = metadata.RowGroup(group);
      // Some writers leave the first out.
      bytes += described->total_compressed_size() > 0 ? described->total_compressed_size()
                                                      : described->total_byte_size();
      rows += described->num_rows();
    }
  });
  return ranges;
}

}  // namespace journeyman::journey
