#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

// The file of a TableWriter: bytes go to "<path>.partial", which Close renames to `path`; without a
// Close it is removed. One thread at a time. Throws Error(kIo) naming the path.
class PartialFile {
 public:
  explicit PartialFile(std::filesystem::path path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  void Append(std::string_view bytes);
  void Close();

  // Where the bytes are until Close.
  const std::filesystem::path& partial_path() const { return partial_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::filesystem::path path_;
  std::filesystem::path partial_;
  std::unique_ptr<std::FILE, Closer> file_;
  bool closed_ = false;
};

// Throws Error(kBug) where the row does not fit the columns.
void CheckRow(std::span<const Cell> row, const std::vector<ColumnSpec>& columns);

}  // namespace journeyman::journey
