#include "journey/sessions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace journeyman::journey {
namespace {

// An event that may belong to a session.
struct Part {
  int64_t time_us = 0;
  int event = 0;
};

std::vector<Part> PartsOf(const MappedSession& session, const PersonLog& log, int64_t until_us) {
  std::vector<Part> parts;
  for (const int event : session.events) {
    const EventSpan& span = log.events[static_cast<size_t>(event)];
    const int64_t end = span.LowerBound(until_us);
    for (int64_t row = span.begin; row < end; ++row) parts.push_back({span.TimeOf(row), event});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.time_us < b.time_us; });
  return parts;
}

bool Has(const std::vector<int>& events, int event) {
  return std::binary_search(events.begin(), events.end(), event);
}

}  // namespace

storage::EventTable SessionsBefore(const MappedSession& session, const PersonLog& log,
                                   int64_t until_us) {
  storage::EventTable sessions;
  sessions.width = std::size(MappedSession::kValueNames);
  const std::vector<Part> parts = PartsOf(session, log, until_us);
  for (size_t begin = 0; begin < parts.size();) {
    size_t end = begin + 1;
    while (end < parts.size() && !Has(session.ends, parts[end - 1].event) &&
           !Has(session.starts, parts[end].event) &&
           parts[end].time_us - parts[end - 1].time_us < session.gap_us) {
      ++end;
    }
    const int64_t last_us = parts[end - 1].time_us;
    sessions.persons.push_back(0);
    sessions.time_us.push_back(last_us);
    sessions.ids.push_back(0);
    sessions.decisions.push_back(0);
    sessions.values.push_back(static_cast<double>(last_us - parts[begin].time_us) / 1e6);
    sessions.values.push_back(static_cast<double>(end - begin));
    begin = end;
  }
  return sessions;
}

}  // namespace journeyman::journey
