#include <iostream>

#include "core/error.h"
#include "core/file_system.h"
#include "core/json_text.h"
#include "core/strings.h"
#include "launch/options.h"
#include "launch/verbs.h"
#include "storage/compaction.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

struct CompactOptions {
  std::string dataset;
  bool drop = false;
  bool dry_run = false;
  bool json = false;
};

struct Result {
  int version = 0;
  std::size_t merged = 0;  // generations; 0 = it was compact
  storage::DropReport drop;
};

std::string Numbers(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += StrCat(text.empty() ? "" : ", ", number);
  return text;
}

std::string ToJson(const Result& result) {
  std::string kept;
  for (const auto& version : result.drop.kept) {
    for (const storage::Pin& pin : version.pins) {
      kept += StrCat(kept.empty() ? "" : ",", "{\"version\":", version.version,
                     ",\"run\":", core::JsonQuote(pin.artifact.string()), "}");
    }
  }
  return StrCat("{\"version\":", result.version, ",\"merged_generations\":", result.merged,
                ",\"dropped_versions\":[", Numbers(result.drop.dropped), "],\"removed_files\":",
                result.drop.files, ",\"removed_bytes\":", result.drop.bytes, ",\"needed\":[", kept,
                "]}");
}

std::string ToText(const CompactOptions& options, const Result& result) {
  std::string text = StrCat("version      ", result.version, ": ");
  text += result.merged == 0 ? "one generation already\n"
                             : StrCat(result.merged, " generations ",
                                      options.dry_run ? "would become" : "became", " one\n");
  if (!options.drop) return text;
  if (!result.drop.dropped.empty()) {
    text += StrCat(options.dry_run ? "would drop   " : "dropped      ", "versions ",
                   Numbers(result.drop.dropped), ": ", result.drop.files, " files, ",
                   result.drop.bytes, " bytes\n");
  } else if (result.drop.kept.empty()) {
    text += "dropped      nothing: there is no former version\n";
  }
  return text;
}

Result Run(const CompactOptions& options) {
  core::FileSystem& files = core::RealFileSystem();
  const auto dataset = storage::Dataset::Open(files, options.dataset);
  const std::size_t generations = dataset.manifest().generations.size();
  Result result;
  result.merged = generations < 2 ? 0 : generations;
  result.version = options.dry_run ? dataset.manifest().version + (result.merged > 0 ? 1 : 0)
                                   : storage::Compact(files, options.dataset).version;
  if (options.drop) result.drop = storage::DropVersions(files, options.dataset, options.dry_run);
  return result;
}

void RefuseWhereNeeded(const storage::DropReport& drop) {
  if (drop.kept.empty()) return;
  std::string runs;
  for (const auto& version : drop.kept) {
    for (const storage::Pin& pin : version.pins) {
      runs += StrCat(runs.empty() ? "" : ", ", "version ", version.version, " by run ",
                     pin.artifact);
    }
  }
  throw core::Error(core::ExitCode::kUsage, StrCat("some versions are still needed: ", runs),
                    "They can be dropped when these run directories are removed.");
}

}  // namespace

int RunCompact(const std::vector<std::string>& arguments) {
  CompactOptions options;
  OptionTable table("compact",
                    "Writes a version of a dataset in which all imports are one generation; runs "
                    "that began before still find theirs.",
                    "journeyman compact data/shop --drop");
  table.AddPositional("DATASET", &options.dataset, "dataset directory");
  table.Add("drop", &options.drop, "remove former versions that no run needs");
  table.Add("dry-run", &options.dry_run, "say what would be done, write nothing");
  table.Add("json", &options.json, "print the result as JSON");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  if (options.dataset.empty()) {
    throw core::Error(core::ExitCode::kUsage, "compact needs a dataset directory",
                      "journeyman compact DATASET");
  }
  const Result result = Run(options);
  std::cout << (options.json ? ToJson(result) + "\n" : ToText(options, result));
  RefuseWhereNeeded(result.drop);
  return 0;
}

}  // namespace journeyman::launch
