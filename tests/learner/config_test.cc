#include "learner/config.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/error.h"

namespace journeyman::learner {
namespace {

std::string MessageOf(const std::function<void(LearnerConfig&)>& change) {
  LearnerConfig config;
  change(config);
  try {
    config.Validate();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    return error.what();
  }
  return "";
}

TEST(LearnerConfig, DefaultsAreValid) {
  EXPECT_EQ(MessageOf([](LearnerConfig&) {}), "");
}

TEST(LearnerConfig, RefusalsNameTheKeyTheValueAndTheRange) {
  EXPECT_NE(MessageOf([](LearnerConfig& c) {
              c.optimiser.beta2 = 1;
            }).find("optimiser.beta2 is 1, allowed is [0, 1)"),
            std::string::npos);
  EXPECT_NE(MessageOf([](LearnerConfig& c) {
              c.agent.target_tau = 0;
            }).find("agent.target_tau is 0"),
            std::string::npos);
  EXPECT_NE(MessageOf([](LearnerConfig& c) {
              c.agent.loss = "mae";
            }).find("agent.loss is \"mae\", allowed is one of huber, mse"),
            std::string::npos);
  EXPECT_NE(MessageOf([](LearnerConfig& c) { c.steps = 0; }).find("learner.steps is 0"),
            std::string::npos);
  EXPECT_NE(MessageOf([](LearnerConfig& c) {
              c.agent.network.hidden = {64, 0};
            }).find("agent.hidden is 0"),
            std::string::npos);
}

}  // namespace
}  // namespace journeyman::learner
