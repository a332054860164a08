#include "journey/profile.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_map>
#include <utility>

#include "core/check.h"
#include "core/strings.h"
#include "journey/dataset_identity.h"
#include "journey/import_session.h"
#include "journey/mapping.h"
#include "journey/value_counts.h"

namespace journeyman::journey {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Mean and sum of squared deviations of independent terms, one added at a time (Welford 1962).
struct Moments {
  int64_t count = 0;
  double mean = 0;
  double squares = 0;

  void Add(double value) {
    ++count;
    const double before = value - mean;
    mean += before / static_cast<double>(count);
    squares += before * (value - mean);
  }
  double Variance() const { return count > 1 ? squares / static_cast<double>(count - 1) : 0; }
};

// What is known of one action over all decisions.
struct ActionSums {
  int64_t taken = 0;
  int64_t possible = 0;
  int64_t drawable = 0;  // decisions; without a distribution
  double expected = 0;   // sum of probabilities, or of weights
  double independent_variance = 0;
  Moments differences;  // of a person: taken less expected, or weights less possible
};

struct MetricSums {
  ValueCounts values;
  Moments rows;
  Moments people;
  int64_t people_with = 0;
  std::vector<std::pair<double, double>> range_by_action;  // least above greatest: never taken
};

}  // namespace

class Profiler::Sums {
 public:
  Sums(const storage::DatasetSchema& schema, const storage::SplitRule& split)
      : schema_(schema),
        split_(split),
        actions_(static_cast<size_t>(schema.catalogue.size())),
        metrics_(schema.metrics.size()),
        missing_(static_cast<size_t>(schema.features.width()), 0) {
    for (MetricSums& metric : metrics_) {
      metric.range_by_action.assign(actions_.size(), {INFINITY, -INFINITY});
    }
    profile_.propensed = schema.propensed;
    profile_.has_distribution = schema.has_distribution;
  }

  void Add(const storage::JourneyTable& table) {
    JOURNEYMAN_CHECK(table.actions == std::ssize(actions_) &&
                         table.metrics == std::ssize(metrics_) &&
                         table.features == std::ssize(missing_),
                     "a table of another schema");
    profile_.rows += table.rows();
    profile_.journeys += table.journey_count();
    // One person's journeys may lie apart: the order is that of journeys.
    std::unordered_map<uint64_t, std::vector<int64_t>> journeys_of;
    std::vector<uint64_t> people;
    for (int64_t j = 0; j < table.journey_count(); ++j) {
      auto& journeys = journeys_of[table.persons[static_cast<size_t>(j)]];
      if (journeys.empty()) people.push_back(table.persons[static_cast<size_t>(j)]);
      journeys.push_back(j);
      ++profile_.lengths[table.offsets[static_cast<size_t>(j) + 1] -
                         table.offsets[static_cast<size_t>(j)]];
    }
    for (const uint64_t person : people) AddPerson(table, person, journeys_of.at(person));
  }

  Profile Finish() const {
    Profile profile = profile_;
    // Tables without a time column give every decision the time 0.
    if (profile.first_us == 0 && profile.last_us == 0) {
      profile.first_us.reset();
      profile.last_us.reset();
    }
    if (drawn_or_not_ > 0) profile.mean_inverse = inverses_ / static_cast<double>(drawn_or_not_);
    for (size_t a = 0; a < actions_.size(); ++a) profile.actions.push_back(Action(a));
    for (size_t m = 0; m < metrics_.size(); ++m) profile.metrics.push_back(Metric(m));
    for (size_t f = 0; f < missing_.size(); ++f) {
      profile.features.push_back({.name = schema_.features.columns[f].name,
                                  .missing_share = Share(missing_[f])});
    }
    return profile;
  }

 private:
  void AddPerson(const storage::JourneyTable& table, uint64_t person,
                 const std::vector<int64_t>& journeys) {
    ++profile_.people;
    if (split_.HeldOut(person)) ++profile_.heldout_people;
    std::vector<double> differences(actions_.size(), 0);
    std::vector<double> sums(metrics_.size(), 0);
    std::vector<bool> with(metrics_.size(), false);
    for (const int64_t j : journeys) {
      const int64_t end = table.offsets[static_cast<size_t>(j) + 1];
      for (int64_t row = table.offsets[static_cast<size_t>(j)]; row < end; ++row) {
        AddDecision(table, row);
        AddChoice(table, row, differences);
        AddMetrics(table, row, sums, with);
      }
    }
    for (size_t a = 0; a < actions_.size(); ++a) actions_[a].differences.Add(differences[a]);
    for (size_t m = 0; m < metrics_.size(); ++m) {
      metrics_[m].people.Add(sums[m]);
      if (with[m]) ++metrics_[m].people_with;
    }
  }

