// What of mpi/ needs no world; the rest is in mpi/ and fault/.
#include "cluster/mpi/mpi_world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "core/error.h"

namespace journeyman::cluster {
namespace {

std::string Complaint(const MpiOptions& options) {
  try {
    options.Validate();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    return error.what();
  }
  return "";
}

TEST(MpiOptions, OfTheDefaultAreValid) { EXPECT_EQ(Complaint(MpiOptions{}), ""); }

TEST(MpiOptions, NamesTheValueThatIsWrong) {
  MpiOptions options;
  options.heartbeat_interval = std::chrono::milliseconds(0);
  EXPECT_EQ(Complaint(options), "MpiOptions.heartbeat_interval is 0, not positive.");
  options = MpiOptions{};
  options.nap = std::chrono::microseconds(2'000);
  EXPECT_EQ(Complaint(options), "MpiOptions.nap is 2000, above idle_nap, 1000.");
  options = MpiOptions{};
  options.piece_bytes = 1;
  EXPECT_EQ(Complaint(options), "MpiOptions.piece_bytes is 1, not 8 to 2^30.");
}

TEST(StartedByMpiLauncher, IsToldByTheEnvironment) {
  const char* before = std::getenv("PMIX_RANK");
  const std::optional<std::string> kept =
      before != nullptr ? std::optional<std::string>(before) : std::nullopt;
  setenv("PMIX_RANK", "0", 1);
  EXPECT_TRUE(StartedByMpiLauncher());
  kept ? setenv("PMIX_RANK", kept->c_str(), 1) : unsetenv("PMIX_RANK");
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr && !kept &&
      std::getenv("PMI_RANK") == nullptr) {
    EXPECT_FALSE(StartedByMpiLauncher());
  }
}

}  // namespace
}  // namespace journeyman::cluster
