#include "launch/run_facts.h"

#include <unistd.h>

#include <array>

#include "core/clock.h"
#include "core/json_text.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "launch/revision.h"

namespace journeyman::launch {

using core::JsonQuote;
using core::StrCat;

std::string VersionText() {
  return StrCat(kVersion, " (revision ", kRevision, ", ", kCompiler, ")");
}

std::string RunFacts(const TrainConfig& config, const Topology& topology,
                     const std::string& reward) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return StrCat("{\n  \"version\": ", JsonQuote(kVersion),
                ",\n  \"revision\": ", JsonQuote(kRevision),
                ",\n  \"compiler\": ", JsonQuote(kCompiler),
                ",\n  \"host\": ", JsonQuote(host.data()),
                ",\n  \"started_us\": ", core::RealClock().WallMicros(),
                ",\n  \"seed\": ", config.learner.seed, ",\n  \"threads\": ", config.threads,
                ",\n  \"ranks\": ", topology.world_size, ",\n  \"actors\": ", topology.actors(),
                ",\n  \"learners\": ", topology.learners(),
                ",\n  \"reward\": ", JsonQuote(reward),
                ",\n  \"reward_hash\": ", JsonQuote(core::Hex64(core::Xxh3(reward))), "\n}\n");
}

}  // namespace journeyman::launch
