// Microseconds of what ranks exchange: reductions of gradients, and blocks of transitions.
//   channels RANKS                      ranks are threads of this process
//   mpirun --oversubscribe -n RANKS channels
// Reductions: an all-reduce of floats; the learner's reproducible reduction of 8 groups (exchange
// of slices, additions in the order of groups, gathering) and its fast one (own groups added, then
// all-reduce). Block channels: half of the ranks are actors, half learners, blocks of 64 KB, with
// credit 4 and 32. Rank 0 prints medians of five windows; it measures between two barriers.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "bench/timing.h"
#include "cluster/block_channel.h"
#include "cluster/communicator.h"
#include "cluster/mpi/mpi_world.h"
#include "cluster/thread/thread_world.h"
#include "core/error.h"
#include "core/strings.h"
#include "learner/reduction.h"

namespace journeyman::bench {
namespace {

using cluster::Communicator;

constexpr double kWindowSeconds = 0.3;
constexpr int kGroups = 8;
constexpr size_t kBlockBytes = 64 << 10;

cluster::Deadline Limit() { return cluster::Deadline::After(std::chrono::seconds(60)); }

// Seconds of one call of `once`, which is collective. All ranks make the same number of calls, from
// how long rank 0 took for the first ones.
template <class Function>
Spread SecondsEach(Communicator& world, const Function& once) {
  int64_t calls = 10;
  const auto window = [&] {
    world.Barrier(Limit());
    const double seconds = SecondsOf([&] {
      for (int64_t i = 0; i < calls; ++i) once();
      world.Barrier(Limit());
    });
    return seconds / static_cast<double>(calls);
  };
  window();
  std::vector<int64_t> wanted{static_cast<int64_t>(kWindowSeconds / window()) + 1};
  world.Broadcast(std::as_writable_bytes(std::span(wanted)), 0, Limit());
  calls = wanted[0];
  return Repeat(window);
}

void Print(Communicator& world, const std::string& what, const Spread& seconds) {
  if (world.rank() != 0) return;
  std::printf("%-44s %10.1f us  (%.1f-%.1f)\n", what.c_str(), 1e6 * seconds.median,
              1e6 * seconds.smallest, 1e6 * seconds.largest);
  std::fflush(stdout);
}

Spread Reduce(Communicator& world, learner::ReduceMode mode, int64_t floats) {
  experience::PartitionPlan plan;
  plan.groups = kGroups;
  plan.learners = world.size();
  learner::Reduction reduction(mode, plan, world, floats, at::kCPU);
  return SecondsEach(world, [&] { reduction.Reduce(Limit()); });
}

void MeasureReductions(Communicator& world, int64_t kilobytes) {
  const int64_t floats = kilobytes * 1024 / 4;
  const std::string size = core::StrCat(kilobytes, " KB");
  std::vector<float> values(static_cast<size_t>(floats), 0.0f);
  Print(world, core::StrCat("all-reduce, ", size), SecondsEach(world, [&] {
          world.AllReduce(std::span(values), cluster::ReduceOp::kSum, Limit());
        }));
  Print(world, core::StrCat("reproducible reduction, 8 groups of ", size),
        Reduce(world, learner::ReduceMode::kReproducible, floats));
  Print(world, core::StrCat("fast reduction, 8 groups of ", size),
        Reduce(world, learner::ReduceMode::kFast, floats));
}

// One round sends a block from every actor to every learner, in the total order of blocks.
class Channels {
 public:
  Channels(Communicator& world, int credits) : world_(world), actors_(world.size() / 2) {
    const cluster::BlockTags tags{credits * 100, credits * 100 + 1};
    for (int rank = actors_; rank < world.size(); ++rank) {
      if (IsActor()) senders_.emplace_back(world, rank, credits, tags);
    }
    if (IsActor()) return;
    std::vector<int> all_actors;
    for (int rank = 0; rank < actors_; ++rank) all_actors.push_back(rank);
    receivers_.emplace_back(world, all_actors, credits, tags);
  }

  void Round() {
    const auto learners = static_cast<uint32_t>(world_.size() - actors_);
    const auto rank = static_cast<uint32_t>(world_.rank());
    if (IsActor()) {
      for (uint32_t learner = 0; learner < learners; ++learner) {
        if (!senders_[learner].Send(rank * learners + learner, round_, content_, Limit())) return;
      }
    } else {
      const uint32_t learner = rank - static_cast<uint32_t>(actors_);
      for (uint32_t actor = 0; actor < static_cast<uint32_t>(actors_); ++actor) {
        receivers_[0].Take(actor * learners + learner, round_, Limit());
      }
    }
    ++round_;
  }

  // Of all learners together.
  int64_t BlocksOfARound() const { return int64_t{actors_} * (world_.size() - actors_); }

 private:
  bool IsActor() const { return world_.rank() < actors_; }

  Communicator& world_;
  int actors_;
  std::vector<cluster::BlockSender> senders_;
  std::vector<cluster::BlockReceiver> receivers_;
  const std::vector<std::byte> content_ = std::vector<std::byte>(kBlockBytes);
  uint64_t round_ = 0;
};

void MeasureBlocks(Communicator& world, int credits) {
  Channels channels(world, credits);
  const Spread round = SecondsEach(world, [&] { channels.Round(); });
  if (world.rank() != 0) return;
  const auto blocks = static_cast<double>(channels.BlocksOfARound());
  Print(world, core::StrCat("64 KB blocks, ", world.size() / 2, " to ",
                            world.size() - world.size() / 2, ", credit ", credits, ", each"),
        {round.median / blocks, round.smallest / blocks, round.largest / blocks});
  std::printf("%-44s %10.2f GB/s\n", "the same, all channels together",
              blocks * kBlockBytes / 1e9 / round.median);
  std::fflush(stdout);
}

int Role(Communicator& world) {
  if (world.rank() == 0) {
    PrintLoadAverage();
    std::printf("%d ranks, %s\n", world.size(), std::string(world.backend()).c_str());
  }
  for (const int64_t kilobytes : {1, 64, 1024}) MeasureReductions(world, kilobytes);
  for (const int credits : {4, 32}) MeasureBlocks(world, credits);
  return 0;
}

int Run(int argc, char** argv) {
  at::set_num_threads(1);
  if (cluster::StartedByMpiLauncher()) {
    cluster::MpiWorld mpi(&argc, &argv);
    return mpi.RunRole(Role);
  }
  const auto ranks = argc == 2 ? core::ParseInt64(argv[1]) : std::nullopt;
  if (!ranks || *ranks < 2 || *ranks > kGroups) {
    throw core::Error(core::ExitCode::kUsage, "usage: channels RANKS (2 to 8), or under mpirun");
  }
  cluster::ThreadWorld world(static_cast<int>(*ranks));
  return world.RunRoles(Role);
}

}  // namespace
}  // namespace journeyman::bench

int main(int argc, char** argv) {
  try {
    return journeyman::bench::Run(argc, argv);
  } catch (const journeyman::core::Error& error) {
    std::fprintf(stderr, "channels: %s\n", error.what());
    return journeyman::core::ToInt(error.code());
  }
}
