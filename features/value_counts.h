#pragma once

#include <bit>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "features/byte_codec.h"

namespace journeyman::features {

// How often each value of a column occurred: integer counts, so that any grouping and order of
// adding and merging gives the same counts, and with them the same quantiles and moments.
//
// A value is kept to 13 significant bits, rounded towards zero: whole numbers to 8,192 exactly,
// others to 1 part in 4,096. That bounds the memory by the range of the values, not by their
// number: 4,096 entries for each factor of 2 between the smallest and the largest. A column whose
// spread is small against its distance from zero (IsNarrow) is not resolved; its users fall back to
// moments.
//
// A value type; one thread at a time.
class ValueCounts {
 public:
  struct Entry {
    double value;
    int64_t count;
  };

  // `value` must be finite; -0 counts as 0.
  void Add(float value, int64_t count = 1);
  void Merge(const ValueCounts& other);

  int64_t total() const { return total_; }
  std::size_t distinct() const { return counts_.size(); }
  bool operator==(const ValueCounts&) const = default;

  // By ascending value.
  std::vector<Entry> Sorted() const;

  // Entries by ascending key. Read throws core::Error(kBadData) through the reader.
  void Write(ByteWriter& writer) const;
  static ValueCounts Read(ByteReader& reader);

 private:
  // Float bits without the low ones, in an order that is the order of the values.
  static uint32_t KeyOf(float value);
  static float ValueOf(uint32_t key);
  std::vector<std::pair<uint32_t, int64_t>> SortedKeys() const;

  std::unordered_map<uint32_t, int64_t> counts_;
  int64_t total_ = 0;
};

// Count, mean and population deviation of entries, summed in their order.
struct EntryMoments {
  int64_t count = 0;
  double mean = 0;
  double deviation = 0;
};
EntryMoments MomentsOf(const std::vector<ValueCounts::Entry>& entries);

// Whether the entries are too coarse for what is narrower than they are: a deviation below 2^-9 of
// the largest magnitude, eight entries wide. Over so short a stretch every smooth function is a
// straight line (to 1 part in 500), so nothing but standardising is lost by leaving it at that.
bool IsNarrow(const std::vector<ValueCounts::Entry>& entries, const EntryMoments& moments);

}  // namespace journeyman::features
