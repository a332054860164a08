#include "policy/decision_log.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "core/check.h"
#include "core/error.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "features/json_fields.h"
#include "policy/policy.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::FeatureColumn;
using features::FeatureKind;
using features::Field;
using features::FieldAs;
using features::ValueAs;
using Json = nlohmann::ordered_json;

constexpr const char* kAggregates[] = {"sum", "count", "any",   "mean",
                                       "min", "max",   "first", "last"};
// Records are flat; a header holds the payloads of the catalogue.
constexpr int kMaxRecordDepth = 64;

[[noreturn]] void RefuseKey(const std::string& key, const std::string& problem) {
  throw Error(ExitCode::kBadData, StrCat("key \"", key, "\" ", problem));
}

uint64_t ParseHex64(const Json& value, const char* key) {
  const auto text = ValueAs<std::string>(value, key);
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number, 16);
  const bool upper = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  if (text.size() != 16 || stop != end || code != std::errc() || upper) {
    RefuseKey(key, "is not 16 lower-case hexadecimal digits");
  }
  return number;
}

const Json* FindKey(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string TextOr(const Json& object, const char* key, const std::string& otherwise) {
  const Json* value = FindKey(object, key);
  return value == nullptr ? otherwise : ValueAs<std::string>(*value, key);
}

std::string RequireText(const Json& object, const char* key) {
  auto text = FieldAs<std::string>(object, key);
  if (text.empty()) RefuseKey(key, "is empty");
  return text;
}

std::optional<double> OptionalNumber(const Json& object, const char* key) {
  const Json* value = FindKey(object, key);
  if (value == nullptr) return std::nullopt;
  return ValueAs<double>(*value, key);
}

int64_t CountUnknown(const Json& object, std::initializer_list<const char*> known) {
  int64_t unknown = 0;
  for (const auto& item : object.items()) {
    const bool is_known = std::any_of(known.begin(), known.end(),
                                      [&](const char* key) { return item.key() == key; });
    if (!is_known) ++unknown;
  }
  return unknown;
}

// A double that reads back to the same float, in few digits where they do.
double Shortened(float value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  const auto read = core::ParseDouble({buffer, result.ptr});
  const bool same = read && static_cast<float>(*read) == value;
  return same ? *read : static_cast<double>(value);
}

std::string Described(const FeatureColumn& column) {
  std::string text = StrCat("\"", column.name, "\" (", features::Name(column.kind));
  for (size_t i = 0; i < column.categories.size(); ++i) {
    text += StrCat(i == 0 ? ": " : ", ", column.categories[i]);
  }
  return text + ")";
}

std::string Described(const storage::CatalogueAction& action) {
  return StrCat("\"", action.name, "\" (cost ", action.cost, ", kind \"", action.kind,
                "\", payload ", action.payload, ")");
}

std::string Described(const LoggedMetric& metric) {
  return StrCat("\"", metric.name, "\" (", metric.aggregate, ")");
}

// The first place where two lists differ: "feature 2 is ... instead of ...".
template <class Item>
std::string FirstDifference(const std::vector<Item>& other, const std::vector<Item>& own,
                            const char* what) {
  for (size_t i = 0; i < std::max(other.size(), own.size()); ++i) {
    if (i < other.size() && i < own.size() && other[i] == own[i]) continue;
    return StrCat(what, " ", i, " is ", i < other.size() ? Described(other[i]) : "not there",
                  " instead of ", i < own.size() ? Described(own[i]) : "not there");
  }
  return "";
}

// --- what a record must be, on both sides ---

void CheckPerson(const LogHeader& header, bool has_person, const std::string& person_id) {
  if (!person_id.empty() && !header.has_person_ids) {
    RefuseKey("person_id", "is there, but the header says that the log holds no raw ids");
  }
  if (has_person && header.has_person_ids && person_id.empty()) {
    RefuseKey("person_id", "is missing, but the header says that the log holds raw ids");
  }
}

void CheckDistribution(const LogHeader& header, const DecisionRecord& record) {
  const auto& ticks = record.distribution.ticks;
  const auto actions = static_cast<size_t>(header.catalogue.size());
  if (ticks.size() != actions) {
    RefuseKey("distribution", StrCat("has ", ticks.size(), " numbers for ", actions, " actions"));
  }
  const uint64_t sum = std::accumulate(ticks.begin(), ticks.end(), uint64_t{0});
  if (sum != kTicks) RefuseKey("distribution", StrCat("adds up to ", sum, ", not to ", kTicks));
  const std::vector<uint8_t> possible = record.Possible();
  for (size_t a = 0; a < actions; ++a) {
    if (possible[a] == 0 && ticks[a] > 0) {
      RefuseKey("distribution", StrCat("gives ", ticks[a], " to \"", header.catalogue.actions[a].name,
                                       "\", which was not possible"));
    }
  }
  if (ticks[static_cast<size_t>(record.action)] == 0) {
    RefuseKey("action", "has no probability in the distribution");
  }
}

void CheckMasks(const LogHeader& header, const DecisionRecord& record) {
  const int64_t actions = header.catalogue.size();
  if (std::ssize(record.candidates) != actions) {
    RefuseKey("candidates", StrCat("is for ", record.candidates.size(), " of ", actions, " actions"));
  }
  if (header.catalogue.has_no_action && record.candidates[0] == 0) {
    RefuseKey("candidates", "leaves out \"no action\", which is always possible");
  }
  std::set<int> seen;
  for (const MaskedAction& masked : record.masked) {
    if (masked.action < 0 || masked.action >= actions ||
        record.candidates[static_cast<size_t>(masked.action)] == 0) {
      RefuseKey("masked", "names an action that was no candidate");
    }
    if (header.catalogue.has_no_action && masked.action == 0) {
      RefuseKey("masked", "takes out \"no action\", which is always possible");
    }
    if (masked.reason.empty()) RefuseKey("masked", "gives no reason for an action");
    if (!seen.insert(masked.action).second) RefuseKey("masked", "names an action twice");
  }
}

void CheckFeature(const FeatureColumn& column, float value) {
  if (std::isnan(value)) return;
  const std::string key = StrCat("features.", column.name);
  if (std::isinf(value)) RefuseKey(key, "is infinite");
  if (column.kind == FeatureKind::kBinary && value != 0 && value != 1) {
    RefuseKey(key, "is binary and neither 0 nor 1");
  }
  if (column.kind != FeatureKind::kEnum) return;
  const auto categories = static_cast<float>(column.categories.size());
  if (!(value >= 0 && value < categories) || value != std::floor(value)) {
    RefuseKey(key, "is no number of a category");
  }
}

void CheckRecord(const LogHeader& header, const DecisionRecord& record) {
  if (record.id.empty()) RefuseKey("decision", "is empty");
  if (record.policy_version.empty()) RefuseKey("policy_version", "is empty");
  if (record.sequence < 0) RefuseKey("sequence", "is negative");
  CheckPerson(header, true, record.person_id);
  if (std::ssize(record.features) != header.features.width()) {
    RefuseKey("features", StrCat("are ", record.features.size(), " of ", header.features.width()));
  }
  for (size_t f = 0; f < record.features.size(); ++f) {
    CheckFeature(header.features.columns[f], record.features[f]);
  }
  if (record.action < 0 || record.action >= header.catalogue.size()) {
    RefuseKey("action", StrCat("is ", record.action, " of ", header.catalogue.size()));
  }
  CheckMasks(header, record);
  CheckDistribution(header, record);
  for (const auto& [key, number] : {std::pair{"value", record.value},
                                    std::pair{"log_probability", record.log_probability}}) {
    if (number && !std::isfinite(*number)) RefuseKey(key, "is not finite");
  }
}

void CheckRecord(const LogHeader& header, const OutcomeRecord& record) {
  if (record.key.empty()) RefuseKey("key", "is empty");
  if (record.decision.empty() && !record.person) {
    RefuseKey("decision", "is missing, and so is \"person\": an outcome belongs to one of them");
  }
  CheckPerson(header, record.person.has_value(), record.person_id);
  const auto& metrics = header.metrics;
  const bool known = std::any_of(metrics.begin(), metrics.end(), [&](const LoggedMetric& metric) {
    return metric.name == record.metric;
  });
  if (!known) RefuseKey("metric", StrCat("is \"", record.metric, "\", which the header does not have"));
  if (!std::isfinite(record.value)) RefuseKey("value", "is not finite");
}

// --- encoding ---

Json FeaturesJson(const LogHeader& header, const std::vector<float>& values) {
  Json json = Json::object();
  for (size_t f = 0; f < values.size(); ++f) {
    const FeatureColumn& column = header.features.columns[f];
    if (std::isnan(values[f])) continue;
    if (column.kind == FeatureKind::kEnum) {
      json[column.name] = column.categories[static_cast<size_t>(values[f])];
    } else {
      json[column.name] = Shortened(values[f] + 0.0F);  // -0 is 0
    }
  }
  return json;
}

std::string LineOf(const Json& json) { return features::JsonText(json, "decision log") + "\n"; }

// --- decoding ---

LogHeader ParseHeader(const Json& json) {
  LogHeader header;
  header.policy_version = RequireText(json, "policy_version");
  header.bundle = ParseHex64(Field(json, "bundle"), "bundle");
  header.catalogue = storage::ActionCatalogue::FromJson(Field(json, "catalogue").dump());
  const uint64_t stated = ParseHex64(Field(json, "catalogue_hash"), "catalogue_hash");
  if (stated != header.catalogue.Hash()) {
    RefuseKey("catalogue_hash", StrCat("is ", core::Hex64(stated), ", but the catalogue's hash is ",
                                       core::Hex64(header.catalogue.Hash())));
  }
  header.features = features::FeatureSpec::FromJson(Field(json, "features").dump());
  for (const Json& metric : features::ArrayField(json, "metrics")) {
    header.metrics.push_back(
        {RequireText(metric, "name"), FieldAs<std::string>(metric, "aggregate")});
  }
  header.person_key = ParseHex64(Field(json, "person_key"), "person_key");
  header.has_person_ids = FieldAs<bool>(json, "person_ids");
  header.Validate();
  return header;
}

int ActionOf(const LogHeader& header, const Json& value, const char* key) {
  const auto name = ValueAs<std::string>(value, key);
  const int action = header.catalogue.IndexOf(name);
  if (action < 0) RefuseKey(key, StrCat("names \"", name, "\", which is no action of the catalogue"));
  return action;
}

float ParseFeature(const FeatureColumn& column, const Json& value) {
  if (value.is_null()) return std::numeric_limits<float>::quiet_NaN();
  if (column.kind == FeatureKind::kEnum) {
    const auto name = ValueAs<std::string>(value, column.name.c_str());
    const auto found = std::find(column.categories.begin(), column.categories.end(), name);
    if (found == column.categories.end()) {
      RefuseKey(StrCat("features.", column.name), "is none of its categories");
    }
    return static_cast<float>(found - column.categories.begin());
  }
  return static_cast<float>(ValueAs<double>(value, column.name.c_str()));
}

// Returns the number of features that the header does not have.
int64_t ParseFeatures(const LogHeader& header, const Json& json, std::vector<float>& values) {
  if (!json.is_object()) RefuseKey("features", "is no object");
  values.clear();
  int64_t known = 0;
  for (const FeatureColumn& column : header.features.columns) {
    const auto found = json.find(column.name);
    values.push_back(std::numeric_limits<float>::quiet_NaN());
    if (found == json.end()) continue;
    ++known;
    values.back() = ParseFeature(column, *found);
  }
  return static_cast<int64_t>(json.size()) - known;
}

void ParseMasks(const LogHeader& header, const Json& json, DecisionRecord& record) {
  const auto actions = static_cast<size_t>(header.catalogue.size());
  const Json* candidates = FindKey(json, "candidates");
  record.candidates.assign(actions, candidates == nullptr ? 1 : 0);
  if (candidates != nullptr) {
    for (const Json& name : features::ArrayField(json, "candidates")) {
      record.candidates[static_cast<size_t>(ActionOf(header, name, "candidates"))] = 1;
    }
    if (header.catalogue.has_no_action) record.candidates[0] = 1;
  }
  record.masked.clear();
  const Json* masked = FindKey(json, "masked");
  if (masked == nullptr) return;
  if (!masked->is_object()) RefuseKey("masked", "is no object: action to reason");
  for (const auto& item : masked->items()) {
    record.masked.push_back(
        {ActionOf(header, Json(item.key()), "masked"), ValueAs<std::string>(item.value(), "masked")});
  }
}

// Returns the number of unknown keys.
int64_t ParseDecision(const LogHeader& header, const Json& json, DecisionRecord& record) {
  record.id = RequireText(json, "decision");
  record.time_us = FieldAs<int64_t>(json, "time_us");
  record.person = ParseHex64(Field(json, "person"), "person");
  record.person_id = TextOr(json, "person_id", "");
  record.journey = TextOr(json, "journey", "");
  record.placement = TextOr(json, "placement", "");
  record.seed = ParseHex64(Field(json, "seed"), "seed");
  record.sequence = FieldAs<int32_t>(json, "sequence");
  const int64_t unknown = ParseFeatures(header, Field(json, "features"), record.features);
  ParseMasks(header, json, record);
  record.distribution.ticks.clear();
  for (const Json& ticks : features::ArrayField(json, "distribution")) {
    record.distribution.ticks.push_back(ValueAs<uint32_t>(ticks, "distribution"));
  }
  record.action = ActionOf(header, Field(json, "action"), "action");
  record.value = OptionalNumber(json, "value");
  record.log_probability = OptionalNumber(json, "log_probability");
  record.policy_version = TextOr(json, "policy_version", header.policy_version);
  record.arm = TextOr(json, "arm", "");
  CheckRecord(header, record);
  const auto propensity = FieldAs<double>(json, "propensity");
  if (propensity != record.propensity()) {
    RefuseKey("propensity", StrCat("is ", propensity, ", but the distribution gives the action ",
                                   record.propensity()));
  }
  return unknown + CountUnknown(json, {"record", "decision", "time_us", "person", "person_id",
                                       "journey", "placement", "seed", "sequence", "features",
                                       "candidates", "masked", "distribution", "action",
                                       "propensity", "value", "log_probability", "policy_version",
                                       "arm"});
}

int64_t ParseOutcome(const LogHeader& header, const Json& json, OutcomeRecord& record) {
  record.key = RequireText(json, "key");
  record.decision = TextOr(json, "decision", "");
  record.person.reset();
  if (const Json* person = FindKey(json, "person")) record.person = ParseHex64(*person, "person");
  record.person_id = TextOr(json, "person_id", "");
  record.time_us = FieldAs<int64_t>(json, "time_us");
  record.metric = RequireText(json, "metric");
  record.value = FieldAs<double>(json, "value");
  CheckRecord(header, record);
  return CountUnknown(json, {"record", "key", "decision", "person", "person_id", "time_us",
                             "metric", "value"});
}

}  // namespace

