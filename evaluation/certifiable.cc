#include "evaluation/certifiable.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/strings.h"
#include "evaluation/diagnostics.h"
#include "evaluation/sample.h"

namespace journeyman::evaluation {
namespace {

constexpr int kGrid = 1024;

// The journeys as rows of agent(a|x) / mu(a|x), from which the weights of every
// share follow.
class RatioSample {
 public:
  RatioSample(Sample sample, int64_t people_judged)
      : sample_(std::move(sample)),
        scale_(static_cast<double>(people_judged) / static_cast<double>(sample_.people())) {
    products_.resize(ratios().size());
  }

  // Predicted effective sample size by decision at share e = step / kGrid.
  std::vector<double> Predict(int step) {
    const double share = static_cast<double>(step) / kGrid;
    for (int64_t j = 0; j < sample_.journeys(); ++j) {
      double product = 1;
      for (int64_t row = sample_.offsets[j]; row < sample_.offsets[j + 1]; ++row) {
        product = NextWeight(product, (1 - share) + share * ratios()[row]);
        products_[row] = product;
      }
    }
    std::vector<double> sizes;
    for (int t = 0; t < sample_.max_decisions(); ++t) {
      sizes.push_back(scale_ * EffectiveSampleSize(PersonWeights(sample_, products_, t)));
    }
    return sizes;
  }

  bool Keeps(int step, double wanted) {
    const std::vector<double> sizes = Predict(step);
    return *std::ranges::min_element(sizes) >= wanted;
  }

 private:
  const std::vector<double>& ratios() const { return sample_.candidates.front().ratios; }

  Sample sample_;
  double scale_;
  std::vector<double> products_;
};

void RequirePropensities(const storage::Dataset& dataset) {
  if (dataset.schema().propensed) return;
  throw core::Error(core::ExitCode::kBadData,
                    "The dataset is unpropensed: nothing can be said about weights.",
                    "Log the probability of each action that is taken.");
}

// Where only the weights are asked for.
class NoReward final : public experience::RewardCalculator {
 public:
  void Rewards(const storage::JourneyTable&, int64_t, std::span<double> out) const override {
    std::fill(out.begin(), out.end(), 0.0);
  }
  std::string Describe() const override { return "none"; }
};

}  // namespace

CertifiableShare FindCertifiableShare(const experience::JourneyReader& reader,
                                      const policy::Policy& agent, double wanted,
                                      int64_t people_judged) {
  RequirePropensities(reader.dataset());
  const NoReward reward;
  const SampleRequest request{&reward, {{"agent", &agent}}, {}, 1, true};
  Sample read = ReadSample(reader, request, 1);
  if (read.people() == 0) {
    throw core::Error(core::ExitCode::kBadData,
                      core::StrCat("The filter '", reader.filter().text(),
                                   "' lets nobody through: no share can be certified."),
                      "Import more journeys.");
  }
  RatioSample sample(std::move(read), people_judged);
  int enough = 0;
  int too_much = kGrid + 1;
  while (too_much - enough > 1) {
    const int middle = (enough + too_much) / 2;
    (sample.Keeps(middle, wanted) ? enough : too_much) = middle;
  }
  return {static_cast<double>(enough) / kGrid, sample.Predict(enough)};
}

double LargestPropensityGap(const experience::JourneyReader& reader,
                            const policy::Policy& behaviour) {
  RequirePropensities(reader.dataset());
  double largest = 0;
  for (int partition = 0; partition < reader.dataset().split().partitions; ++partition) {
    const storage::JourneyTable journeys = reader.Read(partition);
    for (int64_t row = 0; row < journeys.rows(); ++row) {
      const policy::ActionDistribution distribution =
          behaviour.Distribution({journeys.Observation(row), journeys.Possible(row)});
      largest = std::max(largest, std::abs(distribution.Probability(journeys.action[row]) -
                                           journeys.propensity[row]));
    }
  }
  return largest;
}

}  // namespace journeyman::evaluation
