#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/hdf5_file.h"

namespace journeyman::storage {

// What all files of partitions have in common (docs/formats/shard.md, events.md): `schema`,
// `schema_version` and counts as attributes of the file, a sorted list of partitions, offsets that
// divide rows among them, and columns of a shape that the counts give.

// Attributes "schema" and "schema_version" of the file.
void WriteShardSchema(Hdf5Writer& writer, std::string_view schema, int64_t version);

// The dataset `name` with one column of all `parts` in turn; `column` gives a part's vector. Only
// one column is held twice at a time.
template <class Parts, class Column>
void WriteParts(Hdf5Writer& writer, const std::string& name, const Parts& parts,
                const Column& column, std::vector<int64_t> shape) {
  std::decay_t<decltype(column(*parts.begin()))> all;
  std::size_t size = 0;
  for (const auto& part : parts) size += column(part).size();
  all.reserve(size);
  for (const auto& part : parts) {
    const auto& values = column(part);
    all.insert(all.end(), values.begin(), values.end());
  }
  writer.Write(name, core::ViewOf(all, std::move(shape)));
}

// Reads such a file; all that contradicts the counts is core::Error(kBadData) naming the file.
// `bytes` must outlive it.
class ShardColumns {
 public:
  ShardColumns(std::span<const std::byte> bytes, const std::string& name, std::string_view schema,
               int64_t version);

  const Hdf5Reader& file() const { return file_; }
  [[noreturn]] void Refuse(const std::string& what) const;
  // An integer attribute of the file in [0, limit].
  int64_t Count(const std::string& attribute, int64_t limit = kMaxCount) const;
  // The dataset "partitions": ascending, not negative.
  std::vector<int32_t> Partitions() const;
  // A dataset of `parts` + 1 offsets that ascend from 0 to `total`.
  std::vector<int64_t> Offsets(const std::string& name, std::size_t parts, int64_t total) const;

  // Rows of a column whose whole shape must be [total, width], or [total] where width < 0.
  template <class T>
  std::vector<T> Column(const std::string& column, int64_t total, int64_t width, int64_t first,
                        int64_t count) const {
    const std::vector<int64_t> shape = file_.Shape(column);
    const bool fits = width < 0 ? shape == std::vector<int64_t>{total}
                                : shape == std::vector<int64_t>{total, width};
    if (!fits) Refuse("dataset " + column + " does not have the shape that the counts give");
    return file_.ReadRows<T>(column, first, count);
  }

 private:
  static constexpr int64_t kMaxCount = int64_t{1} << 40;

  Hdf5Reader file_;
  std::string name_;
};

}  // namespace journeyman::storage
