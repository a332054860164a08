#include "evaluation/state_sufficiency.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <unordered_map>

#include "core/error.h"
#include "core/strings.h"
#include "evaluation/estimators.h"
#include "evaluation/report_text.h"
#include "evaluation/ridge.h"
#include "experience/journey_reader.h"
#include "features/transform.h"

namespace journeyman::evaluation {
namespace {

using core::StrCat;
using experience::JourneyReader;
using experience::PeopleFilter;
using storage::JourneyTable;

// The columns of the regressions, of one decision that has one before it: state, action, previous
// state, previous action. The model without the past has the first half of them.
class Design {
 public:
  // `means`: of the raw features, for missing values of those that are targets.
  Design(features::Transform transform, std::vector<double> means, int64_t actions)
      : transform_(std::move(transform)),
        means_(std::move(means)),
        half_(transform_.output_width() + actions),
        state_(static_cast<size_t>(transform_.output_width())) {
    const auto& columns = transform_.spec().columns;
    for (size_t f = 0; f < columns.size(); ++f) {
      if (columns[f].kind == features::FeatureKind::kContinuous) {
        continuous_.push_back(static_cast<int64_t>(f));
      }
    }
  }

  int64_t half() const { return half_; }
  int64_t width() const { return 2 * half_; }
  // Features that are targets.
  const std::vector<int64_t>& continuous() const { return continuous_; }

  // out: [width()].
  void Fill(const JourneyTable& table, int64_t row, std::span<double> out) {
    FillHalf(table, row, out.first(static_cast<size_t>(half_)));
    FillHalf(table, row - 1, out.last(static_cast<size_t>(half_)));
  }

  // The continuous features of a row, the mean where one is missing. out: [continuous()].
  void FillState(const JourneyTable& table, int64_t row, std::span<double> out) const {
    const auto observation = table.Observation(row);
    for (size_t i = 0; i < continuous_.size(); ++i) {
      const auto feature = static_cast<size_t>(continuous_[i]);
      out[i] = std::isfinite(observation[feature]) ? observation[feature] : means_[feature];
    }
  }

 private:
  void FillHalf(const JourneyTable& table, int64_t row, std::span<double> out) {
    transform_.Apply(table.Observation(row), state_);
    std::fill(out.begin(), out.end(), 0.0);
    std::copy(state_.begin(), state_.end(), out.begin());
    out[state_.size() + static_cast<size_t>(table.action[static_cast<size_t>(row)])] = 1;
  }

  features::Transform transform_;
  std::vector<double> means_;
  int64_t half_;
  std::vector<int64_t> continuous_;
  std::vector<float> state_;
};

// The regressions of some targets over the same decisions.
class Regressions {
 public:
  Regressions(int64_t half, int64_t targets, int folds)
      : half_(half),
        moments_(static_cast<size_t>(folds), MomentMatrix(2 * half + targets)),
        row_(static_cast<size_t>(2 * half + targets)),
        sums_(static_cast<size_t>(targets)) {}

  std::span<double> predictors() { return std::span(row_).first(static_cast<size_t>(2 * half_)); }
  std::span<double> targets() { return std::span(row_).subspan(static_cast<size_t>(2 * half_)); }
  int64_t decisions() const {
    return std::accumulate(moments_.begin(), moments_.end(), int64_t{0},
                           [](int64_t sum, const MomentMatrix& m) { return sum + m.rows(); });
  }

  // Takes up the row that stands in predictors() and targets().
  void AddRow(int fold) { moments_[static_cast<size_t>(fold)].Add(row_); }

