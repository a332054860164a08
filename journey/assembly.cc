#include "journey/assembly.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/check.h"
#include "core/sip_hash.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

using storage::JourneyEnd;
using storage::JourneyTable;

// Rows of journey hash -> index in a table.
using JourneyIndex = std::unordered_map<uint64_t, int64_t>;

class Assembler {
 public:
  Assembler(const DecisionColumns& columns, const Mapping& mapping, const storage::DatasetKey& key,
            const JourneyTable* known)
      : columns_(columns), mapping_(mapping), key_(key), known_(known) {
    if (known == nullptr) return;
    for (int64_t j = 0; j < known->journey_count(); ++j) {
      known_journeys_.emplace(known->journeys[static_cast<size_t>(j)], j);
    }
  }

  AssembledPartition Run() {
    std::vector<int64_t> rows(static_cast<size_t>(columns_.size()));
    std::iota(rows.begin(), rows.end(), 0);
    // Rows come from several ranks; within a journey the order is that of the inputs.
    std::sort(rows.begin(), rows.end(), [this](int64_t a, int64_t b) {
      const DecisionKey& left = columns_.Key(a);
      const DecisionKey& right = columns_.Key(b);
      return std::tie(left.journey, left.file, left.line) <
             std::tie(right.journey, right.file, right.line);
    });
    for (size_t begin = 0; begin < rows.size();) {
      size_t end = begin + 1;
      while (end < rows.size() &&
             columns_.Key(rows[end]).journey == columns_.Key(rows[begin]).journey) {
        ++end;
      }
      AssembleJourney({rows.begin() + static_cast<std::ptrdiff_t>(begin),
                       rows.begin() + static_cast<std::ptrdiff_t>(end)});
      begin = end;
    }
    return std::move(assembled_);
  }

 private:
  bool by_sequence() const { return !mapping_.sequence.empty(); }
  bool by_time() const { return !by_sequence() && !mapping_.time.empty(); }

  void Reject(RejectReason reason, int64_t row, const std::string& column) {
    const DecisionKey& key = columns_.Key(row);
    assembled_.rejects.push_back({reason, key.file, key.line, column});
  }

  // `rows` in the order in which they were read.
  void AssembleJourney(std::vector<int64_t> rows) {
    DropRepeated(rows);
    Order(rows);
    std::vector<PlacedDecision> placed = Place(rows);
    const auto found = known_journeys_.find(columns_.Key(rows.front()).journey);
    if (found != known_journeys_.end()) ContinueKnown(found->second, placed);
    CutAfterEnd(placed);
    if (placed.empty()) return;
    assembled_.ends.push_back(EndOf(placed.back()));
    assembled_.decisions.insert(assembled_.decisions.end(), placed.begin(), placed.end());
    assembled_.offsets.push_back(static_cast<int64_t>(assembled_.decisions.size()));
  }

  void DropRepeated(std::vector<int64_t>& rows) {
    if (!by_sequence() && mapping_.decision_id.empty()) return;
    std::unordered_map<int64_t, int64_t> by_number;
    std::unordered_map<uint64_t, int64_t> by_id;
    std::erase_if(rows, [&](int64_t row) {
      const DecisionKey& key = columns_.Key(row);
      int64_t first = row;
      const std::string* column = &mapping_.sequence;
      if (by_sequence()) first = by_number.try_emplace(key.sequence, row).first->second;
      if (first == row && !mapping_.decision_id.empty()) {
        column = &mapping_.decision_id;
        first = by_id.try_emplace(key.decision, row).first->second;
      }
      if (first == row) return false;
      const DecisionKey& first_key = columns_.Key(first);
      if (first_key.sequence == key.sequence && first_key.decision == key.decision &&
          columns_.CompareContent(first, row) == 0) {
        ++assembled_.duplicates;
      } else {
        Reject(RejectReason::kDuplicate, row, *column);
      }
      return true;
    });
  }