void LogHeader::Validate() const {
  if (policy_version.empty()) RefuseKey("policy_version", "is empty");
  catalogue.Validate();
  features.Validate();
  if (metrics.empty()) RefuseKey("metrics", "is empty: a log has at least one kind of outcome");
  std::set<std::string> names;
  for (const LoggedMetric& metric : metrics) {
    if (metric.name.empty()) RefuseKey("metrics", "has one without a name");
    if (!names.insert(metric.name).second) {
      RefuseKey("metrics", StrCat("has \"", metric.name, "\" twice"));
    }
    if (std::find(std::begin(kAggregates), std::end(kAggregates), metric.aggregate) ==
        std::end(kAggregates)) {
      RefuseKey("metrics", StrCat("aggregates \"", metric.name, "\" by \"", metric.aggregate,
                                  "\", which is not known"));
    }
  }
}

uint64_t PersonKeyFingerprint(const std::array<uint8_t, 16>& key) {
  return core::SipHash24(key, "journeyman.person_key");
}

std::string DifferenceOf(const LogHeader& other, const LogHeader& header) {
  if (other.catalogue.has_no_action != header.catalogue.has_no_action) {
    return StrCat("action 0 is ", other.catalogue.has_no_action ? "" : "not ", "\"no action\"");
  }
  std::string difference =
      FirstDifference(other.catalogue.actions, header.catalogue.actions, "action");
  if (!difference.empty()) return difference;
  difference = FirstDifference(other.features.columns, header.features.columns, "feature");
  if (!difference.empty()) return difference;
  difference = FirstDifference(other.metrics, header.metrics, "metric");
  if (!difference.empty()) return difference;
  if (other.has_person_ids != header.has_person_ids) {
    return other.has_person_ids ? "people have raw ids instead of hashes alone"
                                : "people have hashes alone instead of raw ids";
  }
  if (!other.has_person_ids && other.person_key != header.person_key) {
    return StrCat("people are hashed under key ", core::Hex64(other.person_key), " instead of ",
                  core::Hex64(header.person_key));
  }
  return "";
}

