#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "journey/row_chunk.h"

namespace journeyman::journey {

// The rows of many partitions, which need not fit in memory: what exceeds the limit is written to one
// temporary file, which has no name and is gone with the process. One thread at a time.
class RowStore {
 public:
  // `directory`: where the file is made when it is needed.
  RowStore(int partitions, uint64_t limit_bytes, std::filesystem::path directory);
  ~RowStore();
  RowStore(const RowStore&) = delete;
  RowStore& operator=(const RowStore&) = delete;

  // Takes the encoded rows of a partition. Throws core::Error(kIo) where the disk refuses.
  void Add(int partition, std::vector<std::byte> rows);

  // Encoded bytes of a partition.
  uint64_t bytes(int partition) const { return entries_[static_cast<size_t>(partition)].bytes; }
  uint64_t spilled_bytes() const { return file_bytes_; }

  // The rows of a partition, which is empty afterwards. Throws core::Error(kIo).
  PartitionRows Take(int partition, const RowWidths& widths);

 private:
  struct Extent {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  struct Entry {
    std::vector<std::vector<std::byte>> held;
    std::vector<Extent> spilled;
    uint64_t bytes = 0;
  };

  void Spill();
  void OpenFile();

  std::vector<Entry> entries_;  // [partitions]
  const uint64_t limit_bytes_;
  const std::filesystem::path directory_;
  uint64_t held_bytes_ = 0;
  uint64_t file_bytes_ = 0;
  int file_ = -1;
};

}  // namespace journeyman::journey
