#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature_value.h"
#include "features/value_counts.h"

namespace journeyman::features {

// The different texts of a column: all of them up to kMostKept, beyond that those with the smallest
// hashes, from which the number of all is estimated (k minimum values: Beyer, Haas, Reinwald,
// Sismanis, Gemulla, "On synopses for distinct-value estimation under multiset operations", SIGMOD
// 2007, the unbiased estimator (k - 1) / U_k; standard error 3 % at 1,024). What is kept is a
// function of the set of texts alone, so any order and grouping of adding and merging gives the
// same.
//
// A value type; one thread at a time.
class DistinctTexts {
 public:
  static constexpr std::size_t kMostKept = 1'024;
  // Of a longer text the beginning is kept: it is no category.
  static constexpr std::size_t kLongestKept = 128;

  void Add(std::string_view text);
  void Merge(const DistinctTexts& other);

  bool complete() const { return complete_; }  // every text is kept
  double estimate() const;                     // exact where complete
  std::vector<std::string> Sorted() const;     // those kept, by their bytes
  bool operator==(const DistinctTexts&) const = default;

  void Write(ByteWriter& writer) const;
  // Throws core::Error(kBadData) through the reader.
  static DistinctTexts Read(ByteReader& reader);

 private:
  void Keep(uint64_t hash, std::string_view text);

  std::map<uint64_t, std::string> by_hash_;
  bool complete_ = true;
};

// What one pass over the raw values of a column must remember to tell its kind (identify.h): no
// sample, no limit on the rows, memory bounded by kMostKept texts and by the range of the numbers
// (ValueCounts). Integers, extremes and sets only: a sketch of the whole has the same bytes for any
// split of the rows into parts and any order of merging.
//
// A value type; one thread at a time.
struct ColumnSketch {
  int64_t missing = 0;
  int64_t present = 0;        // the rest; what follows counts among these
  int64_t dates = 0;          // dates or times, but no number
  int64_t compact_dates = 0;  // numbers that spell a date (DaysOfCompactDate)
  int64_t numbers = 0;        // within float32
  int64_t whole = 0;          // numbers without a fraction
  int64_t zero_or_one = 0;
  int64_t in_unit = 0;     // numbers in [0, 1]
  int64_t long_texts = 0;  // above DistinctTexts::kLongestKept
  double smallest = 0;     // number; 0 where there is none
  double largest = 0;
  DistinctTexts texts;  // of all present values
  ValueCounts counts;   // of the numbers

  bool operator==(const ColumnSketch&) const = default;

  // With its text, also of a number.
  void Add(const FeatureValue& value);
  void Merge(const ColumnSketch& other);

  // Little-endian with magic, version and a trailing xxh3, for sending between ranks. Equal
  // sketches have equal bytes. Decode throws core::Error(kBadData) on any damage.
  std::vector<std::byte> Encode() const;
  static ColumnSketch Decode(std::span<const std::byte> bytes);

 private:
  void AddNumber(double number);
};

}  // namespace journeyman::features