std::vector<uint8_t> DecisionRecord::Possible() const {
  std::vector<uint8_t> possible = candidates;
  for (const MaskedAction& action : masked) possible[static_cast<size_t>(action.action)] = 0;
  return possible;
}

int DecisionRecord::Replay() const { return DrawAction(distribution, seed, person, sequence); }

DecisionLogEncoder::DecisionLogEncoder(LogHeader header) : header_(std::move(header)) {
  header_.Validate();
}

std::string DecisionLogEncoder::HeaderLine() const {
  Json metrics = Json::array();
  for (const LoggedMetric& metric : header_.metrics) {
    metrics.push_back({{"name", metric.name}, {"aggregate", metric.aggregate}});
  }
  return LineOf(Json{{"record", "header"},
                     {"format", LogHeader::kFormat},
                     {"format_version", LogHeader::kFormatVersion},
                     {"policy_version", header_.policy_version},
                     {"bundle", core::Hex64(header_.bundle)},
                     {"catalogue_hash", core::Hex64(header_.catalogue.Hash())},
                     {"catalogue", Json::parse(header_.catalogue.ToJson())},
                     {"features", Json::parse(header_.features.ToJson())},
                     {"metrics", std::move(metrics)},
                     {"person_key", core::Hex64(header_.person_key)},
                     {"person_ids", header_.has_person_ids}});
}

