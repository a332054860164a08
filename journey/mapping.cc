#include "journey/mapping.h"

#include <cmath>
#include <functional>
#include <unordered_set>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

[[noreturn]] void Refuse(const std::string& message, const std::string& hint) {
  throw core::Error(core::ExitCode::kConfig, message, hint);
}

// Throws where a name is empty or occurs twice.
template <class Item>
void CheckNames(const std::vector<Item>& items, const std::string& what,
                const std::function<std::string(const Item&)>& name_of) {
  std::unordered_set<std::string> seen;
  for (const Item& item : items) {
    const std::string name = name_of(item);
    if (name.empty()) Refuse(core::StrCat(what, ": one is empty."), "Give each one a name.");
    if (!seen.insert(name).second) {
      Refuse(core::StrCat(what, ": \"", name, "\" occurs twice."), "Rename one of them.");
    }
  }
}

void CheckCatalogue(const Mapping& mapping) {
  constexpr size_t kMostActions = 65'536;
  const size_t size = mapping.actions.size();
  if (size < 2 || size > kMostActions) {
    Refuse(core::StrCat("catalogue.actions has ", size, " entries; 2 to ", kMostActions,
                        " are possible."),
           "List every action that the tables hold, with \"no action\" first where there is one.");
  }
  CheckNames<MappedAction>(mapping.actions, "catalogue.actions: names",
                           [](const MappedAction& action) { return action.name; });
  CheckNames<MappedAction>(mapping.actions, "catalogue.actions: values",
                           [](const MappedAction& action) { return action.value; });
  for (const MappedAction& action : mapping.actions) {
    if (std::isfinite(action.cost)) continue;
    Refuse(core::StrCat("catalogue.actions: the cost of \"", action.name, "\" is not finite."),
           "Give a number in the unit of the reward.");
  }
}

void CheckIdentity(const Mapping& mapping) {
  if (mapping.row_is_journey) {
    if (mapping.person.empty() && mapping.sequence.empty() && mapping.decision_id.empty()) return;
    Refuse(
        "\"journey\": \"row\" makes every row a person of its own, but person, sequence or "
        "decision_id is mapped too.",
        "Remove one of them, or write {\"column\": \"row\"} for a column called row.");
  }
  if (mapping.person.empty()) {
    Refuse(
        "person is missing.",
        "Name the column with the person's id, or set \"journey\": \"row\" where there is none.");
  }
}

void CheckPropensity(const Mapping& mapping) {
  const MappedPropensity& propensity = mapping.propensity;
  if (propensity.source == MappedPropensity::Source::kConstant &&
      !(propensity.constant > 0 && propensity.constant <= 1)) {
    Refuse(core::StrCat("propensity is ", propensity.constant, "; it must lie in (0, 1]."),
           "Leave it out where the log has no propensities.");
  }
  if (propensity.source != MappedPropensity::Source::kPerAction) return;
  double sum = 0;
  for (const double value : propensity.per_action) {
    if (!(value >= 0 && value <= 1)) {
      Refuse(core::StrCat("propensity.per_action holds ", value, "; each must lie in [0, 1]."), "");
    }
    sum += value;
  }
  if (propensity.per_action.size() != mapping.actions.size() || !(std::abs(sum - 1) <= 1e-6)) {
    Refuse(core::StrCat("propensity.per_action adds up to ", sum, " over ",
                        propensity.per_action.size(), " of ", mapping.actions.size(),
                        " actions; it must be 1 over all of them."),
           "Give the probability of each action; 0 for one that was never offered.");
  }
}

void CheckBuckets(const MappedFeature& feature) {
  constexpr int64_t kMost = features::FeatureColumn::kMostBuckets;
  if (feature.kind == features::FeatureKind::kHashed) {
    if (feature.buckets >= 2 && feature.buckets <= kMost) return;
    Refuse(core::StrCat("features: \"", feature.name, "\" has ", feature.buckets, " buckets; 2 to ",
                        kMost, " are possible."),
           "Leave them out for the default.");
  }
  if (feature.buckets == 0) return;
  Refuse(core::StrCat("features: \"", feature.name, "\" has buckets but is not hashed."),
         "Set \"kind\": \"hashed\".");
}

void CheckFeatures(const Mapping& mapping) {
  CheckNames<MappedFeature>(mapping.features, "features: names",
                            [](const MappedFeature& feature) { return feature.name; });
  if (mapping.features.empty() && mapping.horizon == 0) {
    Refuse("features is empty.", "Name at least one column that describes the person.");
  }
  for (const MappedFeature& feature : mapping.features) {
    if (feature.kind != features::FeatureKind::kEnum && !feature.categories.empty()) {
      Refuse(core::StrCat("features: \"", feature.name, "\" has categories but is no enum."),
             "Set \"kind\": \"enum\".");
    }
    CheckBuckets(feature);
    CheckNames<std::string>(feature.categories,
                            core::StrCat("features: categories of \"", feature.name, "\""),
                            [](const std::string& category) { return category; });
    if (mapping.horizon > 0 && feature.name == Mapping::kDecisionsLeft) {
      Refuse(core::StrCat("features: \"", feature.name, "\" is appended by the horizon."),
             "Rename the feature, or leave it out.");
    }
  }
}

}  // namespace

bool Mapping::has_distribution() const {
  if (distribution.mapped()) return true;
  if (possible.source != MappedPossible::Source::kAll) return false;
  if (propensity.source == MappedPropensity::Source::kPerAction) return true;
  return propensity.source == MappedPropensity::Source::kConstant &&
         std::abs(propensity.constant * static_cast<double>(actions.size()) - 1) <= 1e-6;
}

bool Mapping::propensed() const {
  return propensity.source != MappedPropensity::Source::kNone || distribution.mapped();
}

void Mapping::Validate() const {
  CheckCatalogue(*this);
  CheckIdentity(*this);
  if (action.empty()) Refuse("action is missing.", "Name the column with the action taken.");
  CheckPropensity(*this);
  CheckNames<MappedMetric>(metrics, "metrics: names",
                           [](const MappedMetric& metric) { return metric.name; });
  if (metrics.empty()) Refuse("metrics is empty.", "Name at least one outcome column.");
  constexpr int kLongestHorizon = 1'000'000;
  if (horizon < 0 || horizon > kLongestHorizon) {
    Refuse(core::StrCat("horizon is ", horizon, "; it must lie in 0 to ", kLongestHorizon, "."),
           "Leave it out where journeys have no fixed length.");
  }
  CheckFeatures(*this);
  split.Validate();
}

Mapping ReadMapping(core::FileSystem& files, const std::filesystem::path& path) {
  return ParseMapping(files.ReadText(path), path.native());
}

}  // namespace journeyman::journey
