#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace journeyman::storage {

// One thing that can be done at a decision. `payload` is JSON for downstream
// systems (a price, a template) and opaque here.
struct CatalogueAction {
  std::string name;
  double cost = 0;            // in the reward's unit, when the action is taken
  std::string kind;           // free text for rules and penalties, may be empty
  std::string payload = "null";

  bool operator==(const CatalogueAction&) const = default;
};

// The actions of a dataset, by index. Where the use case has a "no action", it
// is action 0: always possible, never blocked.
struct ActionCatalogue {
  int version = 1;
  bool has_no_action = true;
  std::vector<CatalogueAction> actions;

  bool operator==(const ActionCatalogue&) const = default;
  int64_t size() const { return static_cast<int64_t>(actions.size()); }

  // Index of `name`, or -1.
  int IndexOf(std::string_view name) const;
  // At least two actions (one is no choice), unique non-empty names, at most
  // 65,536. Throws core::Error(kBadData).
  void Validate() const;

  std::string ToJson() const;  // canonical
  static ActionCatalogue FromJson(std::string_view json);
  uint64_t Hash() const;
};

}  // namespace journeyman::storage