  void Order(std::vector<int64_t>& rows) const {
    if (by_sequence()) {
      std::sort(rows.begin(), rows.end(), [this](int64_t a, int64_t b) {
        return columns_.Key(a).sequence < columns_.Key(b).sequence;
      });
    } else if (by_time()) {
      std::stable_sort(rows.begin(), rows.end(), [this](int64_t a, int64_t b) {
        const DecisionKey& left = columns_.Key(a);
        const DecisionKey& right = columns_.Key(b);
        if (left.time_us != right.time_us) return left.time_us < right.time_us;
        if (left.tie_break != right.tie_break) return left.tie_break < right.tie_break;
        return columns_.CompareContent(a, b) < 0;
      });
    }
  }

  std::vector<PlacedDecision> Place(const std::vector<int64_t>& rows) const {
    std::vector<PlacedDecision> placed;
    int64_t same_time = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      const DecisionKey& key = columns_.Key(rows[i]);
      const bool tie = i > 0 && columns_.Key(rows[i - 1]).time_us == key.time_us;
      same_time = tie ? same_time + 1 : 0;
      PlacedDecision decision{
          .row = rows[i], .sequence = static_cast<int32_t>(i), .decision = key.decision};
      if (by_sequence()) decision.sequence = static_cast<int32_t>(key.sequence);
      if (mapping_.decision_id.empty()) {
        decision.decision = by_time() ? DerivedId(key.journey, "time", key.time_us, same_time)
                                      : DerivedId(key.journey, "sequence", decision.sequence, 0);
      }
      placed.push_back(decision);
    }
    return placed;
  }

  uint64_t DerivedId(uint64_t journey, const char* kind, int64_t value, int64_t position) const {
    return core::SipHash24(
        key_, core::StrCat(core::Hex64(journey), " ", kind, " ", value, " ", position));
  }

  // Takes out of `placed` what the dataset has already and numbers the rest.
  void ContinueKnown(int64_t j, std::vector<PlacedDecision>& placed) {
    const size_t journey = static_cast<size_t>(j);
    const int64_t begin = known_->offsets[journey];
    const int64_t end = known_->offsets[journey + 1];
    std::unordered_map<uint64_t, int64_t> known_rows;
    std::unordered_map<int32_t, int64_t> known_sequences;
    for (int64_t row = begin; row < end; ++row) {
      known_rows.emplace(known_->decision[static_cast<size_t>(row)], row);
      known_sequences.emplace(known_->sequence[static_cast<size_t>(row)], row);
    }
    const size_t last = static_cast<size_t>(end - 1);
    int32_t next = known_->sequence[last] + 1;
    const bool ended = known_->ends[journey] == static_cast<uint8_t>(JourneyEnd::kTerminated);
    std::erase_if(placed, [&](PlacedDecision& decision) {
      const DecisionKey& key = columns_.Key(decision.row);
      const auto same = known_rows.find(decision.decision);
      if (same != known_rows.end() && SameAsKnown(decision.row, same->second)) {
        ++assembled_.already_imported;
        return true;
      }
      if (same != known_rows.end() ||
          (by_sequence() && known_sequences.contains(decision.sequence))) {
        Reject(RejectReason::kDuplicate, decision.row, mapping_.sequence);
        return true;
      }
      const bool later = by_sequence() ? decision.sequence >= next
                                       : !by_time() || key.time_us >= known_->time_us[last];
      if (ended && later) {
        Reject(RejectReason::kAfterEnd, decision.row, "");
        return true;
      }
      if (!by_sequence() && !later) {
        Reject(RejectReason::kOutOfOrder, decision.row, mapping_.time);
        return true;
      }
      if (!by_sequence()) decision.sequence = next++;
      return false;
    });
  }

  bool SameAsKnown(int64_t row, int64_t known_row) const {
    const DecisionKey& key = columns_.Key(row);
    const size_t known = static_cast<size_t>(known_row);
    const std::span<const double> propensity(&key.propensity, 1);
    const std::span<const double> known_propensity(&known_->propensity[known], 1);
    std::span<const float> probabilities;
    if (known_->has_distribution) {
      probabilities = {known_->action_probabilities.data() + known_row * known_->actions,
                       static_cast<size_t>(known_->actions)};
    }
    const size_t mapped = static_cast<size_t>(columns_.widths().features);
    return (!by_sequence() || key.sequence == known_->sequence[known]) &&
           key.action == known_->action[known] && key.time_us == known_->time_us[known] &&
           SameBits(propensity, known_propensity) &&
           SameBits(columns_.Observation(row), known_->Observation(known_row).first(mapped)) &&
           SameBits(columns_.Metrics(row), known_->Metrics(known_row)) &&
           SameBits(columns_.Possible(row), known_->Possible(known_row)) &&
           SameBits(columns_.Probabilities(row), probabilities);
  }

  // Rejects what lies beyond the horizon or follows a decision that is stated to terminate.
  void CutAfterEnd(std::vector<PlacedDecision>& placed) {
    bool ended = false;
    std::erase_if(placed, [&](const PlacedDecision& decision) {
      if (ended) {
        Reject(RejectReason::kAfterEnd, decision.row, mapping_.terminated);
        return true;
      }
      if (mapping_.horizon > 0 && decision.sequence >= mapping_.horizon) {
        Reject(RejectReason::kSequenceOutOfRange, decision.row, mapping_.sequence);
        return true;
      }
      ended = columns_.Key(decision.row).end == StatedEnd::kTerminated;
      return false;
    });
  }

  JourneyEnd EndOf(const PlacedDecision& last) const {
    const StatedEnd stated = columns_.Key(last.row).end;
    if (stated == StatedEnd::kTerminated) return JourneyEnd::kTerminated;
    if (mapping_.horizon > 0 && last.sequence == mapping_.horizon - 1) {
      return JourneyEnd::kTerminated;
    }
    return stated == StatedEnd::kTruncated ? JourneyEnd::kTruncated : mapping_.end;
  }

  const DecisionColumns& columns_;
  const Mapping& mapping_;
  const storage::DatasetKey& key_;
  const JourneyTable* known_;
  JourneyIndex known_journeys_;
  AssembledPartition assembled_;
};

