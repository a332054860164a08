#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace journeyman::storage {

// One kind of event in a dataset, such as purchases; fixed when the dataset is created.
struct EventKind {
  std::string name;
  std::vector<std::string> values;  // names of the numbers that each event carries; may be empty

  bool operator==(const EventKind&) const = default;
};

// Events of one kind, in columns, of the people of one partition: what feature windows look back on
// and outcomes are joined from. A plain value.
struct EventTable {
  // Of an event that holds at all times, such as a person's year of birth.
  static constexpr int64_t kAlways = INT64_MIN;

  int64_t width = 0;                // numbers of an event
  std::vector<uint64_t> persons;    // [rows], keyed hash of the raw person id
  std::vector<int64_t> time_us;     // [rows], microseconds since 1970 UTC, or kAlways
  std::vector<uint64_t> ids;        // [rows], keyed hash of the event's id; 0 = none
  std::vector<uint64_t> decisions;  // [rows], keyed hash of the decision it answers; 0 = none
  std::vector<double> values;       // [rows, width], NaN = missing

  int64_t rows() const { return static_cast<int64_t>(persons.size()); }
  std::span<const double> Values(int64_t row) const {
    return {values.data() + row * width, static_cast<size_t>(width)};
  }

  // Appends a row of a table of the same width (else kBug).
  void Append(const EventTable& from, int64_t row);
  // Appends all rows of it.
  void Append(const EventTable& from);

  // By person, time, id, decision, then the bits of the values: an order of content alone, so that
  // the same events give the same bytes in whatever order and grouping they came.
  int Compare(int64_t a, int64_t b) const { return Compare(a, *this, b); }
  // With row b of a table of the same width.
  int Compare(int64_t a, const EventTable& other, int64_t b) const;
  EventTable Sorted() const;

  // Sizes agree and no value is infinite. Throws core::Error(kBadData).
  void Validate() const;
};

}  // namespace journeyman::storage
