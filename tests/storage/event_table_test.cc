#include "storage/event_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "tests/storage/errors.h"
#include "tests/storage/events.h"

namespace journeyman::storage {
namespace {

using ::testing::HasSubstr;

EventTable Example() {
  EventTable table;
  table.width = 2;
  for (const uint64_t person : {7, 3, 5}) AddEvents(table, person, 0, 20);
  table.Append(table, 4);  // an event that is there twice
  return table;
}

EventTable InOrder(const EventTable& table, const std::vector<int64_t>& order) {
  EventTable result;
  result.width = table.width;
  for (const int64_t row : order) result.Append(table, row);
  return result;
}

TEST(EventTableTest, SortingIsAFunctionOfContentAlone) {
  const EventTable table = Example();
  const EventTable sorted = table.Sorted();
  std::vector<int64_t> order(static_cast<std::size_t>(table.rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  core::PhiloxStream random(3, 1, 4);
  for (int repeat = 0; repeat < 20; ++repeat) {
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random.NextBelow(static_cast<uint32_t>(i))]);
    }
    EXPECT_TRUE(SameEvents(InOrder(table, order).Sorted(), sorted));
  }
  EXPECT_EQ(sorted.rows(), table.rows());
}

// The twin compares tuples, with the bits of the values read as bytes.
TEST(EventTableTest, TheOrderIsPersonTimeIdDecisionThenBits) {
  EventTable table;
  table.width = 1;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const uint64_t person : {1, 2}) {
    for (const int64_t time : {EventTable::kAlways, int64_t{-5}, int64_t{5}}) {
      for (const uint64_t id : {uint64_t{0}, ~uint64_t{0}}) {
        for (const uint64_t decision : {0, 9}) {
          for (const double value : {0.0, 1.5, 2.0, -0.0, -1.5, nan}) {
            table.persons.push_back(person);
            table.time_us.push_back(time);
            table.ids.push_back(id);
            table.decisions.push_back(decision);
            table.values.push_back(value);
          }
        }
      }
    }
  }
  const auto bits = [&](int64_t row) {
    uint64_t word = 0;
    std::memcpy(&word, &table.values[static_cast<std::size_t>(row)], sizeof(word));
    return word;
  };
  const auto key = [&](int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    return std::tuple(table.persons[i], table.time_us[i], table.ids[i], table.decisions[i],
                      bits(row));
  };
  for (int64_t a = 0; a < table.rows(); ++a) {
    for (int64_t b = 0; b < table.rows(); ++b) {
      EXPECT_EQ(table.Compare(a, b) < 0, key(a) < key(b)) << a << " " << b;
      EXPECT_EQ(table.Compare(a, b) == 0, a == b);
    }
  }
}

TEST(EventTableTest, AppendingATableIsAppendingItsRows) {
  const EventTable table = Example();
  EventTable whole = table;
  whole.Append(table);
  EventTable rows = table;
  for (int64_t row = 0; row < table.rows(); ++row) rows.Append(table, row);
  EXPECT_TRUE(SameEvents(whole, rows));
  EXPECT_EQ(whole.rows(), 2 * table.rows());
  EXPECT_EQ(std::bit_cast<uint64_t>(whole.Values(table.rows())[1]),
            std::bit_cast<uint64_t>(table.Values(0)[1]));
  EventTable narrow;
  narrow.width = 1;
  EXPECT_THAT(ErrorOf(core::ExitCode::kBug, [&] { narrow.Append(table); }), HasSubstr("width 2"));
  EXPECT_THAT(ErrorOf(core::ExitCode::kBug, [&] { narrow.Append(table, 0); }),
              HasSubstr("width 2"));
}

TEST(EventTableTest, ContradictionsAndInfinityAreBadData) {
  const auto error = [](const auto& spoil) {
    EventTable table = Example();
    spoil(table);
    return ErrorOf(core::ExitCode::kBadData, [&] { table.Validate(); });
  };
  EXPECT_NO_THROW(Example().Validate());
  EXPECT_THAT(error([](auto& t) { t.time_us.pop_back(); }), HasSubstr("time_us has 60"));
  EXPECT_THAT(error([](auto& t) { t.ids.push_back(1); }), HasSubstr("ids has 62"));
  EXPECT_THAT(error([](auto& t) { t.decisions.clear(); }), HasSubstr("decisions has 0"));
  EXPECT_THAT(error([](auto& t) { t.values.pop_back(); }), HasSubstr("values has 121"));
  EXPECT_THAT(error([](auto& t) { t.width = -1; }), HasSubstr("width -1"));
  EXPECT_THAT(error([](auto& t) { t.values[7] = std::numeric_limits<double>::infinity(); }),
              HasSubstr("row 3"));
}

}  // namespace
}  // namespace journeyman::storage
