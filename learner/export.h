#pragma once

#include <utility>

#include "policy/network.h"
#include "storage/checkpoint.h"

namespace journeyman::learner {

// The network of a published checkpoint in the engine's form, outputs in the
// units of the log (outcome scales multiplied back into the heads). Needs no
// LibTorch: it slices the flat buffers by the layout table in the manifest.
// Throws core::Error(kBadData) where layout and buffers disagree.
std::pair<policy::NetworkArchitecture, policy::WeightMap> ExportNetwork(
    const storage::CheckpointStore& store, const storage::CheckpointManifest& manifest);

}  // namespace journeyman::learner
