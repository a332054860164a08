#include "journey/import_progress.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_clock.h"

namespace journeyman::journey {
namespace {

TEST(ImportProgress, SaysRowsAndTheirRateEveryFewSecondsAndThenPartitions) {
  testing::FakeClock clock;
  std::vector<std::string> said;
  ImportProgress progress([&](const std::string& line) { said.push_back(line); }, clock);
  const auto read = [&](int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) progress.Row();
  };
  progress.Part(2, 5);
  clock.Advance(std::chrono::seconds(2));
  read(ImportProgress::kRowsBetween);
  EXPECT_TRUE(said.empty()) << "too early";
  clock.Advance(std::chrono::seconds(2));
  read(ImportProgress::kRowsBetween);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0], "read 131072 rows, 32768 a second; part 2 of 5");
  read(ImportProgress::kRowsBetween);
  EXPECT_EQ(said.size(), 1u) << "just said";
  progress.Partition(1, 8);
  EXPECT_EQ(said.size(), 1u);
  clock.Advance(std::chrono::seconds(3));
  progress.Partition(7, 8);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[1], "assembled 7 of 8 partitions");
}

TEST(ImportProgress, SaysNothingWhereNobodyListens) {
  testing::FakeClock clock;
  ImportProgress progress({}, clock);
  clock.Advance(std::chrono::hours(1));
  for (int64_t i = 0; i < ImportProgress::kRowsBetween; ++i) progress.Row();
  progress.Partition(1, 1);
}

}  // namespace
}  // namespace journeyman::journey
