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

// XXH3 of the bytes of one file. Throws Error(kIo).
uint64_t HashOfFile(const std::filesystem::path& path);

// Of the hashes of files, independent of their order, and of `salt`.
uint64_t ContentHash(std::vector<uint64_t> hashes, const std::string& salt);
// Independent of the files' names. Throws Error(kIo).
uint64_t ContentHash(const std::vector<InputFile>& inputs, const std::string& salt);

}  // namespace journeyman::journey
