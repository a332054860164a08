#include "evaluation/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_system.h"
#include "core/philox.h"
#include "evaluation/certifiable.h"
#include "evaluation/constant_actions.h"
#include "tests/evaluation/tabular_world.h"
#include "tests/support/temp_directory.h"

namespace journeyman::evaluation {
namespace {

using core::Error;
using core::ExitCode;
using storage::JourneyTable;
using testing::AddJourney;
using testing::LoggedDecision;
using testing::TabularModel;
using testing::TabularPolicy;
using testing::TabularWorld;

constexpr storage::SplitRule kSplit{8, 0.5, 5};
const std::vector<std::vector<double>> kBehaviour{{0.5, 0.25, 0.25}, {0.25, 0.5, 0.25}};

// Three decisions a journey, two states, three actions; action 2 pays most.
JourneyTable LoggedJourneys(const TabularWorld& world, int people, bool backwards = false) {
  JourneyTable table = world.EmptyTable();
  for (int i = 0; i < people; ++i) {
    const auto person = static_cast<uint64_t>(backwards ? people - i : i + 1);
    core::PhiloxStream random(9, person, 1);
    std::vector<LoggedDecision> decisions;
    for (int t = 0; t < 3; ++t) {
      const int state = static_cast<int>(random.NextBelow(2));
      const double draw = random.NextDouble();
      const auto& mu = kBehaviour[state];
      const int action = draw < mu[0] ? 0 : draw < mu[0] + mu[1] ? 1 : 2;
      const double visit = random.NextDouble() < 0.2 + 0.2 * action ? 1 : 0;
      decisions.push_back({state, action, mu[action], {10 * visit + random.NextDouble(), visit}});
    }
    AddJourney(table, person, person * 7919, decisions);
  }
  return table;
}

template <class Call>
Error ErrorOf(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ExitCode::kOk, ""};
}

class EvaluateDataset : public ::testing::Test {
 protected:
  storage::Dataset Write(const std::string& name, const JourneyTable& table,
                         bool propensed = true) {
    storage::DatasetSchema schema = world_.Schema();
    schema.propensed = propensed;
    return testing::WriteDataset(files_, directory_ / name, schema, table, kSplit);
  }

  std::vector<Candidate> Candidates() const {
    return {{"behaviour", &behaviour_}, {"agent", &agent_}, {"no action", none_.get()}};
  }

  // Heads of three candidates times three outcomes, different in each fold.
  static policy::OutputModel Model(const TabularWorld& world, int fold) {
    std::vector<std::vector<std::vector<double>>> heads;
    for (int head = 0; head < 9; ++head) {
      const double shift = fold + 0.25 * head;
      heads.push_back({{3 + shift, 4, 6}, {2, 4 + shift, 7}});
    }
    return TabularModel(world, heads);
  }

  core::FileSystem& files_ = core::RealFileSystem();
  testing::TempDirectory directory_;
  TabularWorld world_{2, 3, {"spend", "visit"}};
  TabularPolicy behaviour_{kBehaviour};
  TabularPolicy agent_{{{0.2, 0.2, 0.6}, {0.1, 0.3, 0.6}}};
  std::unique_ptr<policy::Policy> none_ = policy::MakeConstantPolicy(3, 0);
  std::unique_ptr<experience::RewardCalculator> reward_ = testing::FirstMetric(world_);
  policy::OutputModel first_ = Model(world_, 0);
  policy::OutputModel second_ = Model(world_, 1);
  std::vector<FoldModel> models_{{1, &second_, true}, {0, &first_, true}};
};

TEST_F(EvaluateDataset, GivesTheSameBytesForAnyNumberOfWorkersAndAnyOrderOfTheLog) {
  const storage::Dataset dataset = Write("forwards", LoggedJourneys(world_, 300));
  const storage::Dataset backwards = Write("backwards", LoggedJourneys(world_, 300, true));
  EvaluationConfig config;
  const std::string once = Evaluate(dataset, *reward_, Candidates(), 2, models_, config).ToJson();
  EXPECT_EQ(Evaluate(backwards, *reward_, Candidates(), 2, models_, config).ToJson(), once);
  for (const int workers : {2, 3, 7, 40}) {
    config.workers = workers;
    EXPECT_EQ(Evaluate(dataset, *reward_, Candidates(), 2, models_, config).ToJson(), once);
  }
  config.people = "all";
  EXPECT_NE(Evaluate(dataset, *reward_, Candidates(), 2, models_, config).ToJson(), once);
}

TEST_F(EvaluateDataset, ReadsOnlyThePeopleOfTheFilter) {
  const JourneyTable table = LoggedJourneys(world_, 200);
  const storage::Dataset dataset = Write("data", table);
  const Evaluation evaluation = Evaluate(dataset, *reward_, Candidates(), -1, {}, {});
  int64_t held_out = 0;
  double spend = 0;
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    if (!kSplit.HeldOut(table.persons[j])) continue;
    ++held_out;
    for (int64_t row = table.offsets[j]; row < table.offsets[j + 1]; ++row) {
      spend += table.Metrics(row)[0];
    }
  }
  EXPECT_EQ(evaluation.people, held_out);
  EXPECT_EQ(evaluation.journeys, held_out);
  EXPECT_EQ(evaluation.decisions, 3 * held_out);
  EXPECT_EQ(evaluation.max_decisions, 3);
  ASSERT_EQ(evaluation.behaviour.size(), 3u);
  EXPECT_EQ(evaluation.behaviour[1].outcome, "spend");
  EXPECT_NEAR(evaluation.behaviour[0].Find("mean")->value, spend / static_cast<double>(held_out),
              1e-9);
}

