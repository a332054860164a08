#include "core/metrics_writer.h"

#include <cmath>

#include "core/check.h"
#include "core/json_text.h"
#include "core/strings.h"

namespace journeyman::core {

namespace {

// Microseconds as seconds with six decimals.
std::string Seconds(int64_t micros) {
  const std::string fraction = StrCat(micros % 1'000'000);
  return StrCat(micros / 1'000'000, ".", std::string(6 - fraction.size(), '0'), fraction);
}

}  // namespace

MetricsWriter::MetricsWriter(const std::filesystem::path& jsonl,
                             const std::optional<std::filesystem::path>& tensorboard_directory,
                             const Clock& clock)
    : clock_(clock), jsonl_(jsonl, /*cut_to_line=*/true) {
  if (tensorboard_directory) {
    tensorboard_ = std::make_unique<TensorboardWriter>(*tensorboard_directory, clock);
  }
}

void MetricsWriter::Write(int64_t step, std::span<const std::pair<std::string, double>> values) {
  std::string line = StrCat("{\"time\":", Seconds(clock_.WallMicros()), ",\"step\":", step);
  for (const auto& [name, value] : values) {
    JOURNEYMAN_CHECK(name != "time" && name != "step", "a metric called ", name);
    line += StrCat(",", JsonQuote(name), ":", std::isfinite(value) ? FormatDouble(value) : "null");
  }
  line += "}\n";
  jsonl_.Append(line);
  if (tensorboard_) tensorboard_->Write(step, values);
}

void MetricsWriter::Flush() {
  jsonl_.Flush();
  if (tensorboard_) tensorboard_->Flush();
}

}  // namespace journeyman::core
