#include "cluster/mpi/mpi_world.h"

#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "cluster/mpi/mpi_communicator.h"
#include "cluster/mpi/mpi_engine.h"
#include "core/check.h"
#include "core/strings.h"

namespace journeyman::cluster {

namespace {

void StartMpi(int* argc, char*** argv) {
  int granted = 0;
  CheckMpi(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &granted), "MPI_Init_thread");
  if (granted < MPI_THREAD_FUNNELED) {
    throw core::Error(core::ExitCode::kPeerFailure,
                      core::StrCat("MPI grants thread level ", granted, ", MPI_THREAD_FUNNELED is ",
                                   static_cast<int>(MPI_THREAD_FUNNELED), "."),
                      "Use an MPI that was built with thread support.");
  }
}

int FindLocalRank() {
  MPI_Comm host = MPI_COMM_NULL;
  int rank = 0;
  CheckMpi(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host),
           "MPI_Comm_split_type");
  CheckMpi(MPI_Comm_rank(host, &rank), "MPI_Comm_rank");
  CheckMpi(MPI_Comm_free(&host), "MPI_Comm_free");
  return rank;
}

}  // namespace

void MpiOptions::Validate() const {
  const auto positive = [](const char* name, auto value) {
    if (value.count() > 0) return;
    throw core::Error(core::ExitCode::kConfig,
                      core::StrCat("MpiOptions.", name, " is ", value.count(), ", not positive."));
  };
  positive("spin_for", spin_for);
  positive("yield_for", yield_for);
  positive("nap", nap);
  positive("idle_nap", idle_nap);
  positive("heartbeat_interval", heartbeat_interval);
  positive("closing_limit", closing_limit);
  if (piece_bytes < sizeof(double) || piece_bytes > std::size_t{1} << 30) {
    throw core::Error(core::ExitCode::kConfig,
                      core::StrCat("MpiOptions.piece_bytes is ", piece_bytes, ", not 8 to 2^30."));
  }
  if (nap > idle_nap) {
    throw core::Error(core::ExitCode::kConfig,
                      core::StrCat("MpiOptions.nap is ", nap.count(), ", above idle_nap, ",
                                   idle_nap.count(), "."));
  }
}

class MpiWorld::State {
 public:
  State(const MpiOptions& options, FailureHandler on_failure)
      : report(std::move(on_failure)),
        local_rank(FindLocalRank()),
        engine(options, MPI_COMM_WORLD),
        communicator(engine, engine.world(), report) {}

  FailureReport report;
  int local_rank;
  MpiEngine engine;
  MpiCommunicator communicator;
  bool broken = false;  // a role or the closing threw: MPI_Finalize would hang
};

MpiWorld::MpiWorld(int* argc, char*** argv, const MpiOptions& options, FailureHandler on_failure) {
  options.Validate();
  StartMpi(argc, argv);
  state_ = std::make_unique<State>(options, std::move(on_failure));
}

MpiWorld::~MpiWorld() {
  if (state_->broken) MPI_Abort(MPI_COMM_WORLD, core::ToInt(core::ExitCode::kPeerFailure));
  state_.reset();
  MPI_Finalize();
}

int MpiWorld::rank() const { return state_->communicator.rank(); }
int MpiWorld::size() const { return state_->communicator.size(); }
int MpiWorld::local_rank() const { return state_->local_rank; }

int MpiWorld::RunRole(const std::function<int(Communicator&)>& role) {
  JOURNEYMAN_CHECK(!state_->broken, "a role is run in a world that has failed");
  state_->broken = true;  // until the end is reached
  std::atomic<bool> ended{false};
  int result = 0;
  std::exception_ptr error;
  std::thread thread([&] {
    try {
      result = role(state_->communicator);
    } catch (...) {
      error = std::current_exception();
    }
    ended.store(true, std::memory_order_release);
    state_->engine.Wake();
  });
  state_->engine.Drive([&] { return ended.load(std::memory_order_acquire); });
  thread.join();
  if (error) std::rethrow_exception(error);
  state_->engine.Close();
  state_->broken = false;
  return result;
}

void MpiWorld::Abort(const core::Error& error) {
  state_->report.Call(error);
  MPI_Abort(MPI_COMM_WORLD, core::ToInt(error.code()));
  std::_Exit(core::ToInt(error.code()));
}

bool StartedByMpiLauncher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

}  // namespace journeyman::cluster
