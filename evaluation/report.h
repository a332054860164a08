#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "evaluation/gate.h"

namespace journeyman::evaluation {

// What a report shows beside the evaluation.
struct ReportInput {
  std::string title;
  const Evaluation* evaluation = nullptr;
  std::optional<GateDecision> gate;
  std::string judged_candidate;
  std::vector<std::pair<std::string, double>> true_values;  // simulated world
  std::vector<std::pair<std::string, std::string>> facts;   // run, revision, ...
};

// One self-contained HTML page: tables and inline SVG (interval forest per
// outcome, effective sample size by decision), no script, no external file.
std::string RenderHtml(const ReportInput& input);

}  // namespace journeyman::evaluation
