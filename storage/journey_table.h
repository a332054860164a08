#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace journeyman::storage {

// How the last decision of a journey ends (data_model.md, "Ends").
enum class JourneyEnd : uint8_t {
  kTruncated = 0,   // more may follow
  kTerminated = 1,  // nothing can follow
};

// Journeys in columns: what a shard stores and what readers hand out. Rows are
// decisions; journey j owns rows [offsets[j], offsets[j + 1]), ordered by
// sequence. All row columns have rows() entries (times their width).
//
// A plain value: no invariant beyond Validate(), owned by whoever holds it.
struct JourneyTable {
  int64_t features = 0;  // width of `observations`
  int64_t actions = 0;   // catalogue size
  int64_t metrics = 0;   // width of `metric_values`
  bool has_distribution = false;  // action_probabilities is filled
  bool has_final_observation = false;  // final_observations is filled

  // Per journey.
  std::vector<uint64_t> persons;   // keyed hash of the raw person id
  std::vector<uint64_t> journeys;  // keyed hash of the raw journey id
  std::vector<int64_t> offsets{0};
  std::vector<uint8_t> ends;       // JourneyEnd of the last decision
  // State after the last decision of a truncated journey, NaN-filled where the
  // log has none: [journeys, features], only with has_final_observation.
  std::vector<float> final_observations;

  // Per decision.
  std::vector<float> observations;     // [rows, features], raw, NaN = missing
  std::vector<int32_t> action;         // [rows]
  std::vector<double> propensity;      // [rows]; NaN in an unpropensed dataset
  std::vector<float> action_probabilities;  // [rows, actions] or empty
  std::vector<uint8_t> possible;       // [rows, actions], 1 = possible
  std::vector<double> metric_values;   // [rows, metrics]; NaN in open decisions only
  std::vector<int64_t> time_us;        // [rows], microseconds since 1970 UTC
  std::vector<int32_t> sequence;       // [rows], position in the journey
  std::vector<uint64_t> decision;      // [rows], keyed hash of the decision id

  int64_t journey_count() const { return static_cast<int64_t>(persons.size()); }
  int64_t rows() const { return static_cast<int64_t>(action.size()); }

  std::span<const float> Observation(int64_t row) const {
    return {observations.data() + row * features, static_cast<size_t>(features)};
  }
  std::span<const uint8_t> Possible(int64_t row) const {
    return {possible.data() + row * actions, static_cast<size_t>(actions)};
  }
  std::span<const double> Metrics(int64_t row) const {
    return {metric_values.data() + row * metrics, static_cast<size_t>(metrics)};
  }

  // Appends journey j of `from` (same widths, else kBug). Used by importers and
  // readers. Where only one of the two has final observations, the missing
  // ones become NaN.
  void AppendJourney(const JourneyTable& from, int64_t j);
  // The two halves of it, for a journey that is put together from pieces: the
  // rows of all pieces, then person, id, end and final observation of the last.
  void AppendRows(const JourneyTable& from, int64_t begin, int64_t end);
  void CloseJourney(const JourneyTable& from, int64_t j);
  // Same widths and flags, no journeys.
  JourneyTable EmptyLike() const;

  // Sizes agree, every journey has a decision, sequences are not negative and
  // ascend in a journey, actions are in range and possible, a propensity is NaN
  // or in (0, 1]. Observations and metrics may have any value. Throws core::Error(kBadData).
  void Validate() const;
};

}  // namespace journeyman::storage
