#pragma once

#include <string>
#include <string_view>

#include "evaluation/evaluation.h"

// Pieces of text for the report's page and the gate's sentences. Pure functions; thread-safe.
namespace journeyman::evaluation {

// `text` for HTML and XML, in content and in quoted attributes: & < > " ' are
// escaped, control characters (which XML does not allow) become a blank.
std::string Escape(std::string_view text);

// Five significant digits; a dash for what is not defined.
std::string Figure(double value);

// "104.2 (98.1 to 110.3)"; a dash for what is not defined.
std::string FigureWithInterval(const Estimate& estimate);

}  // namespace journeyman::evaluation
