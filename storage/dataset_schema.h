#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature_spec.h"
#include "storage/action_catalogue.h"
#include "storage/event_table.h"

namespace journeyman::storage {

// What all generations of a dataset share; fixed when it is created.
struct DatasetSchema {
  ActionCatalogue catalogue;
  features::FeatureSpec features;
  std::vector<std::string> metrics;  // names, in column order
  std::vector<EventKind> events;     // kept for later imports; none where rows come complete
  int horizon = 0;                   // decisions per journey; 0 = not declared
  bool propensed = true;             // false: no propensities in the log
  bool has_distribution = false;     // whole logged distribution in the log

  bool operator==(const DatasetSchema&) const = default;
  // Catalogue and features are valid, at least one metric, names unique, at most 256 kinds of
  // events of at most 256 values each, a distribution only in a propensed dataset. Throws
  // core::Error(kBadData).
  void Validate() const;
  int MetricIndex(std::string_view name) const;  // -1 where unknown
  int EventIndex(std::string_view name) const;   // -1 where unknown
  std::string ToJson() const;  // without `events` where there are none
  static DatasetSchema FromJson(std::string_view json);
  uint64_t Hash() const;
};

// How people are split; fixed at creation (data_model.md, "Hold-out").
struct SplitRule {
  int partitions = 64;         // power of two, at most 4,096
  double holdout_share = 0.3;  // of people
  int folds = 5;               // over all people, by the "fold" salt

  bool operator==(const SplitRule&) const = default;
  // Partitions as above, 0 <= holdout_share < 1, 1 to 256 folds. Throws
  // core::Error(kBadData).
  void Validate() const;
  int PartitionOf(uint64_t person) const;
  // hash / 2^64 < holdout_share, compared exactly.
  bool HeldOut(uint64_t person) const;
  int FoldOf(uint64_t person) const;
  // "64 partitions, 0.3 held out, 5 folds": equal texts are equal rules.
  std::string Describe() const;
};

}  // namespace journeyman::storage
