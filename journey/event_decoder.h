#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "features/feature_spec.h"
#include "journey/categories.h"
#include "journey/reject.h"
#include "journey/row_scan.h"
#include "storage/dataset.h"
#include "storage/event_table.h"

namespace journeyman::journey {

// How a cell becomes the number that an event carries.
struct EventValueRule {
  std::string column{};
  std::vector<std::string> missing{};  // texts that stand for a missing value
  // Of a feature of the profile; without one, any finite number.
  std::optional<features::FeatureColumn> feature{};
};

// What a kind of event is read by.
struct EventRule {
  std::string person{};  // columns
  // An event without a person is of its decision's person: 0 until that is known.
  bool person_by_decision = false;
  std::string time{};    // empty: the events hold at all times
  TimeFormat time_format = TimeFormat::kIso8601;
  TimeBase time_base{};
  std::string id{};
  std::string decision_id{};
  std::vector<EventValueRule> values{};
};

EventRule RuleOf(const MappedEvent& event);
// The profile of a mapping that has one: a value for each feature that is taken from it, in their
// order.
EventRule ProfileRule(const Mapping& mapping);

// One event as it was read, and where.
struct ReadEvent {
  uint64_t person = 0;
  int64_t time_us = storage::EventTable::kAlways;
  uint64_t id = 0;
  uint64_t decision = 0;
  std::vector<double> values{};
  int file = 0;
  int64_t line = 0;
};

// Turns rows into events of one kind. One thread at a time.
class EventDecoder final : public RowConsumer {
 public:
  using OnEvent = std::function<void(const ReadEvent&)>;
  using OnReject = std::function<void(const Reject&)>;

  EventDecoder(EventRule rule, const storage::DatasetKey& key, OnEvent on_event,
               OnReject on_reject);

  const std::vector<std::string>& columns() const override { return columns_; }
  void Consume(const SourceRow& row) override;

  // Values of an enum that are none of its categories, by value.
  const std::vector<Categories>& categories() const { return categories_; }

 private:
  int Want(const std::string& column);
  const Cell& At(int column) const { return *row_->cells[static_cast<size_t>(column)]; }
  bool Refuse(RejectReason reason, int column);
  bool Decode();
  bool ReadIds();
  bool ReadValue(size_t index);

  EventRule rule_;
  storage::DatasetKey key_;
  OnEvent on_event_;
  OnReject on_reject_;
  std::vector<std::string> columns_;
  int person_, time_, id_, decision_;
  std::vector<int> values_;
  std::vector<Categories> categories_;

  const SourceRow* row_ = nullptr;
  ReadEvent event_;
};

}  // namespace journeyman::journey
