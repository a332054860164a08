#include "storage/shard_columns.h"

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::storage {

using core::Error;
using core::ExitCode;
using core::StrCat;

void WriteShardSchema(Hdf5Writer& writer, std::string_view schema, int64_t version) {
  writer.SetAttribute("/", "schema", schema);
  writer.SetAttribute("/", "schema_version", version);
}

ShardColumns::ShardColumns(std::span<const std::byte> bytes, const std::string& name,
                           std::string_view schema, int64_t version)
    : file_(bytes, name), name_(name) {
  const std::string found = file_.TextAttribute("/", "schema");
  if (found != schema) Refuse(StrCat("schema \"", found, "\" is not ", schema));
  const int64_t found_version = file_.IntegerAttribute("/", "schema_version");
  if (found_version != version) {
    Refuse(StrCat("schema version ", found_version, " is not the known ", version));
  }
}

void ShardColumns::Refuse(const std::string& what) const {
  throw Error(ExitCode::kBadData, StrCat(name_, ": ", what));
}

int64_t ShardColumns::Count(const std::string& attribute, int64_t limit) const {
  const int64_t value = file_.IntegerAttribute("/", attribute);
  if (value < 0 || value > limit) {
    Refuse(StrCat("attribute \"", attribute, "\" is ", value, ", not in [0, ", limit, "]"));
  }
  return value;
}

std::vector<int32_t> ShardColumns::Partitions() const {
  const std::vector<int32_t> partitions = file_.Read<int32_t>("partitions");
  if (std::adjacent_find(partitions.begin(), partitions.end(), std::greater_equal<>()) !=
          partitions.end() ||
      (!partitions.empty() && partitions[0] < 0)) {
    Refuse("partitions do not ascend");
  }
  return partitions;
}

std::vector<int64_t> ShardColumns::Offsets(const std::string& name, std::size_t parts,
                                           int64_t total) const {
  std::vector<int64_t> offsets = file_.Read<int64_t>(name);
  if (offsets.size() != parts + 1 || offsets.front() != 0 || offsets.back() != total ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    Refuse(StrCat(name, " contradict the counts"));
  }
  return offsets;
}

}  // namespace journeyman::storage
