#include "evaluation/report.h"

#include <algorithm>

#include "core/check.h"
#include "core/strings.h"
#include "evaluation/diagnostics.h"
#include "evaluation/report_figures.h"
#include "evaluation/report_text.h"

namespace journeyman::evaluation {
namespace {

using core::StrCat;

constexpr const char* kStyle = R"(<style>
:root{color-scheme:light dark;--page:#fff;--text:#1b1f24;--muted:#59636e;--line:#d1d9e0;--panel:#f6f8fa;
--c0:#0b62c4;--c1:#c2410c;--c2:#157f3b;--c3:#8b3fb8;--c4:#0e7c86;--c5:#a8326e;--c6:#7a5b00;--c7:#4b5563}
@media (prefers-color-scheme:dark){:root{--page:#0f1318;--text:#e6eaef;--muted:#9aa5b1;--line:#333c46;
--panel:#181e25;--c0:#6cb2ff;--c1:#ff9a6b;--c2:#5fd487;--c3:#d09bf2;--c4:#5fd0d8;--c5:#f58fbf;--c6:#e0bb4c;--c7:#b3bdc8}}
body{background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}
.muted,caption{color:var(--muted)}.scroll{overflow-x:auto}caption{text-align:left;padding-bottom:.3rem}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.3rem .7rem;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}td.wide{white-space:normal;text-align:left}
.verdict{background:var(--panel);border-left:.4rem solid var(--c7);padding:.7rem 1rem;margin:1rem 0}
.PASS,.INITIAL{border-color:var(--c2)}.HOLD{border-color:var(--c6)}.FAIL,.INVALID{border-color:var(--c1)}
svg{width:100%;height:auto;display:block;font:13px system-ui,sans-serif}svg text{fill:var(--text)}
svg .small{font-size:12px;fill:var(--muted)}.grid{stroke:var(--line)}.dashed{stroke:var(--muted);stroke-dasharray:5 4}
.interval{stroke-width:3;stroke-linecap:round}.curve{fill:none;stroke-width:2}
.truth{fill:var(--page);stroke:var(--text);stroke-width:1.5}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}
.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}.c6{stroke:var(--c6)}.c7{stroke:var(--c7)}
.fill.c0{fill:var(--c0)}.fill.c1{fill:var(--c1)}.fill.c2{fill:var(--c2)}.fill.c3{fill:var(--c3)}
.fill.c4{fill:var(--c4)}.fill.c5{fill:var(--c5)}.fill.c6{fill:var(--c6)}.fill.c7{fill:var(--c7)}
</style>
)";

using Cells = std::vector<std::string>;

std::string Tag(const std::string& name, const std::string& text) {
  return StrCat("<", name, ">", Escape(text), "</", name, ">");
}

// A table with a header row; the cells are plain text.
std::string Table(const std::string& caption, const Cells& header, const std::vector<Cells>& rows) {
  std::string out = StrCat("<div class=\"scroll\"><table>", Tag("caption", caption), "<thead><tr>");
  for (const std::string& cell : header) {
    out += StrCat("<th scope=\"col\">", Escape(cell), "</th>");
  }
  out += "</tr></thead><tbody>\n";
  for (const Cells& row : rows) {
    out += StrCat("<tr><th scope=\"row\">", Escape(row.front()), "</th>");
    for (size_t i = 1; i < row.size(); ++i) out += Tag("td", row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

// The most trusted estimator that ran: doubly robust, then self-normalised.
std::string MainEstimator(const OutcomeEstimates& outcome) {
  for (const char* name : {"dr", "snpdis", "snipw"}) {
    if (outcome.Find(name) != nullptr) return name;
  }
  return outcome.estimates.empty() ? "" : outcome.estimates.front().first;
}

class Page {
 public:
  explicit Page(const ReportInput& input) : input_(input), evaluation_(*input.evaluation) {}

  std::string Render() const {
    std::string out = StrCat(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>",
        Tag("title", input_.title), "\n", kStyle, "</head><body><main>\n", Tag("h1", input_.title));
    out += Scope() + Gate() + Facts();
    for (size_t o = 0; o < evaluation_.behaviour.size(); ++o) out += Outcome(o);
    return out + Overlap() + Actions() + Notes() + "</main></body></html>\n";
  }

 private:
  std::string Scope() const {
    return Tag("p",
               StrCat(evaluation_.people, " people (", evaluation_.people_filter, "), ",
                      evaluation_.journeys, " journeys, ", evaluation_.decisions,
                      " decisions, at most ", evaluation_.max_decisions,
                      " a journey. Values are sums over a person's logged decisions, discount ",
                      Figure(evaluation_.gamma), " per decision. Reward: ", evaluation_.reward,
                      ". Intervals: ", Figure(100 * evaluation_.confidence),
                      " %, clustered by person.")) +
           "\n";
  }

  std::string Gate() const {
    if (!input_.gate) return "";
    const std::string verdict = policy::Name(input_.gate->verdict);
    std::string out = StrCat("<section class=\"verdict ", verdict, "\"><strong>", verdict,
                             "</strong> for ", Escape(input_.judged_candidate), "<ul>\n");
    for (const std::string& reason : input_.gate->reasons) out += Tag("li", reason) + "\n";
    return out + "</ul></section>\n";
  }

  std::string Facts() const {
    if (input_.facts.empty()) return "";
    std::vector<Cells> rows;
    for (const auto& [name, value] : input_.facts) rows.push_back({name, value});
    return Tag("h2", "Run") + Table("What was evaluated", {"fact", "value"}, rows);
  }

  std::optional<double> TrueValue(const std::string& name, size_t outcome) const {
    if (outcome != 0) return std::nullopt;  // true values are of the reward
    const auto& values = input_.true_values;
    const auto found = std::ranges::find(values, name, &std::pair<std::string, double>::first);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }

  std::string Outcome(size_t o) const {
    const OutcomeEstimates& logged = evaluation_.behaviour[o];
    std::vector<ForestRow> rows{
        {"logged", logged.estimates.front().second, TrueValue("logged", o)}};
    std::string estimator;
    for (const CandidateResult& candidate : evaluation_.candidates) {
      estimator = MainEstimator(candidate.outcomes[o]);
      const Estimate* main = candidate.outcomes[o].Find(estimator);
      if (main != nullptr) rows.push_back({candidate.name, *main, TrueValue(candidate.name, o)});
    }
    const std::string title = StrCat(logged.outcome, " per person, estimator ", estimator);
    return StrCat(Tag("h2", logged.outcome), "\n", Tag("p", StrCat(title, HowToRead(o))),
                  ForestFigure(title, rows, logged.estimates.front().second.value),
                  EstimatesTable(o));
  }

  std::string HowToRead(size_t o) const {
    const bool truth = o == 0 && !input_.true_values.empty();
    return StrCat("; dashed: what was logged", truth ? "; diamond: true value" : "", ".");
  }

  std::string EstimatesTable(size_t o) const {
    Cells header{"policy"};
    const OutcomeEstimates& first = evaluation_.candidates.front().outcomes[o];
    for (const auto& [name, estimate] : first.estimates) header.push_back(name);
    header.push_back("difference to behaviour");
    header.push_back("difference to reference");
    if (o == 0 && !input_.true_values.empty()) header.push_back("true value");
    const size_t columns = header.size();

    Cells logged(columns, "");
    logged[0] = "logged (mean)";
    logged[1] = FigureWithInterval(evaluation_.behaviour[o].estimates.front().second);
    std::vector<Cells> rows{logged};
    for (const CandidateResult& candidate : evaluation_.candidates) {
      rows.push_back(EstimatesRow(candidate, o, columns));
    }
    std::string caption = StrCat("Value (", Figure(100 * evaluation_.confidence), " % interval)");
    if (!first.difference_estimator.empty()) {
      caption += StrCat("; differences paired by person, estimator ", first.difference_estimator);
    }
    return Table(caption, header, rows);
  }

  Cells EstimatesRow(const CandidateResult& candidate, size_t o, size_t columns) const {
    const OutcomeEstimates& outcome = candidate.outcomes[o];
    Cells row{candidate.name};
    for (const auto& [name, estimate] : outcome.estimates) {
      row.push_back(FigureWithInterval(estimate));
    }
    row.push_back(FigureWithInterval(outcome.difference_to_behaviour));
    row.push_back(outcome.difference_to_reference
                      ? FigureWithInterval(*outcome.difference_to_reference)
                      : "");
    if (row.size() < columns) {
      const std::optional<double> truth = TrueValue(candidate.name, o);
      row.push_back(truth ? Figure(*truth) : "");
    }
    return row;
  }

  std::string Overlap() const {
    std::vector<Line> lines;
    std::vector<Cells> rows;
    for (const CandidateResult& candidate : evaluation_.candidates) {
      if (candidate.effective_sample_size.empty()) continue;
      lines.push_back({candidate.name, candidate.effective_sample_size});
      AddOverlapRows(candidate, rows);
    }
    if (lines.empty()) return "";
    return StrCat(
        Tag("h2", "Overlap with the behaviour policy"),
        Tag("p",
            StrCat("Effective sample size by decision: as many people as the weighted log is "
                   "worth. Dashed: ",
                   Figure(kEnoughEffectivePeople), ", under which no interval is to be believed.")),
        DecisionFigure("Effective sample size by decision", lines, kEnoughEffectivePeople),
        Table("Weights by decision",
              {"policy", "decision", "effective sample size", "mean weight", "its standard error",
               "largest share", "reasons"},
              rows));
  }

  void AddOverlapRows(const CandidateResult& candidate, std::vector<Cells>& rows) const {
    std::string reasons;
    for (const std::string& reason : candidate.reasons) {
      reasons += StrCat(reasons.empty() ? "" : ", ", reason);
    }
    for (size_t t = 0; t < candidate.effective_sample_size.size(); ++t) {
      rows.push_back(
          {candidate.name, StrCat(t + 1), Figure(candidate.effective_sample_size[t]),
           Figure(candidate.mean_weight[t]), Figure(candidate.mean_weight_standard_error[t]),
           StrCat(Figure(100 * candidate.max_weight_share[t]), " %"), t == 0 ? reasons : ""});
    }
  }

  std::string Actions() const {
    Cells header{"policy"};
    for (size_t a = 0; a < evaluation_.candidates.front().action_shares.size(); ++a) {
      header.push_back(StrCat("action ", a));
    }
    std::vector<Cells> rows;
    for (const CandidateResult& candidate : evaluation_.candidates) {
      Cells row{candidate.name};
      for (const double share : candidate.action_shares) {
        row.push_back(StrCat(Figure(100 * share), " %"));
      }
      rows.push_back(std::move(row));
    }
    return Tag("h2", "What the policies would do") +
           Table("Mean probability of each action over the logged decisions", header, rows);
  }

  static std::string Notes() {
    return StrCat(
        Tag("h2", "How to read this"), "<ul>",
        Tag("li",
            "ipw, snipw: whole-journey importance weights; pdis, snpdis: weights by decision; "
            "sn: divided by the mean weight."),
        Tag("li",
            "dm: the outcome model alone, without a guarantee; dr: the model corrected by what "
            "was logged, which the verdict rests on."),
        Tag("li",
            "An interval says nothing where the effective sample size is low: rare people with "
            "large weights may be missing from the log."),
        Tag("li",
            "A dash stands for a value that is not defined, such as of a policy that no logged "
            "journey followed."),
        "</ul>\n");
  }

  const ReportInput& input_;
  const Evaluation& evaluation_;
};

}  // namespace

std::string RenderHtml(const ReportInput& input) {
  JOURNEYMAN_CHECK(input.evaluation != nullptr && !input.evaluation->candidates.empty(),
                   "a report needs an evaluation of at least one candidate");
  return Page(input).Render();
}

}  // namespace journeyman::evaluation
