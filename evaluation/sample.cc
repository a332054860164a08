#include "evaluation/sample.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <unordered_map>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::evaluation {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

// Makes the sample of one table, journey after journey.
class SampleMaker {
 public:
  SampleMaker(const storage::JourneyTable& journeys, const SampleRequest& request)
      : journeys_(journeys), request_(request), outcomes_(1 + journeys.metrics) {}

  Sample Make() {
    Prepare();
    for (int64_t j = 0; j < journeys_.journey_count(); ++j) AddJourney(j);
    return std::move(sample_);
  }

 private:
  void Prepare() {
    sample_.outcomes = outcomes_;
    sample_.candidates.resize(request_.candidates.size());
    for (CandidateSample& candidate : sample_.candidates) {
      candidate.action_probabilities.assign(journeys_.actions, 0.0);
      if (!request_.propensed) continue;
      candidate.ratios.reserve(journeys_.rows());
      candidate.weights.reserve(journeys_.rows());
    }
    sample_.values.reserve(journeys_.rows() * outcomes_);
    if (request_.models.empty()) return;
    const policy::OutputModel& model = *request_.models.front().model;
    predicted_.resize(model.heads() * model.actions());
  }

  void AddJourney(int64_t j) {
    const int64_t person = PersonIndex(journeys_.persons[j]);
    ++sample_.journeys_of_person[person];
    sample_.person_of_journey.push_back(person);
    first_ = journeys_.offsets[j];
    length_ = journeys_.offsets[j + 1] - first_;
    sample_.offsets.push_back(sample_.rows() + length_);
    AddValues(j);
    AddPolicies(j);
    if (!request_.models.empty()) AddModels(person);
  }

  int64_t PersonIndex(uint64_t person) {
    const auto [place, is_new] = index_.try_emplace(person, sample_.people());
    if (is_new) {
      sample_.persons.push_back(person);
      sample_.journeys_of_person.push_back(0);
      for (CandidateSample& candidate : sample_.candidates) {
        if (request_.models.empty()) continue;
        candidate.direct.resize(candidate.direct.size() + outcomes_, 0.0);
        if (!request_.propensed) continue;
        candidate.doubly_robust.resize(candidate.doubly_robust.size() + outcomes_, 0.0);
      }
    }
    return place->second;
  }

  void AddValues(int64_t j) {
    rewards_.resize(length_);
    request_.reward->Rewards(journeys_, j, rewards_);
    for (int64_t row = first_; row < first_ + length_; ++row) {
      const auto metrics = journeys_.Metrics(row);
      sample_.values.push_back(rewards_[row - first_]);
      sample_.values.insert(sample_.values.end(), metrics.begin(), metrics.end());
    }
  }

  double Propensity(int64_t j, int64_t row) const {
    const double propensity = journeys_.propensity[row];
    if (propensity > 0 && propensity <= 1) return propensity;
    throw Error(ExitCode::kBadData,
                StrCat("Decision ", journeys_.sequence[row], " of journey ",
                       core::Hex64(journeys_.journeys[j]), " has the propensity ", propensity,
                       "; it must be above 0 and at most 1."),
                "Import the log again: such a row is rejected there.");
  }

  // Distributions of all candidates at all decisions of the journey, their
  // ratios to the propensities, and the products of these.
  void AddPolicies(int64_t j) {
    distributions_.clear();
    for (size_t c = 0; c < request_.candidates.size(); ++c) {
      CandidateSample& candidate = sample_.candidates[c];
      const policy::Policy& policy = request_.candidates[c].For(journeys_.persons[j]);
      double product = 1;
      for (int64_t row = first_; row < first_ + length_; ++row) {
        distributions_.push_back(
            policy.Distribution({journeys_.Observation(row), journeys_.Possible(row)}));
        const policy::ActionDistribution& chosen = distributions_.back();
        for (int64_t a = 0; a < journeys_.actions; ++a) {
          candidate.action_probabilities[a] += chosen.Probability(static_cast<int>(a));
        }
        if (!request_.propensed) continue;
        candidate.ratios.push_back(chosen.Probability(journeys_.action[row]) / Propensity(j, row));
        product = NextWeight(product, candidate.ratios.back());
        candidate.weights.push_back(product);
      }
    }
  }

  // Values of the journey by the model that was trained without this person.
  // The doubly robust one backwards: V_t = vhat(s_t) + w_t (r_t + gamma V_{t+1} -
  // qhat(s_t, a_t)), nothing after the last logged decision.
  void AddModels(int64_t person) {
    const int folds = static_cast<int>(request_.models.size());
    const FoldModel& model =
        request_.models[experience::PeopleFilter::FoldOf(sample_.persons[person], folds)];
    if (!model.per_candidate && length_ > 1) {
      throw Error(ExitCode::kUsage,
                  StrCat("A reward model values one decision; a journey has ", length_, "."),
                  "Use models of agent=fqe for journeys of several decisions.");
    }
    later_.assign(request_.candidates.size() * outcomes_, 0.0);
    for (int64_t t = length_ - 1; t >= 0; --t) {
      model.model->Predict(journeys_.Observation(first_ + t), predicted_);
      for (size_t c = 0; c < request_.candidates.size(); ++c) {
        for (int64_t o = 0; o < outcomes_; ++o) AddPrediction(model, person, t, c, o);
      }
    }
  }

