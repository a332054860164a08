#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

// Which columns of a file with the rows of Optimus are what (docs/formats/optimus.md).
struct OptimusLayout {
  std::vector<std::string> state{};      // in order
  std::vector<std::string> reactions{};  // in order
  bool has_person = false;               // a column with the person's id

  bool operator==(const OptimusLayout&) const = default;
};

// Out of the columns of a file, in its order. Throws Error(kBadData) naming the file and the column
// that is missing or out of place.
OptimusLayout OptimusLayoutOf(const std::vector<std::string>& columns,
                              const std::filesystem::path& path);

// The columns of such a file as a table of decisions; a state is "state.<name>", a reaction
// "reaction.<name>".
struct OptimusColumns {
  static constexpr const char* kPerson = "person";
  static constexpr const char* kJourney = "journey";    // file name and number
  static constexpr const char* kSequence = "sequence";  // of the row in its journey, from 0
  static constexpr const char* kAction = "action";
  static constexpr const char* kPropensity = "propensity";  // exp(log_probability)
  static constexpr const char* kDone = "done";
  static constexpr const char* kState = "state.";
  static constexpr const char* kReaction = "reaction.";
};

// A cell without the list or the brackets around a single value; a list of several stays one.
Cell WithoutBrackets(const Cell& cell);

// Reads a file of any known ending. The rows of a person between two that are done are a journey;
// where there is no column of people, each journey is of a person of its own. REQUIRES: `range` is
// the whole file. Throws as OpenTable and OptimusLayoutOf.
std::unique_ptr<TableReader> OpenOptimus(const std::filesystem::path& path,
                                         const TableRange& range = {});

}  // namespace journeyman::journey
