#include "journey/event_assembly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "core/strings.h"
#include "storage/journey_merge.h"
#include "tests/journey/support/event_logs.h"
#include "tests/journey/support/event_twin.h"

namespace journeyman::testing {
namespace {

using core::PhiloxStream;
using core::StrCat;
using journey::EventAssembly;
using journey::EventPartition;
using journey::MappedFeature;
using journey::Mapping;
using storage::JourneyTable;

constexpr storage::DatasetKey kKey{1, 2, 3};
constexpr int64_t kLongAfterUs = 2'000'000'000'000'000;

template <class T>
bool Same(T a, T b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

// What a person can read of a row, so that a difference is seen in the message.
std::string RowText(const JourneyTable& table, int64_t row) {
  std::string text = StrCat(table.time_us[row] / kHourUs, "h action ", table.action[row], " seq ",
                            table.sequence[row], " metrics");
  for (const double value : table.Metrics(row)) text += StrCat(" ", value);
  text += " features";
  for (const float value : table.Observation(row)) text += StrCat(" ", value);
  return text;
}

std::string Text(const JourneyTable& table) {
  std::string text;
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    text += StrCat("person ", table.persons[j], " journey ", table.journeys[j], " end ",
                   static_cast<int>(table.ends[j]), "\n");
    for (int64_t row = table.offsets[j]; row < table.offsets[j + 1]; ++row) {
      text += StrCat("  ", table.decision[row], " ", RowText(table, row), " p ",
                     table.propensity[row], "\n");
    }
  }
  return text;
}

std::string Text(const storage::EventTable& table) {
  std::string text;
  for (int64_t row = 0; row < table.rows(); ++row) {
    text += StrCat(table.persons[row], " ", table.time_us[row] / kHourUs, " ", table.ids[row], " ",
                   table.decisions[row]);
    for (const double value : table.Values(row)) text += StrCat(" ", value);
    text += "\n";
  }
  return text;
}

// The final rows, and which decisions are pending, against the twin's.
void ExpectTwin(const EventAssembly& assembly, const std::vector<TwinDecision>& twin,
                const Mapping& mapping) {
  const JourneyTable& rows = assembly.final_rows;
  int64_t row = 0;
  int64_t j = 0;
  size_t pending = 0;
  for (const TwinDecision& decision : twin) {
    if (!decision.final) {
      pending += decision.from_grid ? 0 : 1;
      continue;
    }
    ASSERT_LT(row, rows.rows()) << "a decision is not final";
    if (row == rows.offsets[j + 1]) ++j;
    const LoggedDecision& logged = decision.logged;
    const std::string text = StrCat("person ", logged.person, " at ", RowText(rows, row));
    ASSERT_EQ(rows.persons[j], logged.person) << text;
    ASSERT_EQ(rows.journeys[j], logged.journey) << text;
    ASSERT_EQ(rows.time_us[row], logged.time_us) << text;
    ASSERT_EQ(rows.action[row], logged.action) << text;
    ASSERT_EQ(rows.sequence[row], decision.sequence) << text;
    ASSERT_EQ(rows.propensity[row], mapping.propensity.per_action[logged.action]) << text;
    if (!mapping.decision_id.empty()) {
      ASSERT_EQ(rows.decision[row], logged.id) << text;
    }
    ASSERT_EQ(rows.features, std::ssize(decision.observation));
    for (int64_t f = 0; f < rows.features; ++f) {
      const float expected = decision.observation[f];
      const bool computed = f < std::ssize(mapping.features);
      ASSERT_TRUE(Same(rows.Observation(row)[f], expected))
          << text << "\n" << (computed ? mapping.features[f].name : "decisions_left") << " is not "
          << expected;
    }
    for (int64_t m = 0; m < rows.metrics; ++m) {
      ASSERT_EQ(rows.Metrics(row)[m], decision.metrics[m]) << text << "\nmetric " << m;
    }
    if (row + 1 == rows.offsets[j + 1]) {
      ASSERT_EQ(rows.ends[j] == 1, decision.terminates) << text;
    }
    ++row;
  }
  EXPECT_EQ(row, rows.rows()) << "a decision is final too early";
  EXPECT_EQ(assembly.pending.rows(), static_cast<int64_t>(pending));
  rows.Validate();
  assembly.pending.Validate();
}

void CompareWithTwin(bool grid) {
  int64_t finals = 0;
  for (uint64_t seed = 0; seed < 300 && !::testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE(StrCat("seed ", seed));
    PhiloxStream random(seed, 1, grid ? 1 : 0);
    const Mapping mapping = MakeEventMapping(random, {.grid = grid});
    const EventLog log = MakeEventLog(random, mapping, 6);
    const int64_t middle = WatermarkOf(mapping, log, 40 * kHourUs, 0);
    for (const int64_t watermark_us : {kLongAfterUs, middle}) {
      const EventPartition partition = MakePartition(random, mapping, log);
      const EventAssembly assembly = AssembleEvents(partition, mapping, kKey, watermark_us);
      ExpectTwin(assembly, TwinOf(mapping, log, watermark_us), mapping);
      finals += assembly.final_rows.rows();
    }
  }
  EXPECT_GT(finals, 1000);
}

TEST(EventAssemblyTest, DecisionsAreWhatTheDefinitionsGiveOneByOne) { CompareWithTwin(false); }

TEST(EventAssemblyTest, DecisionsOfAGridAreWhatTheDefinitionsGiveOneByOne) {
  CompareWithTwin(true);
}

TEST(EventAssemblyTest, WithoutOverlapEachOutcomeInAWindowCountsOnce) {
  int64_t joined = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(StrCat("seed ", seed));
    PhiloxStream random(seed, 2, 0);
    Mapping mapping = MakeEventMapping(random, {});
    mapping.outcomes.overlap = false;
    mapping.outcomes.trial_end_us = kLongAfterUs - 2;
    mapping.terminated.clear();
    mapping.horizon = 0;
    mapping.metrics.clear();
    for (int kind = 0; kind < 3; ++kind) {
      mapping.metrics.push_back({.name = StrCat("count_", kind)});
      mapping.metrics.back().outcome = journey::EventWindow{.event = kind};
    }
    mapping.features.resize(10);
    EventLog log = MakeEventLog(random, mapping, 6);
    for (LoggedDecision& decision : log.decisions) decision.terminated = false;
    const EventAssembly assembly = AssembleEvents(MakePartition(random, mapping, log), mapping,
                                                  kKey, kLongAfterUs);
    EXPECT_EQ(assembly.pending.rows(), 0);
    for (size_t kind = 0; kind < 3; ++kind) {
      double sum = 0;
      for (int64_t row = 0; row < assembly.final_rows.rows(); ++row) {
        sum += assembly.final_rows.Metrics(row)[kind];
      }
      const journey::KindCounts& counts = assembly.counts[kind];
      EXPECT_EQ(sum, static_cast<double>(counts.outcomes.joined)) << "kind " << kind;
      EXPECT_EQ(counts.outcomes.joined + counts.outcomes.outside + counts.outcomes.orphans,
                counts.accepted);
      EXPECT_EQ(std::count_if(assembly.orphans.begin(), assembly.orphans.end(),
                              [kind](const auto& orphan) { return orphan.kind == kind; }),
                counts.outcomes.orphans);
      joined += counts.outcomes.joined;
      if (mapping.outcomes.length_us > 0 || kind == 2) continue;
      // Until the next decision, every event behind the first decision of its person is in a window.
      int64_t behind = 0;
      for (int64_t row = 0; row < assembly.accepted[kind].rows(); ++row) {
        const storage::EventTable& events = assembly.accepted[kind];
        behind += std::any_of(log.decisions.begin(), log.decisions.end(), [&](const auto& d) {
          return d.person == events.persons[row] &&
                 d.time_us + (mapping.outcomes.ties_this ? 0 : 1) <= events.time_us[row];
        });
      }
      EXPECT_EQ(counts.outcomes.joined, behind) << "kind " << kind;
    }
  }
  EXPECT_GT(joined, 1000);
}

// All features of all final decisions, by person, time and sequence.
std::vector<std::pair<std::tuple<uint64_t, int64_t, int32_t>, std::vector<float>>> FeaturesOf(
    const JourneyTable& table) {
  std::vector<std::pair<std::tuple<uint64_t, int64_t, int32_t>, std::vector<float>>> all;
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    for (int64_t row = table.offsets[j]; row < table.offsets[j + 1]; ++row) {
      const auto span = table.Observation(row);
      all.emplace_back(std::tuple(table.persons[j], table.time_us[row], table.sequence[row]),
                       std::vector<float>(span.begin(), span.end()));
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
  });
}

