#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "storage/checkpoint.h"
#include "storage/checkpoint_part.h"
#include "storage/revocation.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

constexpr char kManifest[] = "manifest.json";
constexpr char kLatest[] = "LATEST";
constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kTemporary = ".tmp";

std::string DirectoryName(int64_t step) {
  char name[40];
  std::snprintf(name, sizeof(name), "step-%08lld", static_cast<long long>(step));
  return name;
}

// The step of a published directory's name, nothing for any other name.
std::optional<int64_t> StepOf(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::optional<int64_t> step = core::ParseInt64(name.substr(kPrefix.size()));
  if (!step || DirectoryName(*step) != name) return std::nullopt;
  return step;
}

// What may stand in a buffer twice or not at all is found here, with the values still apart.
struct Piece {
  int64_t offset;
  int64_t total;
  std::vector<float> values;
};

std::vector<float> Assemble(std::vector<Piece> pieces, const std::string& what) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ExitCode::kBadData, StrCat(what, " ", why));
  };
  if (pieces.empty()) refuse("is in no part");
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::make_tuple(a.offset, a.values.size()) < std::make_tuple(b.offset, b.values.size());
  });
  std::vector<float> buffer;
  for (const Piece& piece : pieces) {
    if (piece.total != pieces[0].total) {
      refuse(StrCat("has ", pieces[0].total, " values in one part and ", piece.total,
                    " in another"));
    }
    if (piece.offset > std::ssize(buffer)) {
      refuse(StrCat("has a gap from ", buffer.size(), " to ", piece.offset));
    }
    if (piece.offset < std::ssize(buffer)) {
      refuse(StrCat("has an overlap from ", piece.offset, " to ", buffer.size()));
    }
    buffer.insert(buffer.end(), piece.values.begin(), piece.values.end());
  }
  if (std::ssize(buffer) != pieces[0].total) {
    refuse(StrCat("has a gap from ", buffer.size(), " to ", pieces[0].total));
  }
  return buffer;
}

}  // namespace

const char* Name(PublicationPoint point) {
  switch (point) {
    case PublicationPoint::kAfterWrite: return "after write";
    case PublicationPoint::kAfterFileSync: return "after file sync";
    case PublicationPoint::kAfterReport: return "after report";
    case PublicationPoint::kAfterManifestSync: return "after manifest sync";
    case PublicationPoint::kAfterRename: return "after rename";
    case PublicationPoint::kAfterLatest: return "after latest";
  }
  return "unknown";
}

CheckpointStore::CheckpointStore(core::FileSystem& files, std::filesystem::path directory,
                                 PublicationHook hook)
    : files_(files), directory_(std::move(directory)), hook_(hook) {}

std::filesystem::path CheckpointStore::PathOf(int64_t step) const {
  return directory_ / DirectoryName(step);
}

std::filesystem::path CheckpointStore::TemporaryPathOf(int64_t step) const {
  return directory_ / StrCat(DirectoryName(step), kTemporary);
}

void CheckpointStore::Reach(PublicationPoint point, int64_t step) const {
  if (hook_ != nullptr) hook_(point, step);
}

CheckpointFile CheckpointStore::WritePart(int64_t step, int learner,
                                          std::span<const std::byte> bytes) {
  JOURNEYMAN_CHECK(step >= 0 && learner >= 0, "step ", step, ", learner ", learner);
  const std::filesystem::path directory = TemporaryPathOf(step);
  files_.MakeDirectories(directory);
  CheckpointFile file{StrCat("learner-", learner, ".h5"), bytes.size(), core::Xxh3(bytes)};
  const std::filesystem::path unfinished = directory / StrCat(file.name, kTemporary);
  files_.WriteDurable(unfinished, bytes);
  Reach(PublicationPoint::kAfterWrite, step);
  files_.Rename(unfinished, directory / file.name);
  files_.SyncDirectory(directory);
  Reach(PublicationPoint::kAfterFileSync, step);
  return file;
}

