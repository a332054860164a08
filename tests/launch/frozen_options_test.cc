// The options of every verb are part of what users rely on: an added, renamed
// or removed key shows here. Update tests/golden/options.txt on purpose only.
#include <gtest/gtest.h>

#include <string>

#include "core/file_system.h"
#include "core/strings.h"
#include "launch/verbs.h"
#include "tests/launch/support/program.h"

namespace journeyman::launch {
namespace {

// "verb section.key" lines out of what --print-config prints.
std::string KeysOf(const std::string& verb) {
  const auto end = testing::Journeyman({verb, "--print-config"});
  EXPECT_EQ(end.status, 0) << verb << ": " << end.err;
  std::string keys;
  std::string section;
  for (const std::string& line : core::Split(end.out, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      section = line.substr(1, line.size() - 2) + ".";
    } else {
      keys += core::StrCat(verb, " ", section, line.substr(0, line.find('=')), "\n");
    }
  }
  return keys;
}

TEST(FrozenOptionsTest, KeysOfAllVerbsAreTheListedOnes) {
  std::string keys;
  for (const Verb& verb : Verbs()) keys += KeysOf(verb.name);
  EXPECT_EQ(keys, core::RealFileSystem().ReadText(
                      core::StrCat(JOURNEYMAN_SOURCE_DIR, "/tests/golden/options.txt")));
}

}  // namespace
}  // namespace journeyman::launch
