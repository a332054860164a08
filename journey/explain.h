#pragma once

#include <string>

#include "core/file_system.h"
#include "journey/import.h"

namespace journeyman::journey {

// The plan of an import in words, for a person who wrote a mapping and wants to know whether it says
// what was meant: which files and rows are read as what, what a decision is, what each metric and
// feature is made of, when a decision is final, and what is stored. Reads the mapping alone and
// looks which files its inputs name; opens none of them, nor a dataset. Inputs that are not there
// are said so in the text instead of being an error.
//
// The text is stable (tests/golden/starbucks_plan.txt): it depends on the mapping and on the names
// of the files found. Of `options`, it uses mapping, inputs and base. Throws Error as ReadMapping.
std::string Explain(core::FileSystem& files, const ImportOptions& options);

}  // namespace journeyman::journey