// The files of the manifest are there in their sizes, and no others, such as those of an attempt
// with more learners.
void CheckpointStore::CheckFiles(const CheckpointManifest& manifest) const {
  const std::filesystem::path directory = TemporaryPathOf(manifest.step);
  std::set<std::string> expected;
  for (const CheckpointFile& file : manifest.files) {
    const std::filesystem::path path = directory / file.name;
    if (!files_.Exists(path) || files_.FileSize(path) != file.bytes) {
      throw Error(ExitCode::kBadData,
                  StrCat(path, ": it is not there with the ", file.bytes, " bytes reported"));
    }
    expected.insert(file.name);
  }
  for (const std::string& entry : files_.List(directory)) {
    if (!expected.contains(entry)) files_.RemoveTree(directory / entry);
  }
}

bool CheckpointStore::IsPublished(const CheckpointManifest& manifest) const {
  if (!files_.Exists(PathOf(manifest.step) / kManifest)) return false;
  const bool same = ReadManifest(manifest.step).ToJson() == manifest.ToJson();
  JOURNEYMAN_CHECK(same, PathOf(manifest.step), " is already published with other content");
  return true;
}

void CheckpointStore::Publish(const CheckpointManifest& manifest, int keep,
                              std::optional<int64_t> pinned_step) {
  JOURNEYMAN_CHECK(keep >= 1, "keep ", keep, " would delete the checkpoint just published");
  const int64_t step = manifest.step;
  ThrowIfRevoked(files_, directory_);
  Reach(PublicationPoint::kAfterReport, step);
  const std::filesystem::path temporary = TemporaryPathOf(step);
  if (IsPublished(manifest)) {
    files_.RemoveTree(temporary);
  } else {
    CheckFiles(manifest);
    files_.WriteTextDurable(temporary / kManifest, manifest.ToJson());
    files_.SyncDirectory(temporary);
    Reach(PublicationPoint::kAfterManifestSync, step);
    files_.Rename(temporary, PathOf(step));
    Reach(PublicationPoint::kAfterRename, step);
    files_.SyncDirectory(directory_);
  }
  MoveLatest(step);
  Reach(PublicationPoint::kAfterLatest, step);
  DeleteOld(step, keep, pinned_step);
}

void CheckpointStore::MoveLatest(int64_t step) {
  core::WriteAtomically(files_, directory_ / kLatest, StrCat(DirectoryName(step), "\n"));
}

void CheckpointStore::DeleteOld(int64_t published, int keep, std::optional<int64_t> pinned_step) {
  std::vector<int64_t> steps = Steps();
  steps.resize(steps.size() - std::min<std::size_t>(steps.size(), static_cast<std::size_t>(keep)));
  for (const int64_t step : steps) {
    if (step == published || step == pinned_step) continue;
    // Under the temporary name first: a directory deleted by half must not look published.
    files_.RemoveTree(TemporaryPathOf(step));
    files_.Rename(PathOf(step), TemporaryPathOf(step));
    files_.RemoveTree(TemporaryPathOf(step));
  }
}

void CheckpointStore::RemoveGarbage() {
  if (!files_.Exists(directory_)) return;
  for (const std::string& entry : files_.List(directory_)) {
    const bool temporary = entry.starts_with(kPrefix) && entry.ends_with(kTemporary);
    const bool latest = entry.starts_with(StrCat(kLatest, kTemporary, "."));
    if (temporary || latest) files_.RemoveTree(directory_ / entry);
  }
}

