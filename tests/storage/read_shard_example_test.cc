#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "core/strings.h"
#include "tests/storage/datasets.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using ::testing::HasSubstr;

struct Output {
  int status = -1;
  std::string text;
};

Output Shell(const std::string& command) {
  Output output;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer;
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.text.append(buffer.data(), size);
  }
  output.status = pclose(pipe);
  return output;
}

// Two implementations of the format agree: the example knows it from its description only.
TEST(ReadShardExampleTest, PythonReadsTheSameNumbers) {
  const std::string python = JOURNEYMAN_PYTHON;
  const testing::TempDirectory temp;
  core::FileSystem& files = core::RealFileSystem();
  Write(files, temp / "data", Journeys(kPeople, 0, 3), 1500);
  Write(files, temp / "data", Journeys(kPeople / 2, 3, 1));

  std::array<int, 3> taken{};
  std::array<double, 2> sums{};
  for (const auto& [partition, table] : ReadAll(Dataset::Open(files, temp / "data"))) {
    for (int64_t row = 0; row < table.rows(); ++row) {
      ++taken[table.action[row]];
      for (int metric = 0; metric < 2; ++metric) sums[metric] += table.Metrics(row)[metric];
    }
  }
  const std::string command = core::StrCat(python, " ", JOURNEYMAN_SOURCE_DIR,
                                           "/examples/read_shard.py ", temp / "data");
  const Output output = Shell(command);
  if (output.text.find("No module named") != std::string::npos) {
    GTEST_SKIP() << python << " lacks a package: " << output.text;
  }
  EXPECT_EQ(output.status, 0) << output.text;
  EXPECT_THAT(output.text, HasSubstr(core::StrCat(kPeople, " journeys, ", 3 * kPeople + kPeople / 2,
                                                  " decisions, verified by ")));
  EXPECT_THAT(output.text,
              HasSubstr(core::StrCat("action none: ", taken[0], "\naction mail: ", taken[1],
                                     "\naction call: ", taken[2], "\nmetric revenue: ", sums[0],
                                     "\nmetric visits: ", sums[1], "\n")));

  const std::string shard = files.List(temp / "data" / "shards").at(0);
  files.WriteTextDurable(temp / "data" / "shards" / shard, "short");
  const Output damaged = Shell(command);
  EXPECT_NE(damaged.status, 0);
  EXPECT_THAT(damaged.text, HasSubstr(shard + ": the file is damaged"));
}

}  // namespace
}  // namespace journeyman::storage
