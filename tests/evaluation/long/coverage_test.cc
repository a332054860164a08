#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evaluation/estimators.h"
#include "evaluation/sample.h"
#include "experience/journey_reader.h"
#include "policy/bundle.h"
#include "tests/evaluation/support/simulated_log.h"

namespace journeyman::evaluation {
namespace {

constexpr int kLogs = 200;
constexpr uint64_t kPeople = 5000;
constexpr uint64_t kFirstSeed = 1000;
constexpr int64_t kTruthPeople = 2'000'000;
constexpr int kFolds = 2;

// (L L') x = b by Cholesky's method, for a symmetric positive definite matrix.
class Cholesky {
 public:
  explicit Cholesky(std::vector<double> matrix, size_t size)
      : size_(size), factor_(std::move(matrix)) {
    for (size_t i = 0; i < size_; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double sum = factor_[i * size_ + j];
        for (size_t k = 0; k < j; ++k) sum -= factor_[i * size_ + k] * factor_[j * size_ + k];
        factor_[i * size_ + j] = i == j ? std::sqrt(sum) : sum / factor_[j * size_ + j];
      }
    }
  }

  void Solve(double* vector) const {
    for (size_t i = 0; i < size_; ++i) {
      for (size_t k = 0; k < i; ++k) vector[i] -= factor_[i * size_ + k] * vector[k];
      vector[i] /= factor_[i * size_ + i];
    }
    for (size_t i = size_; i-- > 0;) {
      for (size_t k = i + 1; k < size_; ++k) vector[i] -= factor_[k * size_ + i] * vector[k];
      vector[i] /= factor_[i * size_ + i];
    }
  }

 private:
  size_t size_;
  std::vector<double> factor_;
};

// Fitted Q evaluation with a linear function of the features for each action and
// outcome: least squares on what a decision earned and what the last fit expects
// of the target policy afterwards, as often as a journey has decisions. The true
// values are not linear, so this is a wrong model, as every model is; a doubly
// robust estimate must stand that.
class LinearModel {
 public:
  LinearModel(const CoverageCase& test, const storage::JourneyTable& log, int left_out_fold)
      : test_(test), log_(log), actions_(static_cast<size_t>(log.actions)) {
    for (int64_t j = 0; j < log.journey_count(); ++j) {
      const auto rewards = experience::RewardsOf(*test.reward, log, j);
      rewards_.insert(rewards_.end(), rewards.begin(), rewards.end());
      if (experience::PeopleFilter::FoldOf(log.persons[j], kFolds) == left_out_fold) continue;
      for (int64_t row = log.offsets[j]; row < log.offsets[j + 1]; ++row) {
        rows_.push_back({row, row + 1 == log.offsets[j + 1]});
      }
    }
    FitTransform();
    const std::vector<Cholesky> normal = NormalEquations();
    for (int pass = 0; pass < horizon(); ++pass) Fit(normal);
  }

  std::unique_ptr<policy::OutputModel> Model() const {
    policy::Bundle bundle;
    bundle.manifest.kind = policy::BundleKind::kValue;
    bundle.manifest.features = test_.schema.features;
    bundle.manifest.catalogue = test_.schema.catalogue;
    policy::PolicySpec& spec = bundle.manifest.policy;
    spec.type = "network";
    spec.transform = transform_.ToJson();
    spec.architecture.inputs = static_cast<int64_t>(width_ - 1);
    spec.architecture.heads = static_cast<int64_t>(outcomes());
    spec.architecture.outputs = static_cast<int64_t>(outcomes() * actions_);
    for (size_t head = 0; head < outcomes() * actions_; ++head) {
      const double* w = &weights_[head * width_];
      bundle.weights["head.bias"].push_back(static_cast<float>(w[0]));
      for (size_t i = 1; i < width_; ++i) {
        bundle.weights["head.weight"].push_back(static_cast<float>(w[i]));
      }
    }
    return std::make_unique<policy::OutputModel>(bundle);
  }

 private:
  struct Row {
    int64_t index = 0;
    bool last = false;
  };

  int horizon() const { return test_.world->horizon(); }
  size_t outcomes() const { return 1 + static_cast<size_t>(log_.metrics); }
  const double* Input(size_t i) const { return &inputs_[i * width_]; }
  size_t ActionOf(size_t i) const { return static_cast<size_t>(log_.action[rows_[i].index]); }

  void FitTransform() {
    features::FitPart part(log_.features);
    for (const Row& row : rows_) part.AddRow(log_.Observation(row.index));
    transform_ = features::Transform::Fit(test_.schema.features, std::span(&part, 1));
    width_ = 1 + static_cast<size_t>(transform_.output_width());
    std::vector<float> transformed(width_ - 1);
    for (const Row& row : rows_) {
      transform_.Apply(log_.Observation(row.index), transformed);
      inputs_.push_back(1);
      inputs_.insert(inputs_.end(), transformed.begin(), transformed.end());
      distributions_.push_back(
          test_.target->Distribution({log_.Observation(row.index), log_.Possible(row.index)}));
    }
    weights_.assign(outcomes() * actions_ * width_, 0.0);
  }

