#include "journey/partial_file.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "core/check.h"
#include "core/io_error.h"

namespace journeyman::journey {
namespace {

bool Fits(const Cell& cell, ColumnType type) {
  if (std::holds_alternative<std::monostate>(cell)) return true;
  switch (type) {
    case ColumnType::kBool:
      return std::holds_alternative<bool>(cell);
    case ColumnType::kInt64:
      return std::holds_alternative<int64_t>(cell);
    case ColumnType::kDouble:
      return std::holds_alternative<double>(cell) || std::holds_alternative<int64_t>(cell);
    case ColumnType::kString:
      return std::holds_alternative<std::string>(cell);
    case ColumnType::kDoubleList:
      return std::holds_alternative<std::vector<double>>(cell);
    case ColumnType::kStringList:
      return std::holds_alternative<std::vector<std::string>>(cell);
  }
  return false;
}

}  // namespace

PartialFile::PartialFile(std::filesystem::path path) : path_(std::move(path)), partial_(path_) {
  partial_ += ".partial";
  std::error_code error;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) core::ThrowWriteError("make the directory of", path_, error.value());
  file_.reset(std::fopen(partial_.c_str(), "wb"));
  if (file_ == nullptr) core::ThrowWriteError("create", partial_, errno);
}

PartialFile::~PartialFile() {
  if (closed_) return;
  file_.reset();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

void PartialFile::Append(std::string_view bytes) {
  JOURNEYMAN_CHECK(file_ != nullptr, "a row after Close");
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    core::ThrowWriteError("write", partial_, errno);
  }
}

void PartialFile::Close() {
  if (file_ != nullptr && std::fclose(file_.release()) != 0) {
    core::ThrowWriteError("write", partial_, errno);
  }
  std::error_code error;
  std::filesystem::rename(partial_, path_, error);
  if (error) core::ThrowWriteError("rename", partial_, error.value());
  closed_ = true;
}

void CheckRow(std::span<const Cell> row, const std::vector<ColumnSpec>& columns) {
  JOURNEYMAN_CHECK(row.size() == columns.size(), row.size(), " cells for ", columns.size(),
                   " columns");
  for (size_t i = 0; i < row.size(); ++i) {
    JOURNEYMAN_CHECK(Fits(row[i], columns[i].type), "a cell of alternative ", row[i].index(),
                     " in column ", columns[i].name);
  }
}

}  // namespace journeyman::journey
