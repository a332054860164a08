#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/feature_kinds.h"
#include "journey/import_session.h"
#include "journey/row_exchange.h"

namespace journeyman::journey {
namespace {

using Source = MappedFeature::Source;

// Adds the rows of this rank's share of the files to the sketches.
void ReadSketches(const ImportOptions& options, const Mapping& mapping, int rank, int ranks,
                  FeatureSketches& decisions, FeatureSketches& profile) {
  std::vector<MappedSource> sources = SourcesOf(options, mapping);
  const Lookups lookups(mapping.lookups, options.InputBase());
  RowScan scan(lookups);
  // Only the sources that have an open feature are read.
  std::vector<MappedSource> read;
  const auto add = [&](const MappedSource& source, FeatureSketches& sketches) {
    if (sketches.columns().empty()) return;
    read.push_back(source);
    scan.Add(source, sketches);
  };
  add(sources.front(), decisions);
  if (mapping.profile) add(sources.back(), profile);
  const ImportSources inputs = ResolveSources(read, options.inputs.empty() ? options.InputBase() : "");
  for (size_t f = static_cast<size_t>(rank); f < inputs.files.size();
       f += static_cast<size_t>(ranks)) {
    (void)scan.Read(inputs.files[f], static_cast<int>(f), {}, inputs.readers[f],
                    [](const TableRow&) {});  // decoding rejects it
  }
}

void Share(FeatureSketches& sketches, const Mapping& mapping, Source source,
           cluster::Communicator& world) {
  FeatureSketches all(mapping, source);
  const auto deadline = cluster::Deadline::After(kSlowestRank);
  for (const std::vector<std::byte>& bytes : world.AllGatherV(sketches.Encode(), deadline)) {
    all.AppendEncoded(bytes);
  }
  std::swap(sketches, all);
}

}  // namespace

std::vector<MappedSource> SourcesOf(const ImportOptions& options, const Mapping& mapping) {
  std::vector<MappedSource> sources{mapping.decision_source()};
  if (!options.inputs.empty() && mapping.is_event_log()) {
    throw core::Error(core::ExitCode::kUsage,
                      "--input names decision tables, but this mapping reads several sources.",
                      "Use --base DIRECTORY for the place where the mapping's inputs start.");
  }
  if (!options.inputs.empty()) sources[0].inputs = options.inputs;
  for (const MappedEvent& event : mapping.events) sources.push_back(event.source);
  if (mapping.profile) sources.push_back(*mapping.profile);
  return sources;
}

Mapping CloseFeatures(core::FileSystem& files, const ImportOptions& options, const Mapping& mapping,
                      cluster::Communicator& world, std::vector<std::string>& notes) {
  if (!HasOpenFeatures(mapping)) return mapping;
  if (files.Exists(options.dataset / "manifest.json")) {
    const auto dataset = storage::Dataset::Open(files, options.dataset);
    return WithKindsOf(mapping, dataset.schema().features);
  }
  FeatureSketches decisions(mapping, Source::kColumn);
  FeatureSketches profile(mapping, Source::kProfile);
  ReadSketches(options, mapping, world.rank(), world.size(), decisions, profile);
  Share(decisions, mapping, Source::kColumn, world);
  Share(profile, mapping, Source::kProfile, world);
  const FeatureSketches* const sketches[] = {&decisions, &profile};
  IdentifiedMapping identified = Identified(mapping, sketches);
  for (const features::Identification& found : identified.found) {
    notes.push_back(core::StrCat("Feature ", found.column.name, " is ",
                                 features::Name(found.column.kind), ": ", found.reason, ".",
                                 found.looks_like_id ? " It looks like an id: leave it out." : ""));
  }
  identified.mapping.Validate();
  return std::move(identified.mapping);
}

}  // namespace journeyman::journey
