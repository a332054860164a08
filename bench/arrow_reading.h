#pragma once

#include <arrow/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <arrow/json/api.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/error.h"

namespace journeyman::bench {

inline void Check(const arrow::Status& status) {
  if (!status.ok()) throw core::Error(core::ExitCode::kBug, status.ToString());
}
template <class T>
T Checked(arrow::Result<T> result) {
  Check(result.status());
  return std::move(result).ValueUnsafe();
}

// Reads a whole table into arrays, on one thread, and returns its rows.
inline int64_t ReadWithArrow(const std::filesystem::path& path) {
  const auto file = Checked(arrow::io::ReadableFile::Open(path.native()));
  std::shared_ptr<arrow::Table> table;
  if (path.extension() == ".jsonl") {
    auto options = arrow::json::ReadOptions::Defaults();
    options.use_threads = false;
    const auto reader = Checked(arrow::json::TableReader::Make(
        arrow::default_memory_pool(), file, options, arrow::json::ParseOptions::Defaults()));
    table = Checked(reader->Read());
  } else if (path.extension() == ".csv") {
    auto options = arrow::csv::ReadOptions::Defaults();
    options.use_threads = false;
    const auto reader = Checked(arrow::csv::TableReader::Make(
        arrow::io::default_io_context(), file, options, arrow::csv::ParseOptions::Defaults(),
        arrow::csv::ConvertOptions::Defaults()));
    table = Checked(reader->Read());
  } else {
    const auto reader = Checked(parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
    reader->set_use_threads(false);
    table = Checked(reader->ReadTable());
  }
  return table->num_rows();
}

}  // namespace journeyman::bench
