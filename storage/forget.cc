#include "storage/forget.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/iso_time.h"
#include "core/strings.h"
#include "features/json_fields.h"
#include "storage/checkpoint.h"
#include "storage/generation_writer.h"
#include "storage/hex.h"
#include "storage/person_removal.h"
#include "storage/revocation.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::ArrayField;
using features::FieldAs;
using Json = nlohmann::json;

constexpr char kReceipts[] = "receipts";
constexpr char kFormat[] = "journeyman.forget_receipt";
constexpr int kFormatVersion = 1;

std::filesystem::path ReceiptPath(const std::filesystem::path& dataset, uint64_t person) {
  return dataset / kReceipts / StrCat(core::Hex64(person), ".json");
}

// A run's checkpoints, each and as a store, which is what a running job meets; or a bundle.
void RevokeArtifact(core::FileSystem& files, const ForgetReceipt::Revoked& revoked,
                    const std::string& reason, int64_t time_us) {
  const std::filesystem::path path = revoked.path;
  if (!files.Exists(path)) return;
  if (revoked.kind == PinKind::kBundle) {
    Revoke(files, path, reason, time_us);
    return;
  }
  const std::filesystem::path checkpoints = path / "checkpoints";
  Revoke(files, checkpoints, reason, time_us);
  const CheckpointStore store(files, checkpoints);
  for (const int64_t step : store.Steps()) Revoke(files, store.PathOf(step), reason, time_us);
}

void RevokeAll(core::FileSystem& files, const Dataset& dataset, const ForgetReceipt& receipt) {
  const std::string reason =
      StrCat("trained on a person who was forgotten: ",
             std::filesystem::absolute(ReceiptPath(dataset.directory(), receipt.person)));
  for (const auto& revoked : receipt.revoked) {
    RevokeArtifact(files, revoked, reason, receipt.time_us);
  }
}

// One request for people who were not forgotten before.
class Forgetting {
 public:
  Forgetting(core::FileSystem& files, const Dataset& dataset, const ForgetRequest& request,
             const PersonRemoval::People& people)
      : files_(files),
        dataset_(dataset),
        request_(request),
        people_(people),
        removal_(files, dataset, people, request.dry_run) {}

  std::map<uint64_t, ForgetReceipt> Run() {
    const DatasetManifest manifest = removal_.Run();
    for (const uint64_t person : people_) receipts_[person] = Describe(person, manifest.version);
    FindTrained();
    if (request_.dry_run) return receipts_;
    WriteReceipts();
    RevokeTrained();
    const std::string text = manifest.ToJson();
    removal_.Keep();
    core::WriteAtomically(files_, dataset_.directory() / "manifest.json", text);
    RemoveUnnamedFiles(files_, dataset_.directory(), manifest);
    SyncFolders(files_, dataset_.directory());
    // What has begun to learn since: it pins first and then looks whether its data are still
    // there, so it is found here, or it finds the new manifest.
    FindTrained();
    RevokeTrained();
    for (auto& [person, receipt] : receipts_) receipt.complete = true;
    WriteReceipts();
    return receipts_;
  }

 private:
  ForgetReceipt Describe(uint64_t person, int version) const {
    const PersonRemoval::Found& found = removal_.found(person);
    ForgetReceipt receipt;
    receipt.person = person;
    receipt.time_us = request_.time_us;
    receipt.decisions = found.decisions;
    receipt.open_decisions = found.open_decisions;
    receipt.events = found.events;
    receipt.version = version;
    receipt.versions.assign(found.versions.begin(), found.versions.end());
    receipt.files.assign(found.files.begin(), found.files.end());
    return receipt;
  }

  void FindTrained() {
    for (const Pin& pin : ReadPins(files_, dataset_.directory())) {
      const auto known = removal_.PeopleIn(pin.content_hash);
      for (const uint64_t person : known ? *known : removal_.AllPeople()) {
        if (!request_.learns_from(pin.people, person)) continue;
        std::vector<ForgetReceipt::Revoked>& list = receipts_.at(person).revoked;
        const ForgetReceipt::Revoked revoked{pin.kind, pin.artifact.string(),
                                             IsStale(files_, pin)};
        if (std::find(list.begin(), list.end(), revoked) == list.end()) list.push_back(revoked);
      }
    }
  }

  void RevokeTrained() {
    for (const auto& [person, receipt] : receipts_) RevokeAll(files_, dataset_, receipt);
  }

  void WriteReceipts() {
    const std::filesystem::path receipts = dataset_.directory() / kReceipts;
    if (!files_.Exists(receipts)) {
      files_.MakeDirectories(receipts);
      files_.SyncDirectory(dataset_.directory());
    }
    for (const auto& [person, receipt] : receipts_) {
      core::WriteAtomically(files_, ReceiptPath(dataset_.directory(), person), receipt.ToJson());
    }
  }

