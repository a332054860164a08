#include "experience/transition_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::experience {
namespace {

constexpr int64_t kMaxBlockRows = int64_t{1} << 20;
constexpr int kMaxSteps = 1000;

[[noreturn]] void Refuse(core::ExitCode code, const std::string& message) {
  throw core::Error(code, message);
}

// What is known of one journey's length and end.
struct JourneyShape {
  int64_t first_row = 0;
  int64_t decisions = 0;
  bool terminated = false;
  bool final_observation = false;

  // Decisions that give a TD transition.
  int64_t TdRows() const {
    return terminated || final_observation ? decisions : std::max<int64_t>(decisions - 1, 0);
  }
  // Index of the last state that can be reached; a terminated journey's is
  // behind its last decision and has no features.
  int64_t LastState() const { return terminated || final_observation ? decisions : decisions - 1; }
};

std::span<const float> FinalObservation(const storage::JourneyTable& table, int64_t journey) {
  return {table.final_observations.data() + journey * table.features,
          static_cast<size_t>(table.features)};
}

JourneyShape ShapeOf(const storage::JourneyTable& table, int64_t journey) {
  const auto j = static_cast<size_t>(journey);
  JourneyShape shape;
  shape.first_row = table.offsets[j];
  shape.decisions = table.offsets[j + 1] - table.offsets[j];
  shape.terminated = table.ends[j] == static_cast<uint8_t>(storage::JourneyEnd::kTerminated);
  if (!shape.terminated && table.has_final_observation) {
    const auto final = FinalObservation(table, journey);
    shape.final_observation =
        std::any_of(final.begin(), final.end(), [](float value) { return !std::isnan(value); });
  }
  return shape;
}

// Fills blocks of one partition row by row.
class BlockAssembler {
 public:
  BlockAssembler(const TransitionConfig& config, const RewardCalculator& reward,
                 const features::Transform& transform,
                 const std::vector<const policy::Policy*>& policies, int partition,
                 const storage::JourneyTable& table)
      : config_(config),
        reward_(reward),
        transform_(transform),
        policies_(policies),
        partition_(partition),
        table_(table),
        all_possible_(static_cast<size_t>(table.actions), 1),
        transformed_(static_cast<size_t>(transform.output_width())),
        metric_sums_(config.include_metrics ? static_cast<size_t>(table.metrics) : 0) {}

  std::vector<TransitionBlock> Run() {
    for (journey_ = 0; journey_ < table_.journey_count(); ++journey_) {
      shape_ = ShapeOf(table_, journey_);
      ForgetStates();
      rewards_.resize(static_cast<size_t>(shape_.decisions));
      reward_.Rewards(table_, journey_, rewards_);
      const int64_t rows = config_.outcomes_only ? shape_.decisions : shape_.TdRows();
      for (int64_t t = 0; t < rows; ++t) {
        if (blocks_.empty() || blocks_.back().rows() == config_.block_rows) StartBlock();
        AddRow(t);
      }
    }
    return std::move(blocks_);
  }

 private:
  void StartBlock() {
    TransitionBlock& block = blocks_.emplace_back();
    block.partition = partition_;
    block.index = static_cast<int64_t>(blocks_.size()) - 1;
    block.state_width = transform_.output_width();
    block.actions = table_.actions;
    block.policies = static_cast<int64_t>(policies_.size());
    block.metrics = static_cast<int64_t>(metric_sums_.size());
    ForgetStates();
  }

  // No state of the current journey stands in the current block.
  void ForgetStates() { slots_.assign(static_cast<size_t>(shape_.decisions) + 1, -1); }

  // Discount from state t of the journey to state t + 1.
  double Gamma(int64_t t) const {
    if (config_.gap_unit_us == 0 || t + 1 >= shape_.decisions) return config_.gamma;
    const auto row = static_cast<size_t>(shape_.first_row + t);
    const int64_t gap_us = table_.time_us[row + 1] - table_.time_us[row];
    if (gap_us < 0) {
      Refuse(core::ExitCode::kBadData,
             core::StrCat("journey ", core::Hex64(table_.journeys[static_cast<size_t>(journey_)]),
                          " goes back in time by ", -gap_us, " us after sequence ",
                          table_.sequence[row], "."));
    }
    return std::pow(config_.gamma,
                    static_cast<double>(gap_us) / static_cast<double>(config_.gap_unit_us));
  }

  // Adds decision t's transition over `length` decisions.
  void AddRow(int64_t t) {
    const int64_t length =
        config_.outcomes_only ? 1 : std::min<int64_t>(config_.n_step, shape_.LastState() - t);
    double reward = 0;
    double discount = 1;
    std::fill(metric_sums_.begin(), metric_sums_.end(), 0.0);
    for (int64_t i = 0; i < length; ++i) {
      const int64_t row = shape_.first_row + t + i;
      const auto metrics = table_.Metrics(row);
      reward += discount * rewards_[static_cast<size_t>(t + i)];
      for (size_t m = 0; m < metric_sums_.size(); ++m) metric_sums_[m] += discount * metrics[m];
      if (!config_.outcomes_only) discount *= Gamma(t + i);
    }
    const bool bootstraps =
        !config_.outcomes_only && !(shape_.terminated && t + length == shape_.decisions);
    Append(t, bootstraps ? t + length : -1, reward, bootstraps ? discount : 0.0);
  }