std::string DecisionLogEncoder::Line(const DecisionRecord& record) const {
  CheckRecord(header_, record);
  const auto& actions = header_.catalogue.actions;
  Json json{{"record", "decision"},
            {"decision", record.id},
            {"time_us", record.time_us},
            {"person", core::Hex64(record.person)}};
  if (!record.person_id.empty()) json["person_id"] = record.person_id;
  if (!record.journey.empty()) json["journey"] = record.journey;
  if (!record.placement.empty()) json["placement"] = record.placement;
  json["seed"] = core::Hex64(record.seed);
  json["sequence"] = record.sequence;
  json["features"] = FeaturesJson(header_, record.features);
  if (std::find(record.candidates.begin(), record.candidates.end(), 0) != record.candidates.end()) {
    Json& candidates = json["candidates"] = Json::array();
    for (size_t a = 0; a < actions.size(); ++a) {
      if (record.candidates[a] != 0) candidates.push_back(actions[a].name);
    }
  }
  if (!record.masked.empty()) {
    Json& masked = json["masked"] = Json::object();
    for (const MaskedAction& action : record.masked) {
      masked[actions[static_cast<size_t>(action.action)].name] = action.reason;
    }
  }
  json["distribution"] = record.distribution.ticks;
  json["action"] = actions[static_cast<size_t>(record.action)].name;
  json["propensity"] = record.propensity();
  if (record.value) json["value"] = *record.value;
  if (record.log_probability) json["log_probability"] = *record.log_probability;
  json["policy_version"] = record.policy_version;
  if (!record.arm.empty()) json["arm"] = record.arm;
  return LineOf(json);
}