TEST_F(EvaluateDataset, PairsDifferencesWithTheModelledBehaviourWhereThereIsOne) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 300));
  const Evaluation evaluation = Evaluate(dataset, *reward_, Candidates(), 2, models_, {});
  const CandidateResult& behaviour = evaluation.candidates[0];
  const CandidateResult& agent = evaluation.candidates[1];
  const OutcomeEstimates& spend = *agent.Find("spend");
  EXPECT_EQ(spend.difference_estimator, "dr");
  EXPECT_EQ(spend.baseline, "dr");
  EXPECT_NEAR(spend.difference_to_behaviour.value,
              spend.Find("dr")->value - behaviour.Find("spend")->Find("dr")->value, 1e-9);
  EXPECT_LT(spend.difference_to_behaviour.standard_error, spend.Find("dr")->standard_error);
  const OutcomeEstimates& none = *evaluation.candidates[2].Find("spend");
  EXPECT_NEAR(spend.difference_to_reference->value,
              spend.Find("dr")->value - none.Find("dr")->value, 1e-9);
  EXPECT_FALSE(none.difference_to_reference.has_value());

  // The behaviour policy itself, and every candidate where none has that name,
  // is held against what was logged.
  EXPECT_EQ(behaviour.Find("spend")->baseline, "return");
  std::vector<Candidate> renamed = Candidates();
  renamed[0].name = "rules";
  const Evaluation against_log = Evaluate(dataset, *reward_, renamed, 2, models_, {});
  const OutcomeEstimates& logged = *against_log.candidates[1].Find("spend");
  EXPECT_EQ(logged.baseline, "return");
  EXPECT_NEAR(logged.difference_to_behaviour.value,
              logged.Find("dr")->value - against_log.behaviour[1].Find("mean")->value, 1e-9);
}

TEST_F(EvaluateDataset, UsesPerDecisionWeightsForDifferencesWithoutModels) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 300));
  const Evaluation evaluation = Evaluate(dataset, *reward_, Candidates(), 2, {}, {});
  const OutcomeEstimates& reward = evaluation.candidates[1].outcomes[0];
  EXPECT_EQ(reward.Find("dr"), nullptr);
  EXPECT_EQ(reward.Find("dm"), nullptr);
  EXPECT_EQ(reward.difference_estimator, "pdis");
  EXPECT_EQ(reward.baseline, "return");
  EXPECT_NEAR(reward.difference_to_behaviour.value,
              reward.Find("pdis")->value - evaluation.behaviour[0].Find("mean")->value, 1e-9);
}

TEST_F(EvaluateDataset, NamesActionSharesAndWritesCompleteJson) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 60));
  EvaluationConfig config;
  config.people = "all";
  const Evaluation evaluation = Evaluate(dataset, *reward_, Candidates(), 2, models_, config);
  EXPECT_EQ(evaluation.candidates[2].action_shares, (std::vector<double>{1, 0, 0}));
  EXPECT_NEAR(evaluation.candidates[1].action_shares[2], 0.6, 1e-6);

  const nlohmann::json json = nlohmann::json::parse(evaluation.ToJson());
  EXPECT_EQ(json.at("people"), 60);
  EXPECT_EQ(json.at("gamma"), 1.0);
  EXPECT_EQ(json.at("reward"), reward_->Describe());
  const nlohmann::json& agent = json.at("candidates").at(1);
  EXPECT_EQ(agent.at("name"), "agent");
  for (const char* estimator : {"ipw", "snipw", "pdis", "snpdis", "dm", "dr"}) {
    for (size_t o = 0; o < 3; ++o) {
      const nlohmann::json& estimate = agent["outcomes"][o]["estimates"].at(estimator);
      EXPECT_EQ(estimate.at("value").get<double>(),
                evaluation.candidates[1].outcomes[o].Find(estimator)->value);
      EXPECT_LT(estimate.at("lower"), estimate.at("upper"));
    }
  }
  EXPECT_EQ(agent.at("effective_sample_size").size(), 3u);
  EXPECT_EQ(agent.at("reasons"), nlohmann::json(evaluation.candidates[1].reasons));
  EXPECT_EQ(agent["outcomes"][0]["baseline"], "dr");
}

