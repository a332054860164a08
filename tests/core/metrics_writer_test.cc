#include "core/metrics_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"

namespace journeyman::core {
namespace {

class MetricsWriterTest : public ::testing::Test {
 protected:
  using Values = std::vector<std::pair<std::string, double>>;

  std::string Content() const { return RealFileSystem().ReadText(path_); }

  journeyman::testing::TempDirectory directory_;
  journeyman::testing::FakeClock clock_{1'700'000'000'000'042};
  const Path path_ = directory_ / "metrics/learner-0.jsonl";
};

TEST_F(MetricsWriterTest, WritesOneObjectALine) {
  MetricsWriter writer(path_, std::nullopt, clock_);
  writer.Write(7, Values{{"loss", 0.1}, {"a \"name\"", -3.0}});
  clock_.Advance(std::chrono::seconds(1));
  writer.Write(8, Values{});
  writer.Flush();
  EXPECT_EQ(Content(),
            "{\"time\":1700000000.000042,\"step\":7,\"loss\":0.1,\"a \\\"name\\\"\":-3}\n"
            "{\"time\":1700000001.000042,\"step\":8}\n");
}

TEST_F(MetricsWriterTest, WritesNullForWhatJsonCannotSay) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  MetricsWriter writer(path_, std::nullopt, clock_);
  writer.Write(1, Values{{"a", std::nan("")}, {"b", kInfinity}, {"c", -kInfinity}});
  writer.Flush();
  EXPECT_EQ(Content(),
            "{\"time\":1700000000.000042,\"step\":1,\"a\":null,\"b\":null,\"c\":null}\n");
}

TEST_F(MetricsWriterTest, ContinuesAFileWhoseLastLineWasCutByACrash) {
  RealFileSystem().MakeDirectories(path_.parent_path());
  RealFileSystem().WriteTextDurable(path_, "{\"time\":1,\"step\":1}\n{\"time\":2,\"st");
  MetricsWriter(path_, std::nullopt, clock_).Write(2, Values{});
  EXPECT_EQ(Content(), "{\"time\":1,\"step\":1}\n{\"time\":1700000000.000042,\"step\":2}\n");
}

TEST_F(MetricsWriterTest, RefusesTheNamesOfItsOwnFields) {
  MetricsWriter writer(path_, std::nullopt, clock_);
  EXPECT_THROW(writer.Write(1, Values{{"step", 1.0}}), Error);
  EXPECT_THROW(writer.Write(1, Values{{"time", 1.0}}), Error);
  writer.Flush();
  EXPECT_EQ(Content(), "");
}

TEST_F(MetricsWriterTest, WritesTheSameToTensorboardWhenAsked) {
  MetricsWriter writer(path_, directory_ / "events", clock_);
  writer.Write(1, Values{{"a_name_to_find", 1.0}});
  writer.Flush();
  const std::vector<std::string> names = RealFileSystem().List(directory_ / "events");
  ASSERT_EQ(names.size(), 1u);
  const std::string events = RealFileSystem().ReadText(directory_ / "events" / names[0]);
  EXPECT_NE(events.find("a_name_to_find"), std::string::npos);
}

}  // namespace
}  // namespace journeyman::core
