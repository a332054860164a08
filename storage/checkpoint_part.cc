#include "storage/checkpoint_part.h"

#include <cstdio>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "storage/checkpoint.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

constexpr char kSchema[] = "journeyman.checkpoint";
constexpr int64_t kSchemaVersion = 1;

std::string DatasetName(std::size_t range) {
  char name[40];
  std::snprintf(name, sizeof(name), "ranges/%06zu", range);
  return name;
}

bool Fits(int64_t offset, int64_t size, int64_t total) {
  return offset >= 0 && total >= 0 && size <= total && offset <= total - size;
}

}  // namespace

std::vector<std::byte> EncodeCheckpointPart(const CheckpointPart& part) {
  Hdf5Writer writer;
  writer.SetAttribute("/", "schema", kSchema);
  writer.SetAttribute("/", "schema_version", kSchemaVersion);
  writer.SetAttribute("/", "ranges", std::ssize(part.ranges));
  for (std::size_t i = 0; i < part.ranges.size(); ++i) {
    const BufferRange& range = part.ranges[i];
    const int64_t size = std::ssize(range.values);
    JOURNEYMAN_CHECK(Fits(range.offset, size, range.total), "buffer ", range.buffer, ": ", size,
                     " values at ", range.offset, " of ", range.total);
    const std::string name = DatasetName(i);
    writer.Write(name, core::ViewOf(range.values, {size}));
    writer.SetAttribute(name, "buffer", range.buffer);
    writer.SetAttribute(name, "offset", range.offset);
    writer.SetAttribute(name, "total", range.total);
  }
  return writer.Finish();
}

CheckpointPartReader::CheckpointPartReader(std::span<const std::byte> bytes,
                                           const std::string& name)
    : file_(bytes, name) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ExitCode::kBadData, StrCat(name, ": ", why));
  };
  const std::string schema = file_.TextAttribute("/", "schema");
  if (schema != kSchema) refuse(StrCat("schema \"", schema, "\" is not ", kSchema));
  const int64_t version = file_.IntegerAttribute("/", "schema_version");
  if (version != kSchemaVersion) {
    refuse(StrCat("schema version ", version, " is not the known ", kSchemaVersion));
  }
  const int64_t count = file_.IntegerAttribute("/", "ranges");
  if (count != std::ssize(file_.List("ranges"))) {
    refuse(StrCat("it does not have ", count, " ranges"));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const std::string dataset = DatasetName(i);
    const std::vector<int64_t> shape = file_.Shape(dataset);
    Range range{file_.TextAttribute(dataset, "buffer"), file_.IntegerAttribute(dataset, "offset"),
                file_.IntegerAttribute(dataset, "total"), shape[0]};
    if (shape.size() != 1 || !Fits(range.offset, range.size, range.total)) {
      refuse(StrCat("buffer ", range.buffer, ": ", range.size, " values at ", range.offset, " of ",
                    range.total));
    }
    ranges_.push_back(std::move(range));
  }
}

std::vector<float> CheckpointPartReader::Values(std::size_t range) const {
  return file_.Read<float>(DatasetName(range));
}

CheckpointPart DecodeCheckpointPart(std::span<const std::byte> bytes, const std::string& name) {
  const CheckpointPartReader reader(bytes, name);
  CheckpointPart part;
  for (std::size_t i = 0; i < reader.ranges().size(); ++i) {
    const CheckpointPartReader::Range& range = reader.ranges()[i];
    part.ranges.push_back({range.buffer, range.offset, range.total, reader.Values(i)});
  }
  return part;
}

}  // namespace journeyman::storage
