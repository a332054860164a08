#include "learner/progress_meter.h"

#include <string>
#include <utility>
#include <vector>

#include "cluster/control.h"

namespace journeyman::learner {

ProgressMeter::ProgressMeter(cluster::Communicator& world, int coordinator_rank,
                             core::MetricsWriter* metrics,
                             std::chrono::milliseconds longest_silence)
    : world_(world),
      coordinator_rank_(coordinator_rank),
      metrics_(metrics),
      longest_silence_(longest_silence) {}

void ProgressMeter::Add(const StepReport& report) {
  ++steps_;
  sums_.loss += report.loss;
  sums_.value += report.value;
  sums_.gradient_norm += report.gradient_norm;
  sums_.learning_rate = report.learning_rate;
}

void ProgressMeter::Report(int64_t step, double stall_seconds) {
  if (steps_ == 0) return;
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - since_).count();
  const auto count = static_cast<double>(steps_);
  const std::map<std::string, double> numbers = {
      {"loss", sums_.loss / count},
      {"gradient_norm", sums_.gradient_norm / count},
      {"q_mean", sums_.value / count},
      {"learning_rate", sums_.learning_rate},
      {"steps_per_second", seconds > 0 ? count / seconds : 0},
      {"stall_seconds", stall_seconds},
  };
  if (metrics_ != nullptr) {
    const std::vector<std::pair<std::string, double>> values(numbers.begin(), numbers.end());
    metrics_->Write(step, values);
    metrics_->Flush();
  }
  Send(step, numbers);
  steps_ = 0;
  sums_ = {};
  since_ = now;
}

bool ProgressMeter::Due() const {
  return coordinator_rank_ >= 0 && std::chrono::steady_clock::now() - sent_ >= longest_silence_;
}

void ProgressMeter::SignOfLife(int64_t step) {
  if (Due()) Send(step, {});
}

void ProgressMeter::Send(int64_t step, const std::map<std::string, double>& numbers) {
  if (coordinator_rank_ < 0) return;
  cluster::ControlMessage message;
  message.kind = cluster::ControlKind::kProgress;
  message.step = step;
  message.numbers = numbers;
  world_.Send(coordinator_rank_, cluster::kTagControl, message.Encode());
  sent_ = std::chrono::steady_clock::now();
}

}  // namespace journeyman::learner
