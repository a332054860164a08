#include "actor/block_source.h"

#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::actor {

BlockSource::BlockSource(const experience::JourneyReader& reader,
                         const experience::TransitionBuilder& builder,
                         std::vector<int64_t> blocks_per_partition, bool repeats,
                         int64_t memory_bytes)
    : reader_(reader),
      builder_(builder),
      blocks_per_partition_(std::move(blocks_per_partition)),
      repeats_(repeats),
      memory_bytes_(memory_bytes) {}

std::vector<std::byte> BlockSource::Take(int partition, int64_t block) {
  const auto found = built_.find(partition);
  Encoded& blocks = found != built_.end() ? found->second : Build(partition, block);
  std::vector<std::byte>& bytes = blocks.at(static_cast<size_t>(block));
  JOURNEYMAN_CHECK(!bytes.empty(), "block ", block, " of partition ", partition, " was given away");
  if (repeats_) return bytes;
  held_bytes_ -= static_cast<int64_t>(bytes.size());
  std::vector<std::byte> given = std::exchange(bytes, {});
  if (block + 1 == static_cast<int64_t>(blocks.size())) built_.erase(partition);
  return given;
}

void BlockSource::Release(int partition) {
  const auto found = built_.find(partition);
  if (found == built_.end() || held_bytes_ <= memory_bytes_) return;
  for (const auto& block : found->second) held_bytes_ -= static_cast<int64_t>(block.size());
  built_.erase(found);
}

BlockSource::Encoded& BlockSource::Build(int partition, int64_t first_wanted) {
  ++builds_;
  auto blocks = builder_.Build(partition, reader_.Read(partition));
  const int64_t expected = blocks_per_partition_.at(static_cast<size_t>(partition));
  if (static_cast<int64_t>(blocks.size()) != expected) {
    throw core::Error(core::ExitCode::kBadData,
                      core::StrCat("partition ", partition, " gives ", blocks.size(),
                                   " blocks, its survey counted ", expected, "."),
                      "did the dataset change while the job ran?");
  }
  Encoded encoded(blocks.size());
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (!repeats_ && static_cast<int64_t>(b) < first_wanted) continue;
    encoded[b] = blocks[b].Encode();
    blocks[b] = {};
    held_bytes_ += static_cast<int64_t>(encoded[b].size());
  }
  return built_[partition] = std::move(encoded);
}

}  // namespace journeyman::actor
