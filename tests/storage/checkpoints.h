#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/checkpoint.h"

namespace journeyman::storage {

constexpr int64_t kBufferSize = 130;

// The whole buffer `buffer` at a step: every value tells step, buffer and place.
inline std::vector<float> BufferOf(int64_t step, int buffer) {
  std::vector<float> values(kBufferSize);
  for (int64_t i = 0; i < kBufferSize; ++i) {
    values[i] = static_cast<float>(step % 1000 * 1000 + buffer * 500 + i);
  }
  return values;
}

// Learner l of L holds [l * 64, (l + 1) * 64) of each buffer, the last one the rest.
inline CheckpointPart PartOf(int64_t step, int learner, int learners) {
  CheckpointPart part;
  for (const int buffer : {0, 1}) {
    const std::vector<float> whole = BufferOf(step, buffer);
    const int64_t begin = 64 * learner;
    const int64_t end = learner + 1 == learners ? kBufferSize : begin + 64;
    part.ranges.push_back({buffer == 0 ? "weights/parameters" : "weights/moment1",
                           begin,
                           kBufferSize,
                           {whole.begin() + begin, whole.begin() + end}});
  }
  return part;
}

inline std::vector<CheckpointFile> WriteParts(CheckpointStore& store, int64_t step, int learners) {
  std::vector<CheckpointFile> files;
  for (int learner = 0; learner < learners; ++learner) {
    files.push_back(
        store.WritePart(step, learner, EncodeCheckpointPart(PartOf(step, learner, learners))));
  }
  return files;
}

inline CheckpointManifest ManifestOf(int64_t step, std::vector<CheckpointFile> files) {
  CheckpointManifest manifest;
  manifest.step = step;
  manifest.run_id = "run";
  manifest.learners = static_cast<int>(files.size());
  manifest.files = std::move(files);
  return manifest;
}

inline void PublishStep(CheckpointStore& store, int64_t step, int learners, int keep,
                        std::optional<int64_t> pinned = std::nullopt) {
  store.Publish(ManifestOf(step, WriteParts(store, step, learners)), keep, pinned);
}

}  // namespace journeyman::storage
