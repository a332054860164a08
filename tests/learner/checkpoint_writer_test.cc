#include "learner/checkpoint_writer.h"

#include <c10/core/Device.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "cluster/control.h"
#include "cluster/self/self_communicator.h"
#include "core/error.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::learner {
namespace {

using cluster::Deadline;

constexpr std::chrono::seconds kLimit{20};

// One learner that is its own coordinator: what it reports and orders goes through its own mailbox.
class CheckpointWriterTest : public ::testing::Test {
 protected:
  void Start(int64_t step) {
    writer_.Start(step, 0, buffers_.Snapshot(0, 1), buffers_.layout(), "{}",
                  Deadline::After(kLimit));
  }

  // Looks as the training loop does, at every step.
  std::optional<core::ExitCode> CheckUntilItThrows() {
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (std::chrono::steady_clock::now() < end) {
      try {
        writer_.Check();
      } catch (const core::Error& error) {
        return error.code();
      }
      std::this_thread::yield();
    }
    return std::nullopt;
  }

  testing::TempDirectory directory_;
  testing::FaultFileSystem files_;
  storage::CheckpointStore store_{files_, directory_.path()};
  cluster::SelfCommunicator world_;
  OrderInbox orders_{world_};
  CheckpointWriter writer_{store_, world_, 0, orders_};
  ParameterBuffers buffers_{
      ParameterLayout("dqn", {.inputs = 2, .hidden = {}, .outputs = 2}, {{"q", 1.0}}),
      c10::Device(c10::kCPU)};
};

TEST_F(CheckpointWriterTest, AFailedWriteIsThrownByTheNextLookNotByTheNextCheckpoint) {
  testing::FaultFileSystem::Fault full;
  full.matches = [](testing::FileOperation operation, const core::Path&) {
    return operation == testing::FileOperation::kWrite;
  };
  files_.Arm(full);
  Start(10);
  EXPECT_EQ(CheckUntilItThrows(), core::ExitCode::kIo);
}

TEST_F(CheckpointWriterTest, AWriteThatWasSeenToEndIsStillWaitedForUntilItIsPublished) {
  Start(10);
  const auto report = cluster::ControlMessage::Decode(
      world_.Receive(cluster::kTagControl, Deadline::After(kLimit)).payload);
  EXPECT_EQ(report.kind, cluster::ControlKind::kCheckpointPart);
  EXPECT_EQ(report.step, 10);
  writer_.Check();
  try {
    writer_.Finish(Deadline::After(std::chrono::milliseconds(5)));
    FAIL() << "nobody published it";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kPeerFailure);
  }
  cluster::ControlMessage order;
  order.kind = cluster::ControlKind::kPublished;
  order.step = 10;
  world_.Send(0, cluster::kTagOrders, order.Encode());
  writer_.Finish(Deadline::After(kLimit));
  EXPECT_EQ(orders_.published_step(), 10);
}

}  // namespace
}  // namespace journeyman::learner
