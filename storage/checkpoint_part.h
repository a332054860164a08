#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/hdf5_file.h"

namespace journeyman::storage {

// A part of a checkpoint, read range by range. `bytes` must outlive the reader. Throws
// core::Error(kBadData) naming the file where the bytes are no part or contradict themselves.
class CheckpointPartReader {
 public:
  struct Range {
    std::string buffer;
    int64_t offset = 0;
    int64_t total = 0;
    int64_t size = 0;
  };

  CheckpointPartReader(std::span<const std::byte> bytes, const std::string& name);

  const std::vector<Range>& ranges() const { return ranges_; }
  std::vector<float> Values(std::size_t range) const;

 private:
  Hdf5Reader file_;
  std::vector<Range> ranges_;
};

}  // namespace journeyman::storage
