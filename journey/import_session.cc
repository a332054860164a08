#include "journey/import_session.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/byte_codec.h"
#include "journey/dataset_identity.h"
#include "journey/row_exchange.h"

namespace journeyman::journey {

using core::Error;
using core::ExitCode;
using core::StrCat;

ImportSession::ImportSession(core::FileSystem& files, const ImportOptions& options,
                             const Mapping& mapping, const std::vector<MappedSource>& sources)
    : files_(files), options_(options), mapping_(mapping), taken_(mapping.actions.size(), 0) {
  const bool given = !options.inputs.empty();
  sources_ = ResolveSources(sources, given ? "" : options.InputBase());
  for (const InputFile& input : sources_.files) names_.push_back(input.name);
  report_.dry_run = options.dry_run;
  report_.unpropensed = !mapping.propensed();
  OpenDataset();
}

void ImportSession::OpenDataset() {
  if (files_.Exists(options_.dataset / "manifest.json")) {
    dataset_ = storage::Dataset::Open(files_, options_.dataset);
    key_ = dataset_->key();
    report_.dataset_id = dataset_->manifest().dataset_id;
  }
  if (options_.key_file) {
    const auto given = storage::ReadKeyFile(files_, *options_.key_file);
    if (dataset_ && given != key_) {
      throw Error(ExitCode::kBadData,
                  StrCat(*options_.key_file, " is not the key of ", options_.dataset, "."),
                  "Leave the key file out: a dataset keeps the key it was created with.");
    }
    key_ = given;
  } else if (!dataset_) {
    key_ = RandomKey();
  }
}

void ImportSession::ShareKey(cluster::Communicator& world) {
  world.Broadcast(std::as_writable_bytes(std::span(key_)), 0,
                  cluster::Deadline::After(kSlowestRank));
}

void ImportSession::Gather(cluster::Communicator& world) {
  const cluster::Deadline deadline = cluster::Deadline::After(kSlowestRank);
  ByteWriter writer;
  for (const Reject& reject : rejects_) {
    writer.Put(reject.reason);
    writer.Put(reject.file);
    writer.Put(reject.line);
    writer.Put(reject.column);
  }
  const auto all = world.AllGatherV(writer.Finish(), deadline);
  rejects_.clear();
  for (const std::vector<std::byte>& bytes : all) {
    ByteReader reader(bytes);
    while (!reader.done()) {
      Reject reject;
      reject.reason = reader.Get<RejectReason>();
      reject.file = reader.Get<int>();
      reject.line = reader.Get<int64_t>();
      reject.column = reader.GetText();
      rejects_.push_back(std::move(reject));
    }
  }
  std::vector<int64_t> counts{report_.rows, report_.blank_lines, report_.forgotten_rows};
  for (const MappedFeature& feature : mapping_.features) {
    const auto unknown = report_.unknown_categories.find(feature.name);
    counts.push_back(unknown == report_.unknown_categories.end() ? 0 : unknown->second);
  }
  counts.push_back(report_.ignored);
  world.AllReduce(std::span(counts), cluster::ReduceOp::kSum, deadline);
  report_.ignored = counts.back();
  report_.rows = counts[0];
  report_.blank_lines = counts[1];
  report_.forgotten_rows = counts[2];
  for (size_t f = 0; f < mapping_.features.size(); ++f) {
    if (counts[3 + f] > 0) report_.unknown_categories[mapping_.features[f].name] = counts[3 + f];
  }
}

void ImportSession::AddRejects(const std::vector<Reject>& rejects) {
  rejects_.insert(rejects_.end(), rejects.begin(), rejects.end());
}

void ImportSession::CheckRejects() {
  std::stable_sort(rejects_.begin(), rejects_.end(), [](const Reject& a, const Reject& b) {
    return a.file != b.file ? a.file < b.file : a.line < b.line;
  });
  report_.rejects = CountByReason(rejects_);
  const auto rejected = static_cast<double>(rejects_.size());
  const auto rows = static_cast<double>(report_.rows);
  if (rejected <= options_.max_reject_rate * rows) return;
  constexpr size_t kPlaces = 5;
  std::string places;
  for (size_t i = 0; i < std::min(kPlaces, rejects_.size()); ++i) {
    places += StrCat(i == 0 ? "" : "; ", journey::Describe(rejects_[i], names_));
  }
  throw Error(ExitCode::kBadData,
              StrCat(rejects_.size(), " of ", report_.rows, " rows are rejected (",
                     std::round(rejected / rows * 1e5) / 1e3, " %), more than the allowed ",
                     std::round(options_.max_reject_rate * 1e5) / 1e3,
                     " %: ", journey::Describe(report_.rejects), ". First: ", places, "."),
              StrCat("Correct the rows, or allow more with --max-reject-rate; ", options_.dataset,
                     " is as it was."));
}

void ImportSession::CheckRows() const {
  if (report_.rows > 0) return;
  throw Error(ExitCode::kBadData, StrCat("the inputs of ", options_.LogName(), " have no rows."),
              "Check the paths and what was exported.");
}

void ImportSession::CheckSchema() const {
  if (!dataset_) return;
  CheckSameSchema(*dataset_, SchemaOf(mapping_), mapping_.split, options_.LogName());
}

void ImportSession::Describe(const storage::JourneyTable& table) {
  if (options_.observe) options_.observe(table);
  report_.accepted += table.rows();
  report_.journeys += table.journey_count();
  std::vector<uint64_t> people = table.persons;
  std::sort(people.begin(), people.end());
  report_.people += std::unique(people.begin(), people.end()) - people.begin();
  for (const int32_t action : table.action) ++taken_[static_cast<size_t>(action)];
  for (const double propensity : table.propensity) {
    report_.propensity_min = std::fmin(report_.propensity_min, propensity);
    report_.propensity_max = std::fmax(report_.propensity_max, propensity);
  }
}

void ImportSession::NoteLogger() {
  for (size_t a = 0; a < taken_.size(); ++a) {
    report_.actions.emplace_back(mapping_.actions[a].name, taken_[a]);
  }
  if (report_.accepted == 0) {
    report_.notes.push_back(mapping_.is_event_log() ? "No decision became final."
                                                    : "No row was new: the dataset is as it was.");
    return;
  }
  if (report_.propensity_min == 1) {
    report_.notes.push_back(
        "The logger was deterministic: every propensity is 1, so no other "
        "policy can be evaluated by importance weighting.");
  }
  const auto only = std::count_if(report_.actions.begin(), report_.actions.end(),
                                  [](const auto& action) { return action.second > 0; });
  if (only == 1) {
    report_.notes.push_back("The logger was deterministic: only one action was ever taken.");
  }
  if (report_.unpropensed) {
    report_.notes.push_back(
        "The log has no propensities: training works, evaluation by "
        "importance weighting refuses this dataset.");
  }
}

int ImportSession::NextGeneration() const {
  return dataset_ ? static_cast<int>(dataset_->manifest().generations.size()) : 0;
}

void ImportSession::WriteUnused(const std::string& file, std::vector<UnusedEvent> events,
                                const std::vector<std::string>& kinds) {
  journey::WriteUnused(files_, options_.dataset, file, NextGeneration(), std::move(events), kinds,
                       names_);
}

void ImportSession::Publish(storage::DatasetWriter& writer, const storage::PublishInfo& info) {
  WriteRejects(files_, options_.dataset, NextGeneration(), rejects_, names_);
  const storage::DatasetManifest manifest = writer.Publish(info);
  report_.generation = manifest.generations.back().number;
  report_.dataset_id = manifest.dataset_id;
}

}  // namespace journeyman::journey
