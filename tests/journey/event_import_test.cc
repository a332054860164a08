#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/philox.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/support/cut_log.h"
#include "tests/journey/support/event_logs.h"

namespace journeyman::testing {
namespace {

using core::ExitCode;
using core::StrCat;
using journey::Aggregate;
using journey::ImportReport;
using journey::MappedFeature;
using journey::Mapping;
using journey::RejectReason;
using Json = nlohmann::json;


// Decisions and purchases, with whole hours as times; the spend of 10 hours, and what was spent before.
Mapping PurchaseMapping() {
  Mapping mapping;
  mapping.inputs = {"decisions-*.csv"};
  mapping.has_no_action = true;
  mapping.actions = {{.name = "none", .value = "none"}, {.name = "mail", .value = "mail"}};
  mapping.person = "person";
  mapping.time = "time";
  mapping.time_format = journey::TimeFormat::kHours;
  mapping.action = "action";
  mapping.propensity = {.source = journey::MappedPropensity::Source::kPerAction,
                        .per_action = {0.75, 0.25}};
  mapping.complete_until_us = 25 * kHourUs;
  journey::MappedEvent purchase{.name = "purchase", .source = mapping.decision_source()};
  purchase.source.inputs = {"purchases-*.csv"};
  purchase.values = {{"amount", "amount"}};
  purchase.complete_until_us = mapping.complete_until_us;
  mapping.events = {purchase};
  mapping.outcomes.length_us = 10 * kHourUs;
  mapping.metrics = {{.name = "spend"}};
  mapping.metrics[0].outcome =
      journey::EventWindow{.event = 0, .value = 0, .aggregate = Aggregate::kSum};
  mapping.features = {{.name = "spent", .source = MappedFeature::Source::kEvents}};
  mapping.features[0].window = *mapping.metrics[0].outcome;
  mapping.split.partitions = 4;
  return mapping;
}

class EventImportTest : public ImportTest {
 protected:
  EventImportTest() : mapping_(PurchaseMapping()) {}

  void CompleteUntil(int64_t hours) {
    mapping_.complete_until_us = hours * kHourUs;
    for (auto& event : mapping_.events) event.complete_until_us = hours * kHourUs;
  }
  void Decisions(const std::string& name, const std::vector<std::string>& lines) {
    WriteText(directory_ / StrCat("decisions-", name, ".csv"),
              "person,time,action\n" + Joined(lines));
  }
  void Purchases(const std::string& name, const std::vector<std::string>& lines) {
    WriteText(directory_ / StrCat("purchases-", name, ".csv"),
              "person,time,amount\n" + Joined(lines));
  }
  ImportReport Run(const std::string& dataset = "dataset") {
    WriteMapping(mapping_);
    journey::ImportOptions options = Options(dataset);
    options.max_reject_rate = 1;
    return journey::Import(core::RealFileSystem(), options);
  }
  // "hour action spend spent" of every published decision.
  std::vector<std::string> Rows(const std::string& dataset = "dataset") const {
    const storage::JourneyTable all = ReadAll(dataset);
    std::vector<std::string> rows;
    for (int64_t row = 0; row < all.rows(); ++row) {
      rows.push_back(StrCat(all.time_us[row] / kHourUs, " ", all.action[row], " ",
                            all.Metrics(row)[0], " ", all.Observation(row)[0]));
    }
    return rows;
  }
  std::vector<std::string> PendingRows() const {
    std::vector<std::string> rows;
    for (int p = 0; p < 4; ++p) {
      const storage::JourneyTable table = Open().ReadPending(p);
      for (int64_t row = 0; row < table.rows(); ++row) {
        rows.push_back(StrCat(table.time_us[row] / kHourUs, " ", table.action[row]));
      }
    }
    return rows;
  }
  using Lines = std::vector<std::string>;