std::vector<int64_t> CheckpointStore::Steps() const {
  std::vector<int64_t> steps;
  if (!files_.Exists(directory_)) return steps;
  for (const std::string& entry : files_.List(directory_)) {
    const std::optional<int64_t> step = StepOf(entry);
    if (step && files_.Exists(directory_ / entry / kManifest)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

CheckpointManifest CheckpointStore::ReadManifest(int64_t step) const {
  const std::filesystem::path path = PathOf(step) / kManifest;
  if (!files_.Exists(path)) {
    throw Error(ExitCode::kMissingInput, StrCat(path, ": there is no such checkpoint"));
  }
  ThrowIfRevoked(files_, directory_);
  ThrowIfRevoked(files_, PathOf(step));
  CheckpointManifest manifest;
  try {
    manifest = CheckpointManifest::FromJson(files_.ReadText(path));
  } catch (const Error& error) {  // said of an unnamed text; the file must be named
    throw Error(error.code(), StrCat(path, ": ", error.what()));
  }
  if (manifest.step != step) {
    throw Error(ExitCode::kBadData, StrCat(path, ": it is the manifest of step ", manifest.step));
  }
  return manifest;
}

std::vector<std::byte> CheckpointStore::ReadVerified(const CheckpointManifest& manifest,
                                                     const CheckpointFile& file) const {
  const std::filesystem::path path = PathOf(manifest.step) / file.name;
  if (!files_.Exists(path)) {
    throw Error(ExitCode::kBadData, StrCat(path, ": the file is in the manifest but not there"));
  }
  std::vector<std::byte> bytes = files_.ReadFile(path);
  if (bytes.size() != file.bytes || core::Xxh3(bytes) != file.xxh3) {
    throw Error(ExitCode::kBadData,
                StrCat(path, ": the file is damaged: ", bytes.size(), " bytes with hash ",
                       core::Hex64(core::Xxh3(bytes)), ", the manifest says ", file.bytes, " with ",
                       core::Hex64(file.xxh3)));
  }
  return bytes;
}

std::optional<CheckpointManifest> CheckpointStore::RecoverLatest() {
  ThrowIfRevoked(files_, directory_);
  std::vector<int64_t> steps = Steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (files_.Exists(RevocationPath(PathOf(*step)))) {
      core::LogWarning(PathOf(*step), " was revoked; taking the checkpoint before it");
      continue;
    }
    // Damage is an answer here, not a failure: the checkpoint before is taken instead.
    try {
      CheckpointManifest manifest = ReadManifest(*step);
      for (const CheckpointFile& file : manifest.files) (void)ReadVerified(manifest, file);
      MoveLatest(*step);
      return manifest;
    } catch (const Error& error) {
      if (error.code() != ExitCode::kBadData) throw;
      SetAside(*step, error.what());
    }
  }
  if (files_.Exists(directory_ / kLatest)) files_.RemoveTree(directory_ / kLatest);
  return std::nullopt;
}

void CheckpointStore::SetAside(int64_t step, const std::string& why) {
  std::filesystem::path bad = PathOf(step);
  bad += ".bad";
  core::LogError(why, "; the checkpoint is set aside as ", bad, " and the one before it taken");
  files_.RemoveTree(bad);
  files_.Rename(PathOf(step), bad);
  files_.SyncDirectory(directory_);
}

std::map<std::string, std::vector<float>> CheckpointStore::ReadBuffers(
    const CheckpointManifest& manifest, const std::vector<std::string>& names) const {
  std::map<std::string, std::vector<Piece>> pieces;
  for (const std::string& name : names) pieces[name];
  for (const CheckpointFile& file : manifest.files) {
    const std::vector<std::byte> bytes = ReadVerified(manifest, file);
    const CheckpointPartReader part(bytes, StrCat(PathOf(manifest.step) / file.name));
    for (std::size_t i = 0; i < part.ranges().size(); ++i) {
      const CheckpointPartReader::Range& range = part.ranges()[i];
      const auto wanted = pieces.find(range.buffer);
      if (wanted == pieces.end()) continue;
      wanted->second.push_back({range.offset, range.total, part.Values(i)});
    }
  }
  std::map<std::string, std::vector<float>> buffers;
  for (auto& [name, of_name] : pieces) {
    buffers[name] =
        Assemble(std::move(of_name), StrCat(PathOf(manifest.step), ": buffer ", name));
  }
  return buffers;
}

std::vector<float> CheckpointStore::ReadBuffer(const CheckpointManifest& manifest,
                                               const std::string& name) const {
  return std::move(ReadBuffers(manifest, {name}).at(name));
}

std::vector<std::string> CheckpointStore::BufferNames(const CheckpointManifest& manifest) const {
  std::set<std::string> names;
  for (const CheckpointFile& file : manifest.files) {
    const std::vector<std::byte> bytes = ReadVerified(manifest, file);
    const CheckpointPartReader part(bytes, StrCat(PathOf(manifest.step) / file.name));
    for (const CheckpointPartReader::Range& range : part.ranges()) names.insert(range.buffer);
  }
  return {names.begin(), names.end()};
}

}  // namespace journeyman::storage
