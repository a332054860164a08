#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace journeyman::journey {

// Separates the keys of nested objects in the name of a column: "value.offer id" is the key
// "offer id" of the object under "value", or a literal key "value.offer id".
inline constexpr char kPathSeparator = '.';

// Which keys of nested objects spell the names of columns. A level is what was spelt so far, up to
// a separator, and its number stands for every way of spelling it, so that a name of n parts costs
// at most n levels although 2^(n-1) nestings spell it. Immutable; threads may share it.
class ColumnPaths {
 public:
  static constexpr int kRoot = 0;
  static constexpr int kNone = -1;

  // What a key means at a level.
  struct Place {
    int column = kNone;  // the key completes this name (an index)
    int level = kNone;   // of the object under the key, where some name goes on inside it

    bool operator==(const Place&) const = default;
  };

  // The last of equal names is the one that is found.
  explicit ColumnPaths(const std::vector<std::string>& names);

  Place Find(int level, std::string_view key) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Level = std::unordered_map<std::string, Place, Hash, std::equal_to<>>;

  std::vector<Level> levels_;
};

}  // namespace journeyman::journey
