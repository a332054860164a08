#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace journeyman::journey {

// The categories of one enum feature: closed (stated, or known to the dataset), or open, growing as
// values appear.
class Categories {
 public:
  // Open.
  Categories() = default;
  // Closed.
  explicit Categories(const std::vector<std::string>& names);

  bool open() const { return open_; }
  // The number of `value`; an open list learns it. -1, counted, where a closed one lacks it.
  int NumberOf(const std::string& value);
  const std::vector<std::string>& names() const { return names_; }
  int64_t unknown() const { return unknown_; }

 private:
  bool open_ = true;
  std::vector<std::string> names_;
  std::unordered_map<std::string, int> numbers_;
  int64_t unknown_ = 0;
};

}  // namespace journeyman::journey
