#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset.h"
#include "storage/shard_cache.h"

namespace journeyman::storage {

// The files of a dataset, of all its versions, without some people: each file that has a row of one
// of them is written again under a new name without it, or left away where nothing remains. Nothing
// names the new files yet; unless Keep() was called the destructor removes them. One thread.
class PersonRemoval {
 public:
  using People = std::set<uint64_t>;

  // What one person had.
  struct Found {
    int64_t decisions = 0;       // closed ones of the newest version
    int64_t open_decisions = 0;  // of its last generation
    int64_t events = 0;
    std::set<int> versions;       // with a row of the person
    std::set<std::string> files;  // with a row of the person
  };

  // `files` must outlive it. A dry run reads as much but writes nothing.
  PersonRemoval(core::FileSystem& files, const Dataset& dataset, People people, bool dry_run);
  ~PersonRemoval();
  PersonRemoval(const PersonRemoval&) = delete;
  PersonRemoval& operator=(const PersonRemoval&) = delete;

  // The manifest of the dataset without them, with the next version number where a file changed
  // and them among the forgotten. All files that it names are durable. To be called once.
  DatasetManifest Run();
  void Keep() { written_.clear(); }

  const Found& found(uint64_t person) const { return found_.at(person); }
  // Who had closed decisions in the data of a content hash; nothing where no version has such data.
  std::optional<People> PeopleIn(uint64_t content_hash) const;
  // Who had closed decisions in any version.
  const People& AllPeople() const { return all_people_; }

 private:
  enum class Content { kShard, kEvents, kPending };
  struct Rewritten {
    std::optional<ShardFile> file;     // nothing where no other person had a row
    std::map<uint64_t, int64_t> rows;  // removed, by person
    std::set<uint64_t> journeys;       // removed
  };

  void RunVersion(int number, std::vector<Generation>& generations, bool newest);
  // Replaces the files of a list that must change.
  std::vector<Rewritten> RewriteList(std::vector<ShardFile>& list, Content content, int version);
  Rewritten Rewrite(const ShardFile& file, Content content);
  std::optional<ShardFile> RewriteJourneys(std::span<const std::byte> bytes, const ShardFile& file,
                                           Rewritten& rewritten);
  std::optional<ShardFile> RewriteEvents(std::span<const std::byte> bytes, const ShardFile& file,
                                         Rewritten& rewritten);
  void Write(const std::vector<std::byte>& bytes, ShardFile& file);

  core::FileSystem& files_;
  const Dataset& dataset_;
  const People people_;
  const bool dry_run_;
  ShardCache cache_;
  std::set<int> partitions_;  // of the people
  std::map<std::string, Rewritten> rewritten_;  // by the old name; versions may share files
  std::map<uint64_t, Found> found_;
  std::map<uint64_t, People> people_in_;  // by content hash
  People all_people_;
  std::vector<std::string> written_;
};

}  // namespace journeyman::storage