  void Fit(double ridge) {
    std::vector<int64_t> columns(sums_.size());
    std::iota(columns.begin(), columns.end(), 2 * half_);
    MomentMatrix all(2 * half_ + std::ssize(sums_));
    for (const MomentMatrix& fold : moments_) all.Merge(fold);
    for (size_t t = 0; t < sums_.size(); ++t) {
      sums_[t].variance = all.rows() == 0 ? 0 : all.Covariance(columns[t], columns[t]);
    }
    for (size_t f = 0; f < moments_.size(); ++f) {
      MomentMatrix others(2 * half_ + std::ssize(sums_));
      for (size_t other = 0; other < moments_.size(); ++other) {
        if (other != f) others.Merge(moments_[other]);
      }
      const bool fitted = others.rows() > 0;
      without_.push_back(fitted ? FitRidge(others, half_, columns, ridge)
                                : std::vector<LinearModel>());
      with_.push_back(fitted ? FitRidge(others, 2 * half_, columns, ridge)
                             : std::vector<LinearModel>());
    }
    person_.assign(sums_.size(), {});
  }

  // Adds the errors of the row that stands in predictors() and targets() to its person's.
  void AddErrors(int fold) {
    const auto f = static_cast<size_t>(fold);
    if (without_[f].empty()) return;
    ++rows_of_person_;
    for (size_t t = 0; t < sums_.size(); ++t) {
      const double truth = targets()[t];
      const double without = std::pow(truth - without_[f][t].Predict(predictors()), 2);
      const double with = std::pow(truth - with_[f][t].Predict(predictors()), 2);
      person_[t].difference += without - with;
      person_[t].without += without;
    }
  }

  // Between two people.
  void ClosePerson() {
    if (rows_of_person_ == 0) return;
    for (size_t t = 0; t < sums_.size(); ++t) {
      sums_[t].Add(person_[t], rows_of_person_);
      person_[t] = {};
    }
    rows_of_person_ = 0;
  }

  // Nothing for a target that is explained but for rounding.
  std::optional<SufficiencyTarget> Target(size_t t, const std::string& name,
                                          const StateSufficiencyConfig& config) const {
    const Sums& sums = sums_[t];
    constexpr double kExplained = 1e-4;
    const double left = sums.without / static_cast<double>(std::max<int64_t>(sums.decisions, 1));
    if (sums.people < config.least_people || !(left > kExplained * sums.variance)) {
      return std::nullopt;
    }
    SufficiencyTarget target{.name = name, .people = sums.people, .decisions = sums.decisions};
    const double ratio = sums.difference / sums.without;
    const double squares = sums.differences_squared - 2 * ratio * sums.products +
                           ratio * ratio * sums.withouts_squared;
    const auto people = static_cast<double>(sums.people);
    target.partial_r2 = ratio;
    target.standard_error =
        std::sqrt(std::max(0.0, squares) * people / (people - 1)) / sums.without;
    const double reach = TwoSidedQuantile(config.confidence) * target.standard_error;
    target.lower = ratio - reach;
    target.upper = ratio + reach;
    target.found = target.lower > config.threshold;
    return target;
  }

 private:
  struct Errors {
    double difference = 0;  // squared errors without the past, less those with it
    double without = 0;
  };
  struct Sums {
    int64_t people = 0;
    int64_t decisions = 0;
    double difference = 0, without = 0;
    double differences_squared = 0, withouts_squared = 0, products = 0;
    double variance = 0;  // of the target

    void Add(const Errors& person, int64_t rows) {
      ++people;
      decisions += rows;
      difference += person.difference;
      without += person.without;
      differences_squared += person.difference * person.difference;
      withouts_squared += person.without * person.without;
      products += person.difference * person.without;
    }
  };

  int64_t half_;
  std::vector<MomentMatrix> moments_;                 // [folds]
  std::vector<std::vector<LinearModel>> without_, with_;  // [folds, targets]
  std::vector<double> row_;
  std::vector<Sums> sums_;  // [targets]
  std::vector<Errors> person_;
  int64_t rows_of_person_ = 0;
};

class SufficiencyJudge {
 public:
  SufficiencyJudge(const storage::Dataset& dataset, const StateSufficiencyConfig& config)
      : dataset_(dataset),
        config_(config),
        reader_(dataset, PeopleFilter::Parse(config.people, dataset.split())) {}

