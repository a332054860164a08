#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "journey/byte_codec.h"

namespace journeyman::journey {

enum class StatedEnd : uint8_t { kUnstated, kTerminated, kTruncated };

// What identifies and orders a decision, and where it was read.
struct DecisionKey {
  uint64_t person = 0;  // keyed hashes
  uint64_t journey = 0;
  uint64_t decision = 0;   // only where the mapping has a decision id
  uint64_t tie_break = 0;  // orders decisions of one time: the decision id, or 0
  int64_t time_us = 0;     // 0 where the mapping has none
  int64_t sequence = -1;   // -1 where the mapping has none
  int64_t line = 0;
  int32_t file = 0;
  int32_t action = 0;
  double propensity = 0;  // NaN where unpropensed
  StatedEnd end = StatedEnd::kUnstated;
};

struct DecisionWidths {
  int64_t features = 0;  // mapped ones; decisions_left is added later
  int64_t metrics = 0;
  int64_t actions = 0;
  bool has_distribution = false;
};

// One decision as it is decoded. An enum feature without stated categories holds the number of its
// category in the order of appearance.
struct Decision {
  DecisionKey key;
  std::vector<float> observation;
  std::vector<double> metrics;
  std::vector<uint8_t> possible;
  std::vector<float> probabilities;
};

// Decisions in columns, in the order in which they were read.
class DecisionColumns {
 public:
  DecisionColumns() = default;
  explicit DecisionColumns(const DecisionWidths& widths) : widths_(widths) {}

  void Append(const Decision& decision);
  // About the size of Encode(), and what one decision takes of it.
  uint64_t bytes() const { return static_cast<uint64_t>(size()) * row_bytes(); }
  uint64_t row_bytes() const;
  void Encode(ByteWriter& writer) const;
  // Adds encoded decisions of the same widths.
  void AppendEncoded(ByteReader& reader);
  int64_t size() const { return static_cast<int64_t>(keys_.size()); }
  const DecisionWidths& widths() const { return widths_; }

  const DecisionKey& Key(int64_t row) const { return keys_[static_cast<size_t>(row)]; }
  std::span<const float> Observation(int64_t row) const {
    return Row(observations_, row, widths_.features);
  }
  std::span<const double> Metrics(int64_t row) const { return Row(metrics_, row, widths_.metrics); }
  std::span<const uint8_t> Possible(int64_t row) const {
    return Row(possible_, row, widths_.actions);
  }
  // Empty without a distribution.
  std::span<const float> Probabilities(int64_t row) const {
    return Row(probabilities_, row, widths_.has_distribution ? widths_.actions : 0);
  }

  // Orders rows by everything but identity, sequence and place; 0 where two rows say the same.
  int CompareContent(int64_t a, int64_t b) const;

 private:
  template <class T>
  static std::span<const T> Row(const std::vector<T>& column, int64_t row, int64_t width) {
    return {column.data() + row * width, static_cast<size_t>(width)};
  }

  DecisionWidths widths_;
  std::vector<DecisionKey> keys_;
  std::vector<float> observations_;
  std::vector<double> metrics_;
  std::vector<uint8_t> possible_;
  std::vector<float> probabilities_;
};

// Whether two spans of numbers hold the same bits; NaN equals itself.
template <class T>
bool SameBits(std::span<const T> a, std::span<const T> b);

}  // namespace journeyman::journey
