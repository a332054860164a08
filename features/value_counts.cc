#include "features/value_counts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace journeyman::features {

namespace {

constexpr uint32_t kSign = 0x80000000u;
// 12 of the 23 stored bits of the significand are kept; a normal number has one more, unstored.
constexpr uint32_t kDropped = (1u << 11) - 1;
constexpr std::size_t kBytesPerEntry = sizeof(uint32_t) + sizeof(int64_t);

}  // namespace

uint32_t ValueCounts::KeyOf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value) & ~kDropped;
  if ((bits & ~kSign) == 0) return kSign;  // zero, whatever its sign
  // Positive values follow the negative ones, whose bits grow with their magnitude.
  return (bits & kSign) != 0 ? kSign - (bits & ~kSign) : bits | kSign;
}

float ValueCounts::ValueOf(uint32_t key) {
  return std::bit_cast<float>(key >= kSign ? key & ~kSign : (kSign - key) | kSign);
}

void ValueCounts::Add(float value, int64_t count) {
  JOURNEYMAN_CHECK(std::isfinite(value), "a count of ", value);
  counts_[KeyOf(value)] += count;
  total_ += count;
}

void ValueCounts::Merge(const ValueCounts& other) {
  for (const auto& [key, count] : other.counts_) counts_[key] += count;
  total_ += other.total_;
}

std::vector<std::pair<uint32_t, int64_t>> ValueCounts::SortedKeys() const {
  std::vector<std::pair<uint32_t, int64_t>> sorted(counts_.begin(), counts_.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<ValueCounts::Entry> ValueCounts::Sorted() const {
  std::vector<Entry> entries;
  entries.reserve(counts_.size());
  for (const auto& [key, count] : SortedKeys()) {
    entries.push_back({static_cast<double>(ValueOf(key)), count});
  }
  return entries;
}

void ValueCounts::Write(ByteWriter& writer) const {
  writer.Number(static_cast<uint64_t>(counts_.size()));
  for (const auto& [key, count] : SortedKeys()) {
    writer.Number(key);
    writer.Number(count);
  }
}

ValueCounts ValueCounts::Read(ByteReader& reader) {
  ValueCounts counts;
  const std::size_t entries = reader.Count(kBytesPerEntry);
  int64_t before = -1;
  for (std::size_t i = 0; i < entries; ++i) {
    const auto key = reader.Number<uint32_t>();
    const auto count = reader.Number<int64_t>();
    const float value = ValueOf(key);
    if (static_cast<int64_t>(key) <= before || !std::isfinite(value) || KeyOf(value) != key ||
        count <= 0 || count > std::numeric_limits<int64_t>::max() - counts.total_) {
      reader.Fail("a count of values contradicts itself");
    }
    before = key;
    counts.counts_.emplace(key, count);
    counts.total_ += count;
  }
  return counts;
}

EntryMoments MomentsOf(const std::vector<ValueCounts::Entry>& entries) {
  EntryMoments moments;
  double sum = 0;
  for (const ValueCounts::Entry& entry : entries) {
    moments.count += entry.count;
    sum += entry.value * static_cast<double>(entry.count);
  }
  if (moments.count == 0) return moments;
  const auto count = static_cast<double>(moments.count);
  moments.mean = sum / count;
  double squares = 0;
  for (const ValueCounts::Entry& entry : entries) {
    const double deviation = entry.value - moments.mean;
    squares += deviation * deviation * static_cast<double>(entry.count);
  }
  moments.deviation = std::sqrt(squares / count);
  return moments;
}

bool IsNarrow(const std::vector<ValueCounts::Entry>& entries, const EntryMoments& moments) {
  if (entries.empty()) return true;
  const double largest =
      std::max(std::fabs(entries.front().value), std::fabs(entries.back().value));
  return !(moments.deviation >= largest * 0x1p-9);
}

}  // namespace journeyman::features
