#include "journey/row_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/sip_hash.h"
#include "core/strings.h"
#include "journey/feature_kinds.h"

namespace journeyman::journey {
namespace {

constexpr double kProbabilityTolerance = 1e-6;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Separates the parts of a hashed id; it cannot be mistaken for a character of one.
constexpr char kIdSeparator = '\0';

// Without the sign of zero, so that "-0" and 0 are one value.
double Unsigned0(double value) { return value + 0.0; }

}  // namespace

RowDecoder::RowDecoder(const Mapping& mapping, const storage::DatasetKey& key,
                       std::vector<Categories> categories, const std::vector<InputFile>& inputs,
                       OnDecision on_decision, OnReject on_reject)
    : mapping_(mapping),
      key_(key),
      categories_(std::move(categories)),
      inputs_(inputs),
      on_decision_(std::move(on_decision)),
      on_reject_(std::move(on_reject)) {
  for (const MappedAction& action : mapping.actions) {
    action_of_value_.emplace(action.value, static_cast<int>(action_of_value_.size()));
  }
  person_ = Want(mapping.person);
  journey_ = Want(mapping.journey);
  decision_id_ = Want(mapping.decision_id);
  sequence_ = Want(mapping.sequence);
  time_ = Want(mapping.time);
  action_ = Want(mapping.action);
  terminated_ = Want(mapping.terminated);
  truncated_ = Want(mapping.truncated);
  propensity_ = Want(mapping.propensity.column);
  distribution_ = Want(mapping.distribution.column);
  distribution_columns_ = WantEach(mapping.distribution.columns);
  possible_ = Want(mapping.possible.column);
  possible_columns_ = WantEach(mapping.possible.columns);
  for (const MappedMetric& metric : mapping.metrics) metrics_.push_back(Want(metric.column));
  for (const MappedFeature& feature : mapping.features) {
    const bool is_column = feature.source == MappedFeature::Source::kColumn;
    features_.push_back(is_column ? Want(feature.column) : kNoColumn);
    feature_columns_.push_back(
        {.name = feature.name, .kind = KindOf(feature), .buckets = feature.buckets});
  }
}

int RowDecoder::Want(const std::string& column) {
  if (column.empty()) return kNoColumn;
  const auto found = std::find(wanted_.begin(), wanted_.end(), column);
  if (found != wanted_.end()) return static_cast<int>(found - wanted_.begin());
  wanted_.push_back(column);
  return static_cast<int>(wanted_.size()) - 1;
}

std::vector<int> RowDecoder::WantEach(const std::vector<std::string>& columns) {
  std::vector<int> numbers;
  for (const std::string& column : columns) numbers.push_back(Want(column));
  return numbers;
}

DecisionWidths RowDecoder::widths() const {
  return {.features = static_cast<int64_t>(mapping_.features.size()),
          .metrics = static_cast<int64_t>(mapping_.metrics.size()),
          .actions = static_cast<int64_t>(mapping_.actions.size()),
          .has_distribution = mapping_.has_distribution()};
}

void RowDecoder::Consume(const SourceRow& row) {
  row_ = &row;
  decision_.key = DecisionKey{.line = row.line, .file = row.file};
  logged_probability_.reset();
  if (Decode()) on_decision_(decision_);
}

bool RowDecoder::Decode() {
  return ReadIdentity() && ReadOrder() && ReadEnd() && ReadAction() && ReadPossible() &&
         ReadDistribution() && ReadPropensity() && ReadMetrics() && ReadFeatures();
}

bool RowDecoder::Refuse(RejectReason reason, int column) {
  on_reject_({reason, row_->file, row_->line,
              column == kNoColumn ? "" : wanted_[static_cast<size_t>(column)]});
  return false;
}

bool RowDecoder::ReadIdentity() {
  DecisionKey& key = decision_.key;
  if (mapping_.row_is_journey) {
    const std::string name = inputs_[static_cast<size_t>(row_->file)].path.filename().native();
    key.person = key.journey = core::SipHash24(key_, core::StrCat(name, ":", row_->number));
    return true;
  }
  const auto person = ToText(At(person_));
  if (!person || IsMissing(At(person_))) return Refuse(RejectReason::kMissingPerson, person_);
  key.person = key.journey = core::SipHash24(key_, *person);
  if (journey_ != kNoColumn) {
    const auto journey = ToText(At(journey_));
    if (!journey || IsMissing(At(journey_))) return Refuse(RejectReason::kMissingPerson, journey_);
    key.journey = core::SipHash24(key_, core::StrCat(*person, kIdSeparator, *journey));
  }
  if (decision_id_ == kNoColumn) return true;
  const Cell& cell = At(decision_id_);
  const auto id = ToText(cell);
  if (!id || IsMissing(cell)) return Refuse(RejectReason::kMissingPerson, decision_id_);
  key.decision = core::SipHash24(key_, *id);
  const auto number = ToInteger(cell);
  key.tie_break = number ? static_cast<uint64_t>(*number) : key.decision;
  return true;
}

bool RowDecoder::ReadOrder() {
  if (time_ != kNoColumn) {
    const auto time = ToTimeMicros(At(time_), mapping_.time_format, mapping_.time_base);
    if (!time) return Refuse(RejectReason::kUnparsableTime, time_);
    decision_.key.time_us = *time;
  }
  if (sequence_ == kNoColumn) return true;
  const auto sequence = ToInteger(At(sequence_));
  if (!sequence) return Refuse(RejectReason::kUnparsableNumber, sequence_);
  const int64_t limit =
      mapping_.horizon > 0 ? mapping_.horizon - 1 : std::numeric_limits<int32_t>::max();
  if (*sequence < 0 || *sequence > limit) {
    return Refuse(RejectReason::kSequenceOutOfRange, sequence_);
  }
  decision_.key.sequence = *sequence;
  return true;
}

bool RowDecoder::ReadEnd() {
  const std::pair<int, StatedEnd> columns[] = {{truncated_, StatedEnd::kTruncated},
                                               {terminated_, StatedEnd::kTerminated}};
  for (const auto& [column, end] : columns) {
    if (column == kNoColumn || IsMissing(At(column))) continue;
    const auto flag = ToFlag(At(column));
    if (!flag) return Refuse(RejectReason::kUnparsableNumber, column);
    if (*flag) decision_.key.end = end;
  }
  return true;
}

bool RowDecoder::ReadAction() {
  const auto value = ToText(At(action_));
  const auto found = value ? action_of_value_.find(*value) : action_of_value_.end();
  if (found == action_of_value_.end()) return Refuse(RejectReason::kUnknownAction, action_);
  decision_.key.action = found->second;
  return true;
}

bool RowDecoder::ReadPossible() {
  using Source = MappedPossible::Source;
  const Source source = mapping_.possible.source;
  decision_.possible.assign(mapping_.actions.size(), source == Source::kAll ? 1 : 0);
  bool read = true;
  if (source == Source::kValues) read = ReadPossibleValues();
  if (source == Source::kMask || source == Source::kColumns) read = ReadPossibleMask();
  if (!read) return false;
  if (mapping_.has_no_action) decision_.possible[0] = 1;
  if (decision_.possible[static_cast<size_t>(decision_.key.action)] == 0) {
    return Refuse(RejectReason::kActionNotPossible, possible_);
  }
  return true;
}

bool RowDecoder::ReadPossibleValues() {
  const auto values = ToTexts(At(possible_));
  if (!values) return Refuse(RejectReason::kMalformedRow, possible_);
  for (const std::string& value : *values) {
    const auto found = action_of_value_.find(value);
    if (found == action_of_value_.end()) return Refuse(RejectReason::kUnknownAction, possible_);
    decision_.possible[static_cast<size_t>(found->second)] = 1;
  }
  return true;
}

bool RowDecoder::ReadPossibleMask() {
  if (mapping_.possible.source == MappedPossible::Source::kMask) {
    const auto mask = ToNumbers(At(possible_));
    if (!mask || mask->size() != decision_.possible.size()) {
      return Refuse(RejectReason::kMalformedRow, possible_);
    }
    for (size_t i = 0; i < mask->size(); ++i) {
      const auto flag = ToFlag((*mask)[i]);
      if (!flag) return Refuse(RejectReason::kMalformedRow, possible_);
      decision_.possible[i] = *flag ? 1 : 0;
    }
    return true;
  }
  for (size_t i = 0; i < possible_columns_.size(); ++i) {
    const int column = possible_columns_[i];
    const auto flag = column == kNoColumn ? std::optional(true) : ToFlag(At(column));
    if (!flag) return Refuse(RejectReason::kUnparsableNumber, column);
    decision_.possible[i] = *flag ? 1 : 0;
  }
  return true;
}

bool RowDecoder::ReadDistribution() {
  decision_.probabilities.clear();
  if (!mapping_.has_distribution()) return true;
  if (!mapping_.distribution.mapped()) {
    const auto& stated = mapping_.propensity.per_action;
    decision_.probabilities.assign(stated.begin(), stated.end());
    if (stated.empty()) {
      decision_.probabilities.assign(mapping_.actions.size(),
                                     static_cast<float>(mapping_.propensity.constant));
    }
    return true;
  }
  std::vector<double> probabilities;
  if (distribution_ != kNoColumn) {
    auto list = ToNumbers(At(distribution_));
    if (!list) return Refuse(RejectReason::kUnparsableNumber, distribution_);
    probabilities = std::move(*list);
  }
  for (const int column : distribution_columns_) {
    const auto number = ToNumber(At(column));
    if (!number) return Refuse(RejectReason::kUnparsableNumber, column);
    probabilities.push_back(*number);
  }
  return CheckDistribution(probabilities, distribution_);
}

bool RowDecoder::CheckDistribution(const std::vector<double>& probabilities, int column) {
  double sum = 0;
  bool fits = probabilities.size() == mapping_.actions.size();
  for (size_t i = 0; fits && i < probabilities.size(); ++i) {
    fits = probabilities[i] >= 0 && probabilities[i] <= 1 + kProbabilityTolerance &&
           (decision_.possible[i] != 0 || probabilities[i] <= kProbabilityTolerance);
    sum += probabilities[i];
  }
  if (!fits || !(std::abs(sum - 1) <= kProbabilityTolerance)) {
    return Refuse(RejectReason::kDistributionMismatch, column);
  }
  decision_.probabilities.assign(probabilities.begin(), probabilities.end());
  logged_probability_ = probabilities[static_cast<size_t>(decision_.key.action)];
  return true;
}

bool RowDecoder::ReadPropensity() {
  const MappedPropensity& mapped = mapping_.propensity;
  double propensity = kNaN;
  if (mapped.source == MappedPropensity::Source::kNone) {
    if (!logged_probability_) {
      decision_.key.propensity = kNaN;
      return true;
    }
    propensity = *logged_probability_;
  } else if (mapped.source == MappedPropensity::Source::kColumn) {
    const Cell& cell = At(propensity_);
    const auto number = ToNumber(cell);
    if (!number && !IsMissing(cell)) return Refuse(RejectReason::kUnparsableNumber, propensity_);
    propensity = number.value_or(kNaN);
  } else if (mapped.source == MappedPropensity::Source::kConstant) {
    propensity = mapped.constant;
  } else {
    propensity = mapped.per_action[static_cast<size_t>(decision_.key.action)];
  }
  if (!(propensity > 0 && propensity <= 1)) {
    return Refuse(RejectReason::kPropensityOutOfRange, propensity_);
  }
  if (logged_probability_ && std::abs(*logged_probability_ - propensity) > kProbabilityTolerance) {
    return Refuse(RejectReason::kDistributionMismatch, distribution_);
  }
  decision_.key.propensity = propensity;
  return true;
}

bool RowDecoder::ReadMetrics() {
  decision_.metrics.clear();
  for (size_t m = 0; m < metrics_.size(); ++m) {
    const int column = metrics_[m];
    if (mapping_.metrics[m].outcome) {
      decision_.metrics.push_back(kNaN);
      continue;
    }
    if (column == kNoColumn) {
      const auto action = static_cast<size_t>(decision_.key.action);
      decision_.metrics.push_back(Unsigned0(mapping_.actions[action].cost));
      continue;
    }
    const Cell& cell = At(column);
    if (IsMissing(cell)) return Refuse(RejectReason::kMetricNotFinite, column);
    const auto number = ToNumber(cell);
    if (!number) return Refuse(RejectReason::kUnparsableNumber, column);
    if (!std::isfinite(*number)) return Refuse(RejectReason::kMetricNotFinite, column);
    decision_.metrics.push_back(Unsigned0(*number));
  }
  return true;
}

bool RowDecoder::ReadFeatures() {
  decision_.observation.clear();
  for (size_t i = 0; i < features_.size(); ++i) {
    if (features_[i] == kNoColumn) {
      decision_.observation.push_back(std::numeric_limits<float>::quiet_NaN());
      continue;
    }
    if (!ReadFeature(i)) return Refuse(RejectReason::kUnparsableNumber, features_[i]);
  }
  return true;
}

bool RowDecoder::ReadFeature(size_t index) {
  const Cell& cell = At(features_[index]);
  float value = std::numeric_limits<float>::quiet_NaN();
  if (StandsForMissing(cell, mapping_.features[index].missing)) {
    // Nothing to read.
  } else if (feature_columns_[index].kind != features::FeatureKind::kEnum) {
    const bool hashed = feature_columns_[index].kind == features::FeatureKind::kHashed;
    const CellValue read(cell, hashed);
    if (read.is_list()) return false;
    const features::RawFeature raw = features::ReadFeature(feature_columns_[index], read.value());
    if (raw.status == features::ReadStatus::kUnreadable) return false;
    value = raw.value;
  } else if (!IsMissing(cell)) {
    const auto text = ToText(cell);
    if (!text) return false;
    const int number = categories_[index].NumberOf(*text);
    if (number >= 0) value = static_cast<float>(number);
  }
  decision_.observation.push_back(value);
  return true;
}

}  // namespace journeyman::journey
