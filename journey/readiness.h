#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journey/profile.h"

// Whether a dataset can carry what comes after its import: training, evaluation, the gate
// (docs/readiness.md). Pure functions of a profile.
namespace journeyman::journey {

// From best to worst. kNotYet: more of the same log can make it ready. kUnsuitable: more of the same
// log cannot; the logging or the mapping has to change.
enum class ReadinessStatus { kReady, kNotYet, kUnsuitable };

// "ready", "not yet", "unsuitable".
const char* Name(ReadinessStatus status);

struct ReadinessConfig {
  // Of a metric: people in whom it is not 0. The rate of a rare outcome has a relative standard
  // error of about 1 / sqrt(people), 10 % at 100.
  int64_t least_people_with_outcome = 100;
  // Effective sample size that is wanted of the held-out people, also of a new policy's mixture: twice
  // the 200 that the gate asks, as training plans for.
  double wanted_effective_people = 400;
  // Of the mean of a metric over held-out people: its standard error in units of itself. At 0.1 the
  // policy that logged is known to 20 % either way; no policy can be known better from it.
  double largest_relative_error = 0.1;
  // How often a log with true propensities is called contradicting, over all of its actions.
  double false_alarm = 0.001;
  // Difference of a share from its mean propensity (or of a mean weight from 1) that rounded
  // propensities explain.
  double share_tolerance = 0.001;
  // Share of decisions that a new policy could decide while held-out people still judge it
  // (CarriedShare). With less, at most so much of what it gains can be proven in one round.
  double least_carried_share = 0.05;
  // Of the events of one kind: later ones are missing in metrics of final decisions.
  double largest_late_share = 0.01;
  // Of all decisions: those that wait for outcomes.
  double largest_open_share = 0.5;

  // Throws core::Error(kConfig) for counts below 1, wanted people below 1, and shares, errors and
  // rates outside (0, 1].
  void Validate() const;
};

// One question, its answer, and why.
struct ReadinessCheck {
  std::string name;    // "outcomes", "volume", "randomisation", "exploration", "delay"
  ReadinessStatus status = ReadinessStatus::kReady;
  std::string figure_name{};  // what `figure` counts
  double figure = 0;        // NaN where it cannot be computed
  double threshold = 0;     // that the figure must reach,
  bool at_most = false;     // or not exceed
  std::string reason{};     // sentences
};

struct Readiness {
  std::vector<ReadinessCheck> checks;  // in the order above

  ReadinessStatus overall() const;  // the worst
  const ReadinessCheck& Find(const std::string& name) const;  // kBug where there is none

  std::string ToJson() const;
  std::string ToText() const;
};

// The largest share e of a new policy in the mixture (1 - e) mu + e pi for which `people` people are
// predicted to keep an effective sample size of `wanted`, times the share of decisions that were
// drawn at all. A policy that takes action a for sure has at one decision, under the mixture, weights
// of second moment 1 + e^2 (1 / mu(a) - 1); with m, the mean of 1 / mu over the actions that could be
// drawn (Profile::mean_inverse), and independent decisions, that of a journey of t decisions is
// g^t, g = 1 + e^2 (m - 1). So people / mean(g^length) = wanted. 0 where `people` are fewer than
// `wanted`; NaN without propensities. evaluation::FindCertifiableShare says it for one policy.
double CarriedShare(const Profile& profile, double people, double wanted);

// |z| that the largest of `tests` independent standard normal numbers exceeds with this
// probability, at most (Bonferroni).
double LargestByChance(double false_alarm, int64_t tests);

// Throws core::Error(kConfig) as config.Validate().
Readiness JudgeReadiness(const Profile& profile, const ReadinessConfig& config);

}  // namespace journeyman::journey
