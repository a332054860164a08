#include "storage/pins.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "features/json_fields.h"
#include "storage/hex.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::FieldAs;
using Json = nlohmann::json;

constexpr char kPins[] = "pins";
constexpr char kFormat[] = "journeyman.pin";
constexpr int kFormatVersion = 1;

// Letters that a file name can have anywhere.
std::string Plain(const std::string& name) {
  std::string plain;
  for (const char c : name.substr(0, 100)) {
    const bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    plain += keep ? c : '_';
  }
  return plain;
}

std::string FileName(const Pin& pin) {
  return StrCat(Plain(pin.name), "-", core::Hex64(core::Xxh3(pin.artifact.string())), ".json");
}

}  // namespace

const char* Name(PinKind kind) { return kind == PinKind::kRun ? "run" : "bundle"; }

std::string Pin::ToJson() const {
  return features::JsonText(Json{{"format", kFormat},
                                 {"format_version", kFormatVersion},
                                 {"name", name},
                                 {"kind", Name(kind)},
                                 {"artifact", artifact.string()},
                                 {"content_hash", core::Hex64(content_hash)},
                                 {"generations", generations},
                                 {"people", people}},
                            "pin", 1);
}

Pin Pin::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, "pin");
  if (FieldAs<std::string>(parsed, "format") != kFormat ||
      FieldAs<int>(parsed, "format_version") != kFormatVersion) {
    throw Error(ExitCode::kBadData, "pin: it is of another format");
  }
  Pin pin;
  pin.name = FieldAs<std::string>(parsed, "name");
  const auto kind = FieldAs<std::string>(parsed, "kind");
  if (kind != Name(PinKind::kRun) && kind != Name(PinKind::kBundle)) {
    throw Error(ExitCode::kBadData, StrCat("pin: kind \"", kind, "\" is neither run nor bundle"));
  }
  pin.kind = kind == Name(PinKind::kRun) ? PinKind::kRun : PinKind::kBundle;
  pin.artifact = FieldAs<std::string>(parsed, "artifact");
  pin.content_hash = ParseHex64(FieldAs<std::string>(parsed, "content_hash"), "content_hash");
  pin.generations = FieldAs<int>(parsed, "generations");
  pin.people = FieldAs<std::string>(parsed, "people");
  return pin;
}

Pin PinOf(PinKind kind, const std::filesystem::path& artifact) {
  Pin pin;
  pin.kind = kind;
  pin.artifact = std::filesystem::absolute(artifact).lexically_normal();
  if (!pin.artifact.has_filename()) pin.artifact = pin.artifact.parent_path();
  pin.name = pin.artifact.filename().string();
  return pin;
}

void WritePin(core::FileSystem& files, const std::filesystem::path& dataset, const Pin& pin) {
  const std::filesystem::path pins = dataset / kPins;
  if (!files.Exists(pins)) {
    files.MakeDirectories(pins);
    files.SyncDirectory(dataset);
  }
  core::WriteAtomically(files, pins / FileName(pin), pin.ToJson());
}

std::vector<Pin> ReadPins(core::FileSystem& files, const std::filesystem::path& dataset) {
  const std::filesystem::path pins = dataset / kPins;
  std::vector<Pin> all;
  if (!files.Exists(pins)) return all;
  for (const std::string& entry : files.List(pins)) {
    if (!entry.ends_with(".json")) continue;  // half-written by a run that died
    try {
      all.push_back(Pin::FromJson(files.ReadText(pins / entry)));
    } catch (const Error& error) {  // said of an unnamed text; the file must be named
      throw Error(error.code(), StrCat(pins / entry, ": ", error.what()));
    }
  }
  return all;
}

bool IsStale(core::FileSystem& files, const Pin& pin) { return !files.Exists(pin.artifact); }

std::optional<int> VersionNeeded(core::FileSystem& files, const Dataset& dataset, const Pin& pin) {
  if (pin.kind != PinKind::kRun || IsStale(files, pin)) return std::nullopt;
  const auto found = dataset.FindContent(pin.content_hash, pin.generations);
  if (!found) return std::nullopt;
  return found->manifest().version;
}

}  // namespace journeyman::storage
