#include "journey/import.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/error.h"
#include "core/strings.h"
#include "journey/assembly.h"
#include "journey/dataset_identity.h"
#include "journey/input_files.h"
#include "journey/mapping.h"
#include "journey/row_decoder.h"
#include "journey/table.h"
#include "storage/dataset.h"

namespace journeyman::journey {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

// One import, from the mapping to the published generation.
class Importer {
 public:
  Importer(core::FileSystem& files, const ImportOptions& options)
      : files_(files), options_(options), mapping_(ReadMapping(files, options.mapping)) {
    const bool overridden = !options.inputs.empty();
    inputs_ = ResolveInputs(overridden ? options.inputs : mapping_.inputs,
                            overridden ? "" : options.mapping.parent_path());
    for (const InputFile& input : inputs_) names_.push_back(input.name);
    CheckRowIds();
    OpenDataset();
  }

  ImportReport Run() {
    report_.dry_run = options_.dry_run;
    report_.unpropensed = !mapping_.propensed();
    const uint64_t source = SourceHash();
    if (IsImported(source)) return std::move(report_);
    ReadTables();
    AssemblePartitions();
    CheckRejects();
    FixCategories();
    BuildTables();
    Describe();
    if (!options_.dry_run && report_.accepted > 0) Publish(source);
    return std::move(report_);
  }

 private:
  void CheckRowIds() const {
    if (!mapping_.row_is_journey) return;
    std::vector<std::string> names;
    for (const InputFile& input : inputs_) names.push_back(input.path.filename().native());
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return;
    throw Error(ExitCode::kConfig,
                StrCat("two inputs are called ", *twice,
                       ", but \"journey\": \"row\" makes people "
                       "out of file names and row numbers."),
                "Rename one of them.");
  }