  Mapping mapping_;
};

TEST_F(EventImportTest, AJourneyThatGrowsFromTwoToFourDecisionsIsThatOfOneImport) {
  Decisions("1", {"ann,0,mail", "ann,10,none"});
  Purchases("1", {"ann,3,5", "ann,12,7", "ann,24,1"});
  ImportReport report = Run();
  EXPECT_EQ(report.accepted, 2);
  EXPECT_EQ(Rows(), (Lines{"0 1 5 0", "10 0 7 5"}));
  EXPECT_EQ(ReadAll().ends, std::vector<uint8_t>{0}) << "truncated, not terminal";
  Decisions("2", {"ann,30,none", "ann,36,mail"});
  Purchases("2", {"ann,26,2", "ann,31,4", "ann,36,8", "ann,46,16", "ann,47,32"});
  CompleteUntil(60);
  report = Run();
  EXPECT_EQ(report.accepted, 2);
  // By hand: at 36 the purchase belongs to the decision before; at 46 the window is still open.
  EXPECT_EQ(Rows(), (Lines{"0 1 5 0", "10 0 7 5", "30 0 12 15", "36 1 16 19"}));
  Run("one");
  EXPECT_EQ(Rows("one"), Rows());
  EXPECT_EQ(ReadAll("one").sequence, ReadAll().sequence);
  EXPECT_EQ(ReadAll("one").decision, ReadAll().decision);
  EXPECT_EQ(ReadAll("one").ends, ReadAll().ends);
}

TEST_F(EventImportTest, ALogCutInFiveWithCrashesGivesWhatOneImportGives) {
  ExpectCutsAndCrashesChangeNothing(3, 12, 5);
}

TEST_F(EventImportTest, ALogOfAGridCutInFiveWithCrashesGivesWhatOneImportGives) {
  ExpectCutsAndCrashesChangeNothing(4, 12, 5);
}

TEST_F(EventImportTest, ALogUnderRulesOfOffersCutInFiveWithCrashesGivesWhatOneImportGives) {
  ExpectCutsAndCrashesChangeNothing(5, 12, 5);
}

TEST_F(EventImportTest, TheOrderOfRowsAndFilesDoesNotMatter) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    core::PhiloxStream random(seed, 9, 0);
    mapping_ = MakeEventMapping(random, {.grid = seed % 3 == 1, .offers = seed % 3 == 2});
    EventLog log = MakeEventLog(random, mapping_, 12);
    WriteMapping(mapping_);
    std::vector<std::string> bytes;
    for (const int files : {1, 3}) {
      const auto rows_of = [&](auto& rows) {
        for (size_t i = rows.size(); i > 1; --i) {
          std::swap(rows[i - 1], rows[random.NextBelow(static_cast<uint32_t>(i))]);
        }
        for (auto& row : rows) row.import = static_cast<int>(random.NextBelow(files));
      };
      rows_of(log.decisions);
      for (auto& events : log.events) rows_of(events);
      const std::string name = StrCat(seed, "-", files);
      journey::ImportOptions options = Options("dataset-" + name);
      options.base = directory_ / name;
      options.max_reject_rate = 1;
      std::filesystem::create_directories(options.base);
      for (int file = 0; file < files; ++file) WriteLog(options.base, mapping_, log, file);
      (void)journey::Import(core::RealFileSystem(), options);
      bytes.emplace_back();
      for (const char* folder : {"shards", "events", "pending"}) {
        const std::string path = StrCat("dataset-", name, "/", folder);
        if (std::filesystem::exists(directory_ / path)) bytes.back() += Bytes(path);
      }
    }
    EXPECT_GT(bytes[0].size(), 1000u);
    EXPECT_TRUE(bytes[0] == bytes[1]);
  }
}

