#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/file_system.h"
#include "core/strings.h"
#include "features/transform.h"
#include "policy/bundle.h"
#include "tests/experience/reward_journeys.h"
#include "tests/support/temp_directory.h"

namespace journeyman::experience {
namespace {

using journeyman::testing::TempDirectory;
using ::testing::HasSubstr;
using testing::RefusalOf;
using testing::RewardJourneys;
using testing::RewardSchema;

constexpr int kActions = 5;
constexpr int kHeads = 4;  // the reward and three metrics

storage::DatasetSchema Schema() {
  storage::DatasetSchema schema = RewardSchema();
  schema.features.columns = {{"day", features::FeatureKind::kContinuous, {}}};
  return schema;
}

features::Transform FittedTransform() {
  features::FitPart part(1);
  for (const float day : {0.0f, 1.0f, 5.0f}) part.AddRow(std::array<float, 1>{day});
  return features::Transform::Fit(Schema().features, std::vector<features::FitPart>{part});
}

// A linear model: output o is bias_o + o * (sum of the transformed features).
uint64_t WriteModel(const std::filesystem::path& directory, policy::BundleKind kind,
                    float bias_of_ten, const storage::DatasetSchema& schema = Schema()) {
  policy::BundleManifest manifest;
  manifest.kind = kind;
  manifest.features = schema.features;
  manifest.catalogue = schema.catalogue;
  policy::PolicySpec& spec = manifest.policy;
  spec.type = "network";
  spec.transform = FittedTransform().ToJson();
  spec.architecture.inputs = FittedTransform().output_width();
  spec.architecture.heads = kHeads;
  spec.architecture.outputs = kHeads * kActions;
  policy::WeightMap weights;
  for (int output = 0; output < kHeads * kActions; ++output) {
    weights["head.bias"].push_back(output == 3 ? bias_of_ten : 100.0f * output);
    for (int64_t i = 0; i < spec.architecture.inputs; ++i) {
      weights["head.weight"].push_back(static_cast<float>(output));
    }
  }
  return policy::WriteBundle(core::RealFileSystem(), directory, manifest, weights);
}

class ModelRewardTest : public ::testing::Test {
 protected:
  std::unique_ptr<RewardCalculator> Model(const char* name, PenaltyConfig penalties = {}) const {
    return MakeReward({.calculator = "model", .model = Path(name), .penalties = penalties},
                      Schema());
  }
  std::string Path(const char* name) const { return (directory_.path() / name).string(); }

  TempDirectory directory_;
};

TEST_F(ModelRewardTest, IsTheFirstHeadsOutputForTheActionThatWasTaken) {
  WriteModel(Path("model"), policy::BundleKind::kReward, -7);
  const auto transform = FittedTransform();
  const auto reward = Model("model", {.actions = {"mail:1000"}});
  const auto table = RewardJourneys({{{3, 0}, {1, 2}, {0, 5}}});
  const auto rewards = RewardsOf(*reward, table, 0);
  ASSERT_EQ(rewards.size(), 3u);
  for (size_t t = 0; t < 3; ++t) {
    std::vector<float> transformed(static_cast<size_t>(transform.output_width()));
    transform.Apply(table.Observation(static_cast<int64_t>(t)), transformed);
    double sum = 0;
    for (const float value : transformed) sum += value;
    const int action = table.action[t];
    const double bias = action == 3 ? -7 : action == 1 ? 100.0 - 1000 : 0;
    EXPECT_NEAR(rewards[t], bias + action * sum, 1e-3) << t;
  }
  EXPECT_NE(rewards[0], -7) << "the feature of decision 0 is 0, its transform is not";
}

TEST_F(ModelRewardTest, ItsTextHoldsTheContentAndNotTheName) {
  const uint64_t content = WriteModel(Path("model"), policy::BundleKind::kReward, 1);
  WriteModel(Path("same"), policy::BundleKind::kReward, 1);
  WriteModel(Path("other"), policy::BundleKind::kReward, 2);
  EXPECT_EQ(Model("model")->Describe(), "model(content:" + core::Hex64(content) + ")");
  EXPECT_EQ(Model("same")->Describe(), Model("model")->Describe());
  EXPECT_NE(Model("other")->Describe(), Model("model")->Describe());
}

TEST_F(ModelRewardTest, RefusesWhatIsNoRewardOfThisDataset) {
  WriteModel(Path("value"), policy::BundleKind::kValue, 1);
  EXPECT_THAT(RefusalOf(core::ExitCode::kConfig, [&] { Model("value"); }),
              HasSubstr("of kind value, not of kind reward"));
  storage::DatasetSchema dearer = Schema();
  dearer.catalogue.actions[1].cost = 3;
  WriteModel(Path("dearer"), policy::BundleKind::kReward, 1, dearer);
  EXPECT_THAT(RefusalOf(core::ExitCode::kBadData, [&] { Model("dearer"); }),
              HasSubstr("other actions or features"));
  EXPECT_THAT(RefusalOf(core::ExitCode::kMissingInput, [&] { Model("nowhere"); }),
              HasSubstr("nowhere"));
}

}  // namespace
}  // namespace journeyman::experience
