#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "journey/input_files.h"
#include "journey/mapping.h"

namespace journeyman::journey {

// The files of several sources, each once.
struct ImportSources {
  std::vector<InputFile> files;           // in the order of the sources
  std::vector<std::vector<int>> readers;  // [files] indices of the sources that read the file
};

// Resolves the inputs of all sources, relative to `base`. Throws Error(kMissingInput) as
// ResolveInputs.
ImportSources ResolveSources(const std::vector<MappedSource>& sources,
                             const std::filesystem::path& base);

}  // namespace journeyman::journey