  StateSufficiency Run() {
    StateSufficiency result{.threshold = config_.threshold, .confidence = config_.confidence};
    MakeDesign();
    const auto metrics = static_cast<int64_t>(dataset_.schema().metrics.size());
    const int64_t columns =
        design_->width() + std::max(metrics, std::ssize(design_->continuous()));
    if (people_ < config_.least_people) {
      result.not_asked = StrCat("only ", people_, " people have a journey of several decisions; ",
                                config_.least_people, " are asked");
      return result;
    }
    if (columns > config_.most_columns) {
      result.not_asked = StrCat("features and actions make ", columns, " columns; at most ",
                                config_.most_columns, " are regressed on");
      return result;
    }
    outcomes_.emplace(design_->half(), metrics, config_.folds);
    next_.emplace(design_->half(), std::ssize(design_->continuous()), config_.folds);
    EachDecision([](Regressions& regressions, int fold) { regressions.AddRow(fold); }, [] {});
    outcomes_->Fit(config_.ridge);
    next_->Fit(config_.ridge);
    EachDecision([](Regressions& regressions, int fold) { regressions.AddErrors(fold); },
                 [this] {
                   outcomes_->ClosePerson();
                   next_->ClosePerson();
                 });
    AddTargets(result);
    return result;
  }

 private:
  // Reads as many partitions as have enough people, and counts these.
  void MakeDesign() {
    std::vector<features::FitPart> parts;
    std::vector<double> sums(static_cast<size_t>(dataset_.schema().features.width()), 0.0);
    std::vector<int64_t> counts(sums.size(), 0);
    while (partitions_ < dataset_.split().partitions && people_ < config_.enough_people) {
      const JourneyTable table = reader_.Read(partitions_++);
      features::FitPart part(table.features);
      for (int64_t row = 0; row < table.rows(); ++row) {
        const auto observation = table.Observation(row);
        part.AddRow(observation);
        for (size_t f = 0; f < sums.size(); ++f) {
          if (!std::isfinite(observation[f])) continue;
          sums[f] += observation[f];
          ++counts[f];
        }
      }
      parts.push_back(std::move(part));
      std::vector<uint64_t> people;
      for (int64_t j = 0; j < table.journey_count(); ++j) {
        const auto at = static_cast<size_t>(j);
        if (table.offsets[at + 1] - table.offsets[at] > 1) people.push_back(table.persons[at]);
      }
      std::sort(people.begin(), people.end());
      people_ += std::unique(people.begin(), people.end()) - people.begin();
    }
    for (size_t f = 0; f < sums.size(); ++f) {
      if (counts[f] > 0) sums[f] /= static_cast<double>(counts[f]);
    }
    design_.emplace(features::Transform::Fit(dataset_.schema().features, parts), std::move(sums),
                    dataset_.schema().catalogue.size());
  }

  // Calls `use` with each regression and decision that counts, person by person.
  void EachDecision(const std::function<void(Regressions&, int fold)>& use,
                    const std::function<void()>& close_person) {
    for (int p = 0; p < partitions_; ++p) {
      const JourneyTable table = reader_.Read(p);
      std::vector<int64_t> journeys(static_cast<size_t>(table.journey_count()));
      std::iota(journeys.begin(), journeys.end(), 0);
      std::stable_sort(journeys.begin(), journeys.end(), [&](int64_t a, int64_t b) {
        return table.persons[static_cast<size_t>(a)] < table.persons[static_cast<size_t>(b)];
      });
      for (size_t i = 0; i < journeys.size(); ++i) {
        const auto j = static_cast<size_t>(journeys[i]);
        const int fold = PeopleFilter::FoldOf(table.persons[j], config_.folds);
        EachOfJourney(table, table.offsets[j], table.offsets[j + 1], fold, use);
        const bool last = i + 1 == journeys.size() ||
                          table.persons[static_cast<size_t>(journeys[i + 1])] != table.persons[j];
        if (last) close_person();
      }
    }
  }

