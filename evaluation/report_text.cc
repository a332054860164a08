#include "evaluation/report_text.h"

#include <cmath>
#include <cstdio>

#include "core/strings.h"

namespace journeyman::evaluation {

std::string Escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string Figure(double value) {
  if (!std::isfinite(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof(text), "%.5g", value);
  return text;
}

std::string FigureWithInterval(const Estimate& estimate) {
  if (!estimate.defined || !std::isfinite(estimate.value)) return "-";
  return core::StrCat(Figure(estimate.value), " (", Figure(estimate.lower), " to ",
                      Figure(estimate.upper), ")");
}

}  // namespace journeyman::evaluation
