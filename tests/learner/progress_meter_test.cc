#include "learner/progress_meter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "cluster/control.h"
#include "cluster/self/self_communicator.h"

namespace journeyman::learner {
namespace {

using cluster::ControlMessage;

std::optional<ControlMessage> Received(cluster::Communicator& world) {
  const auto message = world.TryReceive(cluster::kTagControl);
  if (!message) return std::nullopt;
  return ControlMessage::Decode(message->payload);
}

TEST(ProgressMeter, ReportsMeansOverTheStepsSinceTheLastReport) {
  cluster::SelfCommunicator world;
  ProgressMeter meter(world, 0, nullptr, std::chrono::hours(1));
  meter.Add({.loss = 1, .value = 2, .gradient_norm = 3, .learning_rate = 0.1});
  meter.Add({.loss = 3, .value = 4, .gradient_norm = 5, .learning_rate = 0.2});
  EXPECT_FALSE(meter.Due());
  meter.Report(7, 0.5);
  const auto message = Received(world);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->kind, cluster::ControlKind::kProgress);
  EXPECT_EQ(message->step, 7);
  EXPECT_EQ(message->numbers.at("loss"), 2);
  EXPECT_EQ(message->numbers.at("q_mean"), 3);
  EXPECT_EQ(message->numbers.at("learning_rate"), 0.2);
  EXPECT_EQ(message->numbers.at("stall_seconds"), 0.5);
  meter.Report(8, 0.5);
  EXPECT_FALSE(Received(world).has_value()) << "a report of no steps";
}

TEST(ProgressMeter, AReportIsDueAfterTheLongestSilenceHoweverFewTheSteps) {
  cluster::SelfCommunicator world;
  ProgressMeter meter(world, 0, nullptr, std::chrono::milliseconds(0));
  EXPECT_TRUE(meter.Due());
  meter.SignOfLife(3);
  const auto message = Received(world);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->kind, cluster::ControlKind::kProgress);
  EXPECT_EQ(message->step, 3);
  EXPECT_TRUE(message->numbers.empty());
}

TEST(ProgressMeter, ALearnerThatDoesNotSendIsNeverDue) {
  cluster::SelfCommunicator world;
  ProgressMeter meter(world, -1, nullptr, std::chrono::milliseconds(0));
  meter.Add({.loss = 1});
  EXPECT_FALSE(meter.Due());
  meter.SignOfLife(3);
  meter.Report(3, 0);
  EXPECT_FALSE(Received(world).has_value());
}

}  // namespace
}  // namespace journeyman::learner
