#include "journey/event_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/sip_hash.h"
#include "features/feature_value.h"
#include "journey/feature_kinds.h"

namespace journeyman::journey {

EventRule RuleOf(const MappedEvent& event) {
  EventRule rule{.person = event.source.person,
                 .person_by_decision = event.is_logged_outcome(),
                 .time = event.source.time,
                 .time_format = event.source.time_format,
                 .time_base = event.source.time_base,
                 .id = event.id,
                 .decision_id = event.decision_id};
  for (const MappedValue& value : event.values) rule.values.push_back({.column = value.column});
  return rule;
}

EventRule ProfileRule(const Mapping& mapping) {
  EventRule rule{.person = mapping.profile->person,
                 .time = mapping.profile->time,
                 .time_format = mapping.profile->time_format,
                 .time_base = mapping.profile->time_base};
  for (const MappedFeature& feature : mapping.features) {
    if (feature.source != MappedFeature::Source::kProfile) continue;
    rule.values.push_back({.column = feature.column,
                           .missing = feature.missing,
                           .feature = features::FeatureColumn{.name = feature.name,
                                                              .kind = KindOf(feature),
                                                              .categories = feature.categories,
                                                              .buckets = feature.buckets}});
  }
  return rule;
}

EventDecoder::EventDecoder(EventRule rule, const storage::DatasetKey& key, OnEvent on_event,
                           OnReject on_reject)
    : rule_(std::move(rule)),
      key_(key),
      on_event_(std::move(on_event)),
      on_reject_(std::move(on_reject)) {
  person_ = Want(rule_.person);
  time_ = Want(rule_.time);
  id_ = Want(rule_.id);
  decision_ = Want(rule_.decision_id);
  for (const EventValueRule& value : rule_.values) {
    values_.push_back(Want(value.column));
    categories_.emplace_back(value.feature ? value.feature->categories
                                           : std::vector<std::string>());
  }
}

int EventDecoder::Want(const std::string& column) {
  if (column.empty()) return -1;
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found != columns_.end()) return static_cast<int>(found - columns_.begin());
  columns_.push_back(column);
  return static_cast<int>(columns_.size()) - 1;
}

void EventDecoder::Consume(const SourceRow& row) {
  row_ = &row;
  event_.file = row.file;
  event_.line = row.line;
  if (Decode()) on_event_(event_);
}

bool EventDecoder::Refuse(RejectReason reason, int column) {
  on_reject_({reason, row_->file, row_->line, columns_[static_cast<size_t>(column)]});
  return false;
}

bool EventDecoder::Decode() {
  if (!ReadIds()) return false;
  event_.time_us = storage::EventTable::kAlways;
  if (time_ >= 0) {
    const auto time = ToTimeMicros(At(time_), rule_.time_format, rule_.time_base);
    if (!time) return Refuse(RejectReason::kUnparsableTime, time_);
    event_.time_us = *time;
  }
  event_.values.clear();
  for (size_t i = 0; i < values_.size(); ++i) {
    if (!ReadValue(i)) return Refuse(RejectReason::kUnparsableNumber, values_[i]);
  }
  return true;
}

bool EventDecoder::ReadIds() {
  const bool has_person = !IsMissing(At(person_));
  const auto person = ToText(At(person_));
  const bool by_decision =
      !has_person && rule_.person_by_decision && !IsMissing(At(decision_));
  if (!by_decision && (!has_person || !person)) {
    return Refuse(RejectReason::kMissingPerson, person_);
  }
  event_.person = by_decision ? 0 : core::SipHash24(key_, *person);
  // An event without an id is told apart by its content; one that answers no decision is an orphan.
  const auto hash = [this](int column) {
    const auto text = column < 0 || IsMissing(At(column)) ? std::nullopt : ToText(At(column));
    return text ? core::SipHash24(key_, *text) : 0;
  };
  event_.id = hash(id_);
  event_.decision = hash(decision_);
  return true;
}

bool EventDecoder::ReadValue(size_t index) {
  const Cell& cell = At(values_[index]);
  const EventValueRule& rule = rule_.values[index];
  double value = std::numeric_limits<double>::quiet_NaN();
  if (IsMissing(cell) || StandsForMissing(cell, rule.missing)) {
    // Nothing to read.
  } else if (!rule.feature) {
    const auto number = ToNumber(cell);
    if (!number || std::isinf(*number)) return false;
    value = *number + 0.0;  // -0 is 0
  } else if (rule.feature->kind == features::FeatureKind::kEnum) {
    const auto text = ToText(cell);
    if (!text) return false;
    const int number = categories_[index].NumberOf(*text);
    if (number >= 0) value = number;
  } else {
    const CellValue read(cell, rule.feature->kind == features::FeatureKind::kHashed);
    if (read.is_list()) return false;
    const features::RawFeature raw = features::ReadFeature(*rule.feature, read.value());
    if (raw.status == features::ReadStatus::kUnreadable) return false;
    value = raw.value;
  }
  event_.values.push_back(value);
  return true;
}

}  // namespace journeyman::journey