  core::FileSystem& files_;
  const Dataset& dataset_;
  const ForgetRequest& request_;
  const PersonRemoval::People& people_;
  PersonRemoval removal_;
  std::map<uint64_t, ForgetReceipt> receipts_;
};

// Goes on where a crash came between the new manifest and the end.
ForgetReceipt Complete(core::FileSystem& files, const Dataset& dataset, uint64_t person,
                       bool dry_run) {
  const std::filesystem::path& directory = dataset.directory();
  std::optional<ForgetReceipt> receipt = ReadReceipt(files, directory, person);
  if (!receipt) {
    throw Error(ExitCode::kMissingInput,
                StrCat(ReceiptPath(directory, person),
                       ": the person was forgotten, but the receipt is not there"),
                "Restore it: it says what was revoked.");
  }
  if (receipt->complete || dry_run) return *receipt;
  RevokeAll(files, dataset, *receipt);
  RemoveUnnamedFiles(files, directory, dataset.manifest());
  SyncFolders(files, directory);
  receipt->complete = true;
  core::WriteAtomically(files, ReceiptPath(directory, person), receipt->ToJson());
  return *receipt;
}

}  // namespace

std::string ForgetReceipt::ToJson() const {
  Json list = Json::array();
  for (const Revoked& entry : revoked) {
    list.push_back({{"kind", Name(entry.kind)}, {"path", entry.path}, {"gone", entry.gone}});
  }
  return features::JsonText(Json{{"format", kFormat},
                                 {"format_version", kFormatVersion},
                                 {"person", core::Hex64(person)},
                                 {"time_us", time_us},
                                 {"time", core::IsoTime(time_us)},
                                 {"complete", complete},
                                 {"decisions", decisions},
                                 {"open_decisions", open_decisions},
                                 {"events", events},
                                 {"version", version},
                                 {"versions", versions},
                                 {"files", this->files},
                                 {"revoked", std::move(list)}},
                            "receipt", 1);
}

ForgetReceipt ForgetReceipt::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, "receipt");
  if (FieldAs<std::string>(parsed, "format") != kFormat ||
      FieldAs<int>(parsed, "format_version") != kFormatVersion) {
    throw Error(ExitCode::kBadData, "receipt: it is of another format");
  }
  ForgetReceipt receipt;
  receipt.person = ParseHex64(FieldAs<std::string>(parsed, "person"), "person");
  receipt.time_us = FieldAs<int64_t>(parsed, "time_us");
  receipt.complete = FieldAs<bool>(parsed, "complete");
  receipt.decisions = FieldAs<int64_t>(parsed, "decisions");
  receipt.open_decisions = FieldAs<int64_t>(parsed, "open_decisions");
  receipt.events = FieldAs<int64_t>(parsed, "events");
  receipt.version = FieldAs<int>(parsed, "version");
  for (const Json& number : ArrayField(parsed, "versions")) {
    receipt.versions.push_back(features::ValueAs<int>(number, "versions"));
  }
  for (const Json& file : ArrayField(parsed, "files")) {
    receipt.files.push_back(features::ValueAs<std::string>(file, "files"));
  }
  for (const Json& entry : ArrayField(parsed, "revoked")) {
    const auto kind = FieldAs<std::string>(entry, "kind");
    receipt.revoked.push_back({kind == Name(PinKind::kRun) ? PinKind::kRun : PinKind::kBundle,
                               FieldAs<std::string>(entry, "path"), FieldAs<bool>(entry, "gone")});
  }
  return receipt;
}

std::optional<ForgetReceipt> ReadReceipt(core::FileSystem& files,
                                         const std::filesystem::path& directory, uint64_t person) {
  const std::filesystem::path path = ReceiptPath(directory, person);
  if (!files.Exists(path)) return std::nullopt;
  try {
    return ForgetReceipt::FromJson(files.ReadText(path));
  } catch (const Error& error) {  // said of an unnamed text; the file must be named
    throw Error(error.code(), StrCat(path, ": ", error.what()));
  }
}

std::vector<ForgetReceipt> Forget(core::FileSystem& files, const std::filesystem::path& directory,
                                  const ForgetRequest& request) {
  const Dataset dataset = Dataset::Open(files, directory);
  PersonRemoval::People people;
  for (const uint64_t person : request.people) {
    if (!dataset.manifest().IsForgotten(person)) people.insert(person);
  }
  std::map<uint64_t, ForgetReceipt> receipts;
  if (!people.empty()) receipts = Forgetting(files, dataset, request, people).Run();
  std::vector<ForgetReceipt> answer;
  for (const uint64_t person : request.people) {
    answer.push_back(people.contains(person)
                         ? receipts.at(person)
                         : Complete(files, dataset, person, request.dry_run));
  }
  return answer;
}

}  // namespace journeyman::storage
