#include "tests/launch/support/cart_pole.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/strings.h"
#include "launch/run_export.h"
#include "simulation/environment.h"
#include "tests/launch/support/program.h"

namespace journeyman::testing {

double CartPoleScore(const std::filesystem::path& directory, uint64_t seed) {
  using core::StrCat;
  const std::string log = (directory / "log").string();
  const std::string data = (directory / "data").string();
  const std::string run = (directory / "run").string();
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"simulate", log, "--world", StrCat("cartpole:", seed), "--people", "100000",
            "--max-rows", "30000"},
           {"import", data, "--mapping", log + "/mapping.json", "--key-file", log + "/key"},
           {"train", run, "--config", StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/cartpole/train.cfg"),
            "--data.dataset", data, "--learner.seed", StrCat(seed), "--quiet"}}) {
    const ProgramEnd end = Journeyman(words);
    EXPECT_EQ(end.status, 0) << words[0] << ": " << end.err;
  }
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), data);
  const auto policy = policy::MakePolicy(launch::ExportRun(
      run, dataset.schema(), policy::BundleKind::kPolicy, {.type = "epsilon_greedy"}));
  const auto environment = simulation::MakeEnvironment("cartpole");
  const std::vector<double> weights{1.0};
  constexpr uint64_t kOtherEpisodes = 1'000'003;
  return simulation::EstimateTrueValue(*environment, *policy, weights, seed + kOtherEpisodes, 50)
      .mean;
}

}  // namespace journeyman::testing
