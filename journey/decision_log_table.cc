#include "journey/decision_log_table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/line_reader.h"

namespace journeyman::journey {
namespace {

using Columns = DecisionLogColumns;
using policy::DecisionLogDecoder;
using policy::DecisionRecord;
using policy::LogHeader;
using policy::OutcomeRecord;

// What a decision without a journey belongs to.
constexpr const char* kOnlyJourney = "main";

// Decodes the lines of a file that are not blank.
class LogLines {
 public:
  explicit LogLines(const std::filesystem::path& path) : lines_(path), decoder_(path.native()) {}

  // False at the end of the file, or of the part.
  bool Next(DecisionLogDecoder::Kind& kind) {
    if (!lines_.Next()) return false;
    kind = decoder_.Decode({lines_.line().data(), lines_.line().size()}, lines_.line_number());
    return true;
  }

  // Continues with a part of the file, whose records mean what the header of the file says: a header
  // between the two changes nothing that is read here.
  void Seek(const TableRange& range) {
    lines_.Seek(range.begin, range.end, range.first_line);
    ignored_before_ = Ignored();
  }

  const DecisionLogDecoder& decoder() const { return decoder_; }
  int64_t number() const { return lines_.line_number(); }
  int64_t blank() const { return lines_.blank(); }
  int64_t ignored() const { return Ignored() - ignored_before_; }

 private:
  int64_t Ignored() const { return decoder_.unknown_records() + decoder_.unknown_keys(); }

  LineReader lines_;
  DecisionLogDecoder decoder_;
  int64_t ignored_before_ = 0;  // the part
};

// Reads up to the first header, which is the first line.
void ReadHeader(LogLines& lines, const std::filesystem::path& path) {
  DecisionLogDecoder::Kind kind{};
  if (lines.Next(kind)) return;
  throw core::Error(core::ExitCode::kBadData, core::StrCat(path, " has no header: it is empty."),
                    "docs/formats/decision_log.md describes a decision log.");
}

std::string PersonText(const LogHeader& header, uint64_t person, const std::string& person_id) {
  return header.has_person_ids ? person_id : core::Hex64(person);
}

Cell FeatureCell(const features::FeatureColumn& column, float value) {
  if (std::isnan(value)) return {};
  if (column.kind != features::FeatureKind::kEnum) return static_cast<double>(value);
  return column.categories[static_cast<size_t>(value)];
}

// A cell out of a record of each kind; missing where one has none.
struct Column {
  std::string name;
  std::function<Cell(const LogHeader&, const DecisionRecord&)> of_decision;
  std::function<Cell(const LogHeader&, const OutcomeRecord&)> of_outcome;
};

std::vector<Column> ColumnsOf(const LogHeader& header) {
  const auto none = [](const LogHeader&, const auto&) { return Cell(); };
  std::vector<Column> columns{
      {Columns::kRecord, [](const auto&, const auto&) { return Columns::kDecision; },
       [](const auto&, const auto&) { return Columns::kOutcome; }},
      {Columns::kDecisionId, [](const auto&, const DecisionRecord& r) { return r.id; },
       [](const auto&, const OutcomeRecord& r) { return r.decision; }},
      {Columns::kPerson,
       [](const LogHeader& h, const DecisionRecord& r) {
         return PersonText(h, r.person, r.person_id);
       },
       [](const LogHeader& h, const OutcomeRecord& r) {
         return r.person ? Cell(PersonText(h, *r.person, r.person_id)) : Cell();
       }},
      {Columns::kJourney,
       [](const auto&, const DecisionRecord& r) {
         return r.journey.empty() ? std::string(kOnlyJourney) : r.journey;
       },
       none},
      {Columns::kTime, [](const auto&, const DecisionRecord& r) { return r.time_us; },
       [](const auto&, const OutcomeRecord& r) { return r.time_us; }},
      {Columns::kAction,
       [](const LogHeader& h, const DecisionRecord& r) {
         return h.catalogue.actions[static_cast<size_t>(r.action)].name;
       },
       none},
      {Columns::kPossible,
       [](const auto&, const DecisionRecord& r) {
         const std::vector<uint8_t> possible = r.Possible();
         return std::vector<double>(possible.begin(), possible.end());
       },
       none},
      {Columns::kProbabilities,
       [](const auto&, const DecisionRecord& r) {
         std::vector<double> probabilities;
         for (const uint32_t ticks : r.distribution.ticks) {
           probabilities.push_back(static_cast<double>(ticks) / policy::kTicks);
         }
         return probabilities;
       },
       none},
      {Columns::kPropensity, [](const auto&, const DecisionRecord& r) { return r.propensity(); },
       none},
      {Columns::kKey, none, [](const auto&, const OutcomeRecord& r) { return r.key; }},
      {Columns::kMetric, none, [](const auto&, const OutcomeRecord& r) { return r.metric; }},
      {Columns::kValue, none, [](const auto&, const OutcomeRecord& r) { return r.value; }}};
  for (size_t f = 0; f < header.features.columns.size(); ++f) {
    columns.push_back({Columns::kFeature + header.features.columns[f].name,
                       [f](const LogHeader& h, const DecisionRecord& r) {
                         return FeatureCell(h.features.columns[f], r.features[f]);
                       },
                       none});
  }
  return columns;
}

class DecisionLogReader final : public TableReader {
 public:
  DecisionLogReader(const std::filesystem::path& path, const TableRange& range)
      : TableReader(path), lines_(path), next_number_(range.first_row) {
    ReadHeader(lines_, path);
    known_ = ColumnsOf(lines_.decoder().header());
    lines_.Seek(range);
    std::vector<std::string> names;
    for (const Column& column : known_) names.push_back(column.name);
    SetColumns(std::move(names));
  }

  bool Next(TableRow& row) override {
    if (!indices_) indices_ = SelectedIndices();
    DecisionLogDecoder::Kind kind{};
    while (lines_.Next(kind)) {
      row.number = next_number_++;
      if (kind == DecisionLogDecoder::Kind::kHeader || kind == DecisionLogDecoder::Kind::kUnknown) {
        continue;
      }
      Fill(kind, row);
      return true;
    }
    return false;
  }

  int64_t blank_lines() const override { return lines_.blank(); }
  int64_t ignored() const override { return lines_.ignored(); }

 private:
  void Fill(DecisionLogDecoder::Kind kind, TableRow& row) {
    const DecisionLogDecoder& decoder = lines_.decoder();
    row.line = lines_.number();
    row.problem = decoder.problem();
    if (!row.problem.empty()) return;
    row.cells.resize(indices_->size());
    for (size_t i = 0; i < indices_->size(); ++i) {
      const Column& column = known_[(*indices_)[i]];
      row.cells[i] = kind == DecisionLogDecoder::Kind::kDecision
                         ? column.of_decision(decoder.header(), decoder.decision())
                         : column.of_outcome(decoder.header(), decoder.outcome());
    }
  }

  LogLines lines_;
  std::vector<Column> known_;
  std::optional<std::vector<size_t>> indices_;  // of the selected columns; from the first Next
  int64_t next_number_;
};

}  // namespace

LogHeader ReadLogHeader(const std::filesystem::path& path) {
  LogLines lines(path);
  ReadHeader(lines, path);
  return lines.decoder().header();
}

std::unique_ptr<TableReader> OpenDecisionLog(const std::filesystem::path& path,
                                             const TableRange& range) {
  return std::make_unique<DecisionLogReader>(path, range);
}

}  // namespace journeyman::journey
