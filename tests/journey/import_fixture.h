#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"
#include "journey/import.h"
#include "journey/mapping.h"
#include "storage/dataset.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {

inline void WriteText(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string ReadText(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The error of `action`, or nothing where it throws none.
template <class Action>
std::optional<core::Error> ErrorOf(Action action) {
  try {
    action();
  } catch (const core::Error& error) {
    return error;
  }
  return std::nullopt;
}

// A mapping of decisions.csv with the columns person, seq, action, p, spend, age.
inline journey::Mapping SmallMapping() {
  journey::Mapping mapping;
  mapping.inputs = {"decisions.csv"};
  mapping.has_no_action = true;
  mapping.actions = {{.name = "none", .value = "none"},
                     {.name = "mail", .value = "mail", .cost = 0.5},
                     {.name = "call", .value = "call", .cost = 2}};
  mapping.person = "person";
  mapping.sequence = "seq";
  mapping.action = "action";
  mapping.propensity.source = journey::MappedPropensity::Source::kColumn;
  mapping.propensity.column = "p";
  mapping.metrics = {{.name = "spend", .column = "spend"}};
  mapping.features = {
      {.name = "age", .column = "age", .kind = features::FeatureKind::kContinuous}};
  mapping.split.partitions = 4;
  return mapping;
}

inline constexpr const char* kSmallHeader = "person,seq,action,p,spend,age\n";

// `people` people with two decisions each, as lines of decisions.csv; lines 2 to 2 * people + 1.
inline std::vector<std::string> SmallLines(int people) {
  const char* actions[] = {"none", "mail", "call"};
  std::vector<std::string> lines;
  for (int person = 0; person < people; ++person) {
    for (int seq = 0; seq < 2; ++seq) {
      lines.push_back("person-" + std::to_string(person) + "," + std::to_string(seq) + "," +
                      actions[(person + seq) % 3] + ",0.25," + std::to_string(person % 7) + "," +
                      std::to_string(20 + person % 50));
    }
  }
  return lines;
}

inline std::string Joined(const std::vector<std::string>& lines, const std::string& end = "\n") {
  std::string text;
  for (const std::string& line : lines) text += line + end;
  return text;
}

// A directory with a mapping, inputs, a fixed key, and a dataset.
class ImportTest : public ::testing::Test {
 protected:
  ImportTest() { WriteText(directory_ / "key", "000102030405060708090a0b0c0d0e0f\n"); }

  void WriteMapping(const journey::Mapping& mapping) {
    WriteText(directory_ / "mapping.json", mapping.ToJson());
  }
  void WriteDecisions(const std::vector<std::string>& lines) {
    WriteText(directory_ / "decisions.csv", kSmallHeader + Joined(lines));
  }
  journey::ImportOptions Options(const std::string& dataset = "dataset") const {
    journey::ImportOptions options;
    options.mapping = directory_ / "mapping.json";
    options.dataset = directory_ / dataset;
    options.key_file = directory_ / "key";
    return options;
  }
  journey::ImportReport Import(const std::string& dataset = "dataset") {
    return journey::Import(core::RealFileSystem(), Options(dataset));
  }
  storage::Dataset Open(const std::string& dataset = "dataset") const {
    return storage::Dataset::Open(core::RealFileSystem(), directory_ / dataset);
  }
  // All journeys, partition after partition.
  storage::JourneyTable ReadAll(const std::string& dataset = "dataset") const {
    const storage::Dataset opened = Open(dataset);
    storage::JourneyTable all = opened.ReadPartition(0);
    for (int p = 1; p < opened.split().partitions; ++p) {
      const storage::JourneyTable part = opened.ReadPartition(p);
      for (int64_t j = 0; j < part.journey_count(); ++j) all.AppendJourney(part, j);
    }
    return all;
  }
  // Names and contents of every file of a dataset.
  std::string Bytes(const std::string& dataset) const {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_ / dataset)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::string bytes;
    for (const auto& path : paths) bytes += path.filename().native() + "\n" + ReadText(path);
    return bytes;
  }
  // Only what readers see as data: the shard files.
  std::string ShardBytes(const std::string& dataset) const { return Bytes(dataset + "/shards"); }

  TempDirectory directory_;
};

}  // namespace journeyman::testing