  void AddPrediction(const FoldModel& model, int64_t person, int64_t t, size_t c, int64_t o) {
    const size_t head = o + (model.per_candidate ? c * outcomes_ : 0);
    const float* q = predicted_.data() + head * journeys_.actions;
    const policy::ActionDistribution& chosen = distributions_[c * length_ + t];
    double value = 0;
    for (int64_t a = 0; a < journeys_.actions; ++a) {
      if (chosen.ticks[a] > 0) value += chosen.Probability(static_cast<int>(a)) * q[a];
    }
    CandidateSample& candidate = sample_.candidates[c];
    const int64_t place = person * outcomes_ + o;
    if (t == 0) candidate.direct[place] += value;
    if (!request_.propensed) return;
    const int64_t row = sample_.rows() - length_ + t;
    double& later = later_[c * outcomes_ + o];
    later = value + candidate.ratios[row] * (sample_.Value(row, o) + request_.gamma * later -
                                             q[journeys_.action[first_ + t]]);
    if (t == 0) candidate.doubly_robust[place] += later;
  }

  const storage::JourneyTable& journeys_;
  const SampleRequest& request_;
  const int64_t outcomes_;
  Sample sample_;
  std::unordered_map<uint64_t, int64_t> index_;

  // Of the journey being added.
  int64_t first_ = 0;
  int64_t length_ = 0;
  std::vector<double> rewards_;                            // [length]
  std::vector<policy::ActionDistribution> distributions_;  // [candidates, length]
  std::vector<double> later_;                              // [candidates, outcomes]
  std::vector<float> predicted_;                           // [heads, actions]
};

template <class T>
void AppendTo(std::vector<T>& values, const std::vector<T>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

}  // namespace

int Sample::max_decisions() const {
  int64_t longest = 0;
  for (int64_t j = 0; j < journeys(); ++j) longest = std::max(longest, Length(j));
  return static_cast<int>(longest);
}

void Sample::Append(const Sample& other) {
  JOURNEYMAN_CHECK(outcomes == other.outcomes && candidates.size() == other.candidates.size(),
                   "samples of different questions");
  const int64_t first_person = people();
  const int64_t first_row = rows();
  AppendTo(persons, other.persons);
  AppendTo(journeys_of_person, other.journeys_of_person);
  for (const int64_t person : other.person_of_journey) {
    person_of_journey.push_back(first_person + person);
  }
  for (int64_t j = 0; j < other.journeys(); ++j) {
    offsets.push_back(first_row + other.offsets[j + 1]);
  }
  AppendTo(values, other.values);
  for (size_t c = 0; c < candidates.size(); ++c) {
    AppendTo(candidates[c].ratios, other.candidates[c].ratios);
    AppendTo(candidates[c].weights, other.candidates[c].weights);
    AppendTo(candidates[c].direct, other.candidates[c].direct);
    AppendTo(candidates[c].doubly_robust, other.candidates[c].doubly_robust);
    for (size_t a = 0; a < candidates[c].action_probabilities.size(); ++a) {
      candidates[c].action_probabilities[a] += other.candidates[c].action_probabilities[a];
    }
  }
}

double NextWeight(double weight, double ratio) { return std::min(weight * ratio, 1e150); }

Sample MakeSample(const storage::JourneyTable& journeys, const SampleRequest& request) {
  return SampleMaker(journeys, request).Make();
}

Sample ReadSample(const experience::JourneyReader& reader, const SampleRequest& request,
                  int workers) {
  const int partitions = reader.dataset().split().partitions;
  std::vector<Sample> samples(partitions);
  std::vector<std::exception_ptr> failures(partitions);
  std::atomic<int> next{0};
  std::atomic<bool> failed{false};
  // Partitions are taken in ascending order and always finished, so the lowest
  // failure does not depend on the number of threads.
  const auto work = [&] {
    while (!failed) {
      const int partition = next++;
      if (partition >= partitions) return;
      try {
        samples[partition] = MakeSample(reader.Read(partition), request);
      } catch (...) {
        failures[partition] = std::current_exception();
        failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < std::min(workers, partitions); ++i) threads.emplace_back(work);
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  Sample all = std::move(samples.front());
  for (int partition = 1; partition < partitions; ++partition) all.Append(samples[partition]);
  return all;
}

}  // namespace journeyman::evaluation