TEST_F(EventImportTest, WhatComesTooLateIsListedAndCountedAndChangesNothing) {
  Decisions("1", {"ann,0,mail", "ann,10,none", "bob,24,mail"});
  Purchases("1", {"ann,3,5"});
  Run();
  const auto rows = Rows();
  EXPECT_EQ(PendingRows(), Lines{"24 1"});
  Decisions("2", {"ann,4,mail", "ann,30,mail"});
  Purchases("2", {"ann,5,100", "ann,20,1", "ann,21,2", "bob,5,3"});
  const ImportReport report = Run();
  ASSERT_EQ(report.kinds.size(), 1u);
  // The window of the decision at 10 is final to 20 and its end; bob has nothing final.
  EXPECT_EQ(report.kinds[0].counts.late, 2);
  EXPECT_EQ(report.kinds[0].counts.late_values, std::vector<double>{101});
  EXPECT_EQ(report.kinds[0].counts.accepted, 2);
  EXPECT_EQ(report.rejects.at(RejectReason::kLate), 1);
  EXPECT_EQ(Rows(), rows);
  EXPECT_EQ(ReadText(directory_ / "dataset" / "late.jsonl"),
            "{\"generation\":1,\"file\":\"purchases-2.csv\",\"line\":2,\"kind\":\"purchase\"}\n"
            "{\"generation\":1,\"file\":\"purchases-2.csv\",\"line\":3,\"kind\":\"purchase\"}\n");
  EXPECT_EQ(ReadText(directory_ / "dataset" / "rejects.jsonl"),
            "{\"generation\":1,\"file\":\"decisions-2.csv\",\"line\":2,\"reason\":\"late\","
            "\"column\":\"time\"}\n");
}

TEST_F(EventImportTest, OutcomesBeforeAnyDecisionAreOrphansAndCountOnceInTheManifest) {
  Decisions("1", {"ann,10,mail"});
  Purchases("1", {"ann,9,1", "ann,10,1", "ann,11,1", "ann,22,1", "eve,5,1"});
  ImportReport report = Run();
  EXPECT_EQ(report.kinds[0].counts.outcomes.joined, 1);
  EXPECT_EQ(report.kinds[0].counts.outcomes.outside, 1);
  EXPECT_EQ(report.kinds[0].counts.outcomes.orphans, 3);
  EXPECT_EQ(ReadText(directory_ / "dataset" / "orphans.jsonl"),
            "{\"generation\":0,\"file\":\"purchases-1.csv\",\"line\":2,\"kind\":\"purchase\"}\n"
            "{\"generation\":0,\"file\":\"purchases-1.csv\",\"line\":3,\"kind\":\"purchase\"}\n"
            "{\"generation\":0,\"file\":\"purchases-1.csv\",\"line\":6,\"kind\":\"purchase\"}\n");
  Purchases("2", {"eve,6,1"});
  report = Run();
  EXPECT_EQ(report.kinds[0].counts.outcomes.orphans, 4);
  const auto generations = Open().manifest().generations;
  EXPECT_EQ(generations[0].event_counts.at("purchase").orphans, 3);
  EXPECT_EQ(generations[1].event_counts.at("purchase").orphans, 1);
}

TEST_F(EventImportTest, AnEventThatIsBeforeTheDecisionItNamesIsAnOrphanFromTheFirstImportOn) {
  mapping_.decision_id = "id";
  mapping_.events[0].decision_id = "answers";
  const auto decisions = [&](const std::string& name, const Lines& lines) {
    WriteText(directory_ / StrCat("decisions-", name, ".csv"),
              "person,time,action,id\n" + Joined(lines));
  };
  decisions("1", {"ann,0,mail,a"});
  WriteText(directory_ / "purchases-1.csv",
            "person,time,amount,answers\nann,0,1,a\nann,2,2,b\nann,3,4,a\nann,4,8,\n");
  EXPECT_EQ(Run().kinds[0].counts.outcomes.orphans, 2);
  decisions("2", {"ann,30,mail,b"});
  CompleteUntil(60);
  const ImportReport report = Run();
  EXPECT_EQ(report.kinds[0].counts.outcomes.orphans, 2);
  EXPECT_EQ(report.kinds[0].counts.outcomes.joined, 2);
  EXPECT_EQ(Open().manifest().generations[1].event_counts.at("purchase").orphans, 0);
  EXPECT_EQ(Rows(), (Lines{"0 1 5 0", "30 1 0 15"}));
}