TEST_F(EvaluateDataset, WritesNullForWhatIsNotDefined) {
  JourneyTable table = world_.EmptyTable();
  for (uint64_t i = 1; i <= 5; ++i) AddJourney(table, i, i, {{0, 1, 0.5, {1, 0}}});
  const storage::Dataset dataset = Write("data", table);
  EvaluationConfig config;
  config.people = "all";
  const Evaluation evaluation =
      Evaluate(dataset, *reward_, {{"none", none_.get()}}, -1, {}, config);
  const nlohmann::json json = nlohmann::json::parse(evaluation.ToJson());
  const nlohmann::json& estimates = json["candidates"][0]["outcomes"][0]["estimates"];
  EXPECT_TRUE(estimates["snpdis"]["value"].is_null());
  EXPECT_FALSE(estimates["snpdis"]["defined"]);
  EXPECT_EQ(estimates["ipw"]["value"], 0.0);
}

TEST_F(EvaluateDataset, RefusesAnUnpropensedDatasetUnlessOnlyTheModelIsAsked) {
  JourneyTable table = LoggedJourneys(world_, 40);
  for (double& propensity : table.propensity) propensity = std::nan("");
  const storage::Dataset dataset = Write("data", table, false);
  const Error error = ErrorOf([&] { Evaluate(dataset, *reward_, Candidates(), -1, models_, {}); });
  EXPECT_EQ(error.code(), ExitCode::kBadData);
  EXPECT_NE(std::string(error.what()).find("unpropensed"), std::string::npos);

  EvaluationConfig config;
  config.estimators = {"dm"};
  const Evaluation evaluation = Evaluate(dataset, *reward_, Candidates(), -1, models_, config);
  EXPECT_TRUE(evaluation.candidates[1].outcomes[0].Find("dm")->defined);
  EXPECT_FALSE(evaluation.candidates[1].outcomes[0].difference_to_behaviour.defined);
  EXPECT_TRUE(evaluation.candidates[1].effective_sample_size.empty());
  EXPECT_THROW(FindCertifiableShare({dataset, experience::PeopleFilter::Parse("all", kSplit)},
                                    agent_, 10, 10),
               Error);
}

TEST_F(EvaluateDataset, RefusesWhatDoesNotFitTogether) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 40));
  const auto code = [&](const std::vector<Candidate>& candidates, int reference,
                        const std::vector<FoldModel>& models, const EvaluationConfig& config) {
    return ErrorOf([&] { Evaluate(dataset, *reward_, candidates, reference, models, config); })
        .code();
  };
  const std::vector<Candidate> good = Candidates();
  EXPECT_EQ(code({}, -1, {}, {}), ExitCode::kUsage);
  EXPECT_EQ(code({{"x", &agent_}, {"x", &agent_}}, -1, {}, {}), ExitCode::kUsage);
  EXPECT_EQ(code(good, 3, {}, {}), ExitCode::kUsage);
  EXPECT_EQ(code(good, -1, {models_[0]}, {}), ExitCode::kUsage);
  EXPECT_EQ(code(good, -1, {models_[0], models_[0]}, {}), ExitCode::kUsage);
  EXPECT_EQ(code({{"agent", &agent_}}, -1, models_, {}), ExitCode::kBadData);
  const auto two_actions = policy::MakeUniformPolicy(2);
  EXPECT_EQ(code({{"small", two_actions.get()}}, -1, {}, {}), ExitCode::kBadData);
  EvaluationConfig config;
  config.estimators = {"snpdiss"};
  EXPECT_EQ(code(good, -1, {}, config), ExitCode::kConfig);
  config = {};
  config.gamma = 1.5;
  EXPECT_EQ(code(good, -1, {}, config), ExitCode::kConfig);
  config = {};
  config.people = "heldout-fold:9";
  EXPECT_EQ(code(good, -1, {}, config), ExitCode::kConfig);
}

