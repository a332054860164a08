#include "journey/reject.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "core/json_text.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

constexpr const char* kFileName = "rejects.jsonl";

// Whether a line belongs to an older generation than `generation`.
bool IsOlder(const std::string& line, int generation) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  const auto number = json.is_object() ? json.find("generation") : json.end();
  return json.is_object() && number != json.end() && number->is_number_integer() &&
         number->get<int64_t>() < generation;
}

// Puts `lines` in the place of those of the same and later generations.
void ReplaceGeneration(core::FileSystem& files, const std::filesystem::path& path, int generation,
                       const std::string& lines) {
  const std::string before = files.Exists(path) ? files.ReadText(path) : "";
  std::string after;
  for (const std::string& line : core::Split(before, '\n')) {
    if (!line.empty() && IsOlder(line, generation)) after += line + "\n";
  }
  after += lines;
  if (after != before) core::WriteAtomically(files, path, after);
}

std::string LineOf(const Reject& reject, int generation, const std::vector<std::string>& names) {
  std::string line =
      core::StrCat("{\"generation\":", generation,
                   ",\"file\":", core::JsonQuote(names[static_cast<size_t>(reject.file)]),
                   ",\"line\":", reject.line, ",\"reason\":\"", Name(reject.reason), "\"");
  if (!reject.column.empty()) line += core::StrCat(",\"column\":", core::JsonQuote(reject.column));
  return line + "}\n";
}

}  // namespace

const char* Name(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformedRow:
      return "malformed_row";
    case RejectReason::kMissingPerson:
      return "missing_person";
    case RejectReason::kUnparsableNumber:
      return "unparsable_number";
    case RejectReason::kUnparsableTime:
      return "unparsable_time";
    case RejectReason::kUnknownAction:
      return "unknown_action";
    case RejectReason::kActionNotPossible:
      return "action_not_possible";
    case RejectReason::kMetricNotFinite:
      return "metric_not_finite";
    case RejectReason::kPropensityOutOfRange:
      return "propensity_out_of_range";
    case RejectReason::kDistributionMismatch:
      return "distribution_mismatch";
    case RejectReason::kDuplicate:
      return "duplicate";
    case RejectReason::kOutOfOrder:
      return "out_of_order";
    case RejectReason::kSequenceOutOfRange:
      return "sequence_out_of_range";
    case RejectReason::kAfterEnd:
      return "after_end";
    case RejectReason::kLate:
      return "late";
    case RejectReason::kOffGrid:
      return "off_grid";
    case RejectReason::kInsideGap:
      return "inside_gap";
    case RejectReason::kOfferOpen:
      return "offer_open";
  }
  return "unknown";
}

RejectCounts CountByReason(const std::vector<Reject>& rejects) {
  RejectCounts counts;
  for (const Reject& reject : rejects) ++counts[reject.reason];
  return counts;
}

std::string Describe(const RejectCounts& counts) {
  std::vector<std::pair<RejectReason, int64_t>> ordered(counts.begin(), counts.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [reason, count] : ordered) {
    text += core::StrCat(text.empty() ? "" : ", ", Name(reason), " ", count);
  }
  return text;
}

std::string Describe(const Reject& reject, const std::vector<std::string>& file_names) {
  return core::StrCat(file_names[static_cast<size_t>(reject.file)], " line ", reject.line, " (",
                      Name(reject.reason), reject.column.empty() ? "" : ", column ", reject.column,
                      ")");
}

void WriteRejects(core::FileSystem& files, const std::filesystem::path& dataset, int generation,
                  std::vector<Reject> rejects, const std::vector<std::string>& file_names) {
  std::stable_sort(rejects.begin(), rejects.end(), [](const Reject& a, const Reject& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  std::string lines;
  for (const Reject& reject : rejects) lines += LineOf(reject, generation, file_names);
  ReplaceGeneration(files, dataset / kFileName, generation, lines);
}

void WriteUnused(core::FileSystem& files, const std::filesystem::path& dataset,
                 const std::string& file, int generation, std::vector<UnusedEvent> events,
                 const std::vector<std::string>& kinds,
                 const std::vector<std::string>& file_names) {
  std::sort(events.begin(), events.end(), [](const UnusedEvent& a, const UnusedEvent& b) {
    return std::tie(a.place.file, a.place.line, a.kind) <
           std::tie(b.place.file, b.place.line, b.kind);
  });
  std::string lines;
  for (const UnusedEvent& event : events) {
    lines += core::StrCat(
        "{\"generation\":", generation,
        ",\"file\":", core::JsonQuote(file_names[static_cast<size_t>(event.place.file)]),
        ",\"line\":", event.place.line, ",\"kind\":", core::JsonQuote(kinds[event.kind]), "}\n");
  }
  ReplaceGeneration(files, dataset / file, generation, lines);
}

}  // namespace journeyman::journey
