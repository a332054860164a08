#include "journey/readiness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/journey/logged_tables.h"

namespace journeyman::journey {
namespace {

using testing::RandomLog;
using Status = ReadinessStatus;

Profile ProfileOfLog(const RandomLog& log) {
  Profiler profiler(log.Schema(), {});
  profiler.Add(log.Make());
  return profiler.Finish();
}

Readiness Judge(const Profile& profile) { return JudgeReadiness(profile, {}); }

bool Says(const ReadinessCheck& check, const std::string& words) {
  return check.reason.find(words) != std::string::npos;
}

TEST(ReadinessTest, ARandomisedLogOfEnoughPeopleIsReady) {
  for (const bool has_distribution : {true, false}) {
    const Readiness readiness = Judge(ProfileOfLog({.has_distribution = has_distribution}));
    for (const ReadinessCheck& check : readiness.checks) {
      EXPECT_EQ(check.status, Status::kReady) << check.name << ": " << check.reason;
    }
    EXPECT_EQ(readiness.overall(), Status::kReady);
  }
}

// 400 logs of true propensities: |z| above 1.96 in 20 of them, standard deviation 4.4; a correct
// program misses these four deviations less than once in 10,000 choices of seeds.
TEST(ReadinessTest, TheDeviationOfATrueLogIsStandardNormal) {
  for (const bool has_distribution : {true, false}) {
    int far = 0;
    for (uint64_t seed = 0; seed < 400; ++seed) {
      const Profile profile =
          ProfileOfLog({.seed = seed, .people = 300, .has_distribution = has_distribution});
      far += std::abs(profile.actions[1].z) > 1.96 ? 1 : 0;
    }
    EXPECT_GE(far, 3);
    EXPECT_LE(far, 38);
  }
}

TEST(ReadinessTest, ADeterministicLoggerIsUnsuitableAndNamed) {
  const RandomLog log{.drawn = {.6F, .4F}, .logged = {1, 1}, .has_distribution = false};
  const Readiness readiness = Judge(ProfileOfLog(log));
  EXPECT_EQ(readiness.overall(), Status::kUnsuitable);
  const ReadinessCheck& check = readiness.Find("randomisation");
  EXPECT_EQ(check.status, Status::kUnsuitable);
  EXPECT_TRUE(Says(check, "deterministic: every propensity is 1")) << check.reason;
  EXPECT_EQ(readiness.Find("exploration").status, Status::kUnsuitable);
  EXPECT_EQ(readiness.Find("volume").status, Status::kReady);
}

TEST(ReadinessTest, ALoggerOfOneActionIsDeterministicToo) {
  const RandomLog log{.drawn = {1, 0}, .logged = {.5F, .5F}};
  const ReadinessCheck check = Judge(ProfileOfLog(log)).Find("randomisation");
  EXPECT_EQ(check.status, Status::kUnsuitable);
  EXPECT_TRUE(Says(check, "only one action was ever taken")) << check.reason;
}

TEST(ReadinessTest, PropensitiesThatContradictTheSharesAreUnsuitable) {
  for (const bool has_distribution : {true, false}) {
    const RandomLog log{.drawn = {.4F, .4F, .2F}, .has_distribution = has_distribution};
    const ReadinessCheck check = Judge(ProfileOfLog(log)).Find("randomisation");
    EXPECT_EQ(check.status, Status::kUnsuitable);
    EXPECT_GT(check.figure, 10) << "6,000 decisions, .1 off, error .0065";
    EXPECT_TRUE(Says(check, "contradict what was done: action-")) << check.reason;
  }
}

TEST(ReadinessTest, RoundedPropensitiesAreNoContradictionHoweverLongTheLog) {
  Profile profile = ProfileOfLog({});
  profile.actions[0].share = .3333;
  profile.actions[0].expected_share = .334;
  profile.actions[0].z = -70;
  EXPECT_EQ(Judge(profile).Find("randomisation").status, Status::kReady);
  profile.actions[0].expected_share = .335;
  EXPECT_EQ(Judge(profile).Find("randomisation").status, Status::kUnsuitable);
}

TEST(ReadinessTest, ALogWithoutPropensitiesIsUnsuitable) {
  Profile profile = ProfileOfLog({});
  profile.propensed = false;
  const Readiness readiness = Judge(profile);
  EXPECT_EQ(readiness.Find("randomisation").status, Status::kUnsuitable);
  EXPECT_TRUE(Says(readiness.Find("randomisation"), "no propensities"));
  EXPECT_EQ(readiness.Find("exploration").status, Status::kUnsuitable);
  EXPECT_TRUE(std::isnan(readiness.Find("exploration").figure));
  EXPECT_EQ(readiness.Find("outcomes").status, Status::kReady);
}

TEST(ReadinessTest, TooFewPeopleAreNotYetAndTheNeedIsSaid) {
  const Profile profile = ProfileOfLog({.people = 500});
  const Readiness readiness = Judge(profile);
  EXPECT_EQ(readiness.overall(), Status::kNotYet);
  const ReadinessCheck& check = readiness.Find("volume");
  EXPECT_EQ(check.status, Status::kNotYet);
  EXPECT_EQ(check.figure, static_cast<double>(profile.heldout_people));
  EXPECT_TRUE(Says(check, "people in all would be enough")) << check.reason;
  EXPECT_EQ(readiness.Find("exploration").figure, 0);
}

TEST(ReadinessTest, AMeanThatIsHardlyKnownIsNotYet) {
  Profile profile = ProfileOfLog({});
  // 0.12 of itself: 1.44 times the people.
  profile.heldout_people = 600;
  profile.people = 2'000;
  profile.metrics[0].person_mean = -10;
  profile.metrics[0].person_deviation = 1.2 * std::sqrt(600);
  const ReadinessCheck check = Judge(profile).Find("volume");
  EXPECT_EQ(check.status, Status::kNotYet);
  EXPECT_TRUE(Says(check, "12 % of itself")) << check.reason;
  EXPECT_TRUE(Says(check, "About 2880 people")) << check.reason;
}

TEST(ReadinessTest, OutcomesThatAreNeverThereAreUnsuitableRareOnesNotYet) {
  const Readiness never = Judge(ProfileOfLog({.outcome_rate = 0}));
  EXPECT_EQ(never.Find("outcomes").status, Status::kUnsuitable);
  EXPECT_TRUE(Says(never.Find("outcomes"), "spend (always 0)"));
  const Readiness rare = Judge(ProfileOfLog({.outcome_rate = .005}));
  EXPECT_EQ(rare.Find("outcomes").status, Status::kNotYet);
  EXPECT_LT(rare.Find("outcomes").figure, 100);
}

TEST(ReadinessTest, ACostOfTheActionIsNoOutcome) {
  Profile profile = ProfileOfLog({});
  profile.metrics[0].varies = false;
  EXPECT_EQ(Judge(profile).Find("outcomes").status, Status::kUnsuitable);
}

TEST(ReadinessTest, LateEventsAndOpenDecisionsAreDelay) {
  Profile profile = ProfileOfLog({});
  profile.watermark_us = *profile.last_us + 2 * 86'400'000'000;
  profile.events = {{.name = "visit", .counts = {.accepted = 1'000, .late = 1}},
                    {.name = "buy", .counts = {.accepted = 98, .late = 2}}};
  ReadinessCheck check = Judge(profile).Find("delay");
  EXPECT_EQ(check.status, Status::kNotYet);
  EXPECT_DOUBLE_EQ(check.figure, .02);
  EXPECT_TRUE(Says(check, "2 % of buy events came too late")) << check.reason;
  EXPECT_TRUE(Says(check, "lies 2 days before the watermark")) << check.reason;
  profile.events[1].counts.late = 0;
  EXPECT_EQ(Judge(profile).Find("delay").status, Status::kReady);
  profile.open_decisions = profile.rows;
  EXPECT_EQ(Judge(profile).Find("delay").status, Status::kReady);
  profile.open_decisions = profile.rows + 1;
  EXPECT_EQ(Judge(profile).Find("delay").status, Status::kNotYet);
}

TEST(ReadinessTest, WithoutAFinalDecisionNothingIsReady) {
  const Readiness readiness = Judge(ProfileOfLog({.people = 0}));
  for (const ReadinessCheck& check : readiness.checks) {
    EXPECT_EQ(check.status, Status::kNotYet) << check.name << ": " << check.reason;
  }
}

TEST(ReadinessTest, TheVerdictIsTheWorstAndItsJsonSaysWhy) {
  const Readiness readiness = Judge(ProfileOfLog({.people = 500, .outcome_rate = 0}));
  EXPECT_EQ(readiness.overall(), Status::kUnsuitable);
  const auto json = nlohmann::json::parse(readiness.ToJson());
  EXPECT_EQ(json.at("verdict"), "unsuitable");
  ASSERT_EQ(json.at("checks").size(), 5u);
  EXPECT_EQ(json.at("checks").at(1).at("status"), "not yet");
  EXPECT_EQ(json.at("checks").at(1).at("threshold"), 400);
  EXPECT_NE(readiness.ToText().find("Verdict: unsuitable\n"), std::string::npos);
}

TEST(CarriedShareTest, IsThatOfTheClosedForm) {
  Profile profile;
  profile.rows = 6'000;
  profile.journeys = 1'000;
  profile.drawn_rows = 6'000;
  profile.mean_inverse = 12.5;
  profile.lengths = {{6, 1'000}};
  // people / (1 + e^2 (m - 1))^6 = wanted.
  EXPECT_NEAR(CarriedShare(profile, 5'100, 400),
              std::sqrt((std::pow(5'100. / 400, 1. / 6) - 1) / 11.5), 1e-9);
  profile.drawn_rows = 1'500;
  EXPECT_NEAR(CarriedShare(profile, 5'100, 400),
              .25 * std::sqrt((std::pow(5'100. / 400, 1. / 6) - 1) / 11.5), 1e-9);
  profile.drawn_rows = 6'000;
  EXPECT_EQ(CarriedShare(profile, 399, 400), 0);
  // Half of the journeys have one decision, half two: (g + g^2) / 2 = 3, g = 2.
  profile.lengths = {{1, 500}, {2, 500}};
  EXPECT_NEAR(CarriedShare(profile, 1'200, 400), std::sqrt(1 / 11.5), 1e-9);
  // One decision and much data: the new policy alone.
  profile.lengths = {{1, 1'000}};
  EXPECT_EQ(CarriedShare(profile, 1e6, 400), 1);
}

TEST(LargestByChanceTest, IsTheNormalQuantileOfTheDividedRate) {
  EXPECT_NEAR(LargestByChance(.05, 1), 1.959964, 1e-6);
  EXPECT_NEAR(LargestByChance(.01, 1), 2.575829, 1e-6);
  EXPECT_NEAR(LargestByChance(.05, 5), 2.575829, 1e-6);
}

TEST(ReadinessConfigTest, RefusesWhatIsOutOfRange) {
  const std::vector<std::function<void(ReadinessConfig&)>> mistakes{
      [](ReadinessConfig& config) { config.least_people_with_outcome = 0; },
      [](ReadinessConfig& config) { config.wanted_effective_people = 0; },
      [](ReadinessConfig& config) { config.largest_relative_error = 0; },
      [](ReadinessConfig& config) { config.false_alarm = 1.5; },
      [](ReadinessConfig& config) { config.share_tolerance = -1; },
      [](ReadinessConfig& config) { config.least_carried_share = NAN; },
      [](ReadinessConfig& config) { config.largest_late_share = 2; },
      [](ReadinessConfig& config) { config.largest_open_share = -.1; }};
  EXPECT_NO_THROW(ReadinessConfig().Validate());
  for (size_t i = 0; i < mistakes.size(); ++i) {
    ReadinessConfig config;
    mistakes[i](config);
    try {
      config.Validate();
      ADD_FAILURE() << i;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kConfig) << i;
    }
  }
}

}  // namespace
}  // namespace journeyman::journey
