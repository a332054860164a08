#include "storage/shard_cache.h"

#include <utility>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::storage {

using core::Error;
using core::ExitCode;
using core::StrCat;

ShardCache::ShardCache(core::FileSystem& files, std::filesystem::path directory,
                       uint64_t capacity_bytes)
    : files_(files), directory_(std::move(directory)), capacity_(capacity_bytes) {}

ShardCache::Bytes ShardCache::Get(const ShardFile& file) {
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Slot>& entry = slots_[file.name];
    if (entry == nullptr) entry = std::make_unique<Slot>();
    slot = entry.get();
  }
  const std::lock_guard loading(slot->loading);
  {
    const std::lock_guard lock(mutex_);
    slot->last_use = ++uses_;
    if (slot->bytes != nullptr) return slot->bytes;
  }
  Bytes bytes = Load(file);
  const std::lock_guard lock(mutex_);
  slot->bytes = bytes;
  held_ += bytes->size();
  while (held_ > capacity_ && held_ > bytes->size()) DropOldest(*slot);
  return bytes;
}

ShardCache::Bytes ShardCache::Load(const ShardFile& file) {
  const std::filesystem::path path = directory_ / file.name;
  if (!files_.Exists(path)) {
    throw Error(ExitCode::kBadData, StrCat(path, ": the file is in the manifest but not there"));
  }
  auto bytes = std::make_shared<const std::vector<std::byte>>(files_.ReadFile(path));
  if (bytes->size() != file.bytes) {
    throw Error(ExitCode::kBadData, StrCat(path, ": the file has ", bytes->size(),
                                           " bytes, the manifest says ", file.bytes));
  }
  const uint64_t hash = core::Xxh3(*bytes);
  if (hash != file.xxh3) {
    throw Error(ExitCode::kBadData, StrCat(path, ": the file is damaged, its hash is ",
                                           core::Hex64(hash), ", the manifest says ",
                                           core::Hex64(file.xxh3)));
  }
  return bytes;
}

void ShardCache::DropOldest(const Slot& except) {
  Slot* oldest = nullptr;
  for (const auto& [name, slot] : slots_) {
    if (slot.get() == &except || slot->bytes == nullptr) continue;
    if (oldest == nullptr || slot->last_use < oldest->last_use) oldest = slot.get();
  }
  if (oldest == nullptr) return;
  held_ -= oldest->bytes->size();
  oldest->bytes.reset();
}

}  // namespace journeyman::storage