TEST(EventAssemblyTest, NothingAtOrAfterADecisionChangesItsFeaturesWhatComesBeforeDoes) {
  int same = 0;
  int changed = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(StrCat("seed ", seed));
    PhiloxStream random(seed, 3, 0);
    const Mapping mapping = MakeEventMapping(random, {.grid = seed % 4 == 0});
    const EventLog log = MakeEventLog(random, mapping, 4);
    const auto features_of = [&](const EventLog& changed_log) {
      return FeaturesOf(AssembleEvents(MakePartition(random, mapping, changed_log), mapping, kKey,
                                       kLongAfterUs)
                            .final_rows);
    };
    const auto before = features_of(log);
    if (before.empty()) continue;
    const auto& [key, features] = before[random.NextBelow(static_cast<uint32_t>(before.size()))];
    const auto& [person, now_us, sequence] = key;
    // Everything of the person from the decision on, and then everything before it.
    for (const bool from_now_on : {true, false}) {
      EventLog other = log;
      for (size_t kind = 0; kind < other.events.size(); ++kind) {
        std::vector<LoggedEvent> kept;
        for (LoggedEvent event : other.events[kind]) {
          const bool at_or_after = event.time_us >= now_us;
          if (event.person != person || at_or_after != from_now_on ||
              event.time_us == storage::EventTable::kAlways) {
            kept.push_back(event);
            continue;
          }
          // Removed, moved to the decision or behind it (or before everything), or changed.
          const uint32_t how = random.NextBelow(4);
          if (how == 0) continue;
          if (how == 1) event.time_us = from_now_on ? now_us : now_us - 7 * kHourUs;
          if (how == 2) event.time_us += from_now_on ? 7 * kHourUs : -7 * kHourUs;
          for (double& value : event.values) value = 1000 + static_cast<double>(how);
          event.id = 77;
          kept.push_back(event);
          if (how == 3) kept.push_back(event);
        }
        other.events[kind] = kept;
      }
      const auto after = features_of(other);
      const auto found = std::find_if(after.begin(), after.end(),
                                      [&](const auto& entry) { return entry.first == key; });
      if (found == after.end()) continue;  // its window has no end now
      if (from_now_on) {
        EXPECT_TRUE(SameBits(found->second, features)) << "person " << person;
        ++same;
      } else {
        changed += SameBits(found->second, features) ? 0 : 1;
      }
    }
  }
  EXPECT_GT(same, 100);
  EXPECT_GT(changed, 100);
}

