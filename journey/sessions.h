#pragma once

#include <cstdint>

#include "journey/mapping.h"
#include "journey/person_log.h"

namespace journeyman::journey {

// The sessions of a person (MappedSession), out of the events before `until_us` alone: the last one may
// go on. `log.events` has the events of the mapping first.
storage::EventTable SessionsBefore(const MappedSession& session, const PersonLog& log,
                                   int64_t until_us);

}  // namespace journeyman::journey
