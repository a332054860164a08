#include "journey/column_paths.h"

namespace journeyman::journey {

ColumnPaths::ColumnPaths(const std::vector<std::string>& names) : levels_(1) {
  // The levels by what was spelt before them, which is empty or ends with a separator.
  std::unordered_map<std::string, int> level_of_prefix{{"", kRoot}};
  for (size_t column = 0; column < names.size(); ++column) {
    const std::string& name = names[column];
    std::vector<size_t> starts{0};  // of the parts of the name
    for (size_t i = 0; i < name.size(); ++i) {
      if (name[i] == kPathSeparator) starts.push_back(i + 1);
    }
    for (const size_t start : starts) {
      const auto [found, added] =
          level_of_prefix.try_emplace(name.substr(0, start), static_cast<int>(levels_.size()));
      if (added) levels_.emplace_back();
    }
    for (size_t from = 0; from < starts.size(); ++from) {
      Level& level = levels_[static_cast<size_t>(level_of_prefix[name.substr(0, starts[from])])];
      for (size_t to = from + 1; to < starts.size(); ++to) {
        const std::string key = name.substr(starts[from], starts[to] - 1 - starts[from]);
        level[key].level = level_of_prefix[name.substr(0, starts[to])];
      }
      level[name.substr(starts[from])].column = static_cast<int>(column);
    }
  }
}

ColumnPaths::Place ColumnPaths::Find(int level, std::string_view key) const {
  const Level& keys = levels_[static_cast<size_t>(level)];
  const auto found = keys.find(key);
  return found == keys.end() ? Place() : found->second;
}

}  // namespace journeyman::journey
