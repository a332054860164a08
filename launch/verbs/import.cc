#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "cluster/mpi/mpi_world.h"
#include "cluster/self/self_communicator.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "journey/cell.h"
#include "journey/explain.h"
#include "journey/import.h"
#include "journey/profile.h"
#include "launch/data_profile.h"
#include "launch/options.h"
#include "launch/verbs.h"
#include "storage/dataset.h"

namespace journeyman::launch {

namespace {

struct ImportWords {
  journey::ImportOptions options;
  bool profile = false;
  bool json = false;
};

void Print(const journey::ImportReport& report, bool json) {
  std::cout << (json ? report.ToJson() + "\n" : report.ToText()) << std::flush;
}

void Print(journey::ProfiledImport imported, const ImportWords& words) {
  core::FileSystem& files = core::RealFileSystem();
  std::optional<storage::Dataset> dataset;
  if (!words.options.dry_run) dataset = storage::Dataset::Open(files, words.options.dataset);
  const DataProfile data = JudgeData(std::move(*imported.profile), dataset ? &*dataset : nullptr);
  if (words.json) {
    auto json = nlohmann::ordered_json::parse(imported.report.ToJson());
    json["profile"] = nlohmann::ordered_json::parse(data.ToJson());
    std::cout << json.dump(2) << std::endl;
  } else {
    std::cout << imported.report.ToText() << '\n' << data.ToText() << std::flush;
  }
}

// What one rank does; rank 0 speaks.
void ImportAs(cluster::Communicator& rank, const ImportWords& words) {
  core::FileSystem& files = core::RealFileSystem();
  if (words.profile) {
    journey::ProfiledImport imported = journey::ImportAndProfile(files, words.options, rank);
    if (rank.rank() == 0) Print(std::move(imported), words);
  } else {
    const journey::ImportReport report = journey::Import(files, words.options, rank);
    if (rank.rank() == 0) Print(report, words.json);
  }
}

// One of several processes; an error is said by the rank that has it, and ends all.
int ImportAsRank(const ImportWords& words) {
  cluster::MpiWorld world(nullptr, nullptr, {}, [](const core::Error& error) {
    std::cerr << "journeyman: " << error.what() << std::endl;
  });
  try {
    return world.RunRole([&](cluster::Communicator& rank) {
      ImportAs(rank, words);
      return 0;
    });
  } catch (const core::Error& error) {
    // What all ranks find wrong in the same files is said by rank 0: the others give it the time to
    // end the world first.
    if (world.rank() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(500));
    world.Abort(error);
  }
}

}  // namespace

int RunImport(const std::vector<std::string>& arguments) {
  ImportWords words;
  journey::ImportOptions& options = words.options;
  bool explain = false;
  std::string mapping;
  std::string dataset;
  std::string key_file;
  OptionTable table("import", "Turns logs (CSV, JSONL, Parquet) into a dataset.",
                    "journeyman import data/shop --mapping examples/hillstrom/mapping.json "
                    "--input '../shared/data/hillstrom_email/hillstrom.csv'");
  table.AddPositional("DATASET", &dataset, "dataset directory, made when missing");
  table.Add("mapping", &mapping, "JSON mapping: what the columns mean");
  table.AddRepeated("decision-log", &options.decision_logs,
                    "decision log of the server, file or glob; needs no mapping");
  std::string outcome_window = "30d";
  table.Add("outcome-window", &outcome_window,
            "with --decision-log: how long after a decision its outcomes count (30d, 12h, 15m)");
  table.AddRepeated("optimus", &options.optimus,
                    "file or glob with the rows of Optimus; needs no mapping");
  table.Add("optimus-actions", &options.optimus_actions,
            "with --optimus: number of actions; 0: the largest in the files and 1");
  table.AddRepeated("input", &options.inputs,
                    "file or glob, instead of the inputs in the mapping");
  std::string base;
  table.Add("base", &base, "directory where relative inputs start; default: beside the mapping");
  table.Add("key-file", &key_file, "key of a new dataset: 32 hex digits; default: a random key");
  table.Add("max-reject-rate", &options.max_reject_rate, "share of rows that may be rejected");
  int64_t memory_mib = static_cast<int64_t>(options.memory_bytes >> 20);
  table.Add("memory-mib", &memory_mib, "memory of one rank, about, in MiB; more goes to a temporary file");
  table.Add("dry-run", &options.dry_run, "read and check everything, write nothing");
  table.Add("explain", &explain, "print in words what the mapping makes of its inputs; read no row");
  table.Add("profile", &words.profile,
            "print what the dataset holds, and whether it is ready to learn and judge from");
  table.Add("json", &words.json, "print the report as JSON");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  options.mapping = mapping;
  options.base = base;
  if (explain) {
    if (mapping.empty()) {
      throw core::Error(core::ExitCode::kUsage,
                        "--explain says what a mapping means, but none is named.",
                        "journeyman import --explain --mapping FILE");
    }
    std::cout << journey::Explain(core::RealFileSystem(), options) << std::flush;
    return 0;
  }
  if (dataset.empty()) {
    throw core::Error(core::ExitCode::kUsage, "import needs a dataset directory.",
                      "journeyman import DATASET --mapping FILE");
  }
  const auto window = journey::ToDurationMicros(outcome_window);
  if (!window) {
    throw core::Error(core::ExitCode::kUsage,
                      core::StrCat("--outcome-window is \"", outcome_window, "\"."),
                      "Give a number above 0 and a unit: 30d, 12h, 15m, 10s.");
  }
  options.outcome_window_us = *window;
  options.dataset = dataset;
  options.memory_bytes = static_cast<uint64_t>(std::max<int64_t>(memory_mib, 0)) << 20;
  if (!key_file.empty()) options.key_file = key_file;
  options.progress = [](const std::string& line) { std::cerr << line << std::endl; };
  options.Validate();
  if (cluster::StartedByMpiLauncher()) return ImportAsRank(words);
  cluster::SelfCommunicator self;
  ImportAs(self, words);
  return 0;
}

}  // namespace journeyman::launch