  void AddDecision(const storage::JourneyTable& table, int64_t row) {
    const int64_t time_us = table.time_us[static_cast<size_t>(row)];
    profile_.first_us = std::min(profile_.first_us.value_or(time_us), time_us);
    profile_.last_us = std::max(profile_.last_us.value_or(time_us), time_us);
    const auto observation = table.Observation(row);
    for (size_t f = 0; f < missing_.size(); ++f) {
      if (std::isnan(observation[f])) ++missing_[f];
    }
  }

  // `differences`: [actions], of the person.
  void AddChoice(const storage::JourneyTable& table, int64_t row, std::vector<double>& differences) {
    const auto taken = static_cast<size_t>(table.action[static_cast<size_t>(row)]);
    ++actions_[taken].taken;
    const auto possible = table.Possible(row);
    int64_t could = 0;
    for (size_t a = 0; a < actions_.size(); ++a) {
      actions_[a].possible += possible[a];
      could += possible[a];
    }
    if (!schema_.propensed) return;
    const double propensity = table.propensity[static_cast<size_t>(row)];
    profile_.propensity_min = std::fmin(profile_.propensity_min, propensity);
    profile_.propensity_max = std::fmax(profile_.propensity_max, propensity);
    if (propensity < 1) ++profile_.drawn_rows;
    ++drawn_or_not_;
    if (table.has_distribution) {
      AddDistribution({table.action_probabilities.data() + row * table.actions, actions_.size()},
                      taken, differences);
      return;
    }
    // Sure decisions had no other action that could be drawn, whatever was possible.
    const double weight = 1 / propensity;
    inverses_ += propensity < 1 ? weight * weight / static_cast<double>(could) : 1;
    for (size_t a = 0; a < actions_.size(); ++a) {
      const bool could_be_drawn = propensity < 1 ? possible[a] == 1 : a == taken;
      if (could_be_drawn) AddWeight(a, a == taken ? weight : 0, differences[a]);
    }
  }

  void AddDistribution(std::span<const float> probabilities, size_t taken,
                       std::vector<double>& differences) {
    double inverses = 0;
    int64_t drawable = 0;
    for (size_t a = 0; a < actions_.size(); ++a) {
      const double probability = probabilities[a];
      actions_[a].expected += probability;
      actions_[a].independent_variance += probability * (1 - probability);
      differences[a] += (a == taken ? 1 : 0) - probability;
      if (!(probability > 0)) continue;
      inverses += 1 / probability;
      ++drawable;
    }
    inverses_ += drawable == 0 ? 1 : inverses / static_cast<double>(drawable);
  }

  void AddWeight(size_t action, double weight, double& difference) {
    ActionSums& sums = actions_[action];
    ++sums.drawable;
    sums.expected += weight;
    if (weight > 0) sums.independent_variance += weight * (weight - 1);
    difference += weight - 1;
  }

  // `sums`, `with`: [metrics], of the person.
  void AddMetrics(const storage::JourneyTable& table, int64_t row, std::vector<double>& sums,
                  std::vector<bool>& with) {
    const auto values = table.Metrics(row);
    const auto action = static_cast<size_t>(table.action[static_cast<size_t>(row)]);
    for (size_t m = 0; m < metrics_.size(); ++m) {
      MetricSums& metric = metrics_[m];
      metric.values.Add(values[m]);
      metric.rows.Add(values[m]);
      auto& [least, greatest] = metric.range_by_action[action];
      least = std::min(least, values[m]);
      greatest = std::max(greatest, values[m]);
      sums[m] += values[m];
      if (values[m] != 0) with[m] = true;
    }
  }

  double Share(int64_t count) const {
    return profile_.rows == 0 ? 0
                              : static_cast<double>(count) / static_cast<double>(profile_.rows);
  }

  ActionProfile Action(size_t a) const {
    const ActionSums& sums = actions_[a];
    ActionProfile action{.name = schema_.catalogue.actions[a].name,
                         .taken = sums.taken,
                         .possible = sums.possible,
                         .share = Share(sums.taken)};
    if (!schema_.propensed || profile_.rows == 0) return action;
    if (schema_.has_distribution) {
      action.expected_share = sums.expected / static_cast<double>(profile_.rows);
    } else if (sums.drawable > 0) {
      action.mean_weight = sums.expected / static_cast<double>(sums.drawable);
    }
    if (!schema_.has_distribution && sums.taken == 0) return action;
    const auto people = static_cast<double>(profile_.people);
    const double difference = sums.differences.mean * people;
    const double variance =
        std::max(sums.differences.Variance() * people, sums.independent_variance);
    // Where nothing was left to chance, rounded probabilities are no difference.
    constexpr double kRounding = 1e-6;
    if (std::abs(difference) <= kRounding * static_cast<double>(profile_.rows)) {
      action.z = variance > 0 ? difference / std::sqrt(variance) : 0;
    } else {
      action.z = difference / std::sqrt(variance);
    }
    return action;
  }

