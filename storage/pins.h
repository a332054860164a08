#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset.h"

namespace journeyman::storage {

enum class PinKind {
  kRun,     // a run directory: it reads the data again when it is resumed
  kBundle,  // a bundle that was trained on the data: it does not read them any more
};
const char* Name(PinKind kind);

// `pins/<name>-<hash of the path>.json` in a dataset: somebody has learned from its data. Runs and
// bundles write it before they exist, so that no version that a run may still read is dropped, and
// that what has learned from a person can be revoked.
struct Pin {
  std::string name;                // of the run or bundle, for people
  PinKind kind = PinKind::kRun;
  std::filesystem::path artifact;  // absolute path of its directory
  uint64_t content_hash = 0;       // of the data (Dataset::ContentHash)
  int generations = 0;             // the first so many
  std::string people;              // filter of the people that it learned from

  bool operator==(const Pin&) const = default;
  std::string ToJson() const;
  // Throws core::Error(kBadData).
  static Pin FromJson(std::string_view json);
};

// The name of a directory and its absolute path, without "." and "..".
Pin PinOf(PinKind kind, const std::filesystem::path& artifact);

// Durable when it returns; replaces a pin of the same artifact. Throws kIo where the dataset cannot
// be written: an administrator may make `pins/` writable in a dataset that is not.
void WritePin(core::FileSystem& files, const std::filesystem::path& dataset, const Pin& pin);

// All pins, by name of their files. Throws kBadData naming a file that does not parse.
std::vector<Pin> ReadPins(core::FileSystem& files, const std::filesystem::path& dataset);

// The artifact's directory is gone: the pin holds nothing any more.
bool IsStale(core::FileSystem& files, const Pin& pin);

// The version whose files the pin needs: where FindContent finds its data. Nothing for bundles, for
// stale pins, and where no version has the data any more.
std::optional<int> VersionNeeded(core::FileSystem& files, const Dataset& dataset, const Pin& pin);

}  // namespace journeyman::storage