std::string DecisionLogEncoder::Line(const OutcomeRecord& record) const {
  CheckRecord(header_, record);
  Json json{{"record", "outcome"}, {"key", record.key}};
  if (!record.decision.empty()) json["decision"] = record.decision;
  if (record.person) json["person"] = core::Hex64(*record.person);
  if (!record.person_id.empty()) json["person_id"] = record.person_id;
  json["time_us"] = record.time_us;
  json["metric"] = record.metric;
  json["value"] = record.value;
  return LineOf(json);
}

void DecisionLogDecoder::Refuse(const std::string& problem) const {
  throw Error(ExitCode::kBadData, StrCat(name_, " line ", number_, ": ", problem, "."),
              "docs/formats/decision_log.md describes a decision log.");
}

const LogHeader& DecisionLogDecoder::header() const {
  JOURNEYMAN_CHECK(header_.has_value(), "no header of ", name_, " was decoded");
  return *header_;
}

LogHeader DecisionLogDecoder::ReadHeader(std::string_view line) {
  try {
    const Json json = features::ParseObject<Json>(line, "the line", kMaxRecordDepth);
    if (FieldAs<std::string>(json, "format") != LogHeader::kFormat) {
      RefuseKey("format", StrCat("is not \"", LogHeader::kFormat, "\""));
    }
    const int version = FieldAs<int>(json, "format_version");
    if (version != LogHeader::kFormatVersion) {
      throw Error(ExitCode::kConfig,
                  StrCat(name_, " line ", number_, ": format version ", version,
                         "; this program reads ", LogHeader::kFormatVersion, "."),
                  "Import it with a program that knows this version.");
    }
    LogHeader header = ParseHeader(json);
    unknown_keys_ += CountUnknown(
        json, {"record", "format", "format_version", "policy_version", "bundle", "catalogue_hash",
               "catalogue", "features", "metrics", "person_key", "person_ids"});
    return header;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadData) throw;
    Refuse(StrCat("the header: ", error.what()));
  }
}

