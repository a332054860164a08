#include <filesystem>
#include <iostream>

#include "coordinator/run_directory.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "launch/options.h"
#include "launch/verbs.h"
#include "policy/bundle.h"
#include "storage/checkpoint.h"
#include "storage/dataset.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

void ShowDataset(const std::filesystem::path& path, std::ostream& out) {
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), path);
  const auto& manifest = dataset.manifest();
  out << "dataset      " << manifest.dataset_id << ", content "
      << core::Hex64(dataset.ContentHash()) << "\njourneys     " << manifest.journeys << " of "
      << manifest.people << " people, " << manifest.rows << " decisions\nactions      "
      << manifest.schema.catalogue.size() << "\nfeatures     "
      << manifest.schema.features.width() << "\nmetrics     ";
  for (const std::string& metric : manifest.schema.metrics) out << ' ' << metric;
  out << "\npropensities " << (manifest.schema.propensed ? "logged" : "none (unpropensed)")
      << "\nheld out     " << 100 * manifest.split.holdout_share << " % of people, "
      << manifest.split.folds << " folds, " << manifest.split.partitions << " partitions\n";
  for (const auto& generation : manifest.generations) {
    int64_t rows = 0;
    for (const auto& file : generation.files) rows += file.rows;
    out << "generation   " << generation.number << ": " << generation.files.size() << " files, "
        << rows << " decisions\n";
  }
  dataset.Verify();
  out << "all files match their hashes\n";
}

void ShowBundle(const std::filesystem::path& path, std::ostream& out) {
  const policy::Bundle bundle = policy::Bundle::Load(core::RealFileSystem(), path);
  const auto& manifest = bundle.manifest;
  out << "bundle       " << policy::Name(manifest.kind) << ", " << manifest.policy.type
      << ", content " << core::Hex64(manifest.content_hash) << "\nverdict      "
      << policy::Name(manifest.verdict) << '\n';
  for (const std::string& reason : manifest.reasons) out << "             " << reason << '\n';
  out << "actions      " << manifest.catalogue.size() << "\nfeatures     "
      << manifest.features.width() << "\ntraining     " << manifest.training
      << "\nall files match their hashes\n";
}

void ShowRun(const std::filesystem::path& path, std::ostream& out) {
  core::FileSystem& files = core::RealFileSystem();
  const coordinator::RunDirectory run(files, path);
  const storage::CheckpointStore store(files, run.checkpoints());
  out << "run          " << path.string() << '\n';
  for (const int64_t step : store.Steps()) {
    const auto manifest = store.ReadManifest(step);
    (void)store.ReadBuffers(manifest, store.BufferNames(manifest));  // verifies hashes and ranges
    out << "checkpoint   step " << step << ", " << manifest.files.size() << " files, "
        << manifest.learners << " learners, intact\n";
  }
  if (files.Exists(run.exit_report())) out << "last end     " << files.ReadText(run.exit_report());
}

}  // namespace

int RunInspect(const std::vector<std::string>& arguments) {
  std::string path;
  OptionTable table("inspect", "Shows a dataset, run or bundle and verifies its hashes.",
                    "journeyman inspect data/shop");
  table.AddPositional("PATH", &path, "artifact directory");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  core::FileSystem& files = core::RealFileSystem();
  const std::filesystem::path directory = path;
  if (files.Exists(directory / "checkpoints")) {
    ShowRun(directory, std::cout);
  } else if (files.Exists(directory / "shards")) {
    ShowDataset(directory, std::cout);
  } else if (files.Exists(directory / "weights.safetensors")) {
    ShowBundle(directory, std::cout);
  } else {
    throw core::Error(core::ExitCode::kMissingInput,
                      StrCat("'", path, "' is no dataset, run or bundle"),
                      "name a directory that import, train or publish wrote");
  }
  return 0;
}

}  // namespace journeyman::launch
