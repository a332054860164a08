#include "launch/data_pins.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "storage/pins.h"

namespace journeyman::launch {

void PinRun(core::FileSystem& files, const storage::Dataset& data,
            const std::filesystem::path& run_directory, const std::string& people) {
  storage::Pin pin = storage::PinOf(storage::PinKind::kRun, run_directory);
  pin.content_hash = data.ContentHash();
  pin.generations = static_cast<int>(data.manifest().generations.size());
  pin.people = people;
  storage::WritePin(files, data.directory(), pin);
  // Pinned first, looked at again then: who removes data looks for pins after that.
  const auto now = storage::Dataset::Open(files, data.directory());
  if (now.FindContent(pin.content_hash, pin.generations)) return;
  throw core::Error(core::ExitCode::kBadData,
                    core::StrCat(data.directory(), ": the data with content ",
                                 core::Hex64(pin.content_hash), " have just been removed"),
                    "start the run again");
}

void PinBundle(core::FileSystem& files, const storage::Dataset& dataset,
               const std::filesystem::path& directory, const policy::BundleManifest& manifest) {
  const auto training = nlohmann::json::parse(manifest.training, nullptr, false);
  if (!training.is_object() ||
      training.value("dataset_id", "") != dataset.manifest().dataset_id) {
    return;
  }
  storage::Pin pin = storage::PinOf(storage::PinKind::kBundle, directory);
  pin.content_hash = std::strtoull(training.value("dataset", "0").c_str(), nullptr, 16);
  pin.people = training.value("people", "all");
  storage::WritePin(files, dataset.directory(), pin);
}

}  // namespace journeyman::launch
