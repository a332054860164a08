#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "features/json_fields.h"
#include "storage/checkpoint.h"
#include "storage/hex.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::FieldAs;
using Json = nlohmann::json;

constexpr char kFormat[] = "journeyman.checkpoint";

uint64_t HashField(const Json& json, const char* key) {
  return ParseHex64(FieldAs<std::string>(json, key), key);
}

// A plain name: a manifest cannot point outside its directory.
bool IsPartName(const std::string& name) {
  return name.ends_with(".h5") && std::all_of(name.begin(), name.end() - 3, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

TrainingData ParseData(const Json& json) {
  TrainingData data;
  data.dataset_id = FieldAs<std::string>(json, "dataset_id");
  data.generations = FieldAs<int>(json, "generations");
  data.content_hash = HashField(json, "content_hash");
  data.schema_hash = HashField(json, "schema_hash");
  data.split = FieldAs<std::string>(json, "split");
  data.people = FieldAs<std::string>(json, "people");
  return data;
}

CheckpointFile ParseFile(const Json& json) {
  CheckpointFile file;
  file.name = FieldAs<std::string>(json, "name");
  file.bytes = FieldAs<uint64_t>(json, "bytes");
  file.xxh3 = HashField(json, "xxh3");
  if (!IsPartName(file.name)) {
    throw Error(ExitCode::kBadData,
                StrCat("checkpoint manifest: \"", file.name, "\" is no name of a part"));
  }
  return file;
}

}  // namespace

std::string CheckpointManifest::ToJson() const {
  Json list = Json::array();
  for (const CheckpointFile& file : files) {
    list.push_back({{"name", file.name}, {"bytes", file.bytes}, {"xxh3", core::Hex64(file.xxh3)}});
  }
  const Json json = {{"format", kFormat},
                     {"format_version", kFormatVersion},
                     {"step", step},
                     {"run_id", run_id},
                     {"identity", core::Hex64(identity)},
                     {"config", config},
                     {"layout", layout},
                     {"layout_hash", core::Hex64(layout_hash)},
                     {"transform", transform},
                     {"data",
                      {{"dataset_id", data.dataset_id},
                       {"generations", data.generations},
                       {"content_hash", core::Hex64(data.content_hash)},
                       {"schema_hash", core::Hex64(data.schema_hash)},
                       {"split", data.split},
                       {"people", data.people}}},
                     {"data_phase", data_phase},
                     {"thread_count", thread_count},
                     {"learners", learners},
                     {"parent_step", parent_step},
                     {"metrics", metrics},
                     {"files", std::move(list)}};
  return features::JsonText(json, "checkpoint manifest", 1);
}

CheckpointManifest CheckpointManifest::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, "checkpoint manifest");
  if (FieldAs<std::string>(parsed, "format") != kFormat) {
    throw Error(ExitCode::kBadData, "checkpoint manifest: it is of another format");
  }
  const int version = FieldAs<int>(parsed, "format_version");
  if (version != kFormatVersion) {
    throw Error(ExitCode::kConfig,
                StrCat("checkpoint manifest: format version ", version, " is not the known ",
                       kFormatVersion),
                "Resume with the release that wrote it.");
  }
  CheckpointManifest manifest;
  manifest.step = FieldAs<int64_t>(parsed, "step");
  manifest.run_id = FieldAs<std::string>(parsed, "run_id");
  manifest.identity = HashField(parsed, "identity");
  manifest.config = FieldAs<std::string>(parsed, "config");
  manifest.layout = FieldAs<std::string>(parsed, "layout");
  manifest.layout_hash = HashField(parsed, "layout_hash");
  manifest.transform = FieldAs<std::string>(parsed, "transform");
  manifest.data = ParseData(features::Field(parsed, "data"));
  manifest.data_phase = FieldAs<int>(parsed, "data_phase");
  manifest.thread_count = FieldAs<int>(parsed, "thread_count");
  manifest.learners = FieldAs<int>(parsed, "learners");
  manifest.parent_step = FieldAs<int64_t>(parsed, "parent_step");
  const Json& metrics = features::Field(parsed, "metrics");
  for (const auto& [name, value] : metrics.items()) {
    manifest.metrics[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                             : features::ValueAs<double>(value, "metrics");
  }
  for (const Json& file : features::ArrayField(parsed, "files")) {
    manifest.files.push_back(ParseFile(file));
  }
  return manifest;
}

}  // namespace journeyman::storage