TEST_F(EventImportTest, EqualEventsAreOneOrSeveralAsTheMappingSays) {
  for (const bool keep : {false, true}) {
    const std::string dataset = keep ? "keep" : "drop";
    mapping_.events[0].keep_duplicates = keep;
    CompleteUntil(5);
    std::filesystem::remove(directory_ / "purchases-2.csv");
    Decisions("1", {"ann,0,mail"});
    Purchases("1", {"ann,3,5", "ann,3,5", "ann,3,6"});
    EXPECT_EQ(Run(dataset).kinds[0].counts.duplicates, 1);
    Purchases("2", {"ann,3,5", "ann,4,1"});
    CompleteUntil(25);
    EXPECT_EQ(Run(dataset).kinds[0].counts.duplicates, 1);
    EXPECT_EQ(Rows(dataset), Lines{keep ? "0 1 22 0" : "0 1 12 0"});
  }
}

TEST_F(EventImportTest, AFileImportedTwiceOrUnderAnotherNameChangesNothing) {
  mapping_.events[0].keep_duplicates = true;
  Decisions("1", {"ann,0,mail"});
  Purchases("1", {"ann,3,5"});
  Purchases("copy", {"ann,3,5"});
  ImportReport report = Run();
  EXPECT_EQ(report.files_imported_before, 1);
  EXPECT_EQ(Rows(), Lines{"0 1 5 0"});
  const std::string bytes = Bytes("dataset");
  Purchases("another", {"ann,3,5"});
  report = Run();
  EXPECT_EQ(report.generation, -1);
  EXPECT_EQ(report.files_imported_before, 4);
  EXPECT_EQ(Bytes("dataset"), bytes);
}