void DecisionLogDecoder::TakeHeader(LogHeader header) {
  if (!header_) {
    header_ = std::move(header);
    return;
  }
  const std::string difference = DifferenceOf(header, *header_);
  if (!difference.empty()) Refuse(StrCat("a second header does not fit the first: ", difference));
  // Records that name no policy are of the one that is served now.
  header_->policy_version = header.policy_version;
  header_->bundle = header.bundle;
}

DecisionLogDecoder::Kind DecisionLogDecoder::Decode(std::string_view line, int64_t number) {
  number_ = number > 0 ? number : number_ + 1;
  problem_.clear();
  std::string record;
  try {
    const Json json = features::ParseObject<Json>(line, "the line", kMaxRecordDepth);
    record = FieldAs<std::string>(json, "record");
    if (header_ && record == "decision") {
      unknown_keys_ += ParseDecision(*header_, json, decision_);
      return Kind::kDecision;
    }
    if (header_ && record == "outcome") {
      unknown_keys_ += ParseOutcome(*header_, json, outcome_);
      return Kind::kOutcome;
    }
  } catch (const Error& error) {
    problem_ = error.what();
  }
  if (record == "header") {
    TakeHeader(ReadHeader(line));
    return Kind::kHeader;
  }
  if (!header_) Refuse("the first line of a decision log is its header, and this is none");
  if (!problem_.empty()) return Kind::kDamaged;
  ++unknown_records_;
  return Kind::kUnknown;
}

}  // namespace journeyman::policy
