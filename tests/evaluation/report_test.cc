#include "evaluation/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "evaluation/report_figures.h"
#include "evaluation/report_text.h"

namespace journeyman::evaluation {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Every element is closed in order, every "&" starts an entity, "<" only opens
// tags. Returns what is wrong, or "".
std::string XmlFault(const std::string& page) {
  std::vector<std::string> open;
  size_t at = 0;
  while (at < page.size()) {
    if (page[at] == '&') {
      const size_t end = page.find(';', at);
      if (end == std::string::npos || end > at + 6) return "bare & at " + page.substr(at, 20);
    }
    if (page[at] == '>') return "bare > at " + page.substr(at, 20);
    if (page[at] != '<') {
      ++at;
      continue;
    }
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "tag without end";
    const std::string tag = page.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.find('<') != std::string::npos) return "< inside a tag: " + tag;
    if (tag[0] == '!' || tag.back() == '/') continue;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "unexpected </" + tag.substr(1);
      open.pop_back();
    } else {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

Estimate Around(double value) { return {value, 1.5, value - 3, value + 3, true}; }

class Report : public ::testing::Test {
 protected:
  Report() {
    evaluation_.people = 4321;
    evaluation_.journeys = 4321;
    evaluation_.decisions = 17284;
    evaluation_.people_filter = "heldout";
    evaluation_.reward = "spend:1";
    evaluation_.max_decisions = 2;
    for (const char* outcome : {"reward", "a < b & c"}) {
      OutcomeEstimates logged;
      logged.outcome = outcome;
      logged.estimates = {{"mean", Around(77.25)}};
      evaluation_.behaviour.push_back(logged);
    }
    AddCandidate("<script>alert('x')</script>", 91.125);
    AddCandidate("agent \"two\"", 60.5);
    evaluation_.candidates[1].outcomes[0].estimates[1].second = {
        std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN(), false};
    input_.title = "Round 3 & counting";
    input_.evaluation = &evaluation_;
    input_.gate = GateDecision{policy::Verdict::kHold, -1, 143, {"143 people; 200 are asked"}};
    input_.judged_candidate = "agent \"two\"";
    input_.true_values = {{"agent \"two\"", 63.875}};
    input_.facts = {{"revision", "abc<def>"}};
  }

  void AddCandidate(const std::string& name, double value) {
    CandidateResult candidate;
    candidate.name = name;
    for (const OutcomeEstimates& logged : evaluation_.behaviour) {
      OutcomeEstimates outcome;
      outcome.outcome = logged.outcome;
      outcome.estimates = {{"snpdis", Around(value + 0.5)}, {"dr", Around(value)}};
      outcome.difference_estimator = "dr";
      outcome.difference_to_behaviour = Around(value - 77.25);
      candidate.outcomes.push_back(outcome);
    }
    candidate.effective_sample_size = {812.5, 143.25};
    candidate.mean_weight = {1.015, 0.985};
    candidate.mean_weight_standard_error = {0.0125, 0.03};
    candidate.max_weight_share = {0.0025, 0.065};
    candidate.action_shares = {0.125, 0.875};
    candidate.reasons = {"low_ess", "max_weight_share"};
    evaluation_.candidates.push_back(candidate);
  }

  Evaluation evaluation_;
  ReportInput input_;
};

TEST_F(Report, IsOneWellFormedPageWithoutScriptOrOutsideFiles) {
  const std::string page = RenderHtml(input_);
  EXPECT_EQ(XmlFault(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_EQ(XmlFault("<p>a<b></p>"), "unexpected </p");  // the check can fail
}

TEST_F(Report, ContainsEveryNameEscapedAndEveryFigure) {
  const std::string page = RenderHtml(input_);
  for (const char* text : {"&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
                           "agent &quot;two&quot;",
                           "Round 3 &amp; counting",
                           "a &lt; b &amp; c",
                           "abc&lt;def&gt;",
                           "4321",
                           "17284",
                           "77.25",
                           "91.125 (88.125 to 94.125)",
                           "91.625",
                           "60.5",
                           "63.875",
                           "13.875",
                           "812.5",
                           "143.25",
                           "1.015",
                           "0.0125",
                           "6.5 %",
                           "12.5 %",
                           "87.5 %",
                           "low_ess, max_weight_share",
                           "HOLD",
                           "143 people; 200 are asked",
                           "spend:1"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST_F(Report, DrawsEveryFigureWithATitleAndADescription) {
  const std::string page = RenderHtml(input_);
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("<svg "), 3);  // two outcomes, sample sizes
  EXPECT_EQ(count("<desc>"), 3);
  EXPECT_EQ(count("class=\"truth\""), 1);
  EXPECT_EQ(count("class=\"interval"), 5);  // 2 x 3 rows, one without matching journeys
}

TEST_F(Report, RendersWithoutVerdictFactsOrWeights) {
  input_.gate.reset();
  input_.facts.clear();
  input_.true_values.clear();
  for (CandidateResult& candidate : evaluation_.candidates) {
    candidate.effective_sample_size.clear();
  }
  const std::string page = RenderHtml(input_);
  EXPECT_EQ(XmlFault(page), "");
  EXPECT_THAT(page, Not(HasSubstr("Overlap")));
}

TEST(ReportFigures, PlaceEqualAndUndefinedValues) {
  const Estimate exact{5, 0, 5, 5, true};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string equal = ForestFigure("t", {{"a", exact, {}}, {"b", exact, {}}}, 5.0);
  EXPECT_EQ(XmlFault(equal), "");
  EXPECT_THAT(equal, Not(HasSubstr("nan")));
  const std::string none = ForestFigure("t", {{"a", {nan, nan, nan, nan, false}, {}}}, {});
  EXPECT_EQ(XmlFault(none), "");
  EXPECT_THAT(none, Not(HasSubstr("nan")));
  const std::string lines = DecisionFigure("t", {{"a", {0, 0.5, 1e6}}}, 200);
  EXPECT_EQ(XmlFault(lines), "");
  EXPECT_THAT(lines, Not(HasSubstr("inf")));
}

TEST(ReportText, EscapesWhatHtmlReadsAsMarkup) {
  EXPECT_EQ(Escape("a<b>&\"'\n"), "a&lt;b&gt;&amp;&quot;&#39; ");
  EXPECT_EQ(Figure(0.182534), "0.18253");
  EXPECT_EQ(Figure(std::numeric_limits<double>::infinity()), "-");
}

}  // namespace
}  // namespace journeyman::evaluation
