#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset.h"
#include "storage/pins.h"

namespace journeyman::storage {

// `receipts/<hashed person>.json` in a dataset: what was removed so that a person is forgotten.
// Never names the raw id.
struct ForgetReceipt {
  // What was trained on the person and can no longer be loaded.
  struct Revoked {
    PinKind kind = PinKind::kRun;
    std::string path;
    bool gone = false;  // its directory was not there any more

    bool operator==(const Revoked&) const = default;
  };

  uint64_t person = 0;
  int64_t time_us = 0;     // when it was asked for
  bool complete = false;   // false: a crash came in between; asking again completes it
  int64_t decisions = 0;   // closed ones of the newest version
  int64_t open_decisions = 0;
  int64_t events = 0;
  int version = 0;             // the version without the person
  std::vector<int> versions;   // that had the person, ascending: none of them has any more
  std::vector<std::string> files;  // removed, since they held the person
  std::vector<Revoked> revoked;

  std::string ToJson() const;
  // Throws core::Error(kBadData).
  static ForgetReceipt FromJson(std::string_view json);
};

struct ForgetRequest {
  std::vector<uint64_t> people;  // hashed under the dataset's key
  int64_t time_us = 0;           // for the receipts
  bool dry_run = false;          // only say what would be done
  // Whether a pin's `people` filter lets the person through.
  std::function<bool(const std::string& people, uint64_t person)> learns_from;
};

// Removes people from all versions of a dataset, and what has learned from them. One receipt for
// each, in the order of the request; one for who was forgotten before is the one of then.
//
// In this order, so that a crash at any point leaves a dataset that opens, and asking again leads
// to the same end: files without the people are written; receipts that are not complete say what
// will be done; checkpoints and bundles are revoked (storage/revocation.h); the manifest with the
// new version and the longer list of forgotten people replaces the old one; the old files are
// removed; the receipts are completed. Former versions stay for the runs whose data did not have
// the people: their content hash is as it was.
//
// A pin counts as trained on a person where its data have a closed decision of the person whom
// its filter lets through. Where no version has its data any more it counts as if it had all.
std::vector<ForgetReceipt> Forget(core::FileSystem& files, const std::filesystem::path& directory,
                                  const ForgetRequest& request);

// The receipt of a person, where there is one. Throws kBadData naming the file.
std::optional<ForgetReceipt> ReadReceipt(core::FileSystem& files,
                                         const std::filesystem::path& directory, uint64_t person);

}  // namespace journeyman::storage
