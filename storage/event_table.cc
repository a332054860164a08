#include "storage/event_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

template <class T>
void CheckSize(const std::vector<T>& column, int64_t expected, const char* name) {
  if (std::ssize(column) == expected) return;
  throw Error(ExitCode::kBadData,
              StrCat("events: column ", name, " has ", column.size(), " values, not ", expected));
}

template <class T>
int Order(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

}  // namespace

void EventTable::Append(const EventTable& from, int64_t row) {
  JOURNEYMAN_CHECK(from.width == width, "events of width ", from.width, " in a table of ", width);
  persons.push_back(from.persons[row]);
  time_us.push_back(from.time_us[row]);
  ids.push_back(from.ids[row]);
  decisions.push_back(from.decisions[row]);
  const auto begin = from.values.begin() + row * width;
  values.insert(values.end(), begin, begin + width);
}

void EventTable::Append(const EventTable& from) {
  JOURNEYMAN_CHECK(from.width == width, "events of width ", from.width, " in a table of ", width);
  persons.insert(persons.end(), from.persons.begin(), from.persons.end());
  time_us.insert(time_us.end(), from.time_us.begin(), from.time_us.end());
  ids.insert(ids.end(), from.ids.begin(), from.ids.end());
  decisions.insert(decisions.end(), from.decisions.begin(), from.decisions.end());
  values.insert(values.end(), from.values.begin(), from.values.end());
}

int EventTable::Compare(int64_t a, const EventTable& other, int64_t b) const {
  if (const int order = Order(persons[a], other.persons[b]); order != 0) return order;
  if (const int order = Order(time_us[a], other.time_us[b]); order != 0) return order;
  if (const int order = Order(ids[a], other.ids[b]); order != 0) return order;
  if (const int order = Order(decisions[a], other.decisions[b]); order != 0) return order;
  for (int64_t i = 0; i < width; ++i) {
    const auto bits_a = std::bit_cast<uint64_t>(values[a * width + i]);
    const auto bits_b = std::bit_cast<uint64_t>(other.values[b * width + i]);
    if (const int order = Order(bits_a, bits_b); order != 0) return order;
  }
  return 0;
}

EventTable EventTable::Sorted() const {
  std::vector<int64_t> order(static_cast<std::size_t>(rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return Compare(a, b) < 0; });
  EventTable sorted;
  sorted.width = width;
  sorted.persons.reserve(persons.size());
  sorted.time_us.reserve(time_us.size());
  sorted.ids.reserve(ids.size());
  sorted.decisions.reserve(decisions.size());
  sorted.values.reserve(values.size());
  for (const int64_t row : order) sorted.Append(*this, row);
  return sorted;
}

void EventTable::Validate() const {
  if (width < 0) throw Error(ExitCode::kBadData, StrCat("events: width ", width, " is negative"));
  CheckSize(time_us, rows(), "time_us");
  CheckSize(ids, rows(), "ids");
  CheckSize(decisions, rows(), "decisions");
  CheckSize(values, rows() * width, "values");
  const auto infinite = std::find_if(values.begin(), values.end(),
                                     [](double value) { return std::isinf(value); });
  if (infinite == values.end()) return;
  throw Error(ExitCode::kBadData, StrCat("events: row ", (infinite - values.begin()) / width,
                                         ": a value is ", *infinite));
}

}  // namespace journeyman::storage
