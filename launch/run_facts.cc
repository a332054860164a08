#include "launch/run_facts.h"

#include <unistd.h>

#include <array>

#include "core/clock.h"
#include "core/json_text.h"
#include "core/strings.h"
#include "launch/revision.h"

namespace journeyman::launch {

using core::JsonQuote;
using core::StrCat;

std::string VersionText() {
  return StrCat(kVersion, " (revision ", kRevision, ", ", kCompiler, ")");
}

std::string RunFacts(const TrainConfig& config, const Topology& topology) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return StrCat("{\n  \"version\": ", JsonQuote(kVersion),
                ",\n  \"revision\": ", JsonQuote(kRevision),
                ",\n  \"compiler\": ", JsonQuote(kCompiler),
                ",\n  \"host\": ", JsonQuote(host.data()),
                ",\n  \"started_us\": ", core::RealClock().WallMicros(),
                ",\n  \"seed\": ", config.learner.seed, ",\n  \"threads\": ", config.threads,
                ",\n  \"ranks\": ", topology.world_size, ",\n  \"actors\": ", topology.actors(),
                ",\n  \"learners\": ", topology.learners(), "\n}\n");
}

}  // namespace journeyman::launch