  MetricProfile Metric(size_t m) const {
    const MetricSums& sums = metrics_[m];
    MetricProfile metric{.name = schema_.metrics[m],
                         .mean = profile_.rows == 0 ? kNaN : sums.rows.mean,
                         .quantile_error = sums.values.RelativeError(),
                         .people_with = sums.people_with,
                         .person_mean = profile_.people == 0 ? kNaN : sums.people.mean,
                         .person_deviation = std::sqrt(sums.people.Variance())};
    const auto quantiles =
        sums.values.Quantiles({kProfileQuantiles.begin(), kProfileQuantiles.end()});
    std::copy(quantiles.begin(), quantiles.end(), metric.quantiles.begin());
    metric.varies = std::any_of(sums.range_by_action.begin(), sums.range_by_action.end(),
                                [](const auto& range) { return range.first < range.second; });
    return metric;
  }

  const storage::DatasetSchema schema_;
  const storage::SplitRule split_;
  Profile profile_;
  std::vector<ActionSums> actions_;
  std::vector<MetricSums> metrics_;
  std::vector<int64_t> missing_;  // [features]
  double inverses_ = 0;
  int64_t drawn_or_not_ = 0;  // decisions with a propensity
};

Profiler::Profiler(const storage::DatasetSchema& schema, const storage::SplitRule& split)
    : sums_(std::make_unique<Sums>(schema, split)) {}

Profiler::~Profiler() = default;

void Profiler::Add(const storage::JourneyTable& table) { sums_->Add(table); }

Profile Profiler::Finish() const { return sums_->Finish(); }

namespace {

// By reason, from rejects.jsonl of the dataset.
std::map<std::string, int64_t> RejectsOf(core::FileSystem& files,
                                         const std::filesystem::path& dataset) {
  std::map<std::string, int64_t> rejects;
  const auto path = dataset / "rejects.jsonl";
  if (!files.Exists(path)) return rejects;
  for (const std::string& line : core::Split(files.ReadText(path), '\n')) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const auto reason = json.is_object() ? json.find("reason") : json.end();
    if (json.is_object() && reason != json.end() && reason->is_string()) {
      ++rejects[reason->get<std::string>()];
    }
  }
  return rejects;
}

// What the report of an import knows and its decisions do not say.
void AddReport(const ImportReport& report, Profile& profile) {
  for (const auto& [reason, count] : report.rejects) profile.rejects[Name(reason)] = count;
  for (const ImportReport::Kind& kind : report.kinds) {
    profile.events.push_back({.name = kind.name,
                              .counts = {.accepted = kind.counts.accepted,
                                         .duplicates = kind.counts.duplicates,
                                         .late = kind.counts.late,
                                         .orphans = kind.counts.outcomes.orphans}});
  }
  profile.open_decisions = report.open_decisions;
  profile.watermark_us = report.watermark_us;
}

}  // namespace

Profile ProfileOf(core::FileSystem& files, const storage::Dataset& dataset) {
  Profiler profiler(dataset.schema(), dataset.split());
  for (int p = 0; p < dataset.split().partitions; ++p) profiler.Add(dataset.ReadPartition(p));
  Profile profile = profiler.Finish();
  profile.rejects = RejectsOf(files, dataset.directory());
  const storage::DatasetManifest& manifest = dataset.manifest();
  for (const storage::EventKind& kind : dataset.schema().events) {
    EventProfile event{.name = kind.name, .counts = {}};
    for (const storage::Generation& generation : manifest.generations) {
      const auto counts = generation.event_counts.find(kind.name);
      if (counts == generation.event_counts.end()) continue;
      event.counts.accepted += counts->second.accepted;
      event.counts.duplicates += counts->second.duplicates;
      event.counts.late += counts->second.late;
      event.counts.orphans += counts->second.orphans;
    }
    profile.events.push_back(std::move(event));
  }
  if (!manifest.generations.empty()) {
    profile.open_decisions = manifest.generations.back().open_decisions();
  }
  profile.watermark_us = manifest.watermark_us();
  return profile;
}

ProfiledImport ImportAndProfile(core::FileSystem& files, ImportOptions options,
                                cluster::Communicator& world) {
  ProfiledImport result;
  if (!options.dry_run) {
    result.report = Import(files, options, world);
    if (world.rank() == 0) {
      result.profile = ProfileOf(files, storage::Dataset::Open(files, options.dataset));
    }
    return result;
  }
  std::vector<std::string> notes;
  const Mapping mapping =
      CloseFeatures(files, options, ReadMapping(files, options.mapping), world, notes);
  Profiler profiler(SchemaOf(mapping), mapping.split);
  options.observe = [&](const storage::JourneyTable& decisions) { profiler.Add(decisions); };
  result.report = Import(files, options, world);
  if (world.rank() != 0) return result;
  result.profile = profiler.Finish();
  AddReport(result.report, *result.profile);
  return result;
}

}  // namespace journeyman::journey
