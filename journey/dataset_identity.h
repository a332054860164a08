#pragma once

#include <string>
#include <vector>

#include "journey/mapping.h"
#include "storage/dataset.h"

namespace journeyman::journey {

// A new dataset's key. Throws Error(kIo).
storage::DatasetKey RandomKey();

// The schema of a dataset that is imported by `mapping`; `categories` has an entry for each mapped
// feature, empty where it is no enum.
storage::DatasetSchema SchemaOf(const Mapping& mapping,
                                const std::vector<std::vector<std::string>>& categories);

// Throws Error(kBadData) naming the first difference between the dataset and what would be imported
// into it by the mapping called `mapping_name`.
void CheckSameSchema(const storage::Dataset& dataset, const storage::DatasetSchema& schema,
                     const storage::SplitRule& split, const std::string& mapping_name);

}  // namespace journeyman::journey
