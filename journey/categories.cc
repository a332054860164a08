#include "journey/categories.h"

namespace journeyman::journey {

Categories::Categories(const std::vector<std::string>& names) {
  for (const std::string& name : names) NumberOf(name);
  open_ = false;
}

int Categories::NumberOf(const std::string& value) {
  const auto found = numbers_.find(value);
  if (found != numbers_.end()) return found->second;
  if (!open_) {
    ++unknown_;
    return -1;
  }
  const int number = static_cast<int>(names_.size());
  numbers_.emplace(value, number);
  names_.push_back(value);
  return number;
}

}  // namespace journeyman::journey
