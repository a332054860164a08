#include "journey/input_files.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/io_error.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

// Sorted; empty where nothing matches.
std::vector<std::filesystem::path> Matches(const std::filesystem::path& pattern) {
  if (std::filesystem::exists(pattern)) return {pattern};
  glob_t found{};
  std::vector<std::filesystem::path> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<InputFile> ResolveInputs(const std::vector<std::string>& patterns,
                                     const std::filesystem::path& base) {
  if (patterns.empty()) {
    throw core::Error(core::ExitCode::kMissingInput, "there are no input files.",
                      "Name them under \"inputs\" in the mapping, or on the command line.");
  }
  std::vector<InputFile> inputs;
  std::set<std::filesystem::path> seen;
  std::map<std::string, int> times;
  for (const std::string& pattern : patterns) {
    const auto paths = Matches(base / pattern);
    if (paths.empty()) {
      throw core::Error(core::ExitCode::kMissingInput,
                        core::StrCat("no input file matches ", base / pattern, "."),
                        "Inputs in a mapping are relative to the mapping file.");
    }
    for (const auto& path : paths) {
      if (!seen.insert(std::filesystem::weakly_canonical(path)).second) continue;
      inputs.push_back({path, path.filename().native()});
      ++times[inputs.back().name];
    }
  }
  for (InputFile& input : inputs) {
    if (times[input.name] > 1) input.name = input.path.lexically_normal().native();
  }
  return inputs;
}

uint64_t HashOfFile(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) core::ThrowReadError("open", path, errno);
  core::Xxh3Hasher hasher;
  std::vector<std::byte> buffer(size_t{1} << 20);
  while (const size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    hasher.Update(std::span(buffer).first(size));
  }
  if (std::ferror(file.get()) != 0) core::ThrowReadError("read", path, errno);
  return hasher.Digest();
}

uint64_t ContentHash(std::vector<uint64_t> hashes, const std::string& salt) {
  std::sort(hashes.begin(), hashes.end());
  std::string text = salt;
  for (const uint64_t hash : hashes) text += "\n" + core::Hex64(hash);
  return core::Xxh3(text);
}

uint64_t ContentHash(const std::vector<InputFile>& inputs, const std::string& salt) {
  std::vector<uint64_t> hashes;
  for (const InputFile& input : inputs) hashes.push_back(HashOfFile(input.path));
  return ContentHash(std::move(hashes), salt);
}

}  // namespace journeyman::journey
