#include "storage/journey_merge.h"

#include <algorithm>
#include <span>
#include <string>
#include <tuple>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

// Journey `index` of generation `generation`.
struct Piece {
  uint64_t journey;
  std::size_t generation;
  int64_t index;
};

struct Row {
  int32_t sequence;
  std::size_t piece;
  int64_t row;
};

[[noreturn]] void Refuse(uint64_t journey, const std::string& why) {
  throw Error(ExitCode::kBadData, StrCat("journey ", core::Hex64(journey), ": ", why));
}

// Rows of all pieces of one journey in sequence order.
std::vector<Row> OrderedRows(const std::vector<JourneyTable>& generations,
                             std::span<const Piece> pieces) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const JourneyTable& table = generations[pieces[i].generation];
    const int64_t end = table.offsets[pieces[i].index + 1];
    for (int64_t row = table.offsets[pieces[i].index]; row < end; ++row) {
      rows.push_back({table.sequence[row], i, row});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.sequence, a.piece) < std::tie(b.sequence, b.piece);
  });
  return rows;
}

// Last row of a piece that nothing may follow.
bool EndsTerminated(const JourneyTable& table, const Piece& piece, int64_t row) {
  return row + 1 == table.offsets[piece.index + 1] &&
         table.ends[piece.index] == static_cast<uint8_t>(JourneyEnd::kTerminated);
}

void AppendMerged(const std::vector<JourneyTable>& generations, std::span<const Piece> pieces,
                  JourneyTable& merged) {
  const uint64_t journey = pieces[0].journey;
  const uint64_t person = generations[pieces[0].generation].persons[pieces[0].index];
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].generation == pieces[i - 1].generation) {
      Refuse(journey, "is there twice in one generation");
    }
    if (generations[pieces[i].generation].persons[pieces[i].index] != person) {
      Refuse(journey, "belongs to different people in different generations");
    }
  }
  const std::vector<Row> rows = OrderedRows(generations, pieces);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Piece& piece = pieces[rows[i].piece];
    const JourneyTable& table = generations[piece.generation];
    if (i > 0 && rows[i].sequence == rows[i - 1].sequence) {
      Refuse(journey, StrCat("sequence ", rows[i].sequence, " is in two generations"));
    }
    if (i + 1 < rows.size() && EndsTerminated(table, piece, rows[i].row)) {
      Refuse(journey, StrCat("decisions follow sequence ", rows[i].sequence,
                             ", which terminated it"));
    }
    merged.AppendRows(table, rows[i].row, rows[i].row + 1);
  }
  const Piece& last = pieces[rows.back().piece];
  merged.CloseJourney(generations[last.generation], last.index);
}

}  // namespace

JourneyTable SortedByJourney(JourneyTable table) {
  const auto& hashes = table.journeys;
  const bool sorted = std::adjacent_find(hashes.begin(), hashes.end(),
                                         [](uint64_t a, uint64_t b) { return a >= b; }) ==
                      hashes.end();
  if (sorted) return table;
  std::vector<JourneyTable> one;
  one.push_back(std::move(table));
  return MergeGenerations(one);
}

JourneyTable MergeGenerations(const std::vector<JourneyTable>& generations) {
  JOURNEYMAN_CHECK(!generations.empty(), "there is no generation to merge");
  std::vector<Piece> pieces;
  for (std::size_t g = 0; g < generations.size(); ++g) {
    for (int64_t j = 0; j < generations[g].journey_count(); ++j) {
      pieces.push_back({generations[g].journeys[j], g, j});
    }
  }
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.journey, a.generation, a.index) < std::tie(b.journey, b.generation, b.index);
  });

  JourneyTable merged = generations[0].EmptyLike();
  for (std::size_t begin = 0; begin < pieces.size();) {
    std::size_t end = begin + 1;
    while (end < pieces.size() && pieces[end].journey == pieces[begin].journey) ++end;
    if (end - begin == 1) {
      merged.AppendJourney(generations[pieces[begin].generation], pieces[begin].index);
    } else {
      AppendMerged(generations, std::span(pieces).subspan(begin, end - begin), merged);
    }
    begin = end;
  }
  return merged;
}

}  // namespace journeyman::storage
