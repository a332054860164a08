#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"

// The report's figures as inline SVG, in the colours of the page's style sheet
// (classes c0..c7), each with a title and a description for screen readers. Pure
// functions; thread-safe.
namespace journeyman::evaluation {

struct ForestRow {
  std::string label;
  Estimate estimate;
  std::optional<double> true_value;  // drawn as a diamond
};

// Intervals one under the other on a shared axis; a dashed line at `baseline`.
// Rows that are not defined say so instead of an interval.
std::string ForestFigure(const std::string& title, const std::vector<ForestRow>& rows,
                         std::optional<double> baseline);

struct Line {
  std::string label;
  std::vector<double> values;  // by decision, from the first
};

// Lines over decisions on a logarithmic axis from 1; a dashed line at `threshold`.
std::string DecisionFigure(const std::string& title, const std::vector<Line>& lines,
                           double threshold);

}  // namespace journeyman::evaluation
