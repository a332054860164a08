#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset.h"

namespace journeyman::storage {

// Verified bytes of the shard files of one dataset directory. The files used last stay in memory up
// to a limit; one file is always kept. Thread-safe: threads that want the same file wait for one
// load, threads that want different files load at the same time.
class ShardCache {
 public:
  // Shared, since a reader goes on with bytes that the cache has dropped meanwhile.
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;

  static constexpr uint64_t kDefaultCapacity = uint64_t{512} << 20;

  // `files` must outlive the cache.
  ShardCache(core::FileSystem& files, std::filesystem::path directory,
             uint64_t capacity_bytes = kDefaultCapacity);

  // Blocks while the file is read. Throws core::Error(kBadData) naming the file where it is missing
  // or size or hash differ.
  Bytes Get(const ShardFile& file);

 private:
  struct Slot {
    std::mutex loading;
    Bytes bytes;            // guarded by mutex_
    uint64_t last_use = 0;  // guarded by mutex_
  };

  Bytes Load(const ShardFile& file);
  void DropOldest(const Slot& except);  // mutex_ must be held

  core::FileSystem& files_;
  const std::filesystem::path directory_;
  const uint64_t capacity_;

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Slot>> slots_;
  uint64_t held_ = 0;
  uint64_t uses_ = 0;
};

}  // namespace journeyman::storage
