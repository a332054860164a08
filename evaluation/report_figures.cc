#include "evaluation/report_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/strings.h"
#include "evaluation/report_text.h"

namespace journeyman::evaluation {
namespace {

using core::StrCat;

constexpr int kColours = 8;
constexpr double kWidth = 760;
constexpr double kLeft = 190;   // names
constexpr double kRight = 200;  // figures

// A coordinate: a tenth of a pixel is enough and keeps the page small.
std::string At(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

std::string Open(double height, const std::string& title, const std::string& description) {
  return StrCat("<svg viewBox=\"0 0 ", At(kWidth), " ", At(height), "\" role=\"img\"><title>",
                Escape(title), "</title><desc>", Escape(description), "</desc>\n");
}

std::string Segment(const std::string& style, double x1, double y1, double x2, double y2) {
  return StrCat("<line class=\"", style, "\" x1=\"", At(x1), "\" y1=\"", At(y1), "\" x2=\"", At(x2),
                "\" y2=\"", At(y2), "\"/>\n");
}

std::string Text(double x, double y, const std::string& anchor, const std::string& text,
                 const std::string& style = "") {
  return StrCat("<text x=\"", At(x), "\" y=\"", At(y), "\" text-anchor=\"", anchor, "\" class=\"",
                style, "\">", Escape(text), "</text>\n");
}

std::string Dot(int colour, double x, double y, double radius) {
  return StrCat("<circle class=\"fill c", colour % kColours, "\" cx=\"", At(x), "\" cy=\"", At(y),
                "\" r=\"", At(radius), "\"/>\n");
}

// A range of values laid over a range of pixels.
struct Axis {
  double low = 0;
  double high = 1;
  double from = kLeft;
  double to = kWidth - kRight;

  double Place(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

// The largest of 1, 2, 5 times a power of ten that gives at least four steps.
double TickStep(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 4)));
  const double factor = range / 4 / power;
  return power * (factor >= 5 ? 5 : factor >= 2 ? 2 : 1);
}

Axis FitAxis(const std::vector<ForestRow>& rows, std::optional<double> baseline) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  const auto include = [&](double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const ForestRow& row : rows) {
    if (row.estimate.defined) {
      include(row.estimate.lower);
      include(row.estimate.upper);
    }
    if (row.true_value) include(*row.true_value);
  }
  if (baseline) include(*baseline);
  if (!(low <= high)) return {0, 1};
  const double room = high > low ? 0.05 * (high - low) : std::max(1e-6, 0.1 * std::abs(high));
  return {low - room, high + room};
}

std::string Ticks(const Axis& axis, double bottom) {
  std::string out;
  const double step = TickStep(axis.high - axis.low);
  for (double tick = std::ceil(axis.low / step); tick * step <= axis.high; ++tick) {
    const double x = axis.Place(tick * step);
    out += Segment("grid", x, 24, x, bottom);
    out += Text(x, bottom + 16, "middle", Figure(tick * step), "small");
  }
  return out;
}

std::string Diamond(double x, double y) {
  return StrCat("<path class=\"truth\" d=\"M", At(x - 6), " ", At(y), "L", At(x), " ", At(y - 6),
                "L", At(x + 6), " ", At(y), "L", At(x), " ", At(y + 6), "Z\"/>\n");
}

std::string Row(const ForestRow& row, const Axis& axis, int index, double y) {
  std::string out = Text(kLeft - 12, y + 4, "end", row.label);
  const Estimate& estimate = row.estimate;
  if (estimate.defined && std::isfinite(estimate.lower) && std::isfinite(estimate.upper)) {
    out += Segment(StrCat("interval c", index % kColours), axis.Place(estimate.lower), y,
                   axis.Place(estimate.upper), y);
    out += Dot(index, axis.Place(estimate.value), y, 5);
  }
  if (row.true_value) out += Diamond(axis.Place(*row.true_value), y);
  return out + Text(kWidth - kRight + 12, y + 4, "start", FigureWithInterval(estimate), "small");
}

struct LogAxis {
  double top = 24;
  double bottom = 244;
  double decades = 1;

  double Place(double value) const {
    return bottom - std::log10(std::max(value, 1.0)) / decades * (bottom - top);
  }
};

std::string LineOf(const Line& line, int colour, const Axis& across, const LogAxis& up) {
  std::string points;
  std::string dots;
  for (size_t t = 0; t < line.values.size(); ++t) {
    const double x = across.Place(static_cast<double>(t + 1));
    const double y = up.Place(line.values[t]);
    points += StrCat(t == 0 ? "" : " ", At(x), ",", At(y));
    if (line.values.size() <= 50) dots += Dot(colour, x, y, 3.5);
  }
  return StrCat("<g><title>", Escape(line.label), "</title><polyline class=\"curve c",
                colour % kColours, "\" points=\"", points, "\"/>\n", dots, "</g>\n");
}

std::string Legend(const std::vector<Line>& lines) {
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    const double y = 34 + 20 * static_cast<double>(i);
    out += Dot(static_cast<int>(i), kWidth - kRight + 24, y - 4, 5);
    out += Text(kWidth - kRight + 36, y, "start", lines[i].label, "small");
  }
  return out;
}

}  // namespace

std::string ForestFigure(const std::string& title, const std::vector<ForestRow>& rows,
                         std::optional<double> baseline) {
  const double bottom = 34 + 30 * static_cast<double>(rows.size());
  const Axis axis = FitAxis(rows, baseline);
  std::string description;
  for (const ForestRow& row : rows) {
    description += StrCat(row.label, ": ", FigureWithInterval(row.estimate), ". ");
  }
  std::string out = Open(bottom + 26, title, description) + Ticks(axis, bottom);
  if (baseline) {
    out += Segment("dashed", axis.Place(*baseline), 18, axis.Place(*baseline), bottom);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    out += Row(rows[i], axis, static_cast<int>(i), 44 + 30 * static_cast<double>(i));
  }
  return out + "</svg>\n";
}

std::string DecisionFigure(const std::string& title, const std::vector<Line>& lines,
                           double threshold) {
  size_t decisions = 1;
  double largest = threshold;
  for (const Line& line : lines) {
    decisions = std::max(decisions, line.values.size());
    for (const double value : line.values) largest = std::max(largest, value);
  }
  const LogAxis up{24, std::max(244.0, 44 + 20 * static_cast<double>(lines.size())),
                   std::max(1.0, std::ceil(std::log10(largest)))};
  const Axis across{0.5, static_cast<double>(decisions) + 0.5, 70};
  std::string out =
      Open(up.bottom + 44, title,
           "By decision of the journey, on a logarithmic axis; the table below has the figures.");
  for (int decade = 0; decade <= static_cast<int>(up.decades); ++decade) {
    const double value = std::pow(10, decade);
    out += Segment("grid", across.from, up.Place(value), across.to, up.Place(value));
    out += Text(across.from - 8, up.Place(value) + 4, "end", Figure(value), "small");
  }
  const size_t stride = (decisions + 11) / 12;
  for (size_t t = 0; t < decisions; t += stride) {
    out += Text(across.Place(static_cast<double>(t + 1)), up.bottom + 18, "middle", StrCat(t + 1),
                "small");
  }
  out += Text(0.5 * (across.from + across.to), up.bottom + 38, "middle", "decision", "small");
  out += Segment("dashed", across.from, up.Place(threshold), across.to, up.Place(threshold));
  for (size_t i = 0; i < lines.size(); ++i) {
    out += LineOf(lines[i], static_cast<int>(i), across, up);
  }
  return out + Legend(lines) + "</svg>\n";
}

}  // namespace journeyman::evaluation
