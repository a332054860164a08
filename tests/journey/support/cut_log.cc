#include "tests/journey/support/cut_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/import.h"
#include "storage/dataset.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/support/event_logs.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::PhiloxStream;
using core::StrCat;
using journey::Mapping;

std::string Text(const storage::JourneyTable& table) {
  std::string text;
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    text += StrCat(core::Hex64(table.persons[j]), " ", core::Hex64(table.journeys[j]), " ends ",
                   static_cast<int>(table.ends[j]), "\n");
    for (int64_t row = table.offsets[j]; row < table.offsets[j + 1]; ++row) {
      text += StrCat("  ", core::Hex64(table.decision[row]), " ", table.time_us[row], " ",
                     table.sequence[row], " action ", table.action[row], " p ",
                     table.propensity[row]);
      for (const double value : table.Metrics(row)) text += StrCat(" ", value);
      text += " |";
      for (const float value : table.Observation(row)) text += StrCat(" ", value);
      text += "\n";
    }
  }
  return text;
}

std::string Text(const std::vector<storage::EventTable>& kinds) {
  std::string text;
  for (const storage::EventTable& table : kinds) {
    for (int64_t row = 0; row < table.rows(); ++row) {
      text += StrCat(core::Hex64(table.persons[row]), " ", table.time_us[row], " ",
                     core::Hex64(table.ids[row]), " ", core::Hex64(table.decisions[row]));
      for (const double value : table.Values(row)) text += StrCat(" ", value);
      text += "\n";
    }
    text += "--\n";
  }
  return text;
}

}  // namespace

void ExpectCutsAndCrashesChangeNothing(uint64_t seed, int people, int imports) {
  SCOPED_TRACE(StrCat("seed ", seed));
  PhiloxStream random(seed, 6, 0);
  const bool grid = seed % 3 == 1;
  Mapping mapping = MakeEventMapping(random, {.grid = grid, .offers = seed % 3 == 2});
  const int64_t lateness_us = random.NextBelow(2) == 0 ? 0 : 15 * kHourUs;
  mapping.lateness_us = lateness_us;
  for (journey::MappedEvent& event : mapping.events) event.lateness_us = lateness_us;
  EventLog log = MakeEventLog(random, mapping, people);
  Divide(random, imports, lateness_us, log);
  if (grid) {
    for (LoggedEvent& row : log.events.back()) row.import = 0;
  }
  TempDirectory directory;
  WriteText(directory / "key", "000102030405060708090a0b0c0d0e0f\n");
  WriteText(directory / "mapping.json", mapping.ToJson());
  journey::ImportOptions options;
  options.mapping = directory / "mapping.json";
  options.dataset = directory / "several";
  options.key_file = directory / "key";
  options.max_reject_rate = 1;
  FaultFileSystem files;
  int crashes = 0;
  const auto has_rows = [&](int import) {
    const auto is_of = [import](const auto& row) { return row.import == import; };
    return std::any_of(log.decisions.begin(), log.decisions.end(), is_of) ||
           std::any_of(log.events.begin(), log.events.end(), [&](const auto& events) {
             return std::any_of(events.begin(), events.end(), is_of);
           });
  };
  bool created = false;
  for (int import = 0; import < imports; ++import) {
    WriteLog(directory.path(), mapping, log, import);
    created = created || has_rows(import);
    if (!created) continue;  // a dataset begins with a row
    FaultFileSystem::Fault crash;
    crash.nth = 3 + static_cast<int>(random.NextBelow(25));
    crash.and_all_later = true;
    files.Arm(std::move(crash));
    try {
      (void)journey::Import(files, options);
    } catch (const core::Error&) {
      ++crashes;
    }
    files.Disarm();
    (void)journey::Import(files, options);
  }
  EXPECT_GT(crashes, 1);
  options.dataset = directory / "one";
  (void)journey::Import(core::RealFileSystem(), options);
  const auto several = storage::Dataset::Open(core::RealFileSystem(), directory / "several");
  const auto one = storage::Dataset::Open(core::RealFileSystem(), directory / "one");
  several.Verify();
  EXPECT_EQ(several.manifest().watermark_us(), one.manifest().watermark_us());
  EXPECT_FALSE(std::filesystem::exists(directory / "several" / "late.jsonl") &&
               std::filesystem::file_size(directory / "several" / "late.jsonl") > 0);
  EXPECT_GT(one.manifest().rows, 0);
  for (int p = 0; p < one.split().partitions; ++p) {
    EXPECT_EQ(Text(several.ReadPartition(p)), Text(one.ReadPartition(p)));
    EXPECT_EQ(Text(several.ReadPending(p)), Text(one.ReadPending(p)));
    EXPECT_EQ(Text(several.ReadEvents(p)), Text(one.ReadEvents(p)));
  }
}

}  // namespace journeyman::testing
