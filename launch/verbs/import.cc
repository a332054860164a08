#include <iostream>

#include "core/error.h"
#include "core/file_system.h"
#include "journey/import.h"
#include "launch/options.h"
#include "launch/verbs.h"

namespace journeyman::launch {

int RunImport(const std::vector<std::string>& arguments) {
  journey::ImportOptions options;
  std::string mapping;
  std::string dataset;
  std::string key_file;
  bool json = false;
  OptionTable table("import", "Turns decision tables (CSV, JSONL, Parquet) into a dataset.",
                    "journeyman import data/shop --mapping examples/hillstrom/mapping.json "
                    "--input '../shared/data/hillstrom_email/hillstrom.csv'");
  table.AddPositional("DATASET", &dataset, "dataset directory, made when missing");
  table.Add("mapping", &mapping, "JSON mapping: what the columns mean");
  table.AddRepeated("input", &options.inputs,
                    "file or glob, instead of the inputs in the mapping");
  table.Add("key-file", &key_file, "key of a new dataset: 32 hex digits; default: a random key");
  table.Add("max-reject-rate", &options.max_reject_rate, "share of rows that may be rejected");
  table.Add("dry-run", &options.dry_run, "read and check everything, write nothing");
  table.Add("json", &json, "print the report as JSON");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  if (dataset.empty() || mapping.empty()) {
    throw core::Error(core::ExitCode::kUsage, "import needs a dataset directory and --mapping",
                      "journeyman import DATASET --mapping FILE");
  }
  options.dataset = dataset;
  options.mapping = mapping;
  if (!key_file.empty()) options.key_file = key_file;
  const journey::ImportReport report = journey::Import(core::RealFileSystem(), options);
  std::cout << (json ? report.ToJson() + "\n" : report.ToText());
  return 0;
}

}  // namespace journeyman::launch
