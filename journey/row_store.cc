#include "journey/row_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/io_error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

// Repeats a write or read of a part of the file until all of it is done.
template <class Function, class Data>
void Fully(Function transfer, int file, Data* data, size_t size, uint64_t offset,
           const std::filesystem::path& directory) {
  while (size > 0) {
    const ssize_t done = transfer(file, data, size, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) core::ThrowWriteError("use the import's temporary file in", directory, done < 0 ? errno : EIO);
    data += done;
    size -= static_cast<size_t>(done);
    offset += static_cast<uint64_t>(done);
  }
}

}  // namespace

RowStore::RowStore(int partitions, uint64_t limit_bytes, std::filesystem::path directory)
    : entries_(static_cast<size_t>(partitions)),
      limit_bytes_(limit_bytes),
      directory_(std::move(directory)) {}

RowStore::~RowStore() {
  if (file_ >= 0) close(file_);
}

void RowStore::Add(int partition, std::vector<std::byte> rows) {
  Entry& entry = entries_[static_cast<size_t>(partition)];
  entry.bytes += rows.size();
  held_bytes_ += rows.size();
  entry.held.push_back(std::move(rows));
  if (held_bytes_ > limit_bytes_) Spill();
}

void RowStore::OpenFile() {
  std::string name = (directory_ / "journeyman-import-XXXXXX").native();
  file_ = mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) core::ThrowWriteError("make a temporary file in", directory_, errno);
  if (unlink(name.c_str()) != 0) core::ThrowWriteError("unlink", name, errno);
}

void RowStore::Spill() {
  if (file_ < 0) OpenFile();
  for (Entry& entry : entries_) {
    for (const std::vector<std::byte>& rows : entry.held) {
      Fully(pwrite, file_, reinterpret_cast<const char*>(rows.data()), rows.size(), file_bytes_,
            directory_);
      entry.spilled.push_back({file_bytes_, rows.size()});
      file_bytes_ += rows.size();
    }
    entry.held.clear();
  }
  held_bytes_ = 0;
}

PartitionRows RowStore::Take(int partition, const RowWidths& widths) {
  Entry& entry = entries_[static_cast<size_t>(partition)];
  PartitionRows rows(widths);
  std::vector<std::byte> buffer;
  for (const Extent& extent : entry.spilled) {
    buffer.resize(extent.size);
    Fully(pread, file_, reinterpret_cast<char*>(buffer.data()), buffer.size(), extent.offset,
          directory_);
    rows.AppendEncoded(buffer);
  }
  for (const std::vector<std::byte>& held : entry.held) {
    rows.AppendEncoded(held);
    held_bytes_ -= held.size();
  }
  entry = Entry();
  return rows;
}

}  // namespace journeyman::journey
