#include "launch/world.h"

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::launch {

WorldName WorldName::Parse(const std::string& text) {
  const auto parts = core::Split(text, ':');
  WorldName world;
  world.name = parts[0];
  if (parts.size() == 2) {
    const auto seed = core::ParseUint64(parts[1]);
    if (seed) {
      world.seed = *seed;
      return world;
    }
  }
  if (parts.size() != 1) {
    throw core::Error(core::ExitCode::kUsage,
                      core::StrCat("world '", text, "' is not NAME or NAME:SEED"),
                      "for example customer:1");
  }
  return world;
}

std::unique_ptr<simulation::Environment> WorldName::Make() const {
  return simulation::MakeEnvironment(name);
}

uint64_t TruthSeed(uint64_t seed) {
  constexpr uint64_t kOtherPeople = 0x74727574685f6a6dULL;
  return seed ^ kOtherPeople;
}

}  // namespace journeyman::launch