  void Append(int64_t t, int64_t next, double reward, double discount) {
    TransitionBlock& block = blocks_.back();
    const auto row = static_cast<size_t>(shape_.first_row + t);
    block.state.push_back(StateIndex(t));
    block.next_state.push_back(next < 0 ? -1 : StateIndex(next));
    block.action.push_back(table_.action[row]);
    block.reward.push_back(static_cast<float>(reward));
    block.discount.push_back(static_cast<float>(discount));
    block.propensity.push_back(static_cast<float>(table_.propensity[row]));
    for (const double sum : metric_sums_) block.metric_values.push_back(static_cast<float>(sum));
    block.journey.push_back(table_.journeys[static_cast<size_t>(journey_)]);
    block.sequence.push_back(table_.sequence[row]);
  }

  // Index in the current block of state t of the current journey, which is added where it is new.
  int32_t StateIndex(int64_t t) {
    int32_t& slot = slots_[static_cast<size_t>(t)];
    if (slot < 0) {
      slot = static_cast<int32_t>(blocks_.back().state_rows());
      if (t < shape_.decisions) {
        AddState(table_.Observation(shape_.first_row + t), table_.Possible(shape_.first_row + t));
      } else {
        AddState(FinalObservation(table_, journey_), all_possible_);
      }
    }
    return slot;
  }

  void AddState(std::span<const float> raw, std::span<const uint8_t> possible) {
    TransitionBlock& block = blocks_.back();
    transform_.Apply(raw, transformed_);
    block.states.insert(block.states.end(), transformed_.begin(), transformed_.end());
    block.possible.insert(block.possible.end(), possible.begin(), possible.end());
    for (const policy::Policy* policy : policies_) {
      const auto distribution = policy->Distribution({raw, possible});
      for (const uint32_t ticks : distribution.ticks) {
        // Exact: ticks are below 2^24 + 1 and the divisor is a power of two.
        block.policy_probabilities.push_back(static_cast<float>(ticks) /
                                             static_cast<float>(policy::kTicks));
      }
    }
  }

  const TransitionConfig& config_;
  const RewardCalculator& reward_;
  const features::Transform& transform_;
  const std::vector<const policy::Policy*>& policies_;
  const int partition_;
  const storage::JourneyTable& table_;
  const std::vector<uint8_t> all_possible_;
  std::vector<float> transformed_;
  std::vector<double> metric_sums_;

  std::vector<TransitionBlock> blocks_;
  int64_t journey_ = 0;
  JourneyShape shape_;
  std::vector<double> rewards_;  // of its decisions
  std::vector<int32_t> slots_;  // state of the journey -> index in the block, -1 = not there
};

}  // namespace

void TransitionConfig::Validate() const {
  const auto refuse = [](const std::string& message) { Refuse(core::ExitCode::kConfig, message); };
  if (block_rows < 1 || block_rows > kMaxBlockRows) {
    refuse(core::StrCat("block_rows is ", block_rows, ", outside [1, ", kMaxBlockRows, "]."));
  }
  if (n_step < 1 || n_step > kMaxSteps) {
    refuse(core::StrCat("n_step is ", n_step, ", outside [1, ", kMaxSteps, "]."));
  }
  if (!(gamma >= 0 && gamma <= 1)) {
    refuse(core::StrCat("gamma is ", gamma, ", outside [0, 1]."));
  }
  if (gap_unit_us < 0) {
    refuse(core::StrCat("gap_unit_us is ", gap_unit_us,
                        "; it must be 0 (discount by decision) or a time in microseconds."));
  }
}

int64_t CountTransitions(const TransitionConfig& config, const storage::JourneyTable& journeys) {
  if (config.outcomes_only) return journeys.rows();
  int64_t count = 0;
  for (int64_t j = 0; j < journeys.journey_count(); ++j) count += ShapeOf(journeys, j).TdRows();
  return count;
}

TransitionBuilder::TransitionBuilder(const TransitionConfig& config, const RewardCalculator& reward,
                                     const features::Transform& transform,
                                     std::vector<const policy::Policy*> policies)
    : config_(config), reward_(reward), transform_(transform), policies_(std::move(policies)) {
  config_.Validate();
  for (const policy::Policy* policy : policies_) {
    JOURNEYMAN_CHECK(policy != nullptr, "a policy is missing");
  }
}

int64_t TransitionBuilder::CountTransitions(const storage::JourneyTable& journeys) const {
  return experience::CountTransitions(config_, journeys);
}

std::vector<TransitionBlock> TransitionBuilder::Build(int partition,
                                                      const storage::JourneyTable& journeys) const {
  if (journeys.features != transform_.input_width()) {
    Refuse(core::ExitCode::kBadData,
           core::StrCat("journeys have ", journeys.features, " features, the transform has ",
                        transform_.input_width(), "."));
  }
  for (const policy::Policy* policy : policies_) {
    if (policy->actions() != journeys.actions ||
        (policy->feature_width() != -1 && policy->feature_width() != journeys.features)) {
      Refuse(core::ExitCode::kBadData,
             core::StrCat("an evaluated policy is for ", policy->actions(), " actions and ",
                          policy->feature_width(), " features, the journeys have ",
                          journeys.actions, " and ", journeys.features, "."));
    }
  }
  return BlockAssembler(config_, reward_, transform_, policies_, partition, journeys).Run();
}

}  // namespace journeyman::experience
