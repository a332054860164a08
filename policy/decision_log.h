#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "features/feature_spec.h"
#include "policy/action_distribution.h"
#include "storage/action_catalogue.h"

// The log of the decisions that a server makes and of the outcomes that it is told: JSON lines, as
// docs/formats/decision_log.md says. Written strictly, read tolerantly: the server writes it, import
// reads it without a mapping.
namespace journeyman::policy {

// An outcome that the server takes, and what the outcomes of one decision become: "sum", "count",
// "any", "mean", "min", "max", "first" or "last".
struct LoggedMetric {
  std::string name{};
  std::string aggregate = "sum";

  bool operator==(const LoggedMetric&) const = default;
};

// What a file says of all its records.
struct LogHeader {
  static constexpr std::string_view kFormat = "journeyman.decision_log";
  static constexpr int kFormatVersion = 1;

  std::string policy_version{};  // what the server calls the policy that it serves
  uint64_t bundle = 0;           // content hash of that policy's bundle
  storage::ActionCatalogue catalogue{};
  features::FeatureSpec features{};
  std::vector<LoggedMetric> metrics{};
  uint64_t person_key = 0;      // PersonKeyFingerprint of the key that people are hashed under
  bool has_person_ids = false;  // records hold the raw ids of people too

  bool operator==(const LogHeader&) const = default;
  // Throws core::Error(kBadData).
  void Validate() const;
};

// SipHash-2-4 of "journeyman.person_key" under the key: tells keys apart without telling them.
uint64_t PersonKeyFingerprint(const std::array<uint8_t, 16>& key);

// What of `other` keeps its records out of a dataset that has those of `header`, such as "feature 2
// is \"age\" (binary) instead of \"age\" (continuous)"; empty where they fit. Policy, bundle and the
// number of the catalogue's version may differ.
std::string DifferenceOf(const LogHeader& other, const LogHeader& header);

struct MaskedAction {
  int action = 0;
  std::string reason{};  // for people and counts: "budget"

  bool operator==(const MaskedAction&) const = default;
};

// One decision, with all that it takes to make it again.
struct DecisionRecord {
  std::string id{};
  int64_t time_us = 0;  // since 1970-01-01 UTC
  uint64_t person = 0;  // keyed hash of the person's id
  std::string person_id{};  // raw; empty unless the header has person ids
  std::string journey{};    // empty: the person's only one
  std::string placement{};  // where it is shown; may be empty
  // What DrawAction took beside `person`.
  uint64_t seed = 0;
  int32_t sequence = 0;
  std::vector<float> features{};      // raw, [spec width], NaN = missing
  std::vector<uint8_t> candidates{};  // [actions], 1 = could be chosen before the masks
  std::vector<MaskedAction> masked{}; // candidates that a mask or rule took out, each once
  ActionDistribution distribution{};  // after masks and rules
  int action = 0;
  std::optional<double> value{};            // what the network expects, where it has such a head
  std::optional<double> log_probability{};  // of `action`, natural, before rounding to ticks
  std::string policy_version{};
  std::string arm{};  // of an experiment; may be empty

  bool operator==(const DecisionRecord&) const = default;  // NaN differs from itself

  // [actions] candidates less the masked ones.
  std::vector<uint8_t> Possible() const;
  double propensity() const { return distribution.Probability(action); }
  // Draws again. Equal to `action` for a decision that was drawn by DrawAction.
  int Replay() const;
};

// One outcome. It belongs to the decision that it names; one that names only a person, to the
// person's last decision before it.
struct OutcomeRecord {
  std::string key{};       // idempotency key: a second record of the key and metric says nothing new
  std::string decision{};  // id; may be empty where there is a person
  std::optional<uint64_t> person{};
  std::string person_id{};  // as in DecisionRecord, where there is a person
  int64_t time_us = 0;
  std::string metric{};
  double value = 0;

  bool operator==(const OutcomeRecord&) const = default;
};

// Turns records into the lines of one file, the first of which is HeaderLine(). Immutable; several
// threads may encode at once.
class DecisionLogEncoder {
 public:
  // Throws core::Error(kBadData) for a header that is not valid.
  explicit DecisionLogEncoder(LogHeader header);

  const LogHeader& header() const { return header_; }
  // Each is one line with its newline. Throws core::Error(kBadData) naming the key for a record that
  // the format does not allow: what a reader would refuse is never written. So does text that is not
  // UTF-8.
  std::string HeaderLine() const;
  std::string Line(const DecisionRecord& record) const;
  std::string Line(const OutcomeRecord& record) const;

 private:
  LogHeader header_;
};

// Reads the lines of one file, in order. One thread at a time.
class DecisionLogDecoder {
 public:
  enum class Kind {
    kHeader,
    kDecision,
    kOutcome,
    kUnknown,  // a record that a later program writes: left out and counted
    kDamaged,  // problem() says why; reading goes on
  };

  // `name` is the file, for messages.
  explicit DecisionLogDecoder(std::string name) : name_(std::move(name)) {}

  // Throws core::Error(kBadData) where the first line is no header, a header is not valid, or a later
  // one does not fit the first; core::Error(kConfig) for another format version. `number` is the line's
  // in the file, for messages; 0: the one after the last.
  Kind Decode(std::string_view line, int64_t number = 0);

  // Of the first header. REQUIRES: one was decoded.
  const LogHeader& header() const;
  // Of the last call, where its kind was such.
  const DecisionRecord& decision() const { return decision_; }
  const OutcomeRecord& outcome() const { return outcome_; }
  const std::string& problem() const { return problem_; }

  // Records and keys of records, so far, that this version of the program does not know.
  int64_t unknown_records() const { return unknown_records_; }
  int64_t unknown_keys() const { return unknown_keys_; }

 private:
  [[noreturn]] void Refuse(const std::string& problem) const;
  LogHeader ReadHeader(std::string_view line);
  void TakeHeader(LogHeader header);

  std::string name_;
  std::optional<LogHeader> header_;
  DecisionRecord decision_;
  OutcomeRecord outcome_;
  std::string problem_;
  int64_t number_ = 0;  // of the line at hand
  int64_t unknown_records_ = 0;
  int64_t unknown_keys_ = 0;
};

}  // namespace journeyman::policy
