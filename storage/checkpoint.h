#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_system.h"

namespace journeyman::storage {

// A 1-D range of one of the learner's flat buffers ("parameters", "target",
// "moment1", "moment2", per parameter group), or of per-partition values.
struct BufferRange {
  std::string buffer;   // "weights/parameters", "priorities/17", ...
  int64_t offset = 0;   // first element
  int64_t total = 0;    // elements of the whole buffer
  std::vector<float> values;
};

// What one learner writes at a checkpoint.
struct CheckpointPart {
  std::vector<BufferRange> ranges;
};

// HDF5 bytes (docs/formats/checkpoint.md); equal parts give equal bytes.
std::vector<std::byte> EncodeCheckpointPart(const CheckpointPart& part);
// Throws core::Error(kBadData) naming the file `name`.
CheckpointPart DecodeCheckpointPart(std::span<const std::byte> bytes,
                                    const std::string& name);

struct CheckpointFile {
  std::string name;
  uint64_t bytes = 0;
  uint64_t xxh3 = 0;
};

// What a run learned from. Evaluation compares it with what it judges on.
struct TrainingData {
  std::string dataset_id;
  int generations = 0;        // the first so many
  uint64_t content_hash = 0;  // of these generations
  uint64_t schema_hash = 0;   // features, actions, metrics
  std::string split;          // SplitRule::Describe()
  std::string people;         // experience::PeopleFilter text

  bool operator==(const TrainingData&) const = default;
};

// `manifest.json` of a checkpoint: without it the directory is garbage.
struct CheckpointManifest {
  static constexpr int kFormatVersion = 1;

  int64_t step = 0;
  std::string run_id;
  uint64_t identity = 0;      // hash of everything that decides the bits
  std::string config;         // resolved options, as printed
  std::string layout;         // JSON table: name, shape, offset per buffer
  uint64_t layout_hash = 0;
  std::string transform;      // features::Transform JSON
  TrainingData data;          // pinned
  int data_phase = 0;
  int thread_count = 1;       // intra-op threads; other counts give other bits
  int learners = 1;
  int64_t parent_step = -1;
  std::map<std::string, double> metrics;  // at this step; infinities read back as NaN
  std::vector<CheckpointFile> files;

  std::string ToJson() const;  // indented, for people
  // Throws core::Error: kConfig for an unknown format version, else kBadData.
  static CheckpointManifest FromJson(std::string_view json);
};

// The points in the publication at which a fault test may kill. `nullptr`
// hook = none.
enum class PublicationPoint {
  kAfterWrite,         // a learner's bytes are on disk under a temporary name
  kAfterFileSync,      // its file has its name, durably
  kAfterReport,        // the coordinator knows all files, before the manifest
  kAfterManifestSync,  // the manifest is in the temporary directory, durably
  kAfterRename,        // the directory has its final name, not yet durably
  kAfterLatest,        // LATEST names it; before old checkpoints are deleted
};
const char* Name(PublicationPoint point);
using PublicationHook = void (*)(PublicationPoint point, int64_t step);

// `checkpoints/` of a run directory.
//   step-00001000.tmp/  parts being written   (phase 1: learners)
//   step-00001000/      published             (phase 2: coordinator)
//   LATEST              name of the newest published one
// Where `checkpoints.revoked.json` stands beside it, nothing in it is read or published any more
// (kBadData, storage/revocation.h).
// Methods may be called from several processes as the protocol orders them:
// WritePart by learners, the rest by the coordinator.
class CheckpointStore {
 public:
  CheckpointStore(core::FileSystem& files, std::filesystem::path directory,
                  PublicationHook hook = nullptr);

  // Phase 1. Writes and fsyncs `learner-<l>.h5` in the temporary directory
  // (made when missing), returns its size and hash.
  CheckpointFile WritePart(int64_t step, int learner, std::span<const std::byte> bytes);

  // Phase 2: manifest + fsync + rename + directory fsync + LATEST; afterwards
  // deletes published checkpoints beyond the newest `keep` (>= 1; never
  // `pinned_step` nor this one). Publishing a step again with the same files is
  // harmless; with others it is kBug. Throws kBadData where a file of the
  // manifest is not there in its size.
  void Publish(const CheckpointManifest& manifest, int keep,
               std::optional<int64_t> pinned_step);

  // Removes temporary directories of dead writers. Coordinator, at start.
  void RemoveGarbage();

  // Published steps, ascending (directories with a manifest).
  std::vector<int64_t> Steps() const;

  // The newest checkpoint whose files all match their hashes; damaged ones are
  // renamed `.bad` with a logged message and the previous one is taken; revoked
  // ones are passed over. LATEST is set to the answer. nullopt where there is
  // none. Coordinator only (it renames). A failing device is kIo, not damage.
  std::optional<CheckpointManifest> RecoverLatest();

  // Manifest of one published step. Throws kMissingInput / kBadData.
  CheckpointManifest ReadManifest(int64_t step) const;

  // The whole buffers `names`, each assembled from all parts of `manifest`. Every
  // file is read and verified once, whatever the number of names, so ask for all
  // that are needed in one call. Throws kBadData where ranges leave a gap or
  // overlap, or where there is no such buffer.
  std::map<std::string, std::vector<float>> ReadBuffers(
      const CheckpointManifest& manifest, const std::vector<std::string>& names) const;
  // The same for one.
  std::vector<float> ReadBuffer(const CheckpointManifest& manifest,
                                const std::string& name) const;
  // Names of all buffers in it.
  std::vector<std::string> BufferNames(const CheckpointManifest& manifest) const;

  std::filesystem::path PathOf(int64_t step) const;

 private:
  std::filesystem::path TemporaryPathOf(int64_t step) const;
  void Reach(PublicationPoint point, int64_t step) const;
  void CheckFiles(const CheckpointManifest& manifest) const;
  bool IsPublished(const CheckpointManifest& manifest) const;
  void MoveLatest(int64_t step);
  void DeleteOld(int64_t published, int keep, std::optional<int64_t> pinned_step);
  void SetAside(int64_t step, const std::string& why);
  std::vector<std::byte> ReadVerified(const CheckpointManifest& manifest,
                                      const CheckpointFile& file) const;

  core::FileSystem& files_;
  std::filesystem::path directory_;
  PublicationHook hook_;
};

}  // namespace journeyman::storage