  void EachOfJourney(const JourneyTable& table, int64_t begin, int64_t end, int fold,
                     const std::function<void(Regressions&, int fold)>& use) {
    for (int64_t row = begin + 1; row < end; ++row) {
      design_->Fill(table, row, outcomes_->predictors());
      const auto metrics = table.Metrics(row);
      std::copy(metrics.begin(), metrics.end(), outcomes_->targets().begin());
      use(*outcomes_, fold);
      if (row + 1 == end) break;
      const auto predictors = outcomes_->predictors();
      std::copy(predictors.begin(), predictors.end(), next_->predictors().begin());
      design_->FillState(table, row + 1, next_->targets());
      use(*next_, fold);
    }
  }

  void AddTargets(StateSufficiency& result) const {
    const auto& schema = dataset_.schema();
    const auto add = [&](const Regressions& from, size_t t, const std::string& name) {
      if (const auto target = from.Target(t, name, config_)) result.targets.push_back(*target);
    };
    for (size_t m = 0; m < schema.metrics.size(); ++m) add(*outcomes_, m, schema.metrics[m]);
    for (size_t f = 0; f < design_->continuous().size(); ++f) {
      const auto column = static_cast<size_t>(design_->continuous()[f]);
      add(*next_, f, "next " + schema.features.columns[column].name);
    }
    if (result.targets.empty()) {
      result.not_asked = "state and action explain every metric and feature";
    }
  }

  const storage::Dataset& dataset_;
  const StateSufficiencyConfig& config_;
  const JourneyReader reader_;
  int partitions_ = 0;  // that are read
  int64_t people_ = 0;  // in them, who have a journey of several decisions
  std::optional<Design> design_;
  std::optional<Regressions> outcomes_, next_;
};

void CheckRange(const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw core::Error(core::ExitCode::kConfig,
                    StrCat("state sufficiency: ", name, " is ", value, "; it must lie in ", least,
                           " to ", most, "."));
}

}  // namespace

void StateSufficiencyConfig::Validate() const {
  constexpr double kMost = 1e15;
  CheckRange("folds", folds, 2, 256);
  CheckRange("ridge", ridge, 1e-12, kMost);
  CheckRange("threshold", threshold, 0, 1);
  CheckRange("confidence", confidence, 0.5, 0.999999);
  CheckRange("least_people", static_cast<double>(least_people), 2, kMost);
  CheckRange("enough_people", static_cast<double>(enough_people), 2, kMost);
  CheckRange("most_columns", static_cast<double>(most_columns), 1, 4096);
}

bool StateSufficiency::found() const {
  return std::any_of(targets.begin(), targets.end(),
                     [](const SufficiencyTarget& target) { return target.found; });
}

std::string StateSufficiency::ToJson() const {
  using Json = nlohmann::ordered_json;
  Json json{{"state_not_sufficient", found()},
            {"threshold", threshold},
            {"confidence", confidence},
            {"not_asked", not_asked},
            {"targets", Json::array()}};
  for (const SufficiencyTarget& target : targets) {
    json["targets"].push_back({{"name", target.name},
                               {"people", target.people},
                               {"decisions", target.decisions},
                               {"partial_r2", target.partial_r2},
                               {"standard_error", target.standard_error},
                               {"lower", target.lower},
                               {"upper", target.upper},
                               {"found", target.found}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string StateSufficiency::ToText() const {
  if (targets.empty()) return StrCat("State: not asked, since ", not_asked, ".\n");
  const std::string share = StrCat(100 * threshold, " % of what state and action leave open");
  if (!found()) return StrCat("State: the decision before explains no more than ", share, ".\n");
  std::string text =
      StrCat("state_not_sufficient: the decision before explains more than ", share, ":\n");
  for (const SufficiencyTarget& target : targets) {
    if (!target.found) continue;
    text += StrCat("  ", target.name, ": ", Figure(100 * target.partial_r2), " % (",
                   Figure(100 * target.lower), " to ", Figure(100 * target.upper), " %)\n");
  }
  return text + "  Add features of the person's past: earlier actions, outcomes, windows of events.\n";
}

StateSufficiency JudgeStateSufficiency(const storage::Dataset& dataset,
                                       const StateSufficiencyConfig& config) {
  config.Validate();
  return SufficiencyJudge(dataset, config).Run();
}

}  // namespace journeyman::evaluation