  std::vector<Cholesky> NormalEquations() const {
    constexpr double kRidge = 1;  // of about 600 rows an action: columns add up to others
    std::vector<std::vector<double>> sums(actions_, std::vector<double>(width_ * width_, 0.0));
    for (size_t i = 0; i < rows_.size(); ++i) {
      std::vector<double>& sum = sums[ActionOf(i)];
      for (size_t a = 0; a < width_; ++a) {
        for (size_t b = 0; b <= a; ++b) sum[a * width_ + b] += Input(i)[a] * Input(i)[b];
      }
    }
    std::vector<Cholesky> result;
    for (std::vector<double>& sum : sums) {
      for (size_t a = 0; a < width_; ++a) sum[a * width_ + a] += kRidge;
      result.emplace_back(std::move(sum), width_);
    }
    return result;
  }

  double Predict(size_t i, size_t outcome, size_t action) const {
    const double* w = &weights_[(outcome * actions_ + action) * width_];
    double sum = 0;
    for (size_t k = 0; k < width_; ++k) sum += w[k] * Input(i)[k];
    return sum;
  }

  // What the target policy earns from row i on, by the last fit.
  double Value(size_t i, size_t outcome) const {
    double sum = 0;
    for (size_t a = 0; a < actions_; ++a) {
      const double probability = distributions_[i].Probability(static_cast<int>(a));
      if (probability > 0) sum += probability * Predict(i, outcome, a);
    }
    return sum;
  }

  double Earned(size_t i, size_t outcome) const {
    const int64_t row = rows_[i].index;
    return outcome > 0 ? log_.Metrics(row)[outcome - 1] : rewards_[static_cast<size_t>(row)];
  }

  void Fit(const std::vector<Cholesky>& normal) {
    std::vector<double> next(weights_.size(), 0.0);
    for (size_t outcome = 0; outcome < outcomes(); ++outcome) {
      for (size_t i = 0; i < rows_.size(); ++i) {
        const double target = Earned(i, outcome) + (rows_[i].last ? 0.0 : Value(i + 1, outcome));
        double* sum = &next[(outcome * actions_ + ActionOf(i)) * width_];
        for (size_t k = 0; k < width_; ++k) sum[k] += target * Input(i)[k];
      }
      for (size_t a = 0; a < actions_; ++a) {
        normal[a].Solve(&next[(outcome * actions_ + a) * width_]);
      }
    }
    weights_ = std::move(next);
  }

  const CoverageCase& test_;
  const storage::JourneyTable& log_;
  size_t actions_;
  size_t width_ = 0;  // 1 for the constant, then the transformed features
  std::vector<Row> rows_;
  std::vector<double> rewards_;  // [rows of the log]
  std::vector<double> inputs_;  // [rows, width]
  std::vector<policy::ActionDistribution> distributions_;
  features::Transform transform_;
  std::vector<double> weights_;  // [outcomes, actions, width]
};

// How often the intervals of one estimator hold the truth.
struct Coverage {
  int covered = 0;
  double sum = 0;
  double error = 0;

  void Add(const Estimate& estimate, double truth) {
    covered += estimate.lower <= truth && truth <= estimate.upper;
    sum += estimate.value / kLogs;
    error += estimate.standard_error / kLogs;
  }
};

// Of 200 correct 95 % intervals fewer than 179 or all 200 hold the truth about
// once in 1,500 sets of seeds (binomial).
TEST(CoverageLongTest, OfStepwiseSelfNormalisedAndDoublyRobustIntervalsIsWhatTheySay) {
  const CoverageCase test;
  const simulation::TrueValue truth = test.Truth(kTruthPeople);
  std::map<std::string, Coverage> coverage;
  for (int i = 0; i < kLogs; ++i) {
    const storage::JourneyTable log = test.Log(kFirstSeed + static_cast<uint64_t>(i), kPeople);
    std::vector<std::unique_ptr<policy::OutputModel>> models;
    SampleRequest request{test.reward.get(), {{"target", test.target.get()}}, {}, 1, true};
    for (int fold = 0; fold < kFolds; ++fold) {
      models.push_back(LinearModel(test, log, fold).Model());
      request.models.push_back({fold, models.back().get(), true});
    }
    const Sample sample = MakeSample(log, request);
    for (const char* name : {"snpdis", "dr"}) {
      coverage[name].Add(MakeEstimate(RunEstimator(name, sample, 0, 0, 1), 0.95), truth.mean);
    }
  }
  std::printf("truth %.4f (standard error %.4f)\n", truth.mean, truth.standard_error);
  for (const auto& [name, result] : coverage) {
    SCOPED_TRACE(name);
    std::printf("%s: covered %d of %d, mean estimate %.4f, mean standard error %.4f\n",
                name.c_str(), result.covered, kLogs, result.sum, result.error);
    EXPECT_GE(result.covered, 179);
    EXPECT_LE(result.covered, 199);
    EXPECT_LT(truth.standard_error, 0.1 * result.error);
    EXPECT_LT(std::abs(result.sum - truth.mean),
              4 * std::hypot(result.error / std::sqrt(kLogs), truth.standard_error));
  }
  EXPECT_LT(coverage["dr"].error, coverage["snpdis"].error);
}

}  // namespace
}  // namespace journeyman::evaluation
