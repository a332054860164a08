#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "coordinator/run_directory.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/iso_time.h"
#include "core/strings.h"
#include "journey/profile.h"
#include "launch/data_profile.h"
#include "launch/options.h"
#include "launch/verbs.h"
#include "policy/bundle.h"
#include "storage/checkpoint.h"
#include "storage/dataset.h"
#include "storage/pins.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

int64_t RowsOf(const std::vector<storage::ShardFile>& files) {
  int64_t rows = 0;
  for (const auto& file : files) rows += file.rows;
  return rows;
}

void ShowGeneration(const storage::Generation& generation, std::ostream& out) {
  out << "generation   " << generation.number << ": " << FilesOf(generation).size() << " files, "
      << RowsOf(generation.files) << " decisions";
  if (!generation.event_files.empty()) out << ", " << RowsOf(generation.event_files) << " events";
  if (generation.open_decisions() > 0) out << ", " << generation.open_decisions() << " open";
  if (generation.watermark_us) out << ", watermark " << core::IsoTime(*generation.watermark_us);
  out << '\n';
}

// What became of the events of all imports, by kind.
void ShowEvents(const storage::DatasetManifest& manifest, std::ostream& out) {
  for (const auto& kind : manifest.schema.events) {
    storage::EventCounts sum;
    for (const auto& generation : manifest.generations) {
      const auto found = generation.event_counts.find(kind.name);
      if (found == generation.event_counts.end()) continue;
      sum.accepted += found->second.accepted;
      sum.duplicates += found->second.duplicates;
      sum.late += found->second.late;
      sum.orphans += found->second.orphans;
    }
    const double all = static_cast<double>(std::max<int64_t>(sum.accepted + sum.late, 1));
    char late[32];
    std::snprintf(late, sizeof late, "%.3g", 100 * static_cast<double>(sum.late) / all);
    out << "events       " << kind.name << ": " << sum.accepted << " accepted, " << sum.late
        << " late (" << late << " %), " << sum.duplicates << " duplicates, " << sum.orphans
        << " orphans\n";
  }
  if (const auto watermark = manifest.watermark_us()) {
    out << "watermark    " << core::IsoTime(*watermark) << '\n';
  }
}

void ShowVersions(const storage::Dataset& dataset, std::ostream& out) {
  core::FileSystem& files = core::RealFileSystem();
  const auto& manifest = dataset.manifest();
  out << "version      " << manifest.version;
  for (const auto& former : manifest.former) {
    out << (&former == &manifest.former.front() ? ", former: " : ", ") << former.number << " ("
        << former.generations.size() << " generations)";
  }
  out << '\n';
  for (const auto& pin : storage::ReadPins(files, dataset.directory())) {
    out << "pinned       by " << Name(pin.kind) << ' ' << pin.artifact.string() << ", content "
        << core::Hex64(pin.content_hash);
    if (storage::IsStale(files, pin)) {
      out << ": stale, its directory is gone";
    } else if (const auto version = VersionNeeded(files, dataset, pin)) {
      out << ", version " << *version;
    } else if (pin.kind == storage::PinKind::kRun) {
      out << ", which no version has any more";
    }
    out << '\n';
  }
  if (!manifest.forgotten.empty()) {
    out << "forgotten    " << manifest.forgotten.size() << " people\n";
  }
}

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
  for (const auto& generation : manifest.generations) ShowGeneration(generation, out);
  ShowEvents(manifest, out);
  ShowVersions(dataset, out);
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

void ShowProfile(const std::filesystem::path& path, bool json, std::ostream& out) {
  core::FileSystem& files = core::RealFileSystem();
  const auto dataset = storage::Dataset::Open(files, path);
  const DataProfile data = JudgeData(journey::ProfileOf(files, dataset), &dataset);
  out << (json ? data.ToJson() + "\n" : data.ToText());
}

}  // namespace

int RunInspect(const std::vector<std::string>& arguments) {
  std::string path;
  bool profile = false;
  bool json = false;
  OptionTable table("inspect", "Shows a dataset, run or bundle and verifies its hashes.",
                    "journeyman inspect data/shop");
  table.AddPositional("PATH", &path, "artifact directory");
  table.Add("profile", &profile,
            "print what a dataset holds, and whether it is ready to learn and judge from");
  table.Add("json", &json, "print the profile as JSON");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  core::FileSystem& files = core::RealFileSystem();
  const std::filesystem::path directory = path;
  if (json && !profile) {
    throw core::Error(core::ExitCode::kUsage, "--json is of --profile",
                      "journeyman inspect --profile --json DATASET");
  }
  if (profile) {
    ShowProfile(directory, json, std::cout);
  } else if (files.Exists(directory / "checkpoints")) {
    ShowRun(directory, std::cout);
  } else if (files.Exists(directory / "manifest.json") && files.Exists(directory / "key")) {
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