TEST(EventAssemblyTest, TheOrderOfTheRowsDoesNotMatter) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(StrCat("seed ", seed));
    PhiloxStream random(seed, 4, 0);
    const Mapping mapping =
        MakeEventMapping(random, {.grid = seed % 3 == 0, .offers = seed % 3 == 1});
    const EventLog log = MakeEventLog(random, mapping, 5);
    const int64_t watermark_us = WatermarkOf(mapping, log, 10 * kHourUs, 0);
    const auto assemble = [&] {
      return AssembleEvents(MakePartition(random, mapping, log), mapping, kKey, watermark_us);
    };
    const EventAssembly a = assemble();
    const EventAssembly b = assemble();
    EXPECT_EQ(Text(a.final_rows), Text(b.final_rows));
    EXPECT_EQ(Text(a.pending), Text(b.pending));
    for (size_t kind = 0; kind < a.accepted.size(); ++kind) {
      EXPECT_EQ(Text(a.accepted[kind]), Text(b.accepted[kind]));
    }
    EXPECT_EQ(a.rejects.size(), b.rejects.size());
    EXPECT_EQ(a.duplicates, b.duplicates);
  }
}

// The log in several imports: what is published in the end, and what is pending.
struct Grown {
  JourneyTable known;
  JourneyTable pending;
  std::vector<storage::EventTable> stored;
  int64_t late = 0;
};

