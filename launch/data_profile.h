#pragma once

#include <optional>
#include <string>

#include "evaluation/state_sufficiency.h"
#include "journey/profile.h"
#include "journey/readiness.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// What a team sees before it trusts its data (docs/readiness.md): `import --profile` and
// `inspect --profile`.
struct DataProfile {
  journey::Profile profile;
  // Nothing where there is no dataset to read again: a dry run.
  std::optional<evaluation::StateSufficiency> state;
  journey::Readiness readiness;

  std::string ToText() const;
  std::string ToJson() const;  // an object, indented
};

// Judges a profile with the default thresholds. `dataset`: that it is of; null for a dry run. Blocks
// for the disk; throws core::Error(kBadData) on a damaged shard.
DataProfile JudgeData(journey::Profile profile, const storage::Dataset* dataset);

}  // namespace journeyman::launch
