#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "journey/categories.h"
#include "journey/decision.h"
#include "journey/mapping.h"
#include "journey/reject.h"
#include "journey/row_scan.h"
#include "storage/dataset.h"

namespace journeyman::journey {

// Turns rows of tables into decisions, by the mapping. Everything that can be checked in a row by
// itself is checked here. Features and metrics that are not columns of the row are left missing. One
// thread at a time.
class RowDecoder final : public RowConsumer {
 public:
  using OnDecision = std::function<void(const Decision&)>;  // valid during the call
  using OnReject = std::function<void(const Reject&)>;

  // `mapping`, which states every kind (Identified), and `inputs`, the files that are read, must
  // outlive this. `categories` has one entry for
  // each mapped feature; those of kinds other than enum are not used.
  RowDecoder(const Mapping& mapping, const storage::DatasetKey& key,
             std::vector<Categories> categories, const std::vector<InputFile>& inputs,
             OnDecision on_decision, OnReject on_reject);

  const std::vector<std::string>& columns() const override { return wanted_; }
  void Consume(const SourceRow& row) override;

  DecisionWidths widths() const;
  const std::vector<Categories>& categories() const { return categories_; }

 private:
  static constexpr int kNoColumn = -1;

  int Want(const std::string& column);
  std::vector<int> WantEach(const std::vector<std::string>& columns);
  const Cell& At(int column) const { return *row_->cells[static_cast<size_t>(column)]; }
  bool Refuse(RejectReason reason, int column = kNoColumn);

  bool Decode();
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

  const std::vector<InputFile>& inputs_;
  OnDecision on_decision_;
  OnReject on_reject_;
  const SourceRow* row_ = nullptr;
  std::optional<double> logged_probability_;  // of the taken action, in the row's distribution
  Decision decision_;
};

}  // namespace journeyman::journey
