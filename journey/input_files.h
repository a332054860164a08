#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace journeyman::journey {

struct InputFile {
  std::filesystem::path path;
  std::string name;  // in rejects and messages: its file name, or its path where two have one name
};

// Files and the matches of globs (*, ?, [...]), relative to `base`, in the order given; the matches
// of one glob in byte order; a file that is named twice once. Throws Error(kMissingInput) for
// a file that is not there, a glob without a match, and for no pattern at all.
std::vector<InputFile> ResolveInputs(const std::vector<std::string>& patterns,
                                     const std::filesystem::path& base);

// XXH3 of the contents, independent of names and order, and of `salt`. Throws Error(kIo).
uint64_t ContentHash(const std::vector<InputFile>& inputs, const std::string& salt);

}  // namespace journeyman::journey
