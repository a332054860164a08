#pragma once

#include "core/file_system.h"
#include "journey/import.h"
#include "journey/mapping.h"

namespace journeyman::journey {

// What files with the rows of Optimus mean (docs/formats/optimus.md). Reads them once, for the number
// of actions and the kinds of features, of which the dataset's go first where there is one. The
// categories of an enum stay open. Throws
// Error(kMissingInput), Error(kIo), and Error(kBadData) for columns that are not in order, files that
// differ in their columns, several actions in a row (multi-discrete) and states in a list; kConfig for
// two files of one name.
Mapping ReadOptimus(core::FileSystem& files, const ImportOptions& options);

}  // namespace journeyman::journey
