#include <iostream>

#include "core/clock.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "experience/journey_reader.h"
#include "launch/options.h"
#include "launch/verbs.h"
#include "storage/forget.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

struct ForgetOptions {
  std::string dataset;
  std::string person;
  std::string person_file;
  bool dry_run = false;
  bool json = false;

  void Validate() const {
    if (dataset.empty() || person.empty() == person_file.empty()) {
      throw core::Error(core::ExitCode::kUsage,
                        "forget needs a dataset directory and either PERSON or --person-file",
                        "journeyman forget DATASET PERSON");
    }
  }
};

// Raw ids, as the import read them; they are not printed, logged or stored.
std::vector<std::string> RawIds(const ForgetOptions& options) {
  if (!options.person.empty()) return {options.person};
  std::vector<std::string> ids;
  const std::string text = core::RealFileSystem().ReadText(options.person_file);
  for (const std::string& line : core::Split(text, '\n')) {
    const std::string id = core::Trim(line);
    if (!id.empty()) ids.push_back(id);
  }
  if (ids.empty()) {
    throw core::Error(core::ExitCode::kBadData, StrCat(options.person_file, " has no person id"),
                      "one id a line");
  }
  return ids;
}

std::string ToText(const storage::ForgetReceipt& receipt, bool dry_run) {
  const bool nothing = receipt.decisions + receipt.open_decisions + receipt.events == 0 &&
                       receipt.versions.empty();
  std::string text = StrCat("person       ", core::Hex64(receipt.person), ": ");
  if (nothing) {
    text += StrCat("no row in the dataset", dry_run ? "" : "; imports will skip the person", "\n");
  } else {
    text += StrCat(receipt.decisions, " decisions, ", receipt.open_decisions, " open ones, ",
                   receipt.events, " events ", receipt.complete ? "removed" : "to remove", "\n");
  }
  for (const auto& revoked : receipt.revoked) {
    text += StrCat(receipt.complete ? "revoked      " : "to revoke    ", Name(revoked.kind), " ",
                   revoked.path, revoked.gone ? " (its directory is gone)" : "", "\n");
  }
  return text;
}

void Print(const ForgetOptions& options, const std::vector<storage::ForgetReceipt>& receipts) {
  if (!options.json) {
    for (const auto& receipt : receipts) std::cout << ToText(receipt, options.dry_run);
    if (!options.dry_run) std::cout << "receipts     " << options.dataset << "/receipts\n";
    return;
  }
  std::cout << '[';
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    std::cout << (i == 0 ? "" : ",\n") << receipts[i].ToJson();
  }
  std::cout << "]\n";
}

}  // namespace

int RunForget(const std::vector<std::string>& arguments) {
  ForgetOptions options;
  OptionTable table("forget",
                    "Removes a person from all versions of a dataset, revokes checkpoints and "
                    "bundles that were trained on them, and keeps imports from bringing them back.",
                    "journeyman forget data/shop customer-17 --dry-run");
  table.AddPositional("DATASET", &options.dataset, "dataset directory");
  table.AddPositional("PERSON", &options.person, "id of the person, as in the imported files");
  table.Add("person-file", &options.person_file, "file with an id a line, instead of PERSON");
  table.Add("dry-run", &options.dry_run, "say what would be removed and revoked, write nothing");
  table.Add("json", &options.json, "print the receipts as JSON");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  options.Validate();

  core::FileSystem& files = core::RealFileSystem();
  const auto dataset = storage::Dataset::Open(files, options.dataset);
  storage::ForgetRequest request;
  for (const std::string& id : RawIds(options)) {
    request.people.push_back(core::SipHash24(dataset.key(), id));
  }
  request.time_us = core::RealClock().WallMicros();
  request.dry_run = options.dry_run;
  request.learns_from = [&](const std::string& people, uint64_t person) {
    return experience::PeopleFilter::Parse(people, dataset.split()).Contains(person);
  };
  Print(options, storage::Forget(files, options.dataset, request));
  return 0;
}

}  // namespace journeyman::launch