TEST_F(EventImportTest, AFileThatChangedUnderItsNameIsRefused) {
  Decisions("1", {"ann,0,mail"});
  Purchases("1", {"ann,3,5"});
  Run();
  const std::string bytes = Bytes("dataset");
  Purchases("1", {"ann,3,5", "ann,4,5"});
  const auto error = ErrorOf([&] { Run(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("purchases-1.csv"), std::string::npos);
  EXPECT_EQ(Bytes("dataset"), bytes);
}

TEST_F(EventImportTest, NothingOfForgottenPeopleComesBack) {
  Decisions("1", {"ann,0,mail", "bob,0,none"});
  Purchases("1", {"ann,3,5", "bob,4,6"});
  Run();
  const uint64_t ann = core::SipHash24(Open().key(), "ann");
  Json manifest = Json::parse(ReadText(directory_ / "dataset" / "manifest.json"));
  manifest["forgotten"] = {core::Hex64(ann)};
  WriteText(directory_ / "dataset" / "manifest.json", manifest.dump());
  Decisions("2", {"ann,26,mail", "bob,26,mail"});
  Purchases("2", {"ann,27,5", "bob,27,6"});
  CompleteUntil(60);
  const ImportReport report = Run();
  EXPECT_EQ(report.forgotten_rows, 2);
  EXPECT_EQ(report.accepted, 1);
  EXPECT_EQ(report.kinds[0].counts.accepted, 1);
}

TEST_F(EventImportTest, TheWatermarkIsTheLeastOfTheLastTimesLessTheLateness) {
  mapping_.complete_until_us.reset();
  mapping_.events[0].complete_until_us.reset();
  mapping_.lateness_us = 2 * kHourUs;
  mapping_.events[0].lateness_us = 0;
  Decisions("1", {"ann,0,mail", "ann,30,mail"});
  Purchases("1", {});
  ImportReport report = Run();
  EXPECT_EQ(report.watermark_us, INT64_MIN) << "a kind without rows";
  EXPECT_EQ(report.accepted, 0);
  EXPECT_EQ(report.open_decisions, 2);
  Purchases("2", {"ann,29,5"});
  report = Run();
  EXPECT_EQ(report.watermark_us, 28 * kHourUs);
  EXPECT_EQ(Rows(), Lines{"0 1 0 0"});
  mapping_.complete_until_us = 60 * kHourUs;
  mapping_.events[0].complete_until_us = 29 * kHourUs;
  report = Run();
  EXPECT_EQ(report.watermark_us, 29 * kHourUs) << "no new file, but more is declared";
  mapping_.complete_until_us = 10 * kHourUs;
  report = Run();
  EXPECT_EQ(Open().manifest().watermark_us(), 29 * kHourUs) << "it never goes back";
}

TEST_F(EventImportTest, ADecisionAtTheWatermarkIsOpenSinceAnotherMayHaveItsTime) {
  CompleteUntil(30);
  mapping_.outcomes.ties_this = true;
  mapping_.outcomes.length_us = 0;
  Decisions("1", {"ann,0,mail", "ann,30,mail"});
  Purchases("1", {});
  EXPECT_EQ(Run().open_decisions, 2);
  CompleteUntil(31);
  EXPECT_EQ(Run().open_decisions, 1);
}

class GridImportTest : public EventImportTest {
 protected:
  GridImportTest() {
    mapping_.grid.times_us = {0, 100 * kHourUs, 200 * kHourUs};
    mapping_.grid.tolerance_us = 2 * kHourUs;
    mapping_.profile = mapping_.decision_source();
    mapping_.profile->inputs = {"profile-*.csv"};
    mapping_.profile->time.clear();
    mapping_.features.push_back(
        {.name = "age", .column = "age", .source = MappedFeature::Source::kProfile});
    CompleteUntil(1000);
    WriteText(directory_ / "profile-1.csv", "person,age\nann,30\nbob,40\n");
  }
};

TEST_F(GridImportTest, TimesWithoutAnOfferBecomeNoActionWithItsPropensity) {
  Decisions("1", {"ann,1,mail", "ann,202,mail", "cid,100,mail"});
  Purchases("1", {"ann,103,5", "dan,3,1"});
  EXPECT_EQ(Run().accepted, 7);  // three of ann and bob each, the offer of cid
  const storage::JourneyTable all = ReadAll();
  for (int64_t row = 0; row < all.rows(); ++row) {
    EXPECT_EQ(all.propensity[row], all.action[row] == 0 ? 0.75 : 0.25);
    EXPECT_EQ(all.time_us[row] % (100 * kHourUs), 0);
    EXPECT_EQ(all.action_probabilities[2 * row], 0.75f);
  }
  // Of the whole log, everybody who has a row is there: cid and dan too.
  mapping_.grid.people = journey::DecisionGrid::People::kLog;
  EXPECT_EQ(Run("log").accepted, 12);
}

TEST_F(GridImportTest, OffersOffTheGridAndSecondOffersOfATimeAreRejected) {
  // Before the first time; beyond the tolerance; two at one time, of which the first counts.
  Decisions("1", {"ann,-1,mail", "ann,3,mail", "bob,102,none", "bob,101,mail"});
  Purchases("1", {});
  const ImportReport report = Run();
  EXPECT_EQ(report.rejects.at(RejectReason::kOffGrid), 2);
  EXPECT_EQ(report.rejects.at(RejectReason::kDuplicate), 1);
  EXPECT_EQ(report.actions[1].second, 1) << "mail of bob";
  EXPECT_EQ(report.accepted, 6);
}

TEST_F(GridImportTest, WhoBecomesEligibleLaterKeepsWhatWasPublished) {
  WriteText(directory_ / "profile-1.csv", "person,age\nbob,40\n");
  Decisions("1", {"ann,100,mail"});
  Purchases("1", {});
  CompleteUntil(150);
  Run();
  WriteText(directory_ / "profile-2.csv", "person,age\nann,30\n");
  CompleteUntil(1000);
  Run();
  Open().Verify();
  const storage::JourneyTable all = ReadAll();
  EXPECT_EQ(std::count(all.time_us.begin(), all.time_us.end(), 0), 1) << "of bob alone";
  EXPECT_EQ(std::count(all.time_us.begin(), all.time_us.end(), 200 * kHourUs), 2);
}

TEST_F(GridImportTest, ATimeIsOpenWhileAnOfferMayStillBelongToIt) {
  mapping_.outcomes.length_us = kHourUs;
  Decisions("1", {});
  Purchases("1", {});
  CompleteUntil(2);  // the window of the first time has passed, its tolerance has not
  EXPECT_EQ(Run().accepted, 0);
  Decisions("2", {"ann,2,mail"});
  CompleteUntil(3);
  EXPECT_EQ(Run().actions[1].second, 1);
}

TEST_F(GridImportTest, AWindowIsOpenWhileAnOfferInItMayStillBecomeADecision) {
  // Of somebody who is not eligible there is no decision at 100 to end the window, unless with an offer.
  mapping_.outcomes.length_us = 101 * kHourUs;
  mapping_.grid.tolerance_us = 4 * kHourUs;
  WriteText(directory_ / "profile-1.csv", "person,age\neve,30\n");
  Decisions("1", {"cid,0,mail"});
  Purchases("1", {"cid,101,5"});
  CompleteUntil(102);
  EXPECT_EQ(Run().actions[1].second, 0);
  Decisions("2", {"cid,103,mail"});
  CompleteUntil(1000);
  EXPECT_EQ(Run().actions[1].second, 2);
}

class OfferImportTest : public EventImportTest {
 protected:
  OfferImportTest() {
    CompleteUntil(1000);
    Purchases("1", {});
  }
};

TEST_F(OfferImportTest, DecisionsInsideOfTheGapBehindAnOfferAreRejected) {
  mapping_.offers.minimum_gap_us = 10 * kHourUs;
  Decisions("1", {"ann,0,mail", "ann,5,none", "ann,9,mail", "ann,10,none", "ann,11,mail",
                  "ann,20,mail", "ann,21,mail"});
  const ImportReport report = Run();
  EXPECT_EQ(report.rejects.at(RejectReason::kInsideGap), 3);
  // No action starts no gap.
  EXPECT_EQ(Rows(), (Lines{"0 1 0 0", "10 0 0 0", "11 1 0 0", "21 1 0 0"}));
}

TEST_F(OfferImportTest, ASecondOfferWaitsUntilTheFirstIsClosed) {
  mapping_.offers.one_at_a_time = true;
  mapping_.offers.duration_us = 20 * kHourUs;
  mapping_.offers.closing_events = {0};
  // Closed by an event; by its duration; an event at the offer's own time is of what was before.
  Purchases("1", {"ann,0,1", "ann,4,1"});
  Decisions("1", {"ann,0,mail", "ann,3,mail", "ann,4,mail", "ann,23,mail", "ann,24,mail"});
  const ImportReport report = Run();
  EXPECT_EQ(report.rejects.at(RejectReason::kOfferOpen), 2);
  ASSERT_EQ(Rows().size(), 3u);
  EXPECT_EQ(Rows()[1].substr(0, 3), "4 1");
  EXPECT_EQ(Rows()[2].substr(0, 4), "24 1");
}

TEST_F(OfferImportTest, AnOfferIsNotRejectedBeforeItIsKnownWhatClosedTheOneBefore) {
  mapping_.offers.one_at_a_time = true;
  mapping_.offers.closing_events = {0};
  Decisions("1", {"ann,0,mail", "ann,5,mail"});
  CompleteUntil(5);
  EXPECT_EQ(Run().rejected(), 0);
  EXPECT_EQ(PendingRows(), (Lines{"0 1", "5 1"}));
  Purchases("2", {"ann,4,1"});
  Decisions("2", {"ann,6,mail"});
  CompleteUntil(100);
  const ImportReport report = Run();
  EXPECT_EQ(report.rejected(), 1);
  EXPECT_EQ(report.withdrawn_decisions, 0);
  EXPECT_EQ(report.accepted, 2);
}

class SourceImportTest : public EventImportTest {
 protected:
  // One transcript of nested rows, and the offers that it names.
  SourceImportTest() {
    mapping_.inputs = {"transcript.jsonl"};
    mapping_.where = {{"event", {"offer"}}};
    mapping_.action = "value.offer id";
    mapping_.actions[1].value = "m1";
    mapping_.lookups = {{.name = "offers", .inputs = {"offers.csv"}, .key = "id"}};
    auto& purchase = mapping_.events[0];
    purchase.source.inputs = {"transcript.jsonl"};
    purchase.source.where = {{"event", {"buy", "refund"}}, {"void", {}}};
    purchase.values[0].column = "value.amount";
    auto view = purchase;
    view.name = "mail_view";
    view.source.where = {{"event", {"view"}}, {"offers.type", {"mail"}}};
    view.source.joins = {{"offers", "value.offer id"}};
    view.values = {{"worth", "offers.worth"}};
    mapping_.events.push_back(view);
    mapping_.features.push_back({.name = "viewed", .source = MappedFeature::Source::kEvents});
    mapping_.features.back().window = {.event = 1, .value = 0, .aggregate = Aggregate::kSum};
    CompleteUntil(1000);
    WriteText(directory_ / "offers.csv", "id,type,worth\nm1,mail,3\nc1,call,9\n");
    WriteText(directory_ / "transcript.jsonl",
              R"({"person":"ann","time":0,"event":"offer","value":{"offer id":"m1"}}
{"person":"ann","time":1,"event":"view","value":{"offer id":"m1"}}
{"person":"ann","time":1,"event":"view","value":{"offer id":"c1"}}
{"person":"ann","time":1,"event":"view","value":{"offer id":"x1"}}
{"person":"ann","time":2,"event":"buy","value":{"amount":5},"void":null}
{"person":"ann","time":2,"event":"buy","value":{"amount":50},"void":1}
{"person":"ann","time":3,"event":"refund","value":{"amount":-2}}
{"person":"ann","time":4,"event":"other"}
{"person":"ann","time":9,"event":"offer","value":{"offer id":"none"}}
)");
  }
};

TEST_F(SourceImportTest, FiltersLookupsAndNestedColumnsFindTheirRows) {
  Run();
  EXPECT_EQ(Rows(), (Lines{"0 1 3 0", "9 0 0 3"}));
  EXPECT_EQ(ReadAll().Observation(1)[1], 3) << "the view of the mail alone";
}

TEST_F(SourceImportTest, AMisspeltColumnIsRefusedAndARareKindIsNot) {
  const auto refused = [&](const std::string& word) {
    const auto error = ErrorOf([&] { Run(); });
    ASSERT_TRUE(error) << word;
    EXPECT_EQ(error->code(), ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find(word), std::string::npos) << error->what();
    EXPECT_FALSE(std::filesystem::exists(directory_ / "dataset" / "manifest.json"));
  };
  const Mapping good = mapping_;
  mapping_.events[0].values[0].column = "value.amuont";
  refused("value.amuont");
  mapping_ = good;
  mapping_.events[1].source.where[0].column = "evnt";
  refused("evnt");
  mapping_ = good;
  mapping_.events[1].values[0].column = "offers.wroth";
  refused("wroth");
  mapping_ = good;
  mapping_.lookups[0].key = "idd";
  refused("idd");
  mapping_ = good;
  // No row of the kind: its columns need not be there.
  mapping_.events[0].source.where = {{"event", {"lease"}}};
  mapping_.events[0].values[0].column = "value.rent";
  EXPECT_EQ(Run().kinds[0].counts.accepted, 0);
}

TEST_F(SourceImportTest, ALookupNeedsOneRowForEachKey) {
  WriteText(directory_ / "offers.csv", "id,type,worth\nm1,mail,3\nm1,mail,3\nc1,call,9\n");
  EXPECT_EQ(Run("equal").accepted, 2);
  WriteText(directory_ / "offers.csv", "id,type,worth\nm1,mail,3\nm1,mail,4\n");
  const auto error = ErrorOf([&] { Run(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("offers.csv line 3"), std::string::npos);
}

}  // namespace
}  // namespace journeyman::testing