TEST_F(EvaluateDataset, RefusesFewerThanTwoPeople) {
  JourneyTable table = world_.EmptyTable();
  AddJourney(table, 1, 1, {{0, 1, 0.5, {1, 0}}});
  const storage::Dataset dataset = Write("data", table);
  EvaluationConfig config;
  config.people = "all";
  const Error error = ErrorOf([&] { Evaluate(dataset, *reward_, Candidates(), -1, {}, config); });
  EXPECT_EQ(error.code(), ExitCode::kBadData);
}

class CertifiableShares : public EvaluateDataset {};

TEST_F(CertifiableShares, KeepTheWantedSampleSizeAndNoSmallerShareWould) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 400));
  const experience::JourneyReader reader(dataset, experience::PeopleFilter::Parse("train", kSplit));
  const TabularPolicy sharp{{{0, 0, 1}, {0, 0, 1}}};
  double last = 1;
  for (const double wanted : {300.0, 600.0, 900.0}) {
    const CertifiableShare found = FindCertifiableShare(reader, sharp, wanted, 1000);
    ASSERT_EQ(found.predicted_effective_sample_size.size(), 3u);
    EXPECT_GE(found.predicted_effective_sample_size[2], wanted);
    EXPECT_GT(found.share, 0);
    EXPECT_LT(found.share, last);
    last = found.share;
    // The mixture itself, evaluated as a candidate on the same people.
    const auto smallest = [&](double share) {
      EvaluationConfig config;
      config.people = "train";
      const auto mixture = policy::MakeMixturePolicy(std::make_shared<TabularPolicy>(kBehaviour),
                                                     std::make_shared<TabularPolicy>(sharp), share);
      const Evaluation evaluation =
          Evaluate(dataset, *reward_, {{"mixture", mixture.get()}}, -1, {}, config);
      return evaluation.candidates[0].effective_sample_size[2] * 1000 /
             static_cast<double>(evaluation.people);
    };
    EXPECT_NEAR(smallest(found.share), found.predicted_effective_sample_size[2], 0.01);
    EXPECT_LT(smallest(found.share + 1.0 / 1024), wanted);
  }
}

TEST_F(CertifiableShares, AreOneForTheBehaviourPolicyAndZeroWithTooFewPeople) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 200));
  const experience::JourneyReader reader(dataset, experience::PeopleFilter::Parse("train", kSplit));
  EXPECT_EQ(FindCertifiableShare(reader, behaviour_, 400, 401).share, 1);
  const CertifiableShare none = FindCertifiableShare(reader, agent_, 400, 399);
  EXPECT_EQ(none.share, 0);
  EXPECT_NEAR(none.predicted_effective_sample_size[0], 399, 1e-9);
}

TEST_F(CertifiableShares, ComeWithAMeasureOfHowWellTheBehaviourPolicyIsKnown) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 50));
  const experience::JourneyReader reader(dataset, experience::PeopleFilter::Parse("all", kSplit));
  EXPECT_EQ(LargestPropensityGap(reader, behaviour_), 0);
  EXPECT_NEAR(LargestPropensityGap(reader, agent_), 0.35, 1e-6);  // action 2: 0.6 for 0.25
}

TEST_F(EvaluateDataset, FindsTheBestConstantActionThatTheDataCanCarry) {
  const storage::Dataset dataset = Write("data", LoggedJourneys(world_, 1000));
  const experience::JourneyReader reader(dataset, experience::PeopleFilter::Parse("all", kSplit));
  EXPECT_EQ(BestConstantAction(reader, *reward_, 5), 2);
  // Action 0 pays least and is all that is logged often enough in state 0.
  JourneyTable table = world_.EmptyTable();
  for (uint64_t i = 1; i <= 100; ++i) {
    const bool rare = i > 95;
    AddJourney(table, i, i, {{0, rare ? 1 : 0, rare ? 0.05 : 0.95, {rare ? 9.0 : 1.0, 0}}});
  }
  const storage::Dataset sparse = Write("sparse", table);
  const experience::JourneyReader all(sparse, experience::PeopleFilter::Parse("all", kSplit));
  EXPECT_EQ(BestConstantAction(all, *reward_, 20), 0);
  EXPECT_EQ(BestConstantAction(all, *reward_, 3), 1);
  EXPECT_EQ(BestConstantAction(all, *reward_, 1000), 1);  // none qualifies: the best of all
}

}  // namespace
}  // namespace journeyman::evaluation
