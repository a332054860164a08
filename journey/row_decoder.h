#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "journey/categories.h"
#include "journey/decision.h"
#include "journey/mapping.h"
#include "journey/reject.h"
#include "journey/table.h"
#include "storage/dataset.h"

namespace journeyman::journey {

// Turns rows of tables into decisions, by the mapping. Everything that can be checked in a row by
// itself is checked here. One thread at a time.
class RowDecoder {
 public:
  // `mapping` must outlive this and state every kind (Identified). `categories` has one entry for
  // each mapped feature; those of kinds other than enum are not used.
  RowDecoder(const Mapping& mapping, const storage::DatasetKey& key,
             std::vector<Categories> categories);

  // Selects the mapped columns; the rows decoded next are of this table. `file` is its index among
  // the inputs. Throws Error(kBadData) for a missing column.
  void Bind(TableReader& reader, int file);

  // The decision, valid until the next call, or null and why() of a row that is rejected.
  const Decision* Decode(const TableRow& row);
  const Reject& why() const { return why_; }

  DecisionWidths widths() const;
  const std::vector<Categories>& categories() const { return categories_; }

 private:
  static constexpr int kNoColumn = -1;

  int Want(const std::string& column);
  std::vector<int> WantEach(const std::vector<std::string>& columns);
  const Cell& At(int column) const { return row_->cells[static_cast<size_t>(column)]; }
  bool Refuse(RejectReason reason, int column = kNoColumn);

  // Each reads a part of the row; false where the row is refused.
  bool ReadIdentity();
  bool ReadOrder();
  bool ReadEnd();
  bool ReadAction();
  bool ReadPossible();
  bool ReadPossibleValues();
  bool ReadPossibleMask();
  bool ReadDistribution();
  bool CheckDistribution(const std::vector<double>& probabilities, int column);
  bool ReadPropensity();
  bool ReadMetrics();
  bool ReadFeatures();
  bool ReadFeature(size_t index);

  const Mapping& mapping_;
  storage::DatasetKey key_;
  std::vector<Categories> categories_;
  std::unordered_map<std::string, int> action_of_value_;

  std::vector<std::string> wanted_;  // columns to select; the numbers below are indices into it
  int person_, journey_, decision_id_, sequence_, time_, action_, terminated_, truncated_;
  int propensity_, distribution_, possible_;
  std::vector<int> distribution_columns_, possible_columns_, metrics_, features_;

  std::vector<features::FeatureColumn> feature_columns_;  // without categories

  int file_ = 0;
  std::string file_name_;
  const TableRow* row_ = nullptr;
  std::optional<double> logged_probability_;  // of the taken action, in the row's distribution
  Decision decision_;
  Reject why_;
};

}  // namespace journeyman::journey
