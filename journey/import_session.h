#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/communicator.h"
#include "core/file_system.h"
#include "journey/import.h"
#include "journey/import_sources.h"
#include "journey/mapping.h"
#include "journey/reject.h"
#include "storage/dataset.h"

namespace journeyman::journey {

// What both kinds of import have: the mapping, the input files, the dataset as it was, its key, the
// rejects and the report. Used by one import, by one thread.
class ImportSession {
 public:
  // Reads the mapping, resolves the files of `sources_of(mapping)` and opens the dataset where there
  // is one. Throws as Import.
  ImportSession(core::FileSystem& files, const ImportOptions& options, const Mapping& mapping,
                const std::vector<MappedSource>& sources);

  core::FileSystem& files() { return files_; }
  const ImportOptions& options() const { return options_; }
  const Mapping& mapping() const { return mapping_; }
  const std::vector<InputFile>& inputs() const { return sources_.files; }
  // Indices of the sources that read an input.
  const std::vector<int>& readers(size_t input) const { return sources_.readers[input]; }
  const std::optional<storage::Dataset>& dataset() const { return dataset_; }
  const storage::DatasetKey& key() const { return key_; }
  ImportReport& report() { return report_; }

  // Gives all ranks the key of rank 0, and rank 0 the rejects and counts of rows of all. Collective.
  void ShareKey(cluster::Communicator& world);
  void Gather(cluster::Communicator& world);

  void AddReject(const Reject& reject) { rejects_.push_back(reject); }
  void AddRejects(const std::vector<Reject>& rejects);
  // Orders and counts the rejects. Throws Error(kBadData) where they are above the rate, with counts
  // by reason and the first places.
  void CheckRejects();
  // Throws Error(kBadData) where nothing was read.
  void CheckRows() const;

  // Throws Error(kBadData) where the dataset has another schema than the mapping.
  void CheckSchema() const;

  // Adds the counts of one partition's new decisions to the report.
  void Describe(const storage::JourneyTable& table);
  // Adds what should be read about the propensities as a whole, after all partitions.
  void NoteLogger();

  // Writes late.jsonl or orphans.jsonl of the coming generation.
  void WriteUnused(const std::string& file, std::vector<UnusedEvent> events,
                   const std::vector<std::string>& kinds);
  // Writes the rejects of the coming generation, publishes it and notes it in the report.
  void Publish(storage::DatasetWriter& writer, const storage::PublishInfo& info);

 private:
  void OpenDataset();
  int NextGeneration() const;

  core::FileSystem& files_;
  const ImportOptions& options_;
  const Mapping& mapping_;
  ImportSources sources_;
  std::vector<std::string> names_;  // of the inputs
  std::optional<storage::Dataset> dataset_;
  storage::DatasetKey key_{};
  std::vector<Reject> rejects_;
  std::vector<int64_t> taken_;  // [actions]
  ImportReport report_;
};

// The decisions, the kinds of event, the profile: the order in which the sources of an import are
// numbered. Throws Error(kUsage) where `options` name decision tables for a mapping of several sources.
std::vector<MappedSource> SourcesOf(const ImportOptions& options, const Mapping& mapping);

// The mapping with every feature's kind and categories stated: by the dataset where there is one, else
// by a pass over the inputs, whose findings are added to `notes`. Collective.
Mapping CloseFeatures(core::FileSystem& files, const ImportOptions& options, const Mapping& mapping,
                      cluster::Communicator& world, std::vector<std::string>& notes);

// The import of a mapping without open features. Collective.
ImportReport ImportLogs(core::FileSystem& files, const ImportOptions& options,
                        const Mapping& mapping, cluster::Communicator& world);

}  // namespace journeyman::journey
