// A reward as the prediction of a reward bundle.
#include "core/error.h"
#include "core/strings.h"
#include "experience/reward_parts.h"
#include "policy/bundle.h"

namespace journeyman::experience {
namespace {

using core::StrCat;

class ModelReward final : public RewardCalculator {
 public:
  explicit ModelReward(const policy::Bundle& bundle)
      : model_(bundle), content_hash_(bundle.manifest.content_hash) {}

  void Rewards(const storage::JourneyTable& journeys, int64_t journey,
               std::span<double> out) const override {
    const int64_t first = journeys.offsets[static_cast<size_t>(journey)];
    std::vector<float> outputs(static_cast<size_t>(model_.heads() * model_.actions()));
    for (size_t t = 0; t < out.size(); ++t) {
      const int64_t row = first + static_cast<int64_t>(t);
      model_.Predict(journeys.Observation(row), outputs);
      // Head 0 is the reward that the model learned, the others are metrics.
      out[t] = outputs.at(static_cast<size_t>(journeys.action[static_cast<size_t>(row)]));
    }
  }

  std::string Describe() const override {
    return StrCat("model(content:", core::Hex64(content_hash_), ")");
  }

 private:
  policy::OutputModel model_;
  uint64_t content_hash_;
};

}  // namespace

std::unique_ptr<RewardCalculator> MakeModelReward(const std::string& directory,
                                                  const storage::DatasetSchema& schema,
                                                  core::FileSystem& files) {
  const policy::Bundle bundle = policy::Bundle::Load(files, directory);
  const policy::BundleManifest& manifest = bundle.manifest;
  if (manifest.kind != policy::BundleKind::kReward) {
    RefuseReward(StrCat("reward.model ", directory, " is a bundle of kind ",
                        policy::Name(manifest.kind), ", not of kind reward."),
                 "a run of agent=reward_model gives one.");
  }
  if (manifest.catalogue.Hash() != schema.catalogue.Hash() ||
      manifest.features.Hash() != schema.features.Hash()) {
    throw core::Error(core::ExitCode::kBadData,
                      StrCat("reward.model ", directory,
                             " was made for other actions or features than the dataset has."),
                      "name a model that was trained on this dataset's schema.");
  }
  return std::make_unique<ModelReward>(bundle);
}

}  // namespace journeyman::experience
