#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "journey/cell.h"

namespace journeyman::journey {

// Takes the values of the named columns out of JSON objects (RFC 8259, UTF-8), without building
// them as trees. A name is the keys that lead to a value, joined by kPathSeparator; where several
// values of an object have the name, the one inside the fewest objects counts, so a literal key
// that contains separators wins, and of those the last. Values inside of lists have no name. One
// thread at a time.
class JsonRowReader {
 public:
  // Objects and lists may be nested this deep.
  static constexpr int kDeepest = 500;

  explicit JsonRowReader(const std::vector<std::string>& columns);
  ~JsonRowReader();

  // Fills `cells`, one for each column, missing where the object has no such value; what is in them
  // is reused. The result is empty, or what is wrong with `text`: it is no object, is damaged
  // anywhere, or has an object, a list of lists or a list of several kinds under a wanted name;
  // `cells` are then unspecified. Whole numbers beyond 64 bits become text. Overwrites `text`;
  // REQUIRES: a byte after it that may be written.
  const std::string& Read(char* text, size_t size, std::vector<Cell>& cells);

  // By column: whether any object so far had it, if only as null.
  const std::vector<bool>& seen() const;

 private:
  class Events;
  std::unique_ptr<Events> events_;
};

// Appends the names of the columns of an object: of its values that are no objects, in order. Ends
// early where `text` is damaged; overwrites it, as Read.
void AppendJsonColumns(char* text, size_t size, std::vector<std::string>& columns);

}  // namespace journeyman::journey
