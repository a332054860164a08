#pragma once

#include <filesystem>
#include <string>

#include "core/file_system.h"
#include "policy/bundle.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// Registers a run in the dataset that it is about to learn from (storage/pins.h). `data` is the
// dataset as the run is pinned to it. Throws core::Error: kIo where the dataset cannot be written,
// kBadData where the data were dropped or changed in the meantime.
void PinRun(core::FileSystem& files, const storage::Dataset& data,
            const std::filesystem::path& run_directory, const std::string& people);

// Registers a bundle that is about to be written, where its manifest says that it was trained on
// this dataset.
void PinBundle(core::FileSystem& files, const storage::Dataset& dataset,
               const std::filesystem::path& directory, const policy::BundleManifest& manifest);

}  // namespace journeyman::launch