Grown Grow(PhiloxStream& random, const Mapping& mapping, const EventLog& log, int imports,
           int64_t lateness_us) {
  Grown grown;
  int64_t watermark_us = INT64_MIN;
  for (int import = 0; import < imports; ++import) {
    EventPartition partition = MakePartition(random, mapping, log, import);
    if (import > 0) {
      partition.known = grown.known;
      partition.pending = grown.pending;
      partition.stored = grown.stored;
    }
    watermark_us = std::max(watermark_us, WatermarkOf(mapping, log, lateness_us, import));
    EventAssembly assembly = AssembleEvents(partition, mapping, kKey, watermark_us);
    assembly.final_rows.Validate();
    assembly.pending.Validate();
    grown.known = storage::MergeGenerations({partition.known, assembly.final_rows});
    // As a dataset checks: no open decision is closed as well.
    grown.pending = storage::SortedByJourney(assembly.pending);
    (void)storage::MergeGenerations({grown.known, grown.pending});
    grown.stored = partition.stored;
    for (size_t kind = 0; kind < grown.stored.size(); ++kind) {
      grown.stored[kind].Append(assembly.accepted[kind]);
      grown.stored[kind] = grown.stored[kind].Sorted();
    }
    grown.late += std::ssize(assembly.late);
  }
  return grown;
}

void CompareGrown(uint64_t stream, const RandomEventMapping& make) {
  int64_t published = 0;
  int64_t open = 0;
  for (uint64_t seed = 0; seed < 250; ++seed) {
    SCOPED_TRACE(StrCat("seed ", seed));
    PhiloxStream random(seed, 5, stream);
    const Mapping mapping = MakeEventMapping(random, make);
    const int64_t lateness_us = random.NextBelow(2) == 0 ? 0 : 15 * kHourUs;
    EventLog log = MakeEventLog(random, mapping, 4);
    constexpr int kImports = 11;
    Divide(random, kImports, lateness_us, log);
    if (make.grid) {  // who is eligible is not a matter of time
      for (LoggedEvent& row : log.events.back()) row.import = 0;
    }
    const Grown eleven = Grow(random, mapping, log, kImports, lateness_us);
    for (LoggedDecision& decision : log.decisions) decision.import = 0;
    for (auto& events : log.events) {
      for (LoggedEvent& event : events) event.import = 0;
    }
    const Grown one = Grow(random, mapping, log, 1, lateness_us);
    EXPECT_EQ(eleven.late, 0);
    EXPECT_EQ(Text(eleven.known), Text(one.known));
    EXPECT_EQ(Text(eleven.pending), Text(one.pending));
    for (size_t kind = 0; kind < one.stored.size(); ++kind) {
      EXPECT_EQ(Text(eleven.stored[kind]), Text(one.stored[kind])) << "kind " << kind;
    }
    published += one.known.rows();
    open += one.pending.rows();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(published, 500);
  EXPECT_GT(open, make.grid ? 0 : 50);
}

TEST(EventAssemblyTest, ElevenImportsGiveWhatOneGives) { CompareGrown(0, {}); }
TEST(EventAssemblyTest, ElevenImportsOfAGridGiveWhatOneGives) { CompareGrown(1, {.grid = true}); }
TEST(EventAssemblyTest, ElevenImportsUnderRulesOfOffersGiveWhatOneGives) {
  CompareGrown(2, {.offers = true});
}

}  // namespace
}  // namespace journeyman::testing