template <class T>
void AppendAll(std::vector<T>& to, std::span<const T> from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

AssembledPartition AssemblePartition(const DecisionColumns& columns, const Mapping& mapping,
                                     const storage::DatasetKey& key, const JourneyTable* known) {
  return Assembler(columns, mapping, key, known).Run();
}

JourneyTable TableOf(const AssembledPartition& assembled, const DecisionColumns& columns,
                     const Mapping& mapping) {
  const DecisionWidths& widths = columns.widths();
  JourneyTable table;
  table.features = widths.features + (mapping.horizon > 0 ? 1 : 0);
  table.actions = widths.actions;
  table.metrics = widths.metrics;
  table.has_distribution = widths.has_distribution;
  for (const PlacedDecision& decision : assembled.decisions) {
    const DecisionKey& key = columns.Key(decision.row);
    AppendAll(table.observations, columns.Observation(decision.row));
    if (mapping.horizon > 0) {
      table.observations.push_back(static_cast<float>(mapping.horizon - decision.sequence));
    }
    table.action.push_back(key.action);
    table.propensity.push_back(key.propensity);
    AppendAll(table.action_probabilities, columns.Probabilities(decision.row));
    AppendAll(table.possible, columns.Possible(decision.row));
    AppendAll(table.metric_values, columns.Metrics(decision.row));
    table.time_us.push_back(key.time_us);
    table.sequence.push_back(decision.sequence);
    table.decision.push_back(decision.decision);
  }
  for (size_t j = 0; j < assembled.ends.size(); ++j) {
    const PlacedDecision& first = assembled.decisions[static_cast<size_t>(assembled.offsets[j])];
    table.persons.push_back(columns.Key(first.row).person);
    table.journeys.push_back(columns.Key(first.row).journey);
    table.ends.push_back(static_cast<uint8_t>(assembled.ends[j]));
  }
  table.offsets = assembled.offsets;
  return table;
}

}  // namespace journeyman::journey
