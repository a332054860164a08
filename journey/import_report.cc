#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/strings.h"
#include "journey/import.h"

namespace journeyman::journey {

int64_t ImportReport::rejected() const {
  return std::accumulate(rejects.begin(), rejects.end(), int64_t{0},
                         [](int64_t sum, const auto& entry) { return sum + entry.second; });
}

std::string ImportReport::ToJson() const {
  nlohmann::ordered_json json = {{"rows", rows},
                                 {"blank_lines", blank_lines},
                                 {"accepted", accepted},
                                 {"duplicates", duplicates},
                                 {"already_imported", already_imported},
                                 {"rejected", rejected()},
                                 {"journeys", journeys},
                                 {"people", people},
                                 {"unpropensed", unpropensed},
                                 {"dataset_id", dataset_id},
                                 {"generation", generation},
                                 {"dry_run", dry_run},
                                 {"notes", notes}};
  json["rejects"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : rejects) json["rejects"][Name(reason)] = count;
  json["actions"] = nlohmann::ordered_json::object();
  for (const auto& [name, count] : actions) json["actions"][name] = count;
  json["unknown_categories"] = unknown_categories;
  if (watermark_us) {
    json["watermark_us"] = *watermark_us;
    json["open_decisions"] = open_decisions;
    json["withdrawn_decisions"] = withdrawn_decisions;
    json["files_imported_before"] = files_imported_before;
    json["forgotten_rows"] = forgotten_rows;
    for (const Kind& kind : kinds) {
      json["events"][kind.name] = {{"accepted", kind.counts.accepted},
                                   {"duplicates", kind.counts.duplicates},
                                   {"late", kind.counts.late},
                                   {"joined", kind.counts.outcomes.joined},
                                   {"outside_windows", kind.counts.outcomes.outside},
                                   {"orphans", kind.counts.outcomes.orphans}};
    }
  }
  if (ignored > 0) json["ignored"] = ignored;
  // null where there is none: JSON has no NaN.
  json["propensity_min"] = propensity_min;
  json["propensity_max"] = propensity_max;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string ImportReport::ToText() const {
  using core::StrCat;
  std::string text = StrCat("Read ", rows, " rows: ", accepted, " new, ", duplicates, " repeated, ",
                            already_imported, " imported before, ", rejected(), " rejected");
  text += rejects.empty() ? ".\n" : StrCat(" (", Describe(rejects), ").\n");
  text += StrCat("Added ", journeys, " journeys of ", people, " people.\n");
  std::string counts;
  for (const auto& [name, count] : actions) {
    counts += StrCat(counts.empty() ? "" : ", ", name, " ", count);
  }
  if (!counts.empty()) text += StrCat("Actions: ", counts, ".\n");
  if (!std::isnan(propensity_min)) {
    text += StrCat("Propensities from ", propensity_min, " to ", propensity_max, ".\n");
  }
  for (const Kind& kind : kinds) {
    const KindCounts& counts = kind.counts;
    text += StrCat("Events of ", kind.name, ": ", counts.accepted, " new, ", counts.duplicates,
                   " repeated, ", counts.late, " late");
    if (counts.outcomes.joined + counts.outcomes.outside + counts.outcomes.orphans > 0) {
      text += StrCat("; of all, ", counts.outcomes.joined, " joined to a decision, ",
                     counts.outcomes.outside, " outside of the windows, ", counts.outcomes.orphans,
                     " without a decision");
    }
    text += ".\n";
  }
  if (watermark_us) {
    text += StrCat("Open: ", open_decisions, " decisions whose outcomes are not all known yet.\n");
  }
  if (withdrawn_decisions > 0) {
    text += StrCat(withdrawn_decisions, " decisions that were open break a rule and are left out.\n");
  }
  if (files_imported_before > 0) {
    text += StrCat(files_imported_before, " files were imported before and not read again.\n");
  }
  if (forgotten_rows > 0) {
    text += StrCat(forgotten_rows, " rows of forgotten people were left out.\n");
  }
  if (ignored > 0) {
    text += StrCat(ignored, " keys and records that this version does not know were left out.\n");
  }
  for (const auto& [feature, count] : unknown_categories) {
    text +=
        StrCat("Feature ", feature, ": ", count, " values of unknown categories are missing.\n");
  }
  if (unpropensed) {
    text += "No propensities: the dataset is unpropensed; training works, weighted estimates refuse.\n";
  }
  for (const std::string& note : notes) text += StrCat("Note: ", note, "\n");
  if (generation >= 0) text += StrCat("Dataset ", dataset_id, ", generation ", generation, ".\n");
  if (dry_run) text += "Dry run: nothing was written.\n";
  return text;
}

}  // namespace journeyman::journey
