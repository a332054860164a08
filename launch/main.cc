#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/strings.h"
#include "launch/process.h"
#include "launch/run_facts.h"
#include "launch/verbs.h"

namespace {

using journeyman::core::Error;
using journeyman::core::ExitCode;
namespace launch = journeyman::launch;

void PrintUsage(std::ostream& out) {
  out << "journeyman VERB [options]: from logs of customer journeys to policies that are safe to "
         "serve\n\n";
  for (const launch::Verb& verb : launch::Verbs()) {
    out << "  " << verb.name << std::string(12 - std::string(verb.name).size(), ' ')
        << verb.purpose << '\n';
  }
  out << "\njourneyman VERB --help shows options and an example; --version the build.\n";
}

int Dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    PrintUsage(std::cerr);
    return journeyman::core::ToInt(ExitCode::kUsage);
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    PrintUsage(std::cout);
    return 0;
  }
  if (words[0] == "--version") {
    std::cout << "journeyman " << launch::VersionText() << '\n';
    return 0;
  }
  std::vector<std::string> names;
  for (const launch::Verb& verb : launch::Verbs()) {
    if (words[0] == verb.name) return verb.run({words.begin() + 1, words.end()});
    names.emplace_back(verb.name);
  }
  const std::string closest = journeyman::core::Closest(words[0], names);
  throw Error(ExitCode::kUsage, "unknown verb '" + words[0] + "'",
              closest.empty() ? "journeyman --help lists the verbs"
                              : "did you mean " + closest + "?");
}

}  // namespace

int main(int argc, char** argv) {
  launch::RememberArguments(argv);
  try {
    return Dispatch({argv + 1, argv + argc});
  } catch (const Error& error) {
    std::cerr << "journeyman: " << error.what() << '\n';
    return journeyman::core::ToInt(error.code());
  } catch (const std::exception& error) {
    std::cerr << "journeyman: internal error: " << error.what() << '\n';
    return journeyman::core::ToInt(ExitCode::kBug);
  }
}
