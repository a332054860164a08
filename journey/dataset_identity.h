#pragma once

#include <string>
#include <vector>

#include "journey/mapping.h"
#include "storage/dataset.h"

namespace journeyman::journey {

// A new dataset's key. Throws Error(kIo).
storage::DatasetKey RandomKey();

// The kinds of event of a mapping; the profile, where there is one, is the last.
std::vector<storage::EventKind> KindsOf(const Mapping& mapping);

// The schema of a dataset that is imported by `mapping`, whose features are all closed.
storage::DatasetSchema SchemaOf(const Mapping& mapping);

// Throws Error(kBadData) naming the first difference between the dataset and what would be imported
// into it by the mapping called `mapping_name`.
void CheckSameSchema(const storage::Dataset& dataset, const storage::DatasetSchema& schema,
                     const storage::SplitRule& split, const std::string& mapping_name);

}  // namespace journeyman::journey