  void OpenDataset() {
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

  // Over the rows' meaning: the same files under another mapping are another source.
  uint64_t SourceHash() const {
    Mapping mapping = mapping_;
    mapping.inputs.clear();
    return ContentHash(inputs_, mapping.ToJson());
  }

  // Whether the ledger has this source.
  bool IsImported(uint64_t source) {
    if (!dataset_) return false;
    for (const storage::Generation& generation : dataset_->manifest().generations) {
      if (generation.source_hash != source) continue;
      for (const storage::ShardFile& file : generation.files) report_.already_imported += file.rows;
      report_.rows = report_.already_imported;
      report_.notes.push_back(
          StrCat("These files were imported before, as generation ", generation.number, "."));
      return true;
    }
    return false;
  }

  // Closed where the mapping states the categories or the dataset knows them.
  std::vector<Categories> StartCategories() {
    std::vector<std::vector<std::string>> stated;
    for (size_t f = 0; f < mapping_.features.size(); ++f) {
      stated.push_back(mapping_.features[f].categories);
      const bool open =
          mapping_.features[f].kind == features::FeatureKind::kEnum && stated.back().empty();
      if (!open || !dataset_ || f >= dataset_->schema().features.columns.size()) continue;
      stated.back() = dataset_->schema().features.columns[f].categories;
    }
    if (dataset_) {
      CheckSameSchema(*dataset_, SchemaOf(mapping_, stated), mapping_.split,
                      options_.mapping.native());
    }
    std::vector<Categories> categories;
    for (const auto& names : stated) {
      categories.push_back(names.empty() ? Categories() : Categories(names));
    }
    return categories;
  }

  void ReadTables() {
    decoder_ = std::make_unique<RowDecoder>(mapping_, key_, StartCategories());
    columns_.assign(static_cast<size_t>(mapping_.split.partitions),
                    DecisionColumns(decoder_->widths()));
    TableRow row;
    for (size_t f = 0; f < inputs_.size(); ++f) {
      const auto reader = OpenTable(inputs_[f].path);
      decoder_->Bind(*reader, static_cast<int>(f));
      while (reader->Next(row)) {
        ++report_.rows;
        if (const Decision* decision = decoder_->Decode(row)) {
          columns_[static_cast<size_t>(mapping_.split.PartitionOf(decision->key.person))].Append(
              *decision);
        } else {
          rejects_.push_back(decoder_->why());
        }
      }
    }
    if (report_.rows == 0) {
      throw Error(ExitCode::kBadData, StrCat("the inputs of ", options_.mapping, " have no rows."),
                  "Check the paths and what was exported.");
    }
  }

  void AssemblePartitions() {
    for (size_t p = 0; p < columns_.size(); ++p) {
      storage::JourneyTable known;
      if (dataset_ && columns_[p].size() > 0) known = dataset_->ReadPartition(static_cast<int>(p));
      assembled_.push_back(
          AssemblePartition(columns_[p], mapping_, key_, dataset_ ? &known : nullptr));
      const AssembledPartition& part = assembled_.back();
      report_.duplicates += part.duplicates;
      report_.already_imported += part.already_imported;
      rejects_.insert(rejects_.end(), part.rejects.begin(), part.rejects.end());
    }
    std::stable_sort(rejects_.begin(), rejects_.end(), [](const Reject& a, const Reject& b) {
      return a.file != b.file ? a.file < b.file : a.line < b.line;
    });
    report_.rejects = CountByReason(rejects_);
  }

  void CheckRejects() const {
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

  // Gives open categories their final numbers: those that occur in kept rows, in byte order.
  void FixCategories() {
    const auto& categories = decoder_->categories();
    category_numbers_.resize(categories.size());
    for (size_t f = 0; f < categories.size(); ++f) {
      std::vector<std::string> names = categories[f].names();
      if (categories[f].open() && !names.empty()) {
        const std::vector<bool> used = UsedCategories(f, names.size());
        std::vector<std::string> kept;
        for (size_t n = 0; n < names.size(); ++n) {
          if (used[n]) kept.push_back(names[n]);
        }
        std::sort(kept.begin(), kept.end());
        for (const std::string& name : names) {
          const auto place = std::lower_bound(kept.begin(), kept.end(), name) - kept.begin();
          category_numbers_[f].push_back(static_cast<float>(place));
        }
        names = std::move(kept);
      }
      final_categories_.push_back(std::move(names));
      const std::string& feature = mapping_.features[f].name;
      if (categories[f].unknown() > 0) {
        report_.unknown_categories[feature] = categories[f].unknown();
      }
      if (mapping_.features[f].kind == features::FeatureKind::kEnum &&
          final_categories_.back().empty()) {
        throw Error(ExitCode::kBadData,
                    StrCat("the enum feature \"", feature, "\" has no value in any accepted row."),
                    "State its categories in the mapping, or leave the feature out.");
      }
    }
  }

  std::vector<bool> UsedCategories(size_t feature, size_t count) const {
    std::vector<bool> used(count, false);
    for (size_t p = 0; p < columns_.size(); ++p) {
      for (const PlacedDecision& decision : assembled_[p].decisions) {
        const float number = columns_[p].Observation(decision.row)[feature];
        if (!std::isnan(number)) used[static_cast<size_t>(number)] = true;
      }
    }
    return used;
  }

  // Frees the columns of each partition as soon as its table is there.
  void BuildTables() {
    for (size_t p = 0; p < columns_.size(); ++p) {
      tables_.push_back(TableOf(assembled_[p], columns_[p], mapping_, category_numbers_));
      columns_[p] = DecisionColumns();
      assembled_[p] = AssembledPartition();
    }
  }

  void Describe() {
    std::vector<int64_t> taken(mapping_.actions.size(), 0);
    for (const storage::JourneyTable& table : tables_) {
      report_.accepted += table.rows();
      report_.journeys += table.journey_count();
      std::vector<uint64_t> people = table.persons;
      std::sort(people.begin(), people.end());
      report_.people += std::unique(people.begin(), people.end()) - people.begin();
      for (const int32_t action : table.action) ++taken[static_cast<size_t>(action)];
      for (const double propensity : table.propensity) {
        report_.propensity_min = std::fmin(report_.propensity_min, propensity);
        report_.propensity_max = std::fmax(report_.propensity_max, propensity);
      }
    }
    for (size_t a = 0; a < taken.size(); ++a) {
      report_.actions.emplace_back(mapping_.actions[a].name, taken[a]);
    }
    NoteLogger();
  }

  void NoteLogger() {
    if (report_.accepted == 0) {
      report_.notes.push_back("No row was new: the dataset is as it was.");
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

  void Publish(uint64_t source) {
    storage::DatasetWriter writer(files_, options_.dataset, SchemaOf(mapping_, final_categories_),
                                  mapping_.split, key_);
    for (size_t p = 0; p < tables_.size(); ++p) {
      if (tables_[p].rows() == 0) continue;
      writer.AddPartition(static_cast<int>(p), tables_[p]);
      tables_[p] = storage::JourneyTable();
    }
    const int generation = dataset_ ? static_cast<int>(dataset_->manifest().generations.size()) : 0;
    WriteRejects(files_, options_.dataset, generation, rejects_, names_);
    const storage::DatasetManifest manifest = writer.Publish({.source_hash = source});
    report_.generation = manifest.generations.back().number;
    report_.dataset_id = manifest.dataset_id;
  }

  core::FileSystem& files_;
  const ImportOptions& options_;
  Mapping mapping_;
  std::vector<InputFile> inputs_;
  std::vector<std::string> names_;           // of the inputs
  std::optional<storage::Dataset> dataset_;  // as it was
  storage::DatasetKey key_{};
  std::unique_ptr<RowDecoder> decoder_;
  std::vector<DecisionColumns> columns_;       // by partition
  std::vector<AssembledPartition> assembled_;  // by partition
  std::vector<storage::JourneyTable> tables_;  // by partition
  std::vector<std::vector<float>> category_numbers_;
  std::vector<std::vector<std::string>> final_categories_;
  std::vector<Reject> rejects_;
  ImportReport report_;
};

}  // namespace

void ImportOptions::Validate() const {
  if (!(max_reject_rate >= 0 && max_reject_rate <= 1)) {
    throw Error(ExitCode::kUsage,
                StrCat("--max-reject-rate is ", max_reject_rate, "; it must lie in [0, 1]."));
  }
  if (mapping.empty()) throw Error(ExitCode::kUsage, "import needs a mapping file.");
  if (dataset.empty()) throw Error(ExitCode::kUsage, "import needs a dataset directory.");
}

ImportReport Import(core::FileSystem& files, const ImportOptions& options) {
  options.Validate();
  return Importer(files, options).Run();
}

}  // namespace journeyman::journey
